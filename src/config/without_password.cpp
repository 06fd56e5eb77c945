#include <cctype>

#include "config/config.hpp"

namespace tideway {
namespace {

constexpr const char* hidden = "***";

// user:secret@ between "://" and the first "/", "?" or the end. The last "@" ends the user part.
void hide_in_authority(std::string& url) {
    const std::size_t start = url.find("://");
    if (start == std::string::npos) return;
    const std::size_t begin = start + 3;
    const std::size_t end = std::min(url.find_first_of("/?", begin), url.size());
    const std::size_t at = url.substr(0, end).rfind('@');
    if (at == std::string::npos || at < begin) return;
    const std::size_t colon = url.find(':', begin);
    if (colon != std::string::npos && colon < at) url.replace(colon + 1, at - colon - 1, hidden);
}

// The end of the value that begins at `from`: keyword strings quote with ' and \, URIs end at &.
std::size_t value_end(const std::string& url, std::size_t from, bool uri) {
    if (uri) return std::min(url.find_first_of("&", from), url.size());
    if (from >= url.size() || url[from] != '\'') {
        std::size_t i = from;
        while (i < url.size() && std::isspace(static_cast<unsigned char>(url[i])) == 0)
            i += url[i] == '\\' ? 2 : 1;
        return std::min(i, url.size());
    }
    std::size_t i = from + 1;
    while (i < url.size() && url[i] != '\'') i += url[i] == '\\' ? 2 : 1;
    return std::min(i + 1, url.size());
}

// password=... and sslpassword=...
void hide_parameters(std::string& url, bool uri) {
    constexpr std::string_view word = "password";
    for (std::size_t at = 0; (at = url.find(word, at)) != std::string::npos;) {
        std::size_t from = at + word.size();
        const auto skip_blanks = [&] {
            while (!uri && from < url.size() && std::isspace(static_cast<unsigned char>(url[from])) != 0)
                ++from;
        };
        at = from;
        skip_blanks();
        if (from >= url.size() || url[from] != '=') continue;
        ++from;
        skip_blanks();
        url.replace(from, value_end(url, from, uri) - from, hidden);
        at = from;
    }
}

}  // namespace

std::string without_password(const std::string& url) {
    std::string out = url;
    const bool uri = url.starts_with("postgres://") || url.starts_with("postgresql://");
    if (uri) hide_in_authority(out);
    hide_parameters(out, uri);
    return out;
}

}  // namespace tideway
