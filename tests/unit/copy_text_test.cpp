#include "sql/copy_text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "model/value.hpp"

namespace tideway::sql {
namespace {

std::string written(const Cells& cells) {
    std::vector<const std::string*> pointers;
    for (const Cell& cell : cells) pointers.push_back(cell ? &*cell : nullptr);
    std::string row;
    append_copy_row(row, pointers);
    return row;
}

Cells parsed(std::string_view row) {
    Cells cells;
    parse_copy_row(row, cells);
    return cells;
}

TEST(CopyText, WritesNullEmptyAndEscapes) {
    EXPECT_EQ(written({"a", std::nullopt, ""}), "a\t\\N\t\n");
    EXPECT_EQ(written({"\t\n\r\b\f\v\\"}), "\\t\\n\\r\\b\\f\\v\\\\\n");
    EXPECT_EQ(written({"\\N"}), "\\\\N\n");
    EXPECT_EQ(written({"\\."}), "\\\\.\n");
}

TEST(CopyText, AppendsToWhatIsThere) {
    std::string rows = "1\n";
    const std::string two = "2";
    append_copy_row(rows, {&two});
    EXPECT_EQ(rows, "1\n2\n");
}

TEST(CopyText, ReadsNullEmptyAndEscapes) {
    EXPECT_EQ(parsed("a\t\\N\t\n"), (Cells{"a", std::nullopt, ""}));
    EXPECT_EQ(parsed("\\t\\n\\r\\b\\f\\v\\\\\n"), (Cells{"\t\n\r\b\f\v\\"}));
    EXPECT_EQ(parsed("\\\\N"), (Cells{"\\N"}));
    EXPECT_EQ(parsed(""), (Cells{""}));
}

TEST(CopyText, ReadsOctalAndHexadecimalEscapes) {
    EXPECT_EQ(parsed("\\101\\60z\\7"), (Cells{"A0z\a"}));
    EXPECT_EQ(parsed("\\x41\\x4g\\xg\\q"), (Cells{"A\x04gxgq"}));
    EXPECT_EQ(parsed("\\1011"), (Cells{"A1"}));
}

TEST(CopyText, OverwritesTheCellsOfTheRowBefore) {
    Cells cells{"old", std::nullopt, "older"};
    parse_copy_row("\\N\tnew\n", cells);
    EXPECT_EQ(cells, (Cells{std::nullopt, "new"}));
}

RC_GTEST_PROP(CopyText, AnyRowComesBackAsItWent, ()) {
    const auto byte = rc::gen::oneOf(rc::gen::element('\t', '\n', '\r', '\\', 'N', '.', '\b', 'x', '1', '\v'),
                                     rc::gen::inRange<char>(-128, 127));
    const auto text = rc::gen::container<std::string>(byte);
    const auto cells = *rc::gen::nonEmpty(rc::gen::container<Cells>(rc::gen::oneOf(
        rc::gen::just(Cell()), rc::gen::map(text, [](std::string each) { return Cell(each); }))));
    const std::string row = written(cells);
    RC_ASSERT(std::count(row.begin(), row.end(), '\n') == 1);
    RC_ASSERT(parsed(row) == cells);
    RC_ASSERT(parsed(std::string_view(row).substr(0, row.size() - 1)) == cells);
}

}  // namespace
}  // namespace tideway::sql
