#include "support/watched_pair.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ctime>

#include "support/watched_sides.hpp"
#include "support/write_counters.hpp"

namespace tideway::test {

using oracle::Side;

namespace {

std::string create_table(Side side) {
    return fmt::format(
        "create table item (id int primary key, body text, source text, updated_at timestamptz, {} text)",
        extra_column(side));
}

std::string config_text(const oracle::Settings& settings, const Database& desktop, const Database& cloud) {
    return fmt::format(R"([desktop]
url = '{}'
[cloud]
url = '{}'
[sync]
conflict = '{}'
deletes = '{}'
[guard]
max_deletes = '100%'
max_updates = '100%'
[[table]]
name = 'item'
key = ['id']
skip = ['note', 'photo']
ownership = '{}'
origin = {{ column = 'source', desktop = 'D', cloud = 'M' }}
timestamps = {{ updated = 'updated_at' }}
)",
                       desktop.url(), cloud.url(), to_text(settings.conflict), to_text(settings.deletes),
                       settings.strict ? "strict" : "shared");
}

std::string sql_literal(const Cell& cell) { return cell ? quote_literal(*cell) : "null"; }

std::string sql_stamp(const oracle::Stamp& stamp) {
    return stamp ? fmt::format("to_timestamp({})", *stamp) : "null";
}

}  // namespace

std::string to_text(oracle::Direction direction) {
    switch (direction) {
        case oracle::Direction::both:
            return "both";
        case oracle::Direction::forward:
            return "forward";
        case oracle::Direction::reverse:
            return "reverse";
    }
    return "";
}

std::string to_text(oracle::Conflict conflict) {
    switch (conflict) {
        case oracle::Conflict::latest:
            return "latest";
        case oracle::Conflict::desktop:
            return "desktop";
        case oracle::Conflict::cloud:
            return "cloud";
        case oracle::Conflict::manual:
            return "manual";
    }
    return "";
}

std::string to_text(oracle::Deletes deletes) {
    switch (deletes) {
        case oracle::Deletes::propagate:
            return "propagate";
        case oracle::Deletes::hold:
            return "hold";
        case oracle::Deletes::ignore:
            return "ignore";
    }
    return "";
}

WatchedPair::WatchedPair(const oracle::Settings& settings, const std::string& mode)
    : settings_(settings),
      mode_(mode),
      desktop_(shared_pair().desktop, "matrix"),
      cloud_(shared_cloud(), "matrix"),
      desktop_db_(desktop_),
      cloud_db_(cloud_),
      config_(config_text(settings, desktop_, cloud_)) {
    settings_.now = std::time(nullptr);
    for (const Side side : kSides) db(side).exec(create_table(side));
}

int WatchedPair::add_key(std::string story) {
    keys_.push_back({.story = std::move(story), .key = {}, .extra = {}, .current = {}, .parents = {}});
    return last_key();
}

void WatchedPair::written_by_user(Side side, int id, const std::string& version) {
    if (side == Side::cloud && mode_ == "incremental" && runs_ > 0 && key(id).cloud)
        watched(id).key.cloud->captured = settings_.now;
    std::string& current = watched(id).current[index(side)];
    watched(id).parents.emplace(version, current);
    current = version;
}

void WatchedPair::insert_statement(Side side, int id) {
    const oracle::Row& row = *key(id).at(side);
    edits_[index(side)] +=
        fmt::format("insert into item values ({}, {}, {}, {}, {});\n", id, quote_literal(row.body),
                    sql_literal(row.mark), sql_stamp(row.stamp), sql_literal(watched(id).extra[index(side)]));
}

void WatchedPair::insert(Side side, int id, const oracle::Row& row) {
    watched(id).key.at(side) = row;
    watched(id).extra[index(side)] = fmt::format("{} {}", extra_column(side), row.body);
    written_by_user(side, id, row.body);
    insert_statement(side, id);
}

void WatchedPair::edit(Side side, int id, const oracle::Row& row) {
    watched(id).key.at(side) = row;
    watched(id).key.choice.reset();  // it was made for the rows as they stood
    written_by_user(side, id, row.body);
    edits_[index(side)] +=
        fmt::format("update item set body = {}, source = {}, updated_at = {} where id = {};\n",
                    quote_literal(row.body), sql_literal(row.mark), sql_stamp(row.stamp), id);
}

void WatchedPair::touch(Side side, int id) {
    edits_[index(side)] += fmt::format("update item set body = body where id = {};\n", id);
}

void WatchedPair::reinsert(Side side, int id) {
    edits_[index(side)] += fmt::format("delete from item where id = {};\n", id);
    insert_statement(side, id);
}

void WatchedPair::remove(Side side, int id) {
    watched(id).key.at(side).reset();
    written_by_user(side, id, fmt::format("(deleted {})", ++deletes_));
    edits_[index(side)] += fmt::format("delete from item where id = {};\n", id);
}

void WatchedPair::carry_out_edits() {
    for (const Side side : kSides) {
        db(side).exec(edits_[index(side)]);
        edits_[index(side)].clear();
    }
}

std::vector<std::string> WatchedPair::options(oracle::Direction direction) const {
    return {"--json", "--mode", mode_, "--direction", to_text(direction)};
}

void WatchedPair::sync(oracle::Direction direction) {
    SCOPED_TRACE(fmt::format("run {}: sync --direction {}", ++runs_, to_text(direction)));
    carry_out_edits();
    counts_.clear();
    waiting_.clear();
    for (int id = 1; id <= last_key(); ++id) {
        const oracle::Key before = key(id);
        expect_decided(id, before, oracle::sync(watched(id).key, settings_, direction));
    }
    std::vector<std::string> args = options(direction);
    args.insert(args.begin(), "sync");
    const TidewayResult result = run_tideway(config_, args);
    ASSERT_TRUE(result.json.contains("tables")) << result.out << result.err;
    for (const Side side : kSides) {
        compare_rows(side);
        compare_records(side);
    }
    compare_report(result);
}

void WatchedPair::expect_quiet() {
    const std::string before = row_versions(desktop_db_) + row_versions(cloud_db_);
    sync(oracle::Direction::both);
    EXPECT_EQ(row_versions(desktop_db_) + row_versions(cloud_db_), before) << "a quiet pair was written";
}

void WatchedPair::expect_planned(oracle::Direction direction) {
    carry_out_edits();
    Lines wanted, found;
    std::set<std::string> ignored;
    for (int id = 1; id <= last_key(); ++id) {
        oracle::Key copy = key(id);
        const oracle::Decision decision = oracle::sync(copy, settings_, direction);
        if (decision.verdict == oracle::Verdict::ignored)
            ignored.insert(std::to_string(id));
        else if (decision.verdict != oracle::Verdict::in_sync)
            wanted.push_back(fmt::format("{} {}", id, decision.rule));
    }
    std::vector<std::string> args = options(direction);
    args.insert(args.begin(), {"plan", "--rows"});
    const TidewayResult plan = run_tideway(config_, args);
    for (const auto& row : plan.json["rows"]) {
        const std::string key = row["key"];
        if (!ignored.contains(key)) found.push_back(key + " " + row["rule"].get<std::string>());
    }
    expect_same("rules of the plan", wanted, found);
}

void WatchedPair::expect_listed() const {
    Lines found;
    const TidewayResult list = run_tideway(config_, {"conflicts", "list", "--json"});
    for (const auto& entry : list.json["conflicts"]) {
        if (entry["status"] != "open") continue;
        found.push_back(entry["key"].get<std::string>() + (entry["kind"] == "held" ? " held" : " conflict"));
        EXPECT_NE(entry["reason"], "") << entry;
    }
    expect_same("conflicts list", waiting_, found);
}

void WatchedPair::choose(const std::vector<int>& ids, Side take) {
    std::map<std::string, std::string> numbers;
    const TidewayResult list = run_tideway(config_, {"conflicts", "list", "--json"});
    for (const auto& entry : list.json["conflicts"])
        if (entry["status"] != "kept") numbers[entry["key"]] = entry["id"].dump();
    for (const int id : ids) {
        const TidewayResult result =
            run_tideway(config_, {"conflicts", "resolve", numbers[std::to_string(id)], "--take", name(take)});
        EXPECT_EQ(result.exit_code, 0) << id << ": " << result.err;
        watched(id).key.choice = take;
    }
}

}  // namespace tideway::test
