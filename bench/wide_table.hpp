// The table of most cases: a bigint key and 22 further columns of the kinds that an office's jobs have, some
// 230 bytes a row as COPY text. One statement each.
#pragma once
#include <string>

namespace tideway::bench {

std::string create_wide(const std::string& name);
std::string fill_wide(const std::string& name, long long rows);  // keys 1 to rows, the same rows every time
std::string read_wide();                                         // in the server, and thrown away

constexpr const char* nothing_stops = "max_updates = '100%'\nmax_deletes = '100%'\n";
// With this capture on both sides, and these limits.
std::string wide_toml(const std::string& capture, const std::string& guard = nothing_stops);

// What a user does to the rows whose keys stand in table `changed`: two columns of a row.
std::string edit_wide(const std::string& name);

}  // namespace tideway::bench
