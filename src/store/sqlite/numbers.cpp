// Numbers and bytes as the other store writes them.
#include <charconv>
#include <cmath>

#include "store/sqlite/values.hpp"

namespace tideway::sqlite {
namespace {

struct Decimal {
    bool negative = false;
    std::string digits;  // without leading zeros
    int exponent = 0;    // of the digit behind the last one: value = digits * 10^exponent
};

std::optional<Decimal> parse_decimal(std::string_view text) {
    Decimal out;
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        out.negative = text[0] == '-';
        text.remove_prefix(1);
    }
    bool point = false, any = false;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        if (text[at] == '.' && !point) {
            point = true;
        } else if (text[at] >= '0' && text[at] <= '9') {
            any = true;
            out.digits += text[at];
            if (point) --out.exponent;
        } else {
            break;
        }
    }
    if (!any) return std::nullopt;
    if (at < text.size()) {
        if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
        int exponent = 0;
        const std::size_t from = at + 1 + (at + 1 < text.size() && text[at + 1] == '+' ? 1 : 0);
        const auto [end, error] = std::from_chars(text.data() + from, text.data() + text.size(), exponent);
        if (error != std::errc() || end != text.data() + text.size() || std::abs(exponent) > 20'000)
            return std::nullopt;
        out.exponent += exponent;
    }
    out.digits.erase(0, std::min(out.digits.find_first_not_of('0'), out.digits.size()));
    return out;
}

}  // namespace

std::optional<std::string> decimal_text(std::string_view number) {
    auto decimal = parse_decimal(number);
    if (!decimal) return std::nullopt;
    std::string& digits = decimal->digits;
    while (digits.ends_with('0')) {
        digits.pop_back();
        ++decimal->exponent;
    }
    if (digits.empty()) return "0";
    if (decimal->exponent >= 0) {
        digits.append(static_cast<std::size_t>(decimal->exponent), '0');
    } else {
        const auto behind = static_cast<std::size_t>(-decimal->exponent);
        if (digits.size() <= behind) digits.insert(0, behind + 1 - digits.size(), '0');
        digits.insert(digits.size() - behind, ".");
    }
    return decimal->negative ? "-" + digits : digits;
}

std::string float_text(double value) {
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    char buffer[64];
    const auto written = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
    const std::string text(buffer, written.ptr);
    const int exponent = std::stoi(text.substr(text.find('e') + 1));
    if (exponent < -4 || exponent >= 15) return text;
    return value == 0 ? (std::signbit(value) ? "-0" : "0") : *decimal_text(text);
}

std::string bytes_text(const std::string& bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text = "\\x";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

bool valid_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (lead == 0 || (lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || i + length > text.size())
            return false;
        std::uint32_t point = length == 1 ? lead : lead & (0xffU >> (length + 1));
        for (std::size_t k = 1; k < length; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xc0) != 0x80) return false;
            point = point << 6 | (next & 0x3f);
        }
        const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
        if (overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
        i += length;
    }
    return true;
}

}  // namespace tideway::sqlite
