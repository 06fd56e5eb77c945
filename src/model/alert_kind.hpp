// What people can be alerted to, as plain words.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tideway {

enum class AlertKind { run_failed, guard_stop, loss, differs, conflict, held, parked, not_synced, settled };

// The spelling used in the configuration file, in messages and in the memory of what was told.
std::string_view to_string(AlertKind kind);
std::optional<AlertKind> parse_alert_kind(std::string_view word);
// All of them, in the order in which a message lists them.
const std::vector<AlertKind>& all_alert_kinds();
std::vector<std::string> alert_words();

}  // namespace tideway
