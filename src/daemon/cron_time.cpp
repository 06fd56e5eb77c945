#include "daemon/cron_time.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

namespace tideway::daemon {
namespace {

using namespace std::chrono;

constexpr std::int64_t day_seconds = 86'400;
constexpr int days_to_look_at = 3'660;

// The moment in (from, to] at which the offset becomes another one than at `from`.
std::int64_t change_between(const TimeZone& zone, std::int64_t from, std::int64_t to) {
    const std::int64_t before = zone.offset_at(from);
    while (to - from > 1) {
        const std::int64_t middle = from + (to - from) / 2;
        (zone.offset_at(middle) == before ? from : to) = middle;
    }
    return to;
}

// The moments at which clocks show `local`, earliest first; of a time that is left out, the change itself.
std::vector<std::int64_t> moments(const TimeZone& zone, std::int64_t local) {
    const std::int64_t from = local - day_seconds, to = local + day_seconds;
    const std::int64_t early = zone.offset_at(from), late = zone.offset_at(to);
    std::vector<std::int64_t> found;
    for (const std::int64_t offset : {early, late})
        if (zone.offset_at(local - offset) == offset &&
            std::find(found.begin(), found.end(), local - offset) == found.end())
            found.push_back(local - offset);
    std::sort(found.begin(), found.end());
    if (found.empty()) found.push_back(change_between(zone, from, to));
    return found;
}

bool matches(const config::Cron& cron, sys_days day) {
    const year_month_day date(day);
    return cron.day_matches(static_cast<unsigned>(date.day()), static_cast<unsigned>(date.month()),
                            weekday(day).c_encoding());
}

// The first moment of that local day that is later than `after`.
std::optional<std::int64_t> first_on(const config::Cron& cron, const TimeZone& zone, sys_days day,
                                     std::int64_t after) {
    const std::int64_t midnight = duration_cast<seconds>(day.time_since_epoch()).count();
    std::optional<std::int64_t> first;
    for (std::size_t minute = 0; minute < 24 * 60; ++minute) {
        if (!cron.hours[minute / 60] || !cron.minutes[minute % 60]) continue;
        const auto when = moments(zone, midnight + static_cast<std::int64_t>(minute) * 60);
        for (std::size_t i = 0; i < (cron.every_hour ? when.size() : 1); ++i)
            if (when[i] > after && (!first || when[i] < *first)) first = when[i];
        if (first && !cron.every_hour) return first;
    }
    return first;
}

}  // namespace

std::optional<std::int64_t> next_time(const config::Cron& cron, const TimeZone& zone, std::int64_t after) {
    const std::int64_t seconds_after = floor<seconds>(microseconds(after)).count();
    sys_days day = floor<days>(sys_seconds(seconds(seconds_after + zone.offset_at(seconds_after))));
    // A change of the clock may have moved us over midnight.
    day -= days(1);
    for (int i = 0; i < days_to_look_at; ++i, day += days(1))
        if (matches(cron, day))
            if (const auto found = first_on(cron, zone, day, seconds_after)) return *found * 1'000'000;
    return std::nullopt;
}

}  // namespace tideway::daemon
