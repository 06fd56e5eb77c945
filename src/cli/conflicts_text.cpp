#include "cli/conflicts_text.hpp"

#include <fmt/format.h>

#include "report/report_json.hpp"
#include "cli/text.hpp"
#include "cli/text_table.hpp"

namespace tideway::cli {
namespace {

constexpr std::size_t widest_value = 40;

std::string kind_words(const std::string& kind) {
    static const std::map<std::string, std::string> words = {
        {"update_update", "both sides changed the row"},
        {"update_delete", "the desktop changed the row, the cloud deleted it"},
        {"delete_update", "the desktop deleted the row, the cloud changed it"},
        {"insert_insert", "both sides had a row with this key that differed"},
        {"collision", "both sides created a row with this key"},
        {"conflict", "both sides changed the row"},
        {"held", "a rule of the configuration holds the row back"},
    };
    const auto found = words.find(kind);
    return found == words.end() ? kind : found->second;
}

std::string winner_words(const ConflictEntry& entry) {
    if (entry.winner == "merged") return "the columns of both rows were merged (conflict = \"merge\")";
    if (entry.winner != "desktop" && entry.winner != "cloud")
        return "no side has won: both rows stay as they are";
    if (entry.status != "kept") return fmt::format("you chose the {}'s row", entry.winner);
    return fmt::format("the {}'s row holds{}", entry.winner,
                       entry.policy.empty() ? "" : fmt::format(" (conflict = \"{}\")", entry.policy));
}

std::string value_text(const Json& row, const std::string& column) {
    if (!row.is_object() || !row.contains(column)) return "";
    const Json& value = row[column];
    const std::string text = value.is_string() ? value.get<std::string>()
                             : value.is_null() ? "NULL"
                                               : value.dump();
    return shortened(printable(text), widest_value);
}

Json parsed(const std::optional<std::string>& row) {
    return row ? Json::parse(*row, nullptr, false) : Json(nullptr);
}

std::string rows_text(const ConflictEntry& entry) {
    const Json desktop = parsed(entry.desktop_row), cloud = parsed(entry.cloud_row);
    std::vector<std::string> columns;
    for (const Json* row : {&desktop, &cloud}) {
        if (!row->is_object()) continue;
        for (const auto& [column, value] : row->items())
            if (std::find(columns.begin(), columns.end(), column) == columns.end()) columns.push_back(column);
    }
    TextTable table;
    for (const char* title : {"", "column", "desktop", "cloud"}) table.add_column(title, Align::left);
    for (const std::string& column : columns) {
        const bool both =
            desktop.is_object() && cloud.is_object() && desktop.contains(column) && cloud.contains(column);
        const bool same = both && desktop[column] == cloud[column];
        table.add_row({same ? " " : "*", column, value_text(desktop, column), value_text(cloud, column)});
    }
    return table.rows() == 0 ? "" : "\n" + table.text();
}

std::string absent_text(const ConflictEntry& entry) {
    std::string out;
    if (!entry.desktop_row) out += "the desktop has no such row\n";
    if (!entry.cloud_row) out += "the cloud has no such row\n";
    return out;
}

std::string written_text(const char* side, const Written& written) {
    if (!written.stamp && !written.captured) return "";
    std::string out = fmt::format("the {}'s row was written", side);
    if (written.stamp) out += fmt::format(" at {} by its own time stamp", *written.stamp);
    if (written.captured)
        out += fmt::format("{} at {} as its database saw it", written.stamp ? "," : "", *written.captured);
    return out + "\n";
}

// Who wrote what, and when.
std::string story_text(const ConflictEntry& entry) {
    std::string out = written_text("desktop", entry.desktop) + written_text("cloud", entry.cloud);
    if (!entry.origin.empty())
        out += fmt::format("the row was first made {}\n", entry.origin == "cloud" ? "in the cloud" : "on the desktop");
    if (!entry.run.empty())
        out += fmt::format("{} by run {}{}\n", entry.status == "kept" ? "settled" : "last looked at", entry.run,
                           entry.rule.empty() ? "" : fmt::format(" under rule {}", entry.rule));
    return out;
}

}  // namespace

std::string conflicts_text(const std::vector<ConflictEntry>& entries) {
    if (entries.empty()) return "no conflicts and no held rows\n";
    TextTable table;
    table.add_column("id", Align::right);
    for (const char* title : {"table", "key", "what happened", "holds", "status", "found"})
        table.add_column(title, Align::left);
    for (const ConflictEntry& entry : entries)
        table.add_row({fmt::format("{}", entry.id), entry.table,
                       shortened(printable(entry.key), widest_value), kind_words(entry.kind), entry.winner,
                       entry.status, entry.at});
    std::vector<std::string> lines = table.lines();
    const std::string heading = lines.front() + "\n";
    lines.erase(lines.begin());
    return heading + cut_list(lines) + "\ntideway conflicts show ID shows both rows\n";
}

std::string parked_text(const std::vector<ParkedEntry>& entries) {
    if (entries.empty()) return "no parked rows\n";
    TextTable table;
    for (const char* title : {"table", "key", "since", "code", "why"}) table.add_column(title, Align::left);
    for (const ParkedEntry& entry : entries)
        table.add_row({entry.table, shortened(printable(entry.key), widest_value), entry.since,
                       entry.sqlstate,
                       printable(entry.detail.empty() ? entry.reason : entry.reason + ": " + entry.detail)});
    std::vector<std::string> lines = table.lines();
    const std::string heading = lines.front() + "\n";
    lines.erase(lines.begin());
    return heading + cut_list(lines) + "\nevery run tries them again; tideway parked retry does it now\n";
}

std::string conflict_text(const ConflictEntry& entry) {
    std::string out = fmt::format("{} {}: {} {}\n", entry.kind == "held" ? "held row" : "conflict", entry.id,
                                  entry.table, printable(entry.key));
    out += fmt::format("found {}: {}\n{}\n", entry.at, kind_words(entry.kind), winner_words(entry));
    if (!entry.reason.empty()) out += fmt::format("why: {}\n", printable(entry.reason));
    out += story_text(entry) + absent_text(entry) + rows_text(entry) + "\n";
    if (entry.status == "open")
        return out +
               fmt::format("it waits for you: tideway conflicts resolve {} --take desktop|cloud\n", entry.id);
    if (entry.status == "kept" && entry.winner == "merged")
        return out + "settled; to have other values, enter them on either side\n";
    if (entry.status == "kept")
        return out +
               fmt::format("settled, the other row is kept here; to let it hold after all: tideway conflicts resolve "
                           "{} --take {}\n",
                           entry.id, entry.winner == "desktop" ? "cloud" : "desktop");
    return out + entry.status + "\n";
}

std::string resolutions_text(const std::vector<Resolution>& resolutions, const std::string& take) {
    static const std::map<std::string, std::string> words = {
        {"chosen", "is chosen; the next tideway sync carries it out"},
        {"written_back", "is written back as an edit; the next tideway sync takes it to the other side"},
        {"holds_already", "holds already"},
        {"changed_since", "was not taken"},
        {"refused", "was not taken"},
    };
    std::string out;
    for (const Resolution& each : resolutions) {
        const std::string row = take == "desktop" || take == "cloud" ? fmt::format("the {}'s row", take)
                                                                     : "the row of the file";
        out += fmt::format("{}: {} {}: {} {}{}\n", each.id, each.table, printable(each.key), row,
                           words.at(each.outcome), each.reason.empty() ? "" : ": " + printable(each.reason));
    }
    return out;
}

std::string would_resolve_text(const std::vector<ConflictEntry>& entries, const std::string& take) {
    if (entries.empty()) return "nothing that waits fits these filters\n";
    return conflicts_text(entries) +
           fmt::format("the {}'s row would be chosen for {}; --yes does it\n", take,
                       counted(static_cast<std::int64_t>(entries.size()), "conflict"));
}

}  // namespace tideway::cli
