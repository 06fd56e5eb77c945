#include "store/sqlite/moment.hpp"

#include <fmt/format.h>

#include <chrono>

namespace tideway::sqlite {
namespace {

constexpr std::int64_t second = 1'000'000, day = 86'400 * second;

// Reads from the front of a text; `failed` stays once it is set.
class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}
    int digits(std::size_t count) {
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (text_.empty() || text_.front() < '0' || text_.front() > '9') {
                failed_ = true;
                return 0;
            }
            value = value * 10 + (text_.front() - '0');
            text_.remove_prefix(1);
        }
        return value;
    }
    bool take(char wanted) {
        if (text_.empty() || text_.front() != wanted) return false;
        text_.remove_prefix(1);
        return true;
    }
    void need(char wanted) { failed_ = !take(wanted) || failed_; }
    int below(int limit) {
        const int value = digits(2);
        failed_ = failed_ || value >= limit;
        return value;
    }
    std::int64_t fraction() {
        std::int64_t micros = 0, unit = second / 10;
        std::size_t count = 0;
        for (; !text_.empty() && text_.front() >= '0' && text_.front() <= '9';
             text_.remove_prefix(1), ++count) {
            failed_ = failed_ || (unit == 0 && text_.front() != '0');
            micros += (text_.front() - '0') * unit;
            unit /= 10;
        }
        failed_ = failed_ || count == 0;
        return micros;
    }
    bool at_end() const { return text_.empty(); }
    bool failed() const { return failed_; }

  private:
    std::string_view text_;
    bool failed_ = false;
};

std::int64_t read_date(Reader& reader, bool& exists) {
    const int y = reader.digits(4);
    reader.need('-');
    const int m = reader.digits(2);
    reader.need('-');
    const int d = reader.digits(2);
    const std::chrono::year_month_day date{std::chrono::year(y), std::chrono::month(static_cast<unsigned>(m)),
                                           std::chrono::day(static_cast<unsigned>(d))};
    exists = date.ok() && y > 0;
    return exists ? std::chrono::sys_days(date).time_since_epoch().count() * day : 0;
}

std::int64_t read_clock(Reader& reader) {
    std::int64_t micros = reader.below(24) * 3600 * second;
    reader.need(':');
    micros += reader.below(60) * 60 * second;
    if (!reader.take(':')) return micros;
    micros += reader.below(60) * second;
    if (reader.take('.')) micros += reader.fraction();
    return micros;
}

// The offset east of Greenwich.
std::optional<std::int64_t> read_zone(Reader& reader) {
    if (reader.take('Z')) return 0;
    const bool west = reader.take('-');
    if (!west && !reader.take('+')) return std::nullopt;
    std::int64_t offset = reader.below(15) * 3600 * second;
    if (reader.take(':') || !reader.at_end()) offset += reader.below(60) * 60 * second;
    return west ? -offset : offset;
}

std::int64_t floor_days(std::int64_t micros) {
    return micros >= 0 ? micros / day : -((-micros + day - 1) / day);
}

}  // namespace

std::optional<Moment> parse_moment(std::string_view text) {
    Reader reader(text);
    Moment moment;
    bool exists = false;
    moment.micros = read_date(reader, exists);
    if (!exists || reader.failed()) return std::nullopt;
    if (!reader.at_end()) {
        if (!reader.take('T')) reader.need(' ');
        moment.has_time = true;
        moment.micros += read_clock(reader);
        if (const auto offset = read_zone(reader)) {
            moment.has_zone = true;
            moment.micros -= *offset;
        }
    }
    if (reader.failed() || !reader.at_end()) return std::nullopt;
    return moment;
}

std::string Moment::date() const {
    const std::chrono::year_month_day date{
        std::chrono::sys_days(std::chrono::days(static_cast<int>(floor_days(micros))))};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string Moment::clock() const {
    const std::int64_t rest = micros - floor_days(micros) * day, seconds = rest / second;
    std::string text =
        fmt::format("{} {:02}:{:02}:{:02}", date(), seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (rest % second == 0) return text;
    text += fmt::format(".{:06}", rest % second);
    return text.substr(0, text.find_last_not_of('0') + 1);
}

}  // namespace tideway::sqlite
