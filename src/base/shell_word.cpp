#include "base/shell_word.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace tideway {
namespace {

bool steers(const std::string& text) {
    for (std::size_t at = 0; at < text.size(); ++at)
        if (std::iscntrl(static_cast<unsigned char>(text[at])) != 0 ||
            steering_character(std::string_view(text).substr(at)) != 0)
            return true;
    return false;
}

std::string by_bytes(const std::string& text) {
    std::string quoted = "$'";
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (code < 0x20 || code >= 0x7F)
            quoted += fmt::format("\\x{:02x}", code);
        else
            quoted += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    return quoted + "'";
}

}  // namespace

std::string shell_word(const std::string& text) {
    const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '/' || c == '-' || c == ':';
    });
    if (plain) return text;
    if (steers(text)) return by_bytes(text);
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
    return quoted + "'";
}

unsigned steering_character(std::string_view text) {
    const auto byte = [&](std::size_t at) {
        return at < text.size() ? static_cast<unsigned>(static_cast<unsigned char>(text[at])) : 0U;
    };
    if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) return byte(1);
    if (byte(0) == 0xD8 && byte(1) == 0x9C) return 0x61C;
    if (byte(0) != 0xE2 || (byte(1) & 0xC0) != 0x80 || (byte(2) & 0xC0) != 0x80) return 0;
    const unsigned code = 0x2000 | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F);
    const bool turns = code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
                       (code >= 0x2066 && code <= 0x2069);
    return turns ? code : 0;
}

}  // namespace tideway
