#include <gtest/gtest.h>

#include "config/environment.hpp"
#include "config/keys.hpp"
#include "config/nearest.hpp"
#include "paths.hpp"
#include "support/temp_dir.hpp"

namespace tideway::config {
namespace {

std::set<std::string> keys_of_the_loader() {
    std::set<std::string> keys;
    for (const KnownKey& known : known_keys())
        keys.insert((known.section.empty() ? "" : std::string(known.section) + ".") + std::string(known.key));
    return keys;
}

// Rows of the tables in the documentation begin with | `section.key` |.
std::set<std::string> keys_of_the_documentation() {
    const std::string text = test::read_file(TIDEWAY_SOURCE_DIR "/docs/configuration.md");
    const std::string start = "\n| `";
    std::set<std::string> keys;
    for (std::size_t at = 0; (at = text.find(start, at)) != std::string::npos;) {
        at += start.size();
        keys.insert(text.substr(at, text.find('`', at) - at));
    }
    return keys;
}

TEST(ConfigKeys, the_documentation_lists_exactly_the_keys_that_can_be_set) {
    EXPECT_EQ(keys_of_the_documentation(), keys_of_the_loader());
}

TEST(ConfigKeys, a_section_knows_its_keys_and_subsections) {
    EXPECT_EQ(names_in(""), (std::vector<std::string>{"pair", "desktop", "cloud", "rehearsal", "sync",
                                                      "guard", "journal", "table", "serve", "alert"}));
    EXPECT_TRUE(is_known("table", "origin"));
    EXPECT_TRUE(is_known("table.origin", "column"));
    EXPECT_FALSE(is_known("sync", "origin"));
    EXPECT_FALSE(is_known("", "url"));
    EXPECT_FALSE(is_known("", ""));
}

TEST(Nearest, counts_edits) {
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("conflct", "conflict"), 1U);
    EXPECT_EQ(edit_distance("ulr", "url"), 1U);
    EXPECT_EQ(edit_distance("same", "same"), 0U);
}

TEST(Nearest, proposes_only_what_may_be_meant) {
    const std::vector<std::string> known = {"status", "sync", "plan"};
    EXPECT_EQ(nearest("snyc", known), "sync");
    EXPECT_EQ(nearest("staus", known), "status");
    EXPECT_EQ(nearest("explode", known), "");
    EXPECT_EQ(nearest("x", known), "");
}

TEST(Environment, protected_text_expands_to_itself) {
    const Lookup none = [](const std::string&) { return std::optional<std::string>{}; };
    for (const char* text : {"", "$", "$$", "${A}", "a$$${b", "$1"})
        EXPECT_EQ(expand(protect_dollars(text), none), text);
}

}  // namespace
}  // namespace tideway::config
