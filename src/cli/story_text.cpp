#include "cli/story_text.hpp"

#include <fmt/format.h>

#include "report/report_json.hpp"
#include "cli/text.hpp"

namespace tideway::cli {
namespace {

constexpr std::size_t widest_value = 40;

std::string values_text(const std::string& row) {
    const Json json = Json::parse(row, nullptr, false);
    if (!json.is_object()) return printable(row);
    std::vector<std::string> parts;
    for (const auto& [column, value] : json.items()) {
        const std::string text = value.is_string() ? value.get<std::string>()
                                 : value.is_null() ? "NULL"
                                                   : value.dump();
        parts.push_back(fmt::format("{} = {}", column, shortened(printable(text), widest_value)));
    }
    return joined(parts);
}

std::string side_text(const char* name, const StorySide& side) {
    const std::string state = side.state == "as agreed"       ? "has the row as both sides agreed on it"
                              : side.state == "edited since"  ? "has the row, edited since the agreement"
                              : side.state == "deleted since" ? "deleted the row since the agreement"
                              : side.state == "new"           ? "has the row; nothing was agreed on it yet"
                                                              : "has no such row";
    std::string out = fmt::format("the {} {}\n", name, state);
    for (const std::string& row : side.rows) out += fmt::format("    {}\n", values_text(row));
    return out;
}

std::string agreement_text(const StoryAgreement& agreement) {
    const std::string key = printable(agreement.key);
    if (agreement.state == "unknown")
        return fmt::format(
            "what the sides agreed on for {} counts no longer: a side was restored, or a delete undone\n",
            key);
    const std::string when = agreement.at
                                 ? fmt::format(" at {} in run {}", *agreement.at, agreement.run->substr(0, 8))
                                 : ", without a write that the journal remembers";
    return fmt::format("agreed on {}: {}{}; made on the {}\n", key, agreement.state, when, agreement.made_on);
}

std::string version_text(const StoryVersion& version) {
    std::string out =
        fmt::format("  {} run {} {} it {} ({}{}{})\n", version.at, version.run.substr(0, 8), version.action,
                    version.side == Side::cloud ? "in the cloud" : "on the desktop", version.rule,
                    version.reason.empty() ? "" : ": ", version.reason);
    if (version.before) out += fmt::format("    before that: {}\n", values_text(*version.before));
    return out;
}

std::string conflict_line(const ConflictEntry& conflict) {
    const std::string loser = conflict.winner == "cloud" ? "desktop" : "cloud";
    return fmt::format(
        "  {} conflict {}: the {}'s version holds, the {}'s is kept (tideway conflicts show {})\n",
        conflict.at, conflict.id, conflict.winner, loser, conflict.id);
}

std::string waiting_text(const StoryWaiting& waiting) {
    return fmt::format("waits since {}: {}, {}{}\n  what to do: {}\n", waiting.since, waiting.kind,
                       waiting.rule.empty() ? "" : waiting.rule + ": ", printable(waiting.reason),
                       waiting.what_to_do);
}

std::string next_text(const Story& story) {
    if (story.next.empty()) return "the next sync has nothing to do for it\n";
    std::string out;
    for (const PlannedChange& next : story.next)
        out += fmt::format("the next sync: {} ({}: {})\n", next.action, next.rule, printable(next.reason));
    return out;
}

}  // namespace

std::string story_text(const Story& story) {
    std::string out = fmt::format("{} {}\n", story.table, printable(story.key));
    if (!story.known)
        return out + "neither side has such a row, and nothing that tideway keeps speaks of one\n";
    out += side_text("desktop", story.desktop) + side_text("cloud", story.cloud);
    for (const StoryAgreement& agreement : story.agreements) out += agreement_text(agreement);
    if (story.agreements.empty()) out += "the two sides never agreed on it\n";
    if (!story.versions.empty()) out += "what tideway wrote, the latest first:\n";
    for (const StoryVersion& version : story.versions) out += version_text(version);
    if (!story.conflicts.empty()) out += "where both sides differed:\n";
    for (const ConflictEntry& conflict : story.conflicts) out += conflict_line(conflict);
    for (const StoryWaiting& waiting : story.waiting) out += waiting_text(waiting);
    out += next_text(story);
    if (!story.undo.empty()) out += fmt::format("to take the last write back: {}\n", story.undo);
    return out;
}

}  // namespace tideway::cli
