#include "sql/identifier.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"

namespace tideway::sql {
namespace {

using namespace std::string_literals;

template <class Act>
void expect_config_value(Act act, const std::string& what) {
    try {
        act();
        ADD_FAILURE() << "accepted: " << what;
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::config_value) << what;
    }
}

TEST(Identifier, IsQuotedByDoublingWhateverItHolds) {
    EXPECT_EQ(Identifier("jobs").quoted(), R"("jobs")");
    EXPECT_EQ(Identifier("Order").quoted(), R"("Order")");
    EXPECT_EQ(Identifier(R"(a"b)").quoted(), R"("a""b")");
    EXPECT_EQ(Identifier(R"("; drop table x; --)").quoted(), R"("""; drop table x; --")");
    EXPECT_EQ(Identifier("a.b c\n%s'\\").quoted(), "\"a.b c\n%s'\\\"");
    EXPECT_EQ(Identifier("caf\xC3\xA9").quoted(), "\"caf\xC3\xA9\"");
}

TEST(Identifier, IsNeverEmptyAndHoldsNoZeroByte) {
    expect_config_value([] { Identifier(""); }, "empty");
    expect_config_value([] { Identifier("a\0b"s); }, "zero byte");
}

RC_GTEST_PROP(Identifier, QuotingIsReversible, ()) {
    const auto text =
        *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('a', '"', '.', '\'', ' ')));
    const std::string quoted = Identifier(text).quoted();
    RC_ASSERT(quoted.front() == '"' && quoted.back() == '"');
    std::string back;
    for (std::size_t at = 1; at + 1 < quoted.size(); ++at) {
        if (quoted[at] == '"') RC_ASSERT(quoted[++at] == '"');
        back += quoted[at];
    }
    RC_ASSERT(back == text);
}

TEST(TableName, QuotesItsPartsAlone) {
    EXPECT_EQ((TableName{"public", "jobs"}).quoted(), R"("public"."jobs")");
    EXPECT_EQ((TableName{"a.b", "c\"d"}).quoted(), R"("a.b"."c""d")");
    EXPECT_EQ((TableName{"", "staged"}).quoted(), R"("staged")");
}

TEST(TableName, IsDisplayedWithoutSchemaPublic) {
    EXPECT_EQ((TableName{"public", "jobs"}).display(), "jobs");
    EXPECT_EQ((TableName{"hr", "jobs"}).display(), "hr.jobs");
    EXPECT_EQ((TableName{"public", "odd.name"}).display(), R"("odd.name")");
}

TEST(TableName, IsParsedWithAndWithoutSchemaAndQuotes) {
    EXPECT_EQ(TableName::parse("jobs"), (TableName{"public", "jobs"}));
    EXPECT_EQ(TableName::parse("hr.Jobs"), (TableName{"hr", "Jobs"}));
    EXPECT_EQ(TableName::parse(R"("odd.name")"), (TableName{"public", "odd.name"}));
    EXPECT_EQ(TableName::parse(R"("a""b".c)"), (TableName{"a\"b", "c"}));
    EXPECT_EQ(TableName::parse(R"(a."b c")"), (TableName{"a", "b c"}));
}

TEST(TableName, RefusesWhatIsNoName) {
    for (const char* text : {"", ".", "a.", ".b", "a.b.c", "\"", "\"a", "\"\"", "\"a\"b", "a\"b\"", "\"a\".",
                             "a.\"\"", "\"a\"\"b"})
        expect_config_value([text] { TableName::parse(text); }, text);
    expect_config_value([] { TableName::parse("a\0b"s); }, "zero byte");
}

RC_GTEST_PROP(TableName, ParseReadsWhatDisplayWrote, ()) {
    const auto part =
        rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('a', 'B', '"', '.', ' ', '\'')));
    const auto schema = *rc::gen::oneOf(rc::gen::just("public"s), part);
    const TableName name{schema, *part};
    RC_ASSERT(TableName::parse(name.display()) == name);
}

TEST(Literal, DoublesQuotesAndMarksBackslashes) {
    EXPECT_EQ(literal(""), "''");
    EXPECT_EQ(literal("it's"), "'it''s'");
    EXPECT_EQ(literal("a\\b"), "E'a\\\\b'");
    EXPECT_EQ(literal("\\'"), "E'\\\\'''");
    EXPECT_EQ(literal("line\nend"), "'line\nend'");
    expect_config_value([] { literal("a\0b"s); }, "zero byte");
}

}  // namespace
}  // namespace tideway::sql
