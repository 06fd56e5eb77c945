// The model speaks of the engine's steps: the failpoints of the product carry the same names.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "environment.hpp"
#include "paths.hpp"

namespace tideway::protocol {
namespace {

using Names = std::set<std::string>;

// "M5a" of failpoint("M5a.before"); failpoints outside the protocol, as "install.table", are none.
Names steps_of_the_engine() {
    static const std::regex call(R"(\bfailpoint\(([^;{]*)\);)"), step("\"([SM][0-9][a-z]?)\\.[^\"]*\"");
    Names names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(TIDEWAY_SOURCE_DIR "/src")) {
        if (entry.path().extension() != ".cpp") continue;
        std::ifstream file(entry.path());
        const std::string text(std::istreambuf_iterator<char>(file), {});
        for (std::sregex_iterator at(text.begin(), text.end(), call), end; at != end; ++at) {
            const std::string arguments = (*at)[1];
            for (std::sregex_iterator each(arguments.begin(), arguments.end(), step); each != end; ++each)
                names.insert((*each)[1]);
        }
    }
    return names;
}

Names steps_of_the_model() {
    Names names;
    for (const Step step : all_steps) names.emplace(name_of(step));
    return names;
}

TEST(Steps, HaveTheSameNamesInTheEngineAndInTheModel) {
    Names engine = steps_of_the_engine(), model = steps_of_the_model();
    // Deciding touches no server: to die in M4 is to die behind M3 or before M5a.
    EXPECT_EQ(model.erase("M4"), 1U);
    // What the purge of receipts deletes, S3 of the next run would delete (README.md).
    EXPECT_EQ(engine.erase("M8"), 1U);
    EXPECT_EQ(engine, model);
}

TEST(Steps, AreDoneInOneOrderByARunThatWritesBothWays) {
    State s = initial_state({});
    std::string order;
    s.desktop.row[parent] = add_version(s, only(0), false);
    ++s.desktop.changes[parent];
    do {
        advance(s, {});
        if (s.runner.step != Step::idle) order += std::string(name_of(s.runner.step)) + " ";
    } while (s.runner.step != Step::idle);
    EXPECT_EQ(order, "S1 S2 S3 M1 M2 M3 M4 M5a M6a M7 ");
}

}  // namespace
}  // namespace tideway::protocol
