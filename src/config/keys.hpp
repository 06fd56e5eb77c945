// Every key that the configuration file may hold. The reader refuses anything else, and docs/configuration.md
// lists exactly these.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace tideway::config {

struct KnownKey {
    std::string_view
        section;  // "" for the top of the file; "table.origin" for an inline table inside [[table]]
    std::string_view key;
};

const std::vector<KnownKey>& known_keys();

// How a section is written in the file: "[sync]", "[[table]]", "origin = { ... } of [[table]]", "the top of
// the file".
std::string section_title(std::string_view section);

// Keys and subsections that may stand in a section.
std::vector<std::string> names_in(std::string_view section);
bool is_known(std::string_view section, std::string_view key);
// Sections that do know the key, as section_title() writes them.
std::vector<std::string> sections_with(std::string_view key);

}  // namespace tideway::config
