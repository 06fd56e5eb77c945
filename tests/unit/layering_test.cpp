// The source tree itself: who may include whom, and SQL that must not be written anywhere.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "paths.hpp"

namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

// What each module may include besides itself; ARCHITECTURE.md draws the same order.
const std::map<std::string, Names> may_include = {
    {"base", {}},
    {"sql", {"base"}},
    {"model", {"sql", "base"}},
    {"config", {"model", "sql", "base"}},
    {"db/postgres", {"model", "sql", "base"}},
    {"db/sqlite", {"model", "sql", "base"}},
    {"store", {"model", "sql", "base"}},
    {"store/postgres", {"store", "db/postgres", "model", "sql", "base"}},
    {"store/sqlite", {"store", "db/sqlite", "model", "sql", "base"}},
    {"reconcile", {"store", "model", "sql", "base"}},
    {"engine", {"reconcile", "store", "config", "model", "sql", "base"}},
    {"checker", {}},
    {"simulate",
     {"engine", "store/sqlite", "store", "db/sqlite", "config", "model", "sql", "base", "checker"}},
    {"alert", {"config", "model", "sql", "base"}},
    {"report", {"config", "model", "sql", "base"}},
    {"daemon", {"report", "alert", "engine", "store", "config", "model", "sql", "base"}},
    {"web", {"daemon", "report", "engine", "store", "config", "model", "sql", "base"}},
    {"cli",
     {"web", "daemon", "report", "alert", "simulate", "engine", "reconcile", "store/postgres", "store/sqlite", "store",
      "db/sqlite", "config", "model", "sql", "base"}},
    {"main.cpp", {"cli", "base"}},
};

// "store/postgres" for store/postgres/any.hpp; the file's own name where it lies in no folder.
std::string module_of(const fs::path& file) {
    const fs::path folder = file.parent_path();
    return folder.empty() ? file.string() : folder.generic_string();
}

std::string contents(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// Every source file, relative to src/, with its text.
std::map<std::string, std::string> sources() {
    const fs::path root = fs::path(TIDEWAY_SOURCE_DIR) / "src";
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        const std::string kind = entry.path().extension().string();
        if (kind == ".cpp" || kind == ".hpp" || kind == ".sql")
            found[fs::relative(entry.path(), root).generic_string()] = contents(entry.path());
    }
    return found;
}

std::vector<std::string> violations_in(const std::string& file, const std::string& text) {
    std::vector<std::string> found;
    const std::string module = module_of(file);
    const auto row = may_include.find(module);
    if (row == may_include.end()) return {file + " lies in a module that this test does not know"};
    static const std::regex include(R"(#\s*include\s*(["<])([^">]+)[">])");
    for (std::sregex_iterator at(text.begin(), text.end(), include), end; at != end; ++at) {
        const bool own = (*at)[1] == "\"";
        const std::string target = (*at)[2];
        const std::string other = module_of(target);
        if (own && other != module && !row->second.contains(other))
            found.push_back(file + " includes " + target);
        const bool driver = (target.starts_with("libpq") && module != "db/postgres") ||
                            (target.starts_with("sqlite3") && module != "db/sqlite") ||
                            (target.starts_with("microhttpd") && module != "web");
        if (driver) found.push_back(file + " includes " + target);
    }
    return found;
}

TEST(Layering, EveryIncludeFollowsTheOrderOfTheModules) {
    const auto files = sources();
    ASSERT_TRUE(files.contains("base/error.hpp"));
    for (const auto& [file, text] : files)
        for (const std::string& violation : violations_in(file, text)) ADD_FAILURE() << violation;
}

TEST(Layering, TheTestSeesViolations) {
    EXPECT_TRUE(violations_in("engine/a.cpp", "#include \"store/store.hpp\"\n#include <libfoo.h>\n").empty());
    EXPECT_EQ(violations_in("engine/a.cpp", "#include \"db/postgres/connection.hpp\"\n").size(), 1U);
    EXPECT_EQ(violations_in("engine/a.cpp", "#include \"store/postgres/pg_store.hpp\"\n").size(), 1U);
    EXPECT_EQ(violations_in("reconcile/a.cpp", "#include \"config/config.hpp\"\n").size(), 1U);
    EXPECT_EQ(violations_in("base/a.hpp", "# include  \"model/value.hpp\"\n").size(), 1U);
    EXPECT_EQ(violations_in("store/postgres/a.cpp", "#include <libpq-fe.h>\n").size(), 1U);
    EXPECT_EQ(violations_in("store/sqlite/a.cpp", "#include <sqlite3.h>\n").size(), 1U);
    EXPECT_EQ(violations_in("daemon/a.cpp", "#include <microhttpd.h>\n").size(), 1U);
    EXPECT_EQ(violations_in("newfolder/a.cpp", "").size(), 1U);
}

// The end of the comment, string or character constant that begins at `at`; `at` itself where none does. By
// hand: the standard library's regular expressions recurse for every character of a long string.
std::size_t piece_end(std::string_view text, std::size_t at) {
    const auto behind = [&](std::string_view mark, std::size_t from) {
        const auto found = text.find(mark, from);
        return found == text.npos ? text.size() : found + mark.size();
    };
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("//")) return std::min(text.find('\n', at), text.size());
    if (rest.starts_with("/*")) return behind("*/", at + 2);
    if (rest.starts_with("R\"")) {
        const auto open = text.find('(', at);
        return behind(")" + std::string(text.substr(at + 2, open - at - 2)) + "\"", open);
    }
    const bool digit_mark =
        rest.starts_with("'") && at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1]));
    if (digit_mark || (!rest.starts_with("\"") && !rest.starts_with("'"))) return at;
    for (std::size_t next = at + 1; next < text.size(); ++next) {
        if (text[next] == '\\')
            ++next;
        else if (text[next] == text[at])
            return next + 1;
    }
    return text.size();
}

// The program's text without comments; strings stay, also those that hold "//".
std::string without_comments(std::string_view text) {
    std::string kept;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::max(piece_end(text, at), at + 1);
        const std::string_view piece = text.substr(at, end - at);
        if (!piece.starts_with("//") && !piece.starts_with("/*")) kept += piece;
        at = end;
    }
    return kept;
}

std::string lower(std::string text) {
    for (char& each : text) each = static_cast<char>(std::tolower(static_cast<unsigned char>(each)));
    return text;
}

// The text to be searched, in lower case. Where no SQL belongs, lower case is prose ("delete from cloud" in a
// report).
std::string statements_in(const std::string& file, const std::string& text) {
    const bool sql = file.starts_with("sql/") || file.starts_with("store/") || file.starts_with("db/");
    std::string kept = without_comments(text);
    if (!sql) std::erase_if(kept, [](unsigned char each) { return std::islower(each); });
    return lower(std::move(kept));
}

std::string::size_type count_of(const std::string& text, const std::regex& what) {
    return static_cast<std::size_t>(std::distance(std::sregex_iterator(text.begin(), text.end(), what), {}));
}

// TRUNCATE with something behind it that is not the event of a trigger ("AFTER TRUNCATE ON").
std::size_t truncates(const std::string& text) {
    static const std::regex any(R"(\btruncate\s)"), event(R"(\b(after|before|or)\s+truncate\s)");
    return count_of(text, any) - count_of(text, event);
}

// DELETEs that name no USING and no WHERE before the next semicolon.
std::size_t unkeyed_deletes(const std::string& text) {
    static const std::regex start(R"(\bdelete\s+from\b)"), keyed(R"(\b(using|where)\b)");
    std::size_t found = 0;
    for (std::sregex_iterator at(text.begin(), text.end(), start), end; at != end; ++at) {
        const auto from = static_cast<std::size_t>(at->position());
        if (count_of(text.substr(from, text.find(';', from) - from), keyed) == 0) ++found;
    }
    return found;
}

TEST(SqlText, NothingTruncatesATable) {
    for (const auto& [file, text] : sources()) EXPECT_EQ(truncates(statements_in(file, text)), 0U) << file;
}

TEST(SqlText, EveryDeleteNamesItsRows) {
    for (const auto& [file, text] : sources())
        EXPECT_EQ(unkeyed_deletes(statements_in(file, text)), 0U) << file;
}

// What a server would keep after a transaction, in a session that a pooler then gives to somebody else.
std::size_t session_state(const std::string& text) {
    static const std::regex temporary(R"(\bcreate temp(orary)? table\b)"), dropped(R"(\bon commit drop\b)");
    static const std::regex others(
        R"(\blisten\s|\bwith hold\b|\bset session\b|\bpg_(try_)?advisory_lock\b|\bset_config\([^)]*,\s*false\))");
    const std::size_t tables = count_of(text, temporary), ends = count_of(text, dropped);
    return (tables > ends ? tables - ends : 0) + count_of(text, others);
}

TEST(SqlText, H63_NothingOutlivesItsTransaction) {
    for (const auto& [file, text] : sources()) {
        if (!file.starts_with("store/postgres") && !file.starts_with("db/postgres")) continue;
        // The one LISTEN: only where the backend's number proves that no pooler is between.
        const std::size_t allowed = file == "store/postgres/pg_watch.cpp" ? 1 : 0;
        EXPECT_EQ(session_state(statements_in(file, text)), allowed) << file;
    }
}

TEST(SqlText, TheTestSeesViolations) {
    EXPECT_EQ(session_state("create temp table x as; listen y"), 2U);
    EXPECT_EQ(session_state("create temp table x on commit drop; set_config('a', 'b', true)"), 0U);
    EXPECT_EQ(session_state("set_config('a', 'b', false); pg_advisory_lock(1); declare c cursor with hold"),
              3U);
    EXPECT_EQ(truncates("\"truncate table x\""), 1U);
    EXPECT_EQ(truncates("\"truncate \" + table"), 1U);
    EXPECT_EQ(truncates("after truncate on x; insert or truncate on; tg_op = 'truncate'"), 0U);
    EXPECT_EQ(unkeyed_deletes("\"delete from \" + table;"), 1U);
    EXPECT_EQ(unkeyed_deletes("delete\n from x; where"), 1U);
    EXPECT_EQ(unkeyed_deletes("delete from x using y; delete from z where a"), 0U);
    EXPECT_EQ(unkeyed_deletes(statements_in("store/a.cpp", "\"delete from x\"")), 1U);
    EXPECT_EQ(unkeyed_deletes(statements_in("engine/a.cpp", "\"DELETE FROM x\"")), 1U);
    EXPECT_EQ(unkeyed_deletes(statements_in("engine/a.cpp", "\"delete from cloud\"")), 0U);
    EXPECT_EQ(without_comments("10'000 // it's\n'\\'' /* x */"), "10'000 \n'\\'' ");
    EXPECT_EQ(without_comments("a // b\nc /* d\n */ \"e // f\" R\"(// g)\" '\"' // h"),
              "a \nc  \"e // f\" R\"(// g)\" '\"' ");
}

}  // namespace
