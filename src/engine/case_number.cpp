#include "engine/case_number.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/error.hpp"

namespace tideway {

std::string text_of(const ListPlace& place) { return fmt::format("{}-{}", place.at_micros, place.number); }

ListPlace place_in(const std::string& text) {
    ListPlace place;
    const char* const end = text.data() + text.size();
    const auto at = std::from_chars(text.data(), end, place.at_micros);
    const bool begun = at.ec == std::errc() && at.ptr != end && *at.ptr == '-';
    const auto number = begun ? std::from_chars(at.ptr + 1, end, place.number) : at;
    if (!begun || number.ec != std::errc() || number.ptr != end || place.number < 0)
        throw Error(Code::usage, "that is no place in a list", "give `next` of the part before, as it is");
    return place;
}

}  // namespace tideway
