// The pair that faults are injected into: an office with customers, jobs and tasks, prepared once, and cloned
// as often as wished, bit by bit.
#pragma once
#include <gtest/gtest.h>

#include <memory>

#include "fault/ledger.hpp"
#include "support/fresh_database.hpp"
#include "support/rows.hpp"
#include "support/run_tideway.hpp"
#include "support/write_counters.hpp"

namespace tideway::test {

inline std::string told(const TidewayResult& result) {
    return fmt::format("exit {}\nstdout: {}\nstderr: {}", result.exit_code, result.out, result.err);
}

// Everything that must not depend on what went wrong on the way: users' rows, conflicts, what waits, and how
// often which row was written.
struct PairState {
    std::string rows[2], conflicts[2], journal[2], waiting;
    bool operator==(const PairState&) const = default;
};

inline PairState read_state(Db& desktop, Db& cloud) {
    PairState state;
    for (const At side : both_sides) {
        Db& db = side == At::desktop ? desktop : cloud;
        for (const char* table : tables_parents_first)
            state.rows[index(side)] += dump(db, fmt::format("select * from {} order by id", table)) + "\n";
        state.conflicts[index(side)] = dump(db,
                                            "select key[1], kind, policy, winner, desktop_row, cloud_row "
                                            "from tideway.conflict order by 1, 2");
        state.journal[index(side)] =
            dump(db, "select key[1], op, before from tideway.journal order by 1, 2, 3");
    }
    state.waiting = dump(desktop, "select key[1], kind, rule from tideway.waiting order by 1");
    return state;
}

// Line by line, the differences alone.
inline std::string difference(const std::string& wanted, const std::string& found) {
    const auto lines = [](const std::string& text) {
        std::multiset<std::string> all;
        std::size_t begin = 0;
        for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
            all.insert(text.substr(begin, end - begin));
        all.insert(text.substr(begin));
        return all;
    };
    const auto a = lines(wanted), b = lines(found);
    std::vector<std::string> only;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only));
    std::string text;
    for (const std::string& line : only) text += "  missing: " + line + "\n";
    only.clear();
    std::set_difference(b.begin(), b.end(), a.begin(), a.end(), std::back_inserter(only));
    for (const std::string& line : only) text += "  unexpected: " + line + "\n";
    return text.size() > 4000 ? text.substr(0, 4000) + "  ..." : text;
}

inline void expect_same_state(const PairState& wanted, const PairState& found) {
    for (const At side : both_sides) {
        const std::size_t i = index(side);
        EXPECT_EQ(difference(wanted.rows[i], found.rows[i]), "") << "rows of the " << word(side);
        EXPECT_EQ(difference(wanted.conflicts[i], found.conflicts[i]), "")
            << "conflict records of the " << word(side);
        EXPECT_EQ(difference(wanted.journal[i], found.journal[i]), "")
            << "writes of tideway at the " << word(side);
    }
    EXPECT_EQ(difference(wanted.waiting, found.waiting), "") << "keys that wait";
}

// The name of `office` at `side`. Both throwaway servers are copies of one cluster: equal names would look
// like one database.
inline std::string database_name(const std::string& office, At side) { return office + "_" + word(side); }

// A pair of databases, and a configuration for them.
class Office {
  public:
    // Of databases that exist.
    Office(PgServer& desktop_server, PgServer& cloud_server, std::string name)
        : desktop_server_(desktop_server), cloud_server_(cloud_server), name_(std::move(name)) {
        configure();
    }
    Office(const Office&) = delete;
    Office& operator=(const Office&) = delete;

    // Creates both databases, with the office's tables.
    void create() {
        for (const At side : both_sides) {
            Db(server(side).url("postgres"))
                .exec("create database " + database_name(name_, side) + " template template0");
            open(side).exec(office_schema);
        }
    }

    PgServer& server(At side) const { return side == At::desktop ? desktop_server_ : cloud_server_; }
    std::string database(At side) const { return database_name(name_, side); }
    std::string url(At side) const { return server(side).url(database(side)); }
    Db open(At side) const { return Db(url(side)); }

    void configure(const std::string& more = "") { configure(url(At::desktop), url(At::cloud), more); }
    void configure(const std::string& desktop_url, const std::string& cloud_url,
                   const std::string& more = "") {
        config.rewrite(fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}\n{}", desktop_url,
                                   cloud_url, more, office_tables));
    }

    TidewayResult sync(const Environment& env = {}, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> args{"sync", "--json"};
        args.insert(args.end(), more.begin(), more.end());
        return run_tideway(config, args, env);
    }

    ConfigFile config{""};

  private:
    PgServer& desktop_server_;
    PgServer& cloud_server_;
    std::string name_;
};

// Nothing that a user wrote is lost, and no key is unequal in silence.
inline void expect_accounted(const Ledger& ledger, Db& desktop, Db& cloud) {
    std::string text;
    for (const std::string& complaint : ledger.unaccounted(read_evidence(desktop, cloud)))
        text += complaint + "\n";
    EXPECT_EQ(text, "") << "versions that users wrote";
}

// Numbers of the report, summed over the tables.
inline long long reported(const TidewayResult& result, const std::string& field) {
    long long sum = 0;
    if (!result.json.is_object() || !result.json.contains("tables")) return -1;
    for (const auto& table : result.json["tables"]) sum += table.value(field, 0LL);
    return sum;
}

// A further run ends with `exit_code`, writes to no user's table, and has nothing left to recognise.
inline void expect_quiet(const Office& office, Db& desktop, Db& cloud, int exit_code) {
    const std::string before[] = {row_versions(desktop), row_versions(cloud)};
    const long long counters[] = {write_counters(desktop), write_counters(cloud)};
    const TidewayResult again = office.sync();
    EXPECT_EQ(again.exit_code, exit_code) << told(again);
    EXPECT_EQ(reported(again, "adopted"), 0) << again.out;
    EXPECT_EQ(row_versions(desktop), before[0]) << "a quiet run wrote to the desktop";
    EXPECT_EQ(row_versions(cloud), before[1]) << "a quiet run wrote to the cloud";
    EXPECT_EQ(write_counters(desktop), counters[0]);
    EXPECT_EQ(write_counters(cloud), counters[1]);
}

}  // namespace tideway::test
