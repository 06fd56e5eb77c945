#include <fmt/format.h>
#include <fmt/ranges.h>

#include <regex>
#include <sstream>
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

// One setting: below what a person should decide about it, with the reason for it behind, or above where that
// would be too long.
void line(std::vector<std::string>& lines, const Proposal& proposal, const std::string& about,
          const std::string& text) {
    if (const auto found = proposal.decisions.find(about); found != proposal.decisions.end())
        lines.push_back(decide(found->second));
    const auto found = proposal.reasons.find(about);
    if (found == proposal.reasons.end()) return lines.push_back(text);
    const std::string reason = comment(found->second);
    if (text.size() + reason.size() <= widest_line && text.find('\n') == std::string::npos)
        return lines.push_back(text + "  " + reason);
    lines.push_back(reason);
    lines.push_back(text);
}

// What a person may take: a setting behind a number sign.
void offer(std::vector<std::string>& lines, const Proposal& proposal, const std::string& about) {
    const auto found = proposal.offers.find(about);
    if (found != proposal.offers.end()) line(lines, proposal, about, comment(found->second));
}

void column_lines(std::vector<std::string>& lines, const Proposal& proposal) {
    for (const bool dates : {true, false}) {
        std::string about = dates ? "column.date" : "column.lossy";
        for (const auto& [column, setting] : proposal.setting.columns) {
            if (setting.date.has_value() != dates) continue;
            line(lines, proposal, about, "[[table.column]]");
            lines.push_back("name = " + toml_string(column));
            lines.push_back(dates ? "date = " + toml_string(*setting.date) : "lossy = true");
            about.clear();  // told once
        }
    }
}

void identity_lines(std::vector<std::string>& lines, const Proposal& proposal) {
    const TableSetting& t = proposal.setting;
    const std::string identity = fmt::format("identity = \"{}\"", to_string(t.identity));
    if (t.key.empty() && t.identity != Identity::key) return line(lines, proposal, "key", identity);
    if (!t.key.empty()) line(lines, proposal, "key", "key = " + list(t.key));
    if (t.identity != Identity::key) lines.push_back(identity);
}

std::vector<std::string> setting_lines(const Proposal& proposal) {
    const TableSetting& t = proposal.setting;
    std::vector<std::string> lines{"[[table]]"};
    if (t.desktop == t.cloud)
        line(lines, proposal, "names", "name = " + toml_string(t.desktop));
    else
        line(lines, proposal, "names",
             fmt::format("desktop = {}\ncloud = {}", toml_string(t.desktop), toml_string(t.cloud)));
    identity_lines(lines, proposal);
    if (t.origin) {
        lines.push_back(fmt::format("origin = {{ column = {}, desktop = {}, cloud = {} }}",
                                    toml_string(t.origin->column), toml_string(t.origin->desktop),
                                    toml_string(t.origin->cloud)));
        lines.push_back("ownership = \"strict\"");
    }
    if (t.policy.conflict != ConflictPolicy::latest)
        line(lines, proposal, "conflict", fmt::format("conflict = \"{}\"", to_string(t.policy.conflict)));
    if (!t.rename.empty()) line(lines, proposal, "rename", "rename = " + pairs(t.rename));
    if (!t.skip.empty()) line(lines, proposal, "skip", "skip = " + list(t.skip));
    offer(lines, proposal, "lookup");
    if (t.timestamps != TimestampSetting{}) lines.push_back(timestamps(t.timestamps));
    column_lines(lines, proposal);
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

std::string decide(const std::string& choices) {
    std::string text, line = "# DECIDE:";
    std::istringstream words(comment(choices).substr(2));
    for (std::string word; words >> word;) {
        if (line.size() + word.size() >= widest_line) {
            text += line + "\n";
            line = "#        ";
        }
        line += " " + word;
    }
    return text + line;
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
