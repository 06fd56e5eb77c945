// Copies of a prepared pair of databases. The copy for the next case is made while the present one runs.
#pragma once
#include <array>

#include "fault/office.hpp"

namespace tideway::test {

class Clones {
  public:
    Clones(PgServer& desktop, PgServer& cloud, std::string prepared)
        : servers_{&desktop, &cloud}, prepared_(std::move(prepared)) {
        connect();
        make_another();
    }

    // Valid until the next call.
    Office& next() {
        connect();
        wait();
        if (office_) drop(name(made_ - 1));
        office_.emplace(*servers_[0], *servers_[1], name(made_));
        for (const At side : both_sides) take_for_the_original(office_->url(side));
        make_another();
        return *office_;
    }

    // Keeps off the servers until the next call of next(). The present copy stays.
    void leave_servers_alone() {
        wait();
        for (auto& maker : makers_) maker.reset();
    }

  private:
    std::string name(int number) const { return fmt::format("{}_{}", prepared_, number); }

    // A copied database is refused, as it must be. These copies are meant to be the original.
    static void take_for_the_original(const std::string& url) {
        Db(url).exec(R"(
do $$ begin
    if to_regclass('tideway.pair') is not null then
        update tideway.pair set system_id = regexp_replace(system_id, '[.][0-9]+$', '.' ||
            (select oid from pg_database where datname = current_database()));
    end if;
end $$)");
    }

    void connect() {
        for (const At side : both_sides)
            if (auto& maker = makers_[index(side)]; !maker)
                maker = std::make_unique<Db>(servers_[index(side)]->url("postgres"));
    }
    void make_another() {
        ++made_;
        on_both([&](At side) {
            return fmt::format("create database {} template {}", database_name(name(made_), side),
                               database_name(prepared_, side));
        });
    }
    void drop(const std::string& office) {
        on_both([&](At side) { return "drop database " + database_name(office, side) + " with (force)"; });
        wait();
    }
    template <typename Text>
    void on_both(const Text& text) {
        wait();
        for (const At side : both_sides) makers_[index(side)]->send(text(side));
        at_work_ = true;
    }
    void wait() {
        if (!at_work_) return;
        for (const auto& maker : makers_) maker->wait();
        at_work_ = false;
    }

    std::array<PgServer*, 2> servers_;
    std::array<std::unique_ptr<Db>, 2> makers_;
    std::string prepared_;
    std::optional<Office> office_;
    int made_ = 0;
    bool at_work_ = false;
};

}  // namespace tideway::test
