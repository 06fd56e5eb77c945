#include "sql/record_text.hpp"

#include <bit>

namespace tideway::sql {
namespace {

bool needs_quotes(const std::string& value) {
    return value.empty() || value.find_first_of("\"\\(), \t\n\v\f\r") != std::string::npos;
}

// The state of lookup3.
struct Lanes {
    std::uint32_t a, b, c;
    void mix() {
        a -= c, a ^= std::rotl(c, 4), c += b;
        b -= a, b ^= std::rotl(a, 6), a += c;
        c -= b, c ^= std::rotl(b, 8), b += a;
        a -= c, a ^= std::rotl(c, 16), c += b;
        b -= a, b ^= std::rotl(a, 19), a += c;
        c -= b, c ^= std::rotl(b, 4), b += a;
    }
    void finish() {
        c ^= b, c -= std::rotl(b, 14);
        a ^= c, a -= std::rotl(c, 11);
        b ^= a, b -= std::rotl(a, 25);
        c ^= b, c -= std::rotl(b, 16);
        a ^= c, a -= std::rotl(c, 4);
        b ^= a, b -= std::rotl(a, 14);
        c ^= b, c -= std::rotl(b, 24);
    }
};

std::uint32_t byte_at(std::string_view text, std::size_t at, unsigned shift) {
    return at < text.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(text[at])) << shift : 0;
}

std::uint32_t word_at(std::string_view text, std::size_t at) {
    return byte_at(text, at, 0) + byte_at(text, at + 1, 8) + byte_at(text, at + 2, 16) +
           byte_at(text, at + 3, 24);
}

Lanes start_hash(std::size_t length, std::int64_t seed) {
    const std::uint32_t start = 0x9e3779b9U + static_cast<std::uint32_t>(length) + 3923095U;
    Lanes lanes{start, start, start};
    if (const auto bits = static_cast<std::uint64_t>(seed); bits != 0) {
        lanes.a += static_cast<std::uint32_t>(bits >> 32);
        lanes.b += static_cast<std::uint32_t>(bits);
        lanes.mix();
    }
    return lanes;
}

std::int64_t end_hash(Lanes& lanes) {
    lanes.finish();
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(lanes.b) << 32 | lanes.c);
}

}  // namespace

std::string record_text(const std::vector<std::optional<std::string>>& values) {
    std::string out = "(";
    for (const std::optional<std::string>& value : values) {
        if (&value != values.data()) out += ',';
        if (!value) continue;
        const bool quoted = needs_quotes(*value);
        if (quoted) out += '"';
        for (const char c : *value) {
            if (c == '"' || c == '\\') out += c;
            out += c;
        }
        if (quoted) out += '"';
    }
    return out + ")";
}

std::int64_t text_hash(std::string_view text, std::int64_t seed) {
    Lanes lanes = start_hash(text.size(), seed);
    for (; text.size() >= 12; text.remove_prefix(12)) {
        lanes.a += word_at(text, 0);
        lanes.b += word_at(text, 4);
        lanes.c += word_at(text, 8);
        lanes.mix();
    }
    // The lowest byte of c belongs to the length.
    lanes.a += word_at(text, 0);
    lanes.b += word_at(text, 4);
    lanes.c += byte_at(text, 8, 8) + byte_at(text, 9, 16) + byte_at(text, 10, 24);
    return end_hash(lanes);
}

// Small numbers hash alike in all widths: the halves are folded.
std::int64_t bigint_hash(std::int64_t value, std::int64_t seed) {
    const auto low = static_cast<std::uint32_t>(static_cast<std::uint64_t>(value));
    const auto high = static_cast<std::uint32_t>(static_cast<std::uint64_t>(value) >> 32);
    Lanes lanes = start_hash(sizeof(std::uint32_t), seed);
    lanes.a += low ^ (value >= 0 ? high : ~high);
    return end_hash(lanes);
}

}  // namespace tideway::sql
