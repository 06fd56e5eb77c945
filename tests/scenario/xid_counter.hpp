// Moves a throwaway server's transaction counter, as years of work would.
#pragma once
#include <fmt/format.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "support/db.hpp"
#include "support/os_user.hpp"
#include "support/pg_binaries.hpp"
#include "support/pg_server.hpp"
#include "support/process.hpp"

namespace tideway::test {

// Every move restarts the server and freezes all of its databases before and after.
class XidCounter {
  public:
    explicit XidCounter(PgServer& server) : server_(server) {}

    // At most 1.9e9 in one step, or rows that are not frozen would seem to lie in the future.
    void advance_by(std::uint64_t transactions) {
        freeze_everything();
        set(next() + transactions);
        freeze_everything();
    }

    // The next transactions are the last before the 32 bit counter starts again.
    void advance_to_end_of_epoch() {
        constexpr std::uint64_t step = 1'900'000'000;
        const std::uint64_t end = ((next() >> 32) + 1) << 32;
        while (end - next() > step) advance_by(step);
        if (end - next() > left_before_wrap) advance_by(end - next() - left_before_wrap);
    }
    void wrap() {
        Db db(server_.url("postgres"));
        const std::uint64_t epoch = next() >> 32;
        while (next() >> 32 == epoch)
            for (int i = 0; i < 100; ++i) db.exec("select pg_current_xact_id()");
    }

    void go_back_by(std::uint64_t transactions) {
        freeze_everything();
        set(next() - transactions);
    }

  private:
    static constexpr std::uint64_t left_before_wrap = 1'500;
    static constexpr std::uint64_t xids_per_segment = 32ULL * 8192 * 4;  // of pg_xact

    std::uint64_t next() const {
        return static_cast<std::uint64_t>(
            Db(server_.url("postgres"))
                .number("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint"));
    }

    void freeze_everything() const {
        Db postgres(server_.url("postgres"));
        postgres.exec("update pg_database set datallowconn = true");
        for (const auto& row : postgres.query("select datname from pg_database"))
            Db(server_.url(*row[0])).exec("vacuum (freeze)");
        postgres.exec("checkpoint");
    }

    void set(std::uint64_t xid) {
        server_.stop();
        const auto low = xid & 0xffffffffU;
        run_checked({(pg_bin(server_.version()) / "pg_resetwal").string(), "-e", std::to_string(xid >> 32),
                     "-x", std::to_string(low), server_.data_directory().string()},
                    {.as_postgres = true});
        write_segment(low / xids_per_segment);
        server_.start();
    }

    // The commit log of the transactions that were left out.
    void write_segment(std::uint64_t number) const {
        const auto file = server_.data_directory() / "pg_xact" / fmt::format("{:04X}", number);
        std::ofstream(file, std::ios::binary | std::ios::app).close();
        std::filesystem::resize_file(file, xids_per_segment / 4);
        give_to_postgres(file);
    }

    PgServer& server_;
};

}  // namespace tideway::test
