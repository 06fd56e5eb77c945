#include "base/iso_time.hpp"

#include <fmt/chrono.h>

namespace tideway {

std::string iso_time(std::int64_t micros) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(micros / 1'000'000)));
}

}  // namespace tideway
