// Urls of SQLite files: sqlite:data.db, sqlite:/srv/data.db, sqlite:///srv/data.db.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace tideway {

// The path in such a url; none: it names something else.
std::optional<std::string> sqlite_path(const std::string& url);
// The same url with the path made absolute; other urls as they are.
std::string absolute_sqlite_url(const std::string& url, const std::filesystem::path& base);

}  // namespace tideway
