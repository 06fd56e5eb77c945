#include "cli/moment.hpp"

#include <chrono>
#include <regex>

#include "config/duration.hpp"

namespace tideway::cli {
namespace {

std::optional<std::int64_t> day_of(const std::smatch& parts) {
    using namespace std::chrono;
    const year_month_day day{year(std::stoi(parts[1])), month(static_cast<unsigned>(std::stoi(parts[2]))),
                             std::chrono::day(static_cast<unsigned>(std::stoi(parts[3])))};
    if (!day.ok()) return std::nullopt;
    return duration_cast<seconds>(sys_days(day).time_since_epoch()).count();
}

}  // namespace

std::optional<std::int64_t> parse_moment(const std::string& text, std::int64_t now_micros) {
    if (const auto ago = config::parse_duration(text)) return now_micros - ago->count() * 1'000'000;
    static const std::regex form(
        R"((\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)? ?(Z|([+-])(\d\d):?(\d\d)?)?)");
    std::smatch parts;
    if (!std::regex_match(text, parts, form)) return std::nullopt;
    const auto number = [&](std::size_t at) { return parts[at].matched ? std::stoll(parts[at]) : 0; };
    const auto day = day_of(parts);
    if (!day || number(4) > 23 || number(5) > 59 || number(6) > 59) return std::nullopt;
    const std::int64_t offset = (number(9) * 60 + number(10)) * 60 * (parts[8] == "-" ? -1 : 1);
    return (*day + number(4) * 3'600 + number(5) * 60 + number(6) - offset) * 1'000'000;
}

}  // namespace tideway::cli
