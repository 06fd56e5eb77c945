#include "base/posix_zone.hpp"

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <utility>

namespace tideway {
namespace {

using namespace std::chrono;

// What is still to be read of a rule; each part takes its own away.
class Rest {
  public:
    explicit Rest(std::string_view text) : text_(text) {}
    bool empty() const { return text_.empty(); }
    std::string_view text() const { return text_; }
    bool skip(char wanted) {
        if (!text_.starts_with(wanted)) return false;
        text_.remove_prefix(1);
        return true;
    }
    std::optional<std::int64_t> number() {
        std::int64_t value = 0;
        const auto [end, failure] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
        if (failure != std::errc() || value < 0) return std::nullopt;
        text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
        return value;
    }
    // "CET" or "<+03>".
    bool name() {
        const bool quoted = skip('<');
        const auto end = quoted ? text_.find('>') : text_.find_first_of("0123456789+-,");
        const auto length = end == text_.npos ? text_.size() : end;
        if (length == 0 || (quoted && end == text_.npos)) return false;
        text_.remove_prefix(length + (quoted ? 1 : 0));
        return true;
    }
    // "[+-]hh[:mm[:ss]]" in seconds.
    std::optional<std::int64_t> time() {
        const bool minus = skip('-');
        if (!minus) skip('+');
        std::int64_t seconds = 0;
        for (const std::int64_t unit : {3'600, 60, 1}) {
            const auto part = number();
            if (!part) return std::nullopt;
            seconds += *part * unit;
            if (!skip(':')) break;
        }
        return minus ? -seconds : seconds;
    }

  private:
    std::string_view text_;
};

}  // namespace

std::optional<PosixZone::Change> PosixZone::parse_change(std::string_view text) {
    Rest rest(text);
    Change change;
    if (!rest.skip('M')) return std::nullopt;
    for (int* part : {&change.month, &change.week, &change.weekday}) {
        const auto value = rest.number();
        if (!value) return std::nullopt;
        *part = static_cast<int>(*value);
        if (part != &change.weekday && !rest.skip('.')) return std::nullopt;
    }
    const bool valid = change.month >= 1 && change.month <= 12 && change.week >= 1 && change.week <= 5 &&
                       change.weekday <= 6;
    if (!valid) return std::nullopt;
    if (rest.skip('/')) {
        const auto at = rest.time();
        if (!at) return std::nullopt;
        change.at = *at;
    }
    return rest.empty() ? std::optional(change) : std::nullopt;
}

std::optional<PosixZone> PosixZone::parse(std::string_view text) {
    PosixZone zone;
    Rest rest(text);
    if (!rest.name()) return std::nullopt;
    const auto west = rest.time();
    if (!west) return std::nullopt;
    zone.standard_ = zone.summer_ = -*west;
    if (rest.empty()) return zone;
    if (!rest.name()) return std::nullopt;
    zone.summer_ = zone.standard_ + 3'600;
    if (!rest.text().starts_with(',')) {
        const auto summer = rest.time();
        if (!summer) return std::nullopt;
        zone.summer_ = -*summer;
    }
    if (!rest.skip(',')) return std::nullopt;
    const auto comma = rest.text().find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    const auto begin = parse_change(rest.text().substr(0, comma)),
               end = parse_change(rest.text().substr(comma + 1));
    if (!begin || !end) return std::nullopt;
    zone.changes_.emplace(*begin, *end);
    return zone;
}

// The moment of a change in that year, by a clock that is `offset` east.
std::int64_t PosixZone::moment(const Change& change, int year, std::int64_t offset) {
    const auto month = year_month(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(change.month)));
    const weekday day(static_cast<unsigned>(change.weekday));
    const sys_days date = change.week == 5
                              ? sys_days(month / day[last])
                              : sys_days(month / day[static_cast<unsigned>(change.week)]);
    return duration_cast<seconds>(date.time_since_epoch()).count() + change.at - offset;
}

std::int64_t PosixZone::offset_at(std::int64_t moment_utc) const {
    if (!changes_) return standard_;
    const sys_seconds there{seconds(moment_utc + standard_)};
    const int year = static_cast<int>(year_month_day(floor<days>(there)).year());
    const std::int64_t begin = moment(changes_->first, year, standard_),
                       end = moment(changes_->second, year, summer_);
    // South of the equator the year begins in summer.
    const bool summer = begin < end ? moment_utc >= begin && moment_utc < end
                                    : moment_utc >= begin || moment_utc < end;
    return summer ? summer_ : standard_;
}

}  // namespace tideway
