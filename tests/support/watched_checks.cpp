// The comparisons of WatchedPair.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/watched_pair.hpp"
#include "support/watched_sides.hpp"

namespace tideway::test {

using oracle::Side;
using oracle::Verdict;

namespace {

constexpr std::size_t kPrinted = 15;

std::string text(const Cell& cell) { return cell.value_or("(null)"); }

std::string row_text(const std::optional<oracle::Row>& row, const Cell& extra) {
    if (!row) return "-";
    return fmt::format("{}, marked {}, at {}, {}", row->body, text(row->mark),
                       row->stamp ? std::to_string(*row->stamp) : "(null)", text(extra));
}

}  // namespace

void WatchedPair::expect_decided(int id, const oracle::Key& before, const oracle::Decision& decision) {
    if (before.cloud && before.cloud->mark == "M") ++counts_["protected before"];
    if (key(id).cloud && key(id).cloud->mark == "M") ++counts_["protected after"];
    switch (decision.verdict) {
        case Verdict::adopt:
            ++counts_["adopted"];
            break;
        case Verdict::pending:
            ++counts_["pending"];
            break;
        case Verdict::held:
            ++counts_["held"];
            waiting_.push_back(fmt::format("{} held", id));
            break;
        case Verdict::open:
            ++counts_["open conflicts"];
            waiting_.push_back(fmt::format("{} conflict", id));
            break;
        case Verdict::settle:
            ++counts_["conflicts"];
            [[fallthrough]];
        case Verdict::write:
            expect_written(id, before, decision);
            break;
        case Verdict::ignored:
        case Verdict::in_sync:
        case Verdict::bury:
            break;
    }
}

// What this decision writes, and what it must keep of what was there.
void WatchedPair::expect_written(int id, const oracle::Key& before, const oracle::Decision& decision) {
    const Side target = decision.target;
    Watched& key = watched(id);
    const auto& old = before.at(target);
    const Cell extra = key.extra[index(target)];
    const std::string operation = !old ? "inserted" : key.key.at(target) ? "updated" : "deleted";
    ++counts_[fmt::format("{} {}", name(target), operation)];
    if (old) journal_[index(target)].push_back(fmt::format("{} {}: {}", id, operation, row_text(old, extra)));
    if (decision.verdict == Verdict::settle)
        conflicts_[index(target)].push_back(fmt::format(
            "{}: {} won with {} over {}", id, name(other(target)),
            before.at(other(target)) ? before.at(other(target))->body : "-", row_text(old, extra)));
    if (operation != "updated") key.extra[index(target)].reset();
    key.current[index(target)] = key.current[index(other(target))];
}

// Prints at most a screenful, with the stories of the keys.
void WatchedPair::expect_same(const std::string& what, Lines wanted, Lines found) const {
    std::sort(wanted.begin(), wanted.end());
    std::sort(found.begin(), found.end());
    std::string text;
    const auto print_surplus = [&](const char* title, const Lines& all, const Lines& others) {
        Lines surplus;
        std::set_difference(all.begin(), all.end(), others.begin(), others.end(),
                            std::back_inserter(surplus));
        for (std::size_t i = 0; i < surplus.size() && i < kPrinted; ++i)
            text += fmt::format("  {}: {}   [{}]\n", title, surplus[i], watched(std::stoi(surplus[i])).story);
        if (surplus.size() > kPrinted) text += fmt::format("  and {} more\n", surplus.size() - kPrinted);
    };
    print_surplus("missing", wanted, found);
    print_surplus("unexpected", found, wanted);
    if (!text.empty()) ADD_FAILURE() << what << "\n" << text;
}

void WatchedPair::compare_rows(Side side) {
    Lines wanted, found;
    for (int id = 1; id <= last_key(); ++id)
        if (key(id).at(side))
            wanted.push_back(
                fmt::format("{}: {}", id, row_text(key(id).at(side), watched(id).extra[index(side)])));
    const Rows rows = db(side).query(fmt::format(
        "select id, body, source, extract(epoch from updated_at)::bigint, {} from item", extra_column(side)));
    for (const auto& row : rows) {
        const oracle::Stamp stamp = row[3] ? oracle::Stamp(std::stoll(*row[3])) : std::nullopt;
        found.push_back(
            fmt::format("{}: {}", *row[0], row_text(oracle::Row{text(row[1]), row[2], stamp}, row[4])));
    }
    expect_same(name(side) + " rows", wanted, found);
}

void WatchedPair::compare_records(Side side) {
    const auto image = [&](const std::string& column) {
        return fmt::format(
            "case when {0} is null then '-' else concat({0}->>'body', ', marked ', "
            "coalesce({0}->>'source', '(null)'), ', at ', "
            "coalesce(extract(epoch from ({0}->>'updated_at')::timestamptz)::bigint::text, '(null)'), ', ', "
            "coalesce({0}->>'{1}', '(null)')) end",
            column, extra_column(side));
    };
    const auto all = [&](const std::string& sql) {
        Lines found;
        for (const auto& row : db(side).query(sql)) found.push_back(*row[0]);
        return found;
    };
    expect_same(
        name(side) + " conflict records", conflicts_[index(side)],
        all(fmt::format(
            "select concat(key[1], ': ', winner, ' won with ', coalesce({}_row->>'body', '-'), ' over ', {}) "
            "from tideway.conflict where status = 'kept'",
            name(other(side)), image(name(side) + "_row"))));
    expect_same(
        name(side) + " journal", journal_[index(side)],
        all(fmt::format("select concat(key[1], case op when 'U' then ' updated: ' else ' deleted: ' end, {}) "
                        "from tideway.journal where op in ('U', 'D')",
                        image("before"))));
}

void WatchedPair::compare_report(const TidewayResult& result) const {
    const nlohmann::json& table = result.json["tables"][0];
    std::map<std::string, int> counts{{"adopted", table["adopted"]},
                                      {"conflicts", table["conflicts"]},
                                      {"open conflicts", table["open_conflicts"]},
                                      {"held", table["held"]},
                                      {"parked", table["parked"]},
                                      {"pending", table["pending"]},
                                      {"protected before", table["protected"]["before"]},
                                      {"protected after", table["protected"]["after"]}};
    for (const Side side : kSides)
        for (const auto& [operation, count] : table["to_" + name(side)].items())
            counts[fmt::format("{} {}", name(side), operation)] = count;
    const auto as_text = [](const std::map<std::string, int>& numbers) {
        std::string text;
        for (const auto& [what, count] : numbers)
            if (count != 0) text += fmt::format("{} {}; ", count, what);
        return text;
    };
    EXPECT_EQ(as_text(counts_), as_text(counts));
    const bool waiting = !waiting_.empty();
    EXPECT_EQ(result.json["status"], waiting ? "attention" : "ok") << result.err;
    EXPECT_EQ(result.exit_code, waiting ? 3 : 0) << result.err;
}

bool WatchedPair::accounted_for(const Watched& watched, const std::string& version,
                                const std::vector<std::string>& kept) const {
    std::vector<std::string> next = kept;
    next.insert(next.end(), std::begin(watched.current), std::end(watched.current));
    for (const auto& [own, replaced] : watched.parents)
        if (own.starts_with("(deleted")) next.push_back(own);
    std::set<std::string> seen;
    while (!next.empty()) {
        const std::string one = next.back();
        next.pop_back();
        if (!seen.insert(one).second) continue;
        const auto [begin, end] = watched.parents.equal_range(one);
        for (auto parent = begin; parent != end; ++parent) next.push_back(parent->second);
    }
    return seen.contains(version);
}

void WatchedPair::expect_nothing_lost() {
    std::map<int, std::vector<std::string>> kept;
    for (const Side side : kSides)
        for (const auto& row :
             db(side).query("select key[1], unnest(array[desktop_row->>'body', cloud_row->>'body']) from "
                            "tideway.conflict "
                            "union all select key[1], before->>'body' from tideway.journal"))
            if (row[1]) kept[std::stoi(*row[0])].push_back(*row[1]);
    for (int id = 1; id <= last_key(); ++id) {
        for (const auto& [version, replaced] : watched(id).parents) {
            if (version.starts_with("(deleted")) continue;
            EXPECT_TRUE(accounted_for(watched(id), version, kept[id]))
                << version << " is lost: " << id << ", " << watched(id).story;
        }
    }
}

}  // namespace tideway::test
