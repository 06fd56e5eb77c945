#include "cli/demo_story.hpp"

#include <fmt/format.h>

#include "cli/run_text.hpp"
#include "cli/text.hpp"
#include "cli/text_table.hpp"

namespace tideway::cli {
namespace {

constexpr std::size_t widest_value = 30;

std::string value_text(const std::optional<std::string>& value) {
    return value ? shortened(printable(*value), widest_value) : "(no such row)";
}

std::string indented(const std::string& text, const std::string& indent) {
    std::string out;
    for (std::size_t at = 0, end = 0; at < text.size(); at = end) {
        end = text.find('\n', at) + 1;
        const std::string line = text.substr(at, end - at);
        out += (line == "\n" ? "" : indent) + line;
    }
    return out;
}

std::string loser_text(const ConflictEntry& conflict) {
    const bool desktop_lost = conflict.winner == "cloud";
    const char* winner = desktop_lost ? "phone" : "office";
    std::string out =
        conflict.policy == "latest"
            ? fmt::format("   The {}'s edit was the later one and holds (conflict = \"latest\").\n", winner)
            : fmt::format("   The {}'s row holds (conflict = \"{}\").\n", winner, conflict.policy);
    return out + fmt::format(
                     "   The other one is not lost: it is kept whole as conflict {0} (tideway conflicts show "
                     "{0}).\n",
                     conflict.id);
}

std::string episode_text(std::size_t number, const Episode& episode) {
    TextTable table;
    for (const char* title : {"", "office (desktop)", "phone app (cloud)"})
        table.add_column(title, Align::left);
    for (const auto& [moment, seen] :
         {std::pair{"before", &episode.before}, std::pair{"edited", &episode.edited},
          std::pair{"after sync", &episode.after}})
        table.add_row({moment, value_text(seen->desktop), value_text(seen->cloud)});
    std::string out =
        fmt::format("{}. {}\n\n{}\n", number, episode.scene.title, indented(table.text(), "     "));
    if (!episode.reason.empty())
        out += fmt::format("   Why: {} (rule {}: {}).\n", episode.reason, episode.rule, episode.action);
    if (episode.conflict) out += loser_text(*episode.conflict);
    return out + "\n";
}

Json sighting_json(const Sighting& seen) {
    const auto value = [](const std::optional<std::string>& text) {
        return text ? Json(*text) : Json(nullptr);
    };
    return {{"desktop", value(seen.desktop)}, {"cloud", value(seen.cloud)}};
}

}  // namespace

std::string story_text(const Story& story) {
    std::string out = fmt::format(
        "An office keeps {} rows in its desktop database; the database of its phone app is empty.\n"
        "\n-- The first run fills the app --------------------------------------------------\n\n{}",
        grouped(story.desktop_rows), run_text(story.first));
    out += "\n-- Then people work on both sides, and the second run brings them together ------\n\n";
    for (std::size_t i = 0; i < story.episodes.size(); ++i) out += episode_text(i + 1, story.episodes[i]);
    out += indented(run_text(story.second), "   ");
    out += "\n-- A third run finds nothing to do ----------------------------------------------\n\n";
    return out + indented(run_text(story.third), "   ");
}

Json story_json(const Story& story) {
    Json out = {
        {"version", 1}, {"status", "ok"}, {"desktop_rows", story.desktop_rows}, {"episodes", Json::array()}};
    for (const Episode& episode : story.episodes) {
        Json one = {
            {"title", episode.scene.title}, {"table", episode.scene.table}, {"key", episode.scene.key}};
        one["before"] = sighting_json(episode.before);
        one["edited"] = sighting_json(episode.edited);
        one["after"] = sighting_json(episode.after);
        one["rule"] = episode.rule;
        one["action"] = episode.action;
        one["reason"] = episode.reason;
        one["conflict"] = episode.conflict ? conflict_json(*episode.conflict) : Json(nullptr);
        out["episodes"].push_back(one);
    }
    out["runs"] = {run_json(story.first), run_json(story.second), run_json(story.third)};
    return out;
}

}  // namespace tideway::cli
