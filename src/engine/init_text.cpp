#include <fmt/format.h>
#include <fmt/ranges.h>

#include <regex>
#include <utility>

#include "config/environment.hpp"
#include "engine/init.hpp"

namespace tideway::init {
namespace {

constexpr std::size_t widest_line = 128;

// A key of an inline table: ${VAR} means nothing in it.
std::string toml_key(const std::string& key) {
    std::string out = toml_string(key);
    for (std::size_t at = 0; (at = out.find("$$", at)) != std::string::npos; ++at) out.erase(at, 1);
    return out;
}

template <typename Container>
std::string list(const Container& values) {
    std::vector<std::string> out;
    for (const std::string& value : values) out.push_back(toml_string(value));
    return fmt::format("[{}]", fmt::join(out, ", "));
}

std::string pairs(const std::map<std::string, std::string>& values) {
    std::vector<std::string> out;
    for (const auto& [key, value] : values)
        out.push_back(fmt::format("{} = {}", toml_key(key), toml_string(value)));
    return fmt::format("{{ {} }}", fmt::join(out, ", "));
}

std::string timestamps(const TimestampSetting& setting) {
    std::vector<std::string> out;
    for (const auto& [key, value] :
         {std::pair("updated", &setting.updated), std::pair("created", &setting.created),
          std::pair("desktop_zone", &setting.desktop_zone)})
        if (*value) out.push_back(fmt::format("{} = {}", key, toml_string(**value)));
    return fmt::format("timestamps = {{ {} }}", fmt::join(out, ", "));
}

// One setting with the guess that it is founded on: behind it, or above it where that would be too long.
void line(std::vector<std::string>& lines, const Proposal& proposal, const std::string& about,
          const std::string& text) {
    const auto found = proposal.guesses.find(about);
    if (found == proposal.guesses.end()) return lines.push_back(text);
    const std::string guess = comment("guess: " + found->second);
    if (text.size() + guess.size() <= widest_line && text.find('\n') == std::string::npos)
        return lines.push_back(text + "  " + guess);
    lines.push_back(guess);
    lines.push_back(text);
}

std::vector<std::string> setting_lines(const Proposal& proposal) {
    const TableSetting& t = proposal.setting;
    std::vector<std::string> lines{"[[table]]"};
    if (t.desktop == t.cloud)
        line(lines, proposal, "names", "name = " + toml_string(t.desktop));
    else
        line(lines, proposal, "names",
             fmt::format("desktop = {}\ncloud = {}", toml_string(t.desktop), toml_string(t.cloud)));
    if (!t.key.empty()) line(lines, proposal, "key", "key = " + list(t.key));
    if (t.identity != Identity::key) lines.push_back(fmt::format("identity = \"{}\"", to_string(t.identity)));
    if (t.origin) {
        line(
            lines, proposal, "origin",
            fmt::format("origin = {{ column = {}, desktop = {}, cloud = {} }}", toml_string(t.origin->column),
                        toml_string(t.origin->desktop), toml_string(t.origin->cloud)));
        lines.push_back("ownership = \"strict\"  # \"shared\" where people edit the same rows on both sides");
    }
    if (t.policy.conflict != ConflictPolicy::latest)
        line(lines, proposal, "conflict", fmt::format("conflict = \"{}\"", to_string(t.policy.conflict)));
    if (!t.rename.empty()) line(lines, proposal, "rename", "rename = " + pairs(t.rename));
    if (!t.skip.empty()) line(lines, proposal, "skip", "skip = " + list(t.skip));
    if (t.timestamps != TimestampSetting{}) line(lines, proposal, "timestamps", timestamps(t.timestamps));
    return lines;
}

}  // namespace

std::string toml_string(const std::string& value) {
    std::string out = "\"";
    for (const char c : config::protect_dollars(value)) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out += std::string("\\") + c;
        else if (code < 0x20 || code == 0x7f)
            out += fmt::format("\\u{:04X}", code);
        else
            out += c;
    }
    return out + "\"";
}

std::string comment(const std::string& text) {
    std::string out = "# ";
    for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    return out;
}

std::string table_text(const Proposal& proposal) {
    std::string settings = fmt::format("{}\n", fmt::join(setting_lines(proposal), "\n"));
    if (proposal.obstacles.empty()) return settings;
    std::string text = comment(fmt::format("Not synchronised yet: {}", proposal.setting.desktop)) + "\n";
    for (const std::string& obstacle : proposal.obstacles) text += comment("- " + obstacle) + "\n";
    return text + std::regex_replace(settings, std::regex("(^|\n)(?=.)"), "$1# ");
}

std::string url_for_file(const std::string& url) {
    static const std::regex in_authority(R"(^([a-z]+://[^/?]*):\*\*\*@)"),
        in_list(R"(([?&])(ssl)?password=\*\*\*(&|$))"), keyword(R"((ssl)?password\s*=\s*\*\*\*\s*)");
    std::string text = without_password(url);
    if (text.find("://") == std::string::npos) return std::regex_replace(text, keyword, "");
    text = std::regex_replace(text, in_authority, "$1@");
    text = std::regex_replace(text, in_list, "$1");
    while (text.ends_with('?') || text.ends_with('&')) text.pop_back();
    return text;
}

}  // namespace tideway::init
