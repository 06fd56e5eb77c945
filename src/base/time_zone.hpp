// Time zones as the system's files describe them (tzfile(5)), without touching the process's own TZ: other
// threads read the environment.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/posix_zone.hpp"

namespace tideway {

class TimeZone {
  public:
    static TimeZone utc() { return {}; }
    // As the process was started: TZ, else /etc/localtime, else UTC.
    static TimeZone local();
    // "Europe/Berlin"; none: the system has no such file.
    static std::optional<TimeZone> named(const std::string& name);
    // The contents of a zone file, version 2 or newer; none: they are something else.
    static std::optional<TimeZone> parse(const std::string& file);

    // Seconds east of Greenwich at this moment (seconds since 1970, UTC).
    std::int64_t offset_at(std::int64_t seconds) const;

  private:
    struct Change {
        std::int64_t at = 0, offset = 0;
    };
    std::int64_t first_offset_ = 0;
    std::vector<Change> changes_;
    std::optional<PosixZone> afterwards_;  // after the last of them
};

}  // namespace tideway
