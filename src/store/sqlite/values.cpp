#include "store/sqlite/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "store/sqlite/moment.hpp"
#include "store/sqlite/types.hpp"

namespace tideway::sqlite {
namespace {

template <typename Kind>
const Kind* as(const Value& value) {
    return std::get_if<Kind>(&value);
}

template <typename Number>
std::optional<Number> number_in(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<Moment> moment_in(const ColumnForm& form, const Value& value) {
    const auto* text = as<std::string>(value);
    auto moment = text ? parse_moment(*text) : std::nullopt;
    if (!moment) return std::nullopt;
    const bool allowed = form.type == TypeClass::date      ? !moment->has_time
                         : form.type == TypeClass::instant ? !moment->has_zone
                                                           : true;
    return allowed ? moment : std::nullopt;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

bool is_uuid(const std::string& text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
    }
    return true;
}

// The first characters, not bytes.
std::string beginning_of(const std::string& text, int characters) {
    std::size_t at = 0;
    for (int count = 0; at < text.size(); ++at)
        if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80 && ++count > characters) break;
    return text.substr(0, at);
}

std::string without_trailing_blanks(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

// The value's text as the other store casts it.
std::string image(const ColumnForm& form, const Value& value) {
    switch (form.type) {
        case TypeClass::integer:
            return std::to_string(*as<std::int64_t>(value));
        case TypeClass::numeric:
            if (const auto* integer = as<std::int64_t>(value)) return std::to_string(*integer);
            return *decimal_text(float_text(*as<double>(value)));
        case TypeClass::floating:
            if (const auto* integer = as<std::int64_t>(value))
                return float_text(static_cast<double>(*integer));
            return float_text(*as<double>(value));
        case TypeClass::boolean:
            return *as<std::int64_t>(value) == 1 ? "true" : "false";
        case TypeClass::bytes:
            return bytes_text(as<Blob>(value)->bytes);
        case TypeClass::uuid:
            return lower(*as<std::string>(value));
        case TypeClass::date:
            return moment_in(form, value)->date();
        case TypeClass::instant:
            return moment_in(form, value)->clock();
        case TypeClass::zoned_instant:
            return moment_in(form, value)->clock() + "+00";
        default:
            return *as<std::string>(value);
    }
}

// Exact only: what SQLite would round is refused.
std::optional<Value> numeric_value(const std::string& text) {
    const auto wanted = decimal_text(text);
    if (!wanted) return std::nullopt;
    if (const auto integer = number_in<std::int64_t>(*wanted)) return Value(*integer);
    const auto real = number_in<double>(*wanted);
    if (!real || std::isinf(*real) || decimal_text(float_text(*real)) != wanted) return std::nullopt;
    return Value(*real);
}

std::optional<Value> float_value(const std::string& text) {
    if (text == "Infinity" || text == "-Infinity") return Value(text[0] == '-' ? -HUGE_VAL : HUGE_VAL);
    const auto real = number_in<double>(text);
    // SQLite makes NULL of what is no number, and forgets the sign of zero.
    if (!real || std::isnan(*real) || (*real == 0 && std::signbit(*real))) return std::nullopt;
    return Value(*real);
}

std::optional<Value> boolean_value(const std::string& text) {
    if (text == "t" || text == "true") return Value(std::int64_t{1});
    if (text == "f" || text == "false") return Value(std::int64_t{0});
    return std::nullopt;
}

std::optional<Value> bytes_value(const std::string& text) {
    if (!text.starts_with("\\x") || text.size() % 2 != 0) return std::nullopt;
    Blob blob;
    for (std::size_t i = 2; i < text.size(); i += 2) {
        unsigned byte = 0;
        const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
        if (error != std::errc() || end != text.data() + i + 2) return std::nullopt;
        blob.bytes += static_cast<char>(byte);
    }
    return Value(std::move(blob));
}

}  // namespace

ColumnForm form_of(const LinkedColumn& column, Side side) {
    return {class_of(column.on(side).base_type), column.canon, column.beginning};
}

bool fits(const ColumnForm& form, const Value& value) {
    if (as<std::monostate>(value)) return true;
    const auto* integer = as<std::int64_t>(value);
    const auto* real = as<double>(value);
    const auto* text = as<std::string>(value);
    switch (form.type) {
        case TypeClass::integer:
            return integer != nullptr;
        case TypeClass::numeric:
            return integer || (real && std::isfinite(*real));
        case TypeClass::floating:
            return integer || real;
        case TypeClass::boolean:
            return integer && (*integer == 0 || *integer == 1);
        case TypeClass::text:
            return text && valid_utf8(*text);
        case TypeClass::bytes:
            return as<Blob>(value) != nullptr;
        case TypeClass::uuid:
            return text && is_uuid(*text);
        case TypeClass::date:
        case TypeClass::instant:
        case TypeClass::zoned_instant:
            return moment_in(form, value).has_value();
        default:
            return false;
    }
}

Cell cell_text(const ColumnForm& form, const Value& value) {
    if (as<std::monostate>(value)) return std::nullopt;
    if (form.type == TypeClass::boolean) return *as<std::int64_t>(value) == 1 ? "t" : "f";
    const std::string text = image(form, value);
    if (form.canon == Canon::beginning) return beginning_of(text, form.beginning);
    // Converted for the other side: the two differ, and the zone is UTC.
    if (form.canon != Canon::instant) return text;
    return form.type == TypeClass::instant ? text + "+00" : moment_in(form, value)->clock();
}

Cell canonical_text(const ColumnForm& form, const Value& value) {
    if (as<std::monostate>(value)) return std::nullopt;
    std::string text = image(form, value);
    switch (form.canon) {
        case Canon::number:
            return decimal_text(text);
        case Canon::trimmed:
            return without_trailing_blanks(std::move(text));
        case Canon::beginning:
            return without_trailing_blanks(beginning_of(text, form.beginning));
        case Canon::instant:
            return form.type == TypeClass::instant ? text + "+00" : text;
        default:
            return text;
    }
}

std::optional<Value> value_of(const ColumnForm& form, const std::string& text) {
    switch (form.type) {
        case TypeClass::integer: {
            const auto decimal = decimal_text(text);
            const auto integer = decimal ? number_in<std::int64_t>(*decimal) : std::nullopt;
            return integer ? std::optional<Value>(*integer) : std::nullopt;
        }
        case TypeClass::numeric:
            return numeric_value(text);
        case TypeClass::floating:
            return float_value(text);
        case TypeClass::boolean:
            return boolean_value(text);
        case TypeClass::bytes:
            return bytes_value(text);
        default:
            return fits(form, Value(text)) ? std::optional<Value>(text) : std::nullopt;
    }
}

bool compares_as_stored(const ColumnForm& form) {
    const bool plain = form.canon == Canon::image || form.canon == Canon::number;
    return plain && (form.type == TypeClass::integer || form.type == TypeClass::text ||
                     form.type == TypeClass::bytes || form.type == TypeClass::boolean);
}

std::string stored_text(const Value& value) {
    if (const auto* integer = as<std::int64_t>(value)) return "i" + std::to_string(*integer);
    if (const auto* real = as<double>(value)) return "r" + float_text(*real);
    if (const auto* text = as<std::string>(value)) return fmt::format("t{}:{}", text->size(), *text);
    if (const auto* blob = as<Blob>(value)) return fmt::format("b{}:{}", blob->bytes.size(), blob->bytes);
    return "n";
}

std::size_t size_of(const Value& value) {
    if (const auto* text = as<std::string>(value)) return text->size() + 4;
    if (const auto* blob = as<Blob>(value)) return 2 * blob->bytes.size() + 4;
    return 8;
}

}  // namespace tideway::sqlite
