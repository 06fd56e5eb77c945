// PostgreSQL's text of a row, and its hash of a text: what lets keys and rows be compared across the sides
// wherever one of them is computed by the program.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tideway::sql {

// ROW(a, b)::text for these texts: (x,"a b",,"") where the third is NULL and the fourth empty.
std::string record_text(const std::vector<std::optional<std::string>>& values);

// hashtextextended(text COLLATE "C", seed) of a little-endian server: Bob Jenkins' lookup3 in 64 bits.
std::int64_t text_hash(std::string_view text, std::int64_t seed);

// hashint8extended(value, seed) of such a server.
std::int64_t bigint_hash(std::int64_t value, std::int64_t seed);

}  // namespace tideway::sql
