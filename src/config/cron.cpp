#include "config/cron.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <sstream>
#include <string>
#include <vector>

namespace tideway::config {
namespace {

using Names = std::vector<std::string>;

struct Field {
    int lowest, highest;
    Names names;  // of the values from `lowest` on
};

const std::array<Field, 5>& fields() {
    static const std::array<Field, 5> all = {
        {{0, 59, {}},
         {0, 23, {}},
         {1, 31, {}},
         {1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
         {0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}}};
    return all;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

std::optional<int> number(std::string_view text) {
    int value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, value);
    return failure == std::errc() && stopped == end && !text.empty() && text[0] != '-' ? std::optional(value)
                                                                                       : std::nullopt;
}

std::optional<int> value(std::string_view text, const Field& field) {
    const auto named = std::find(field.names.begin(), field.names.end(), lower(text));
    const std::optional<int> found =
        named != field.names.end() ? std::optional(field.lowest + static_cast<int>(named - field.names.begin()))
                                   : number(text);
    return found && *found >= field.lowest && *found <= field.highest ? found : std::nullopt;
}

struct Steps {
    int first, last, step;
};

// "*", "5", "1-5", each also with "/2"; "5/2" goes to the end.
std::optional<Steps> parse_part(std::string_view part, const Field& field) {
    const auto slash = part.find('/');
    Steps steps{field.lowest, field.highest, 1};
    if (slash != part.npos) {
        const auto step = number(part.substr(slash + 1));
        if (!step || *step < 1) return std::nullopt;
        steps.step = *step;
    }
    const std::string_view range = part.substr(0, slash);
    if (range == "*") return steps;
    const auto dash = range.find('-');
    const auto first = value(range.substr(0, dash), field);
    if (!first) return std::nullopt;
    steps.first = *first;
    if (dash != range.npos) {
        const auto last = value(range.substr(dash + 1), field);
        if (!last || *last < *first) return std::nullopt;
        steps.last = *last;
    } else if (slash == part.npos) {
        steps.last = *first;
    }
    return steps;
}

template <std::size_t Size>
bool parse_field(const std::string& text, const Field& field, std::bitset<Size>& out) {
    std::istringstream parts(text);
    std::size_t found = 0;
    for (std::string part; std::getline(parts, part, ','); ++found) {
        const auto steps = parse_part(part, field);
        if (!steps) return false;
        for (int at = steps->first; at <= steps->last; at += steps->step)
            out.set(static_cast<std::size_t>(at) % (Size == 7 ? 7 : Size));
    }
    return found > 0 && !text.ends_with(',');
}

bool ever_comes(const Cron& cron) {
    constexpr std::array<unsigned, 13> longest = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!cron.any_weekday) return true;
    for (unsigned month = 1; month <= 12; ++month)
        for (unsigned day = 1; cron.months[month] && day <= longest[month]; ++day)
            if (cron.days[day]) return true;
    return false;
}

}  // namespace

bool Cron::day_matches(unsigned day, unsigned month, unsigned weekday) const {
    if (!months[month]) return false;
    if (any_day || any_weekday) return days[day] && weekdays[weekday];
    return days[day] || weekdays[weekday];
}

std::optional<Cron> parse_cron(std::string_view text) {
    std::istringstream words{std::string(text)};
    std::vector<std::string> parts;
    for (std::string word; words >> word;) parts.push_back(word);
    if (parts.size() != fields().size()) return std::nullopt;
    Cron cron;
    const auto& all = fields();
    if (!parse_field(parts[0], all[0], cron.minutes) || !parse_field(parts[1], all[1], cron.hours) ||
        !parse_field(parts[2], all[2], cron.days) || !parse_field(parts[3], all[3], cron.months) ||
        !parse_field(parts[4], all[4], cron.weekdays))
        return std::nullopt;
    cron.every_hour = parts[1].starts_with('*');
    cron.any_day = parts[2].starts_with('*');
    cron.any_weekday = parts[4].starts_with('*');
    return ever_comes(cron) ? std::optional(cron) : std::nullopt;
}

}  // namespace tideway::config
