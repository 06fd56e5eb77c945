// MD5 (RFC 1321): 128 bits that a PostgreSQL server computes as well. To tell rows apart, not to protect
// secrets.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tideway {

std::array<std::uint8_t, 16> md5(std::string_view text);
std::string md5_hex(std::string_view text);  // as md5() of SQL spells it

}  // namespace tideway
