// The rule of a time zone in the form of the TZ variable: "CET-1CEST,M3.5.0,M10.5.0/3".
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace tideway {

class PosixZone {
  public:
    // Nothing where the text is no such rule, or one whose changes are not days of a week in a month.
    static std::optional<PosixZone> parse(std::string_view text);
    // Seconds east of Greenwich at this moment (seconds since 1970, UTC).
    std::int64_t offset_at(std::int64_t seconds) const;

  private:
    struct Change {  // "M3.5.0/2": the last Sunday of March, at two
        int month = 1, week = 1, weekday = 0;
        std::int64_t at = 7'200;
    };
    static std::optional<Change> parse_change(std::string_view text);
    static std::int64_t moment(const Change& change, int year, std::int64_t offset);

    std::int64_t standard_ = 0, summer_ = 0;
    std::optional<std::pair<Change, Change>> changes_;  // to summer time, and back
};

}  // namespace tideway
