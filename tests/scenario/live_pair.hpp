// A desktop and a cloud with users' sessions open on both, a configuration over them, and the checks that a
// test of users who write while runs are at work ends with.
#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "support/db.hpp"
#include "support/fresh_database.hpp"
#include "support/pause_at.hpp"
#include "support/rows.hpp"
#include "support/run_tideway.hpp"
#include "support/write_counters.hpp"

namespace tideway::test {

using Args = std::vector<std::string>;

inline TidewayResult finish(Process& process, Millis deadline = std::chrono::seconds(120)) {
    const auto code = process.wait(deadline);
    if (!code) throw std::runtime_error("tideway does not end:\n" + process.err());
    const std::string out = process.out();
    nlohmann::json json = nlohmann::json::parse(out, nullptr, false);
    if (json.is_discarded()) json = nullptr;
    return {*code, out, process.err(), std::move(json), Millis(0)};
}

class LivePair {
  public:
    explicit LivePair(const std::string& hint) : LivePair(hint, shared_desktop(), shared_cloud()) {}
    LivePair(const std::string& hint, PgServer& desktop_server, PgServer& cloud_server)
        : LivePair(fresh_database(desktop_server, hint), fresh_database(cloud_server, hint)) {}
    LivePair(Database desktop_side, Database cloud_side)
        : desktop_database(std::move(desktop_side)),
          cloud_database(std::move(cloud_side)),
          desktop(desktop_database),
          cloud(cloud_database),
          desktop_url(desktop_database.url()),
          cloud_url(cloud_database.url()) {}

    void both(const std::string& sql) {
        desktop.exec(sql);
        cloud.exec(sql);
    }
    // Everything after the two urls: keys of [sync], and the tables.
    void configure(const std::string& toml) {
        config.rewrite(
            fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}\n", desktop_url, cloud_url, toml));
    }
    TidewayResult run(Args args, const Environment& env = {}) {
        args.emplace_back("--json");
        return run_tideway(config, args, env);
    }
    TidewayResult sync(Args more = {}, const Environment& env = {}) {
        more.insert(more.begin(), "sync");
        return run(more, env);
    }
    std::unique_ptr<Process> start(const Environment& env = {}) {
        return start_tideway(config, {"sync", "--json"}, env);
    }
    // One sync that is held at `failpoint` while `meanwhile` happens.
    template <typename Meanwhile>
    TidewayResult sync_while(const std::string& failpoint, const Meanwhile& meanwhile) {
        const PauseAt pause(failpoint);
        const auto process = start(pause.env());
        pause.wait_until_reached();
        meanwhile();
        pause.release();
        return finish(*process);
    }
    void expect_equal(const std::string& sql) {
        EXPECT_EQ(dump(desktop, sql), dump(cloud, sql)) << sql << "\nfirst: desktop, second: cloud";
    }

    Database desktop_database, cloud_database;
    Db desktop, cloud;  // sessions of users
    std::string desktop_url, cloud_url;
    ConfigFile config{""};
};

inline std::string told(const TidewayResult& result) {
    return fmt::format("exit {}\nstdout: {}\nstderr: {}", result.exit_code, result.out, result.err);
}

#define EXPECT_EXIT_CODE(code, result)                                    \
    do {                                                                  \
        const ::tideway::test::TidewayResult& ended = result;             \
        EXPECT_EQ(ended.exit_code, code) << ::tideway::test::told(ended); \
    } while (false)

#define ASSERT_EXIT_CODE(code, result)                                    \
    do {                                                                  \
        const ::tideway::test::TidewayResult& ended = result;             \
        ASSERT_EQ(ended.exit_code, code) << ::tideway::test::told(ended); \
    } while (false)

// A number of each table's report, summed: "held", "pending" ...
inline long long reported(const TidewayResult& result, const std::string& field) {
    long long sum = 0;
    if (!result.json.is_object() || !result.json.contains("tables")) return sum;
    for (const auto& table : result.json["tables"]) sum += table.value(field, 0LL);
    return sum;
}

// Rows written in users' tables, as the run itself reports them.
inline long long writes_reported(const TidewayResult& result) {
    long long sum = 0;
    if (!result.json.is_object() || !result.json.contains("tables")) return sum;
    for (const auto& table : result.json["tables"])
        for (const char* direction : {"to_cloud", "to_desktop"})
            for (const char* kind : {"inserted", "updated", "deleted"})
                sum += table[direction][kind].get<long long>();
    return sum;
}

// The code of the error that ended the run, such as TW311; empty when it did not fail.
inline std::string error_code(const TidewayResult& result) {
    if (!result.json.is_object() || !result.json.contains("error")) return "";
    return result.json["error"]["code"];
}

// How many rows of tideway's own tables mention `text`: conflicts, journal, rows that wait.
inline long long kept_in(Db& db, const std::string& text) {
    long long rows = 0;
    for (const auto& table : db.query("select format('%I.%I', schemaname, tablename) from pg_tables "
                                      "where schemaname = 'tideway' order by 1"))
        rows += db.number(fmt::format("select count(*) from {} t where strpos(t::text, {}) > 0", *table[0],
                                      quote_literal(text)));
    return rows;
}

// How often tideway has written the row with this key on this side.
inline long long journaled(Db& db, const std::string& key) {
    return db.number(fmt::format("select count(*) from tideway.journal where key = array[{}]::text[]",
                                 quote_literal(key)));
}

// A version that a user wrote: `text` stands in the users' tables of a side, or tideway keeps it.
inline void expect_accounted(LivePair& pair, const std::string& table, const std::string& text) {
    long long found = 0;
    for (Db* side : {&pair.desktop, &pair.cloud})
        found += kept_in(*side, text) +
                 side->number(fmt::format("select count(*) from {} t where strpos(t::text, {}) > 0", table,
                                          quote_literal(text)));
    EXPECT_GT(found, 0) << "the version " << text << " of " << table << " is gone";
}

// A further run changes nothing in any user's table, and ends as `exit_code` says (3: rows wait).
inline void expect_quiet(LivePair& pair, int exit_code = 0, const Args& more = {}) {
    const std::string desktop = row_versions(pair.desktop), cloud = row_versions(pair.cloud);
    EXPECT_EXIT_CODE(exit_code, pair.sync(more));
    EXPECT_EQ(row_versions(pair.desktop), desktop) << "a quiet run wrote to the desktop";
    EXPECT_EQ(row_versions(pair.cloud), cloud) << "a quiet run wrote to the cloud";
}

inline void wait_until_tideway_blocks(Db& observer, Millis deadline = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (observer.number("select count(*) from pg_stat_activity where datname = current_database() and "
                           "application_name = 'tideway' and wait_event_type = 'Lock'") == 0) {
        if (std::chrono::steady_clock::now() > end)
            throw std::runtime_error("tideway never waited for a lock");
        std::this_thread::sleep_for(Millis(5));
    }
}

// The table of most tests: twenty rows that both sides agree on.
inline constexpr const char* note_table =
    "create table note (id int primary key, body text, n int default 0)";
inline constexpr const char* notes = "select id, body, n from note order by id";
inline constexpr const char* note_config = "[[table]]\nname = 'note'\n";

inline void twenty_notes(LivePair& pair, const std::string& extra = "") {
    pair.both(note_table);
    pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 20) i");
    pair.configure(note_config + extra);
    EXPECT_EXIT_CODE(0, pair.sync());
}

}  // namespace tideway::test
