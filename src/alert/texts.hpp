// What alerts say: one table of templates.
#pragma once
#include <string>
#include <string_view>

#include "alert/event.hpp"

namespace tideway::alert {

struct Text {
    AlertKind kind;
    bool lasting;                  // stays until a run finds it gone, and then that is told too
    std::string_view begun, over;  // {table}, {rows}, {code}, {title}, {detail}
    std::string_view way_out;      // what to do while it lasts
};

const Text& text_of(AlertKind kind);

// The template filled in; control characters in names become "?".
std::string sentence(const Condition& condition, bool over);

}  // namespace tideway::alert
