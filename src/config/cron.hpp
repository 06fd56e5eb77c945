// "30 2 * * mon-fri": minute, hour, day of the month, month, day of the week.
#pragma once
#include <bitset>
#include <optional>
#include <string_view>

namespace tideway::config {

struct Cron {
    std::bitset<60> minutes;
    std::bitset<24> hours;
    std::bitset<32> days;      // from 1
    std::bitset<13> months;    // from 1
    std::bitset<7> weekdays;   // from Sunday
    bool any_day = true, any_weekday = true;  // "*": where both fields are given, one of them is enough
    bool every_hour = true;                   // "*": follows the clock, also through an hour that comes twice

    bool day_matches(unsigned day, unsigned month, unsigned weekday) const;
};

// Lists, ranges, steps, names of months and days; 7 is Sunday as well. Nothing where the text is no such
// expression, or one of a day that never comes (30 February).
std::optional<Cron> parse_cron(std::string_view text);

}  // namespace tideway::config
