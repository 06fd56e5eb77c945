// A pair of databases with a table `job`, its configuration, and the checks that every hazard's test ends
// with.
#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/db.hpp"
#include "support/fresh_database.hpp"
#include "support/pause_at.hpp"
#include "support/rows.hpp"
#include "support/run_tideway.hpp"
#include "support/write_counters.hpp"

namespace tideway::test {

enum class At { desktop, cloud };
inline At across(At side) { return side == At::desktop ? At::cloud : At::desktop; }
inline std::string word(At side) { return side == At::desktop ? "desktop" : "cloud"; }

inline const std::string kJob =
    "create table job (id int primary key, note text, updated_at timestamptz default now())";
inline const std::string kJobToml = "[[table]]\nname = 'job'\ntimestamps = { updated = 'updated_at' }\n";
inline const std::string kJobs = "select * from job order by id";

// The capture under test at `side`; the other side's is changelog.
inline std::string capture_toml(const std::string& capture, At side) {
    return fmt::format("capture = {{ desktop = '{}', cloud = '{}' }}\n",
                       side == At::desktop ? capture : "changelog",
                       side == At::cloud ? capture : "changelog");
}

struct PairOptions {
    std::string sync = {};               // lines of [sync]
    std::string tables = kJobToml;       // the [[table]] sections
    std::string schema = kJob;           // created on both sides
    std::string cloud_schema = {};       // in the cloud instead, when not empty
    PgServer* desktop_server = nullptr;  // none: the shared one
    PgServer* cloud_server = nullptr;
    std::string desktop_user = "postgres";
    std::string cloud_user = "postgres";
};

class HazardPair {
  public:
    explicit HazardPair(const std::string& name, const PairOptions& options = {})
        : desktop(fresh_database(options.desktop_server ? *options.desktop_server : shared_desktop(), name)),
          cloud(fresh_database(options.cloud_server ? *options.cloud_server : shared_cloud(), name)),
          config(fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n[sync]\n{}\n{}",
                             desktop.url(options.desktop_user), cloud.url(options.cloud_user), options.sync,
                             options.tables)) {
        Db(desktop).exec(options.schema);
        Db(cloud).exec(options.cloud_schema.empty() ? options.schema : options.cloud_schema);
    }

    const Database& on(At side) const { return side == At::desktop ? desktop : cloud; }
    Db open(At side) const { return Db(on(side)); }

    TidewayResult sync(std::vector<std::string> options = {}, const Environment& env = {}) const {
        options.insert(options.begin(), {"sync", "--json"});
        return run_tideway(config, options, env);
    }
    // Only what `from` wrote goes to the other side.
    TidewayResult sync_from(At from) const { return sync({"--direction", direction_from(from)}); }
    static std::string direction_from(At from) { return from == At::desktop ? "forward" : "reverse"; }

    Database desktop, cloud;
    ConfigFile config;
};

inline std::string text_of(const TidewayResult& result) {
    return fmt::format("exit {}\n{}{}", result.exit_code, result.out, result.err);
}

}  // namespace tideway::test

#define EXPECT_SYNC(result, code)                                                        \
    do {                                                                                 \
        const ::tideway::test::TidewayResult sync_result = (result);                     \
        EXPECT_EQ(sync_result.exit_code, code) << ::tideway::test::text_of(sync_result); \
    } while (false)

namespace tideway::test {

// Rows 1 to `rows` are created at `side`, an hour old, and synchronised once.
inline void first_sync(const HazardPair& pair, At side, int rows = 1) {
    pair.open(side).exec(fmt::format(
        "insert into job select i, 'first ' || i, now() - interval '1 hour' from generate_series(1, {}) i",
        rows));
    EXPECT_SYNC(pair.sync(), 0);
    ASSERT_ROWS(pair.on(across(side)), "select count(*) from job", std::to_string(rows));
}

inline void expect_equal_sides(const HazardPair& pair, const std::string& sql = kJobs) {
    EXPECT_EQ(dump(pair.desktop, sql), dump(pair.cloud, sql)) << "desktop and cloud differ: " << sql;
}

// A quiet pair stays untouched, whichever way tideway looks at it (P8).
inline void expect_nothing_more_to_write(const HazardPair& pair, int exit_code = 0) {
    Db desktop(pair.desktop), cloud(pair.cloud);
    const std::string desktop_before = row_versions(desktop), cloud_before = row_versions(cloud);
    EXPECT_SYNC(pair.sync(), exit_code);
    EXPECT_SYNC(pair.sync({"--mode", "full"}), exit_code);
    EXPECT_EQ(row_versions(desktop), desktop_before);
    EXPECT_EQ(row_versions(cloud), cloud_before);
}

inline void expect_in_agreement(const HazardPair& pair, const std::string& sql = kJobs) {
    expect_equal_sides(pair, sql);
    expect_nothing_more_to_write(pair);
}

// Both rows of every conflict and held row that `conflicts` knows of: where a losing version is kept.
inline std::string kept_versions(const HazardPair& pair) {
    const TidewayResult list = run_tideway(pair.config, {"conflicts", "list", "--json"});
    EXPECT_EQ(list.exit_code, 0) << text_of(list);
    std::string kept;
    for (const auto& each : list.json["conflicts"])
        kept += run_tideway(pair.config, {"conflicts", "show", each["id"].dump(), "--json"}).out;
    return kept;
}

inline void expect_kept(const HazardPair& pair, const std::string& version) {
    const std::string kept = kept_versions(pair);
    EXPECT_NE(kept.find(version), std::string::npos) << version << " is not kept: " << kept;
}

// One line "key kind status" each, sorted by key: what was in conflict, and what waits for a person.
inline std::string conflicts(const HazardPair& pair) {
    const TidewayResult list = run_tideway(pair.config, {"conflicts", "list", "--json"});
    EXPECT_EQ(list.exit_code, 0) << text_of(list);
    std::vector<std::string> lines;
    for (const auto& each : list.json["conflicts"])
        lines.push_back(fmt::format("{} {} {}", each["key"].get<std::string>(),
                                    each["kind"].get<std::string>(), each["status"].get<std::string>()));
    std::sort(lines.begin(), lines.end());
    return fmt::format("{}", fmt::join(lines, "\n"));
}

// The text of a report, findings that name `word` in their place, text or code.
inline std::string findings_about(const HazardPair& pair, const std::string& about) {
    const TidewayResult result = run_tideway(pair.config, {"doctor", "--json"});
    std::string found;
    if (!result.json.is_object() || !result.json.contains("findings")) return found;
    for (const auto& each : result.json["findings"])
        if (each["severity"] != "info" && each.dump().find(about) != std::string::npos)
            found += each.dump() + "\n";
    return found;
}

struct CaptureCase {
    std::string capture;
    At side;
};
inline void PrintTo(const CaptureCase& value, std::ostream* out) {
    *out << value.capture << " at the " << word(value.side);
}
inline std::string name_of(const testing::TestParamInfo<CaptureCase>& info) {
    return info.param.capture + "_" + word(info.param.side);
}
inline std::vector<CaptureCase> captures(const std::vector<std::string>& names) {
    std::vector<CaptureCase> cases;
    for (const std::string& name : names)
        for (const At side : {At::desktop, At::cloud}) cases.push_back({name, side});
    return cases;
}
inline std::vector<CaptureCase> every_capture() {
    return captures({"changelog", "xmin", "timestamp", "digest"});
}
// Those that promise to find every change by themselves, deletes too.
inline std::vector<CaptureCase> exact_captures() { return captures({"changelog", "xmin", "digest"}); }

// `here` is the side whose capture is under test.
class CaptureTest : public testing::TestWithParam<CaptureCase> {
  public:
    static At here() { return GetParam().side; }
    static At there() { return across(GetParam().side); }
    // An entry of a changelog makes a run begin at once; the others are looked at without a lease first.
    static bool looks_first() { return GetParam().capture != "changelog"; }
    static const std::string& capture() { return GetParam().capture; }
    static PairOptions options() { return {.sync = capture_toml(capture(), here())}; }
    static PairOptions on_servers(PgServer& desktop, PgServer& cloud) {
        PairOptions options = CaptureTest::options();
        options.desktop_server = &desktop;
        options.cloud_server = &cloud;
        return options;
    }
};

}  // namespace tideway::test
