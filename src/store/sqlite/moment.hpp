// Dates and times as text, in the forms that SQLite's own functions read.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tideway::sqlite {

struct Moment {
    std::int64_t micros = 0;  // since 1970; UTC where a zone is given
    bool has_time = false, has_zone = false;
    std::string date() const;   // 2024-02-29
    std::string clock() const;  // 2024-02-29 12:00:00.5
};

// "2024-02-29", "2024-02-29 12:00", "2024-02-29T12:00:00.5+05:30", "...Z"; none for anything else, also for
// dates that do not exist and for more than six digits behind the second.
std::optional<Moment> parse_moment(std::string_view text);

}  // namespace tideway::sqlite
