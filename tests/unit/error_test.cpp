#include "base/error.hpp"
#include "paths.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace tideway {
namespace {

const std::string errors_file = std::string(TIDEWAY_SOURCE_DIR) + "/docs/errors.md";

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

TEST(Codes, EveryCodeHasItsOwnRow) {
    std::set<int> codes;
    std::set<std::string_view> ids;
    for (const CodeInfo& row : all_codes()) {
        EXPECT_TRUE(codes.insert(static_cast<int>(row.code)).second) << row.id;
        EXPECT_TRUE(ids.insert(row.id).second) << row.id;
        EXPECT_EQ(&info(row.code), &row);
    }
    // The enumerators count up from 0 and defect is the last.
    EXPECT_EQ(codes.size(), static_cast<std::size_t>(Code::defect) + 1);
    EXPECT_EQ(*codes.rbegin(), static_cast<int>(Code::defect));
}

TEST(Codes, IdsAscendAndNameTheirHundred) {
    std::string_view before;
    for (const CodeInfo& row : all_codes()) {
        EXPECT_TRUE(std::regex_match(std::string(row.id), std::regex("TW[12349][0-9]{2}"))) << row.id;
        EXPECT_LT(before, row.id);
        before = row.id;
    }
    EXPECT_EQ(info(Code::config_syntax).id, "TW101");
    EXPECT_EQ(info(Code::server_unreachable).id, "TW201");
    EXPECT_EQ(info(Code::table_missing).id, "TW301");
    EXPECT_EQ(info(Code::lease_held).id, "TW401");
    EXPECT_EQ(info(Code::defect).id, "TW901");
}

TEST(Codes, EveryRowIsCompleteAndPlainAscii) {
    for (const CodeInfo& row : all_codes()) {
        for (const std::string_view text : {row.title, row.meaning, row.way_out}) {
            EXPECT_FALSE(text.empty()) << row.id;
            for (const char each : text) EXPECT_TRUE(each >= ' ' && each <= '~') << row.id << ": " << text;
        }
        EXPECT_EQ(row.title.find('\n'), row.title.npos) << row.id;
    }
}

TEST(Codes, ExitCodesFollowTheCommandLineContract) {
    EXPECT_EQ(info(Code::usage).exit, Exit::usage);
    EXPECT_EQ(info(Code::server_unreachable).exit, Exit::failed);
    EXPECT_EQ(info(Code::connection_lost).exit, Exit::failed);
    EXPECT_EQ(info(Code::commit_unknown).exit, Exit::failed);
    EXPECT_EQ(info(Code::guard_stop).exit, Exit::guard);
    EXPECT_EQ(info(Code::lease_held).exit, Exit::locked);
    EXPECT_EQ(info(Code::defect).exit, Exit::defect);
}

TEST(Errors, CarryCodeMessageAndHint) {
    const Error error(Code::lease_held, "pair main is busy", "wait");
    EXPECT_EQ(error.code(), Code::lease_held);
    EXPECT_EQ(error.id(), "TW401");
    EXPECT_EQ(error.exit(), Exit::locked);
    EXPECT_STREQ(error.what(), "pair main is busy");
    EXPECT_EQ(error.hint(), "wait");
}

TEST(Errors, EnsureThrowsADefectNamingTheInvariant) {
    EXPECT_NO_THROW(ensure(true, "holds"));
    try {
        ensure(false, "nothing is lost");
        FAIL() << "no exception";
    } catch (const Defect& defect) {
        EXPECT_STREQ(defect.what(), "nothing is lost");
        EXPECT_EQ(defect.exit(), Exit::defect);
    }
}

TEST(ErrorsPage, HasOneHeadingPerCode) {
    const std::string page = errors_page();
    for (const CodeInfo& row : all_codes())
        EXPECT_NE(page.find("\n## " + std::string(row.id) + ": " + std::string(row.title) + "\n"), page.npos)
            << row.id;
}

TEST(ErrorsPage, IsWhatDocsErrorsMdHolds) {
    if (std::getenv("TIDEWAY_WRITE_DOCS")) std::ofstream(errors_file) << errors_page();
    EXPECT_TRUE(contents(errors_file) == errors_page())
        << errors_file << " is out of date; write it anew with\n"
        << "  TIDEWAY_WRITE_DOCS=1 build/dev/tests/test_unit --gtest_filter='ErrorsPage.*'";
}

}  // namespace
}  // namespace tideway
