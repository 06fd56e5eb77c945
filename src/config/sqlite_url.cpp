#include "config/sqlite_url.hpp"

namespace tideway {

std::optional<std::string> sqlite_path(const std::string& url) {
    constexpr std::string_view scheme = "sqlite:";
    if (!url.starts_with(scheme)) return std::nullopt;
    const std::string rest = url.substr(scheme.size());
    return rest.starts_with("//") ? rest.substr(2) : rest;
}

std::string absolute_sqlite_url(const std::string& url, const std::filesystem::path& base) {
    const auto path = sqlite_path(url);
    return path ? "sqlite:" + (base / *path).lexically_normal().string() : url;
}

}  // namespace tideway
