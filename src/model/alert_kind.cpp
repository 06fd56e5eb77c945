#include "model/alert_kind.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace tideway {
namespace {

constexpr std::pair<AlertKind, std::string_view> words[] = {
    {AlertKind::run_failed, "run_failed"},
    {AlertKind::guard_stop, "guard_stop"},
    {AlertKind::loss, "loss"},
    {AlertKind::differs, "differs"},
    {AlertKind::conflict, "conflict"},
    {AlertKind::held, "held"},
    {AlertKind::parked, "parked"},
    {AlertKind::not_synced, "not_synced"},
    {AlertKind::settled, "settled"},
};

}  // namespace

std::string_view to_string(AlertKind kind) {
    for (const auto& [known, word] : words)
        if (known == kind) return word;
    throw Defect("an alert kind has no word");
}

std::optional<AlertKind> parse_alert_kind(std::string_view text) {
    for (const auto& [kind, word] : words)
        if (word == text) return kind;
    return std::nullopt;
}

const std::vector<AlertKind>& all_alert_kinds() {
    static const std::vector<AlertKind> kinds = [] {
        std::vector<AlertKind> all;
        for (const auto& each : words) all.push_back(each.first);
        return all;
    }();
    return kinds;
}

std::vector<std::string> alert_words() {
    std::vector<std::string> all;
    for (const auto& each : words) all.emplace_back(each.second);
    return all;
}

}  // namespace tideway
