// The keys that may stand in [guard] and in guard = { ... } of a [[table]].
#pragma once
#include "config/config.hpp"
#include "config/section.hpp"

namespace tideway::config {

// What the section does not say stays as in `defaults`.
GuardSetting read_guard_keys(Section& section, GuardSetting defaults);

// As they are written in the file: "2%" or 500; "2h".
std::string limit_text(const Limit& limit);
std::string seconds_text(long seconds);

}  // namespace tideway::config
