// One key's story.
#include <fmt/format.h>

#include <algorithm>

#include "checker/judge.hpp"

namespace tideway::checker {
namespace {

struct Line {
    long long at;
    bool is_note;
    std::string text;
};

std::string text_of(const TableRules& rules, const Image& image) {
    if (!image) return "nothing";
    std::string text = version_of(rules, *image);
    for (const auto& [column, value] : *image)
        if (column != rules.version) text += fmt::format(" {}={}", column, value.value_or("NULL"));
    return text;
}

bool concerns(const TableRules& rules, const Write& write, const Key& key) {
    return write.table == rules.table && ((write.before && key_of(rules, *write.before) == key) ||
                                          (write.after && key_of(rules, *write.after) == key));
}

Line line_of(const TableRules& rules, const Write& write) {
    return {write.at, false,
            fmt::format("    {:7} {:4} {} -> {}  (seq {}, transaction {})\n", name(write.side),
                        write.by_sync ? "sync" : "user", text_of(rules, write.before),
                        text_of(rules, write.after), write.seq, write.xid)};
}

// Notes before the first write and after the last one, and notes that nothing lies between, are of no help.
std::string in_order(std::vector<Line> lines) {
    std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.at < b.at; });
    const auto is_write = [](const Line& line) { return !line.is_note; };
    const auto first = std::find_if(lines.begin(), lines.end(), is_write);
    const auto end = std::find_if(lines.rbegin(), lines.rend(), is_write).base();
    std::string text;
    for (auto line = first; line < end; ++line) text += line->text;
    return text;
}

bool same(const TableRules& rules, const Key& listed, const Key& key) {
    return listed == key || (rules.repeats && listed.size() > key.size() &&
                             std::equal(key.begin(), key.end(), listed.begin()));
}

}  // namespace

std::string story(const History& history, const std::string& table, const Key& key) {
    const TableRules* rules = history.rules_of(table);
    if (rules == nullptr) return "";
    std::vector<Line> lines;
    for (const Write& write : history.writes)
        if (concerns(*rules, write, key)) lines.push_back(line_of(*rules, write));
    for (const Note& note : history.notes)
        lines.push_back({note.at, true, fmt::format("    -- {}\n", note.text)});
    std::string text = in_order(std::move(lines));
    for (const Conflict& each : history.conflicts)
        if (each.table == table && same(*rules, each.key, key))
            text += fmt::format(
                "    conflict at the {} (transaction {}): {}, {}, winner {}: desktop {}, cloud {}\n",
                name(each.side), each.xid, each.kind, each.policy, each.winner, text_of(*rules, each.desktop),
                text_of(*rules, each.cloud));
    for (const Waiting& each : history.waiting)
        if (each.table == table && same(*rules, each.key, key))
            text += fmt::format("    waits: {}, {}, {}\n", each.kind, each.rule, each.reason);
    for (const Side side : sides)
        if (const auto rows = history.rows[index(side)].find(table); rows != history.rows[index(side)].end())
            for (const Row& row : rows->second)
                if (key_of(*rules, row) == key)
                    text += fmt::format("    at the end the {} has {}\n", name(side), text_of(*rules, row));
    return text;
}

}  // namespace tideway::checker
