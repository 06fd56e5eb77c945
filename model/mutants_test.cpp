// Each part of the protocol is there for a reason: taken out, it is missed.
#include <gtest/gtest.h>

#include "suite.hpp"

namespace tideway::protocol {
namespace {

class EachMutant : public testing::TestWithParam<MutantRow> {};

TEST_P(EachMutant, IsCaughtAsItsRowSays) {
    const Case c{GetParam().shown_by, GetParam().expected};
    EXPECT_EQ(objection(c, explore(c.options)), "");
}

// Otherwise the configuration would be at fault and not the part that was taken out.
TEST_P(EachMutant, IsNeededForTheFault) {
    Case whole{GetParam().shown_by, Verdict::safe};
    whole.options.mutants = {};
    EXPECT_EQ(objection(whole, explore(whole.options)), "");
}

INSTANTIATE_TEST_SUITE_P(Mutants, EachMutant, testing::ValuesIn(mutants().begin(), mutants().end()),
                         [](const auto& test) {
                             std::string name(test.param.name);
                             std::erase(name, '-');
                             return name;
                         });

}  // namespace
}  // namespace tideway::protocol
