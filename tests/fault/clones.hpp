// Copies of a prepared pair of databases. The copy for the next case is made while the present one runs.
#pragma once
#include <array>

#include "fault/office.hpp"

namespace tideway::test {

class Clones {
  public:
    Clones(PgServer& desktop, PgServer& cloud, std::string prepared)
        : servers_{&desktop, &cloud}, prepared_(std::move(prepared)) {
        for (const std::size_t i : {0, 1}) makers_[i] = std::make_unique<Db>(servers_[i]->url("postgres"));
        begin_next();
    }
    ~Clones() {
        try {
            finish_next();
            drop(name(made_));
        } catch (const std::exception& error) {
            std::fprintf(stderr, "copies of %s stay: %s\n", prepared_.c_str(), error.what());
        }
    }

    // Valid until the next call.
    Office& next() {
        finish_next();
        office_.emplace(*servers_[0], *servers_[1], name(made_));
        begin_next();
        return *office_;
    }

  private:
    std::string name(int number) const { return fmt::format("{}_{}", prepared_, number); }

    void begin_next() {
        ++made_;
        on_both([&](At side) {
            return fmt::format("create database {} template {}", database_name(name(made_), side),
                               database_name(prepared_, side));
        });
    }
    // The copy before that one is no longer used: it goes, so that the disk does not fill.
    void finish_next() {
        wait();
        if (made_ > 1) drop(name(made_ - 1));
    }
    void drop(const std::string& office) {
        on_both([&](At side) { return "drop database " + database_name(office, side) + " with (force)"; });
        wait();
    }
    template <typename Text>
    void on_both(const Text& text) {
        for (const At side : both_sides) makers_[index(side)]->send(text(side));
    }
    void wait() {
        for (const auto& maker : makers_) maker->wait();
    }

    std::array<PgServer*, 2> servers_;
    std::array<std::unique_ptr<Db>, 2> makers_;
    std::string prepared_;
    std::optional<Office> office_;
    int made_ = 0;
};

}  // namespace tideway::test
