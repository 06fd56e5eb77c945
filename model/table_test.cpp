// The bounded table: everything is safe as it stands.
#include <gtest/gtest.h>

#include "suite.hpp"

namespace tideway::protocol {

void PrintTo(const Case& c, std::ostream* out) { *out << describe(c.options) << c.note; }

namespace {

class BoundedTable : public testing::TestWithParam<Case> {};

TEST_P(BoundedTable, HoldsWhatItsLineSays) {
    const Report report = explore(GetParam().options);
    EXPECT_EQ(objection(GetParam(), report), "");
    RecordProperty("states", std::to_string(report.states));
}

INSTANTIATE_TEST_SUITE_P(Line, BoundedTable, testing::ValuesIn(bounded_table()));

}  // namespace
}  // namespace tideway::protocol
