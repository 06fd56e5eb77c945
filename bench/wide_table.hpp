// The table of most cases: a bigint key and 22 further columns of the kinds that an office's jobs have, some
// 230 bytes a row as COPY text. One statement each.
#pragma once
#include <string>

namespace tideway::bench {

std::string create_wide(const std::string& name);
std::string fill_wide(const std::string& name, long long rows);  // keys 1 to rows, the same rows every time
std::string read_wide();                                         // in the server, and thrown away

// Captures as the configuration names them.
std::string wide_toml(const std::string& desktop_capture, const std::string& cloud_capture);

// What a user does to the rows whose keys stand in table `changed`: two columns of a row.
std::string edit_wide(const std::string& name);

}  // namespace tideway::bench
