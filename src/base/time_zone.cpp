#include "base/time_zone.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tideway {
namespace {

constexpr std::size_t header_size = 44;

std::optional<std::string> contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    if (!in || !(text << in.rdbuf())) return std::nullopt;
    return text.str();
}

std::int64_t big_endian(const std::string& file, std::size_t at, std::size_t bytes) {
    std::uint64_t value = (static_cast<unsigned char>(file[at]) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(file[at + i]);
    return static_cast<std::int64_t>(value);
}

struct Header {
    std::size_t universal, standard, leaps, changes, types, letters;

    static Header read(const std::string& file, std::size_t at) {
        const auto count = [&](std::size_t n) {
            return static_cast<std::size_t>(big_endian(file, at + 20 + 4 * n, 4)) & 0xFFFFFF;
        };
        return {count(0), count(1), count(2), count(3), count(4), count(5)};
    }
    std::size_t body(std::size_t time_bytes) const {
        return changes * (time_bytes + 1) + types * 6 + letters + leaps * (time_bytes + 4) + standard +
               universal;
    }
};

bool has_header(const std::string& file, std::size_t at) {
    return file.size() >= at + header_size && file.compare(at, 4, "TZif") == 0;
}

bool plain_name(const std::string& name) {
    return !name.empty() && name.front() != '/' && name.find("..") == std::string::npos &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) { return c > ' ' && c < 127; });
}

}  // namespace

// The first part has 32-bit times and is passed over; the second one repeats it with 64 bits.
std::optional<TimeZone> TimeZone::parse(const std::string& file) {
    if (!has_header(file, 0) || file[4] < '2') return std::nullopt;
    const std::size_t second = header_size + Header::read(file, 0).body(4);
    if (!has_header(file, second)) return std::nullopt;
    const Header header = Header::read(file, second);
    const std::size_t times = second + header_size, indexes = times + header.changes * 8,
                      types = indexes + header.changes, footer = times + header.body(8);
    if (header.types == 0 || file.size() < footer) return std::nullopt;
    const auto offset_of = [&](std::size_t type) { return big_endian(file, types + 6 * type, 4); };
    TimeZone zone;
    zone.first_offset_ = offset_of(0);
    for (std::size_t i = 0; i < header.changes; ++i) {
        const auto type = static_cast<std::size_t>(static_cast<unsigned char>(file[indexes + i]));
        if (type >= header.types) return std::nullopt;
        zone.changes_.push_back({big_endian(file, times + 8 * i, 8), offset_of(type)});
    }
    const std::size_t end = file.find('\n', footer + 1);
    if (file.size() > footer && file[footer] == '\n' && end != std::string::npos)
        zone.afterwards_ = PosixZone::parse(std::string_view(file).substr(footer + 1, end - footer - 1));
    return zone;
}

std::optional<TimeZone> TimeZone::named(const std::string& name) {
    if (!plain_name(name)) return std::nullopt;
    const auto file = contents("/usr/share/zoneinfo/" + name);
    return file ? parse(*file) : std::nullopt;
}

TimeZone TimeZone::local() {
    const char* variable = std::getenv("TZ");
    std::string given = variable == nullptr ? "" : variable;
    if (given.starts_with(':')) given.erase(0, 1);
    if (given.empty()) {
        const auto file = contents("/etc/localtime");
        return (file ? parse(*file) : std::nullopt).value_or(utc());
    }
    if (const auto zone = named(given)) return *zone;
    TimeZone zone;
    zone.afterwards_ = PosixZone::parse(given);
    return zone;
}

std::int64_t TimeZone::offset_at(std::int64_t seconds) const {
    const auto after = std::upper_bound(
        changes_.begin(), changes_.end(), seconds,
        [](std::int64_t moment, const Change& change) { return moment < change.at; });
    if (after == changes_.end() && afterwards_) return afterwards_->offset_at(seconds);
    return after == changes_.begin() ? first_offset_ : std::prev(after)->offset;
}

}  // namespace tideway
