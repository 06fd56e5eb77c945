// Every failpoint, each time that it is passed (five times at most), with every way to end there: killed, an
// error that is cleaned up after, an exit that is not, all connections broken. The next run must bring both
// sides to where an undisturbed run brings them (P9).
//
// That is the whole matrix, and what `./run-tests --long` runs. Each other run takes one part of it, so that
// some days of runs see all: the day chooses the part, or TIDEWAY_TEST_PART=n. The kill sweep beside it
// passes every failpoint always.
#include <cstdlib>

#include "fault/sweep.hpp"

namespace tideway::test {
namespace {

constexpr const char* actions[] = {"kill9", "throw", "exit", "close"};
constexpr int most_hits = 5;
constexpr std::size_t cases_of_a_part = 30;

struct Case {
    Prepared* prepared;
    const char* scenario;
    Point point;
    const char* action;
};

// In the order of the failpoints' names; the action changes fastest, so that a part holds many failpoints
// only if it takes every n-th case.
std::vector<Case> whole_matrix() {
    std::vector<Case> cases;
    for (const auto& [prepared, scenario] :
         {std::pair{&first_sync(), "first sync"}, {&everyday_sync(), "everyday sync"}})
        for (const auto& [name, times] : prepared->passed())
            for (int hit = 1; hit <= std::min(times, most_hits); ++hit)
                for (const char* action : actions) cases.push_back({prepared, scenario, {name, hit}, action});
    return cases;
}

std::size_t part_of_today(std::size_t parts) {
    const char* given = std::getenv("TIDEWAY_TEST_PART");
    if (given != nullptr && *given != '\0') return std::stoul(given) % parts;
    const auto days =
        std::chrono::duration_cast<std::chrono::hours>(std::chrono::system_clock::now().time_since_epoch()) /
        24;
    return static_cast<std::size_t>(days.count()) % parts;
}

bool whole_is_wanted() {
    const char* value = std::getenv("TIDEWAY_TEST_LONG");
    return value != nullptr && *value != '\0' && std::string(value) != "0";
}

// A run whose connections break may reach the servers again and complete its work.
void expect_ended(const Case& each, const TidewayResult& disturbed) {
    const std::string action = each.action;
    if (action == "close")
        EXPECT_TRUE(disturbed.exit_code == 1 || disturbed.exit_code == each.prepared->exit_code())
            << told(disturbed);
    else
        EXPECT_EQ(disturbed.exit_code, action == "kill9" ? -SIGKILL : 1) << told(disturbed);
}

TEST(FailpointMatrix, TheNextRunCompletesWhatAnyFaultLeft) {
    const std::vector<Case> cases = whole_matrix();
    const std::size_t parts =
        whole_is_wanted() ? 1 : std::max<std::size_t>(1, cases.size() / cases_of_a_part);
    const std::size_t part = part_of_today(parts);
    std::set<std::string> failpoints;
    std::size_t done = 0;
    for (std::size_t i = part; i < cases.size(); i += parts, ++done) {
        const Case& each = cases[i];
        SCOPED_TRACE(fmt::format("{}: {} at {}", each.scenario, each.action, text_of(each.point)));
        Office& office = each.prepared->next_copy();
        expect_ended(each, office.sync(fault(each.point, each.action)));
        each.prepared->expect_recovered(office);
        failpoints.insert(each.point.failpoint);
    }
    std::cout << fmt::format("{} of {} cases (part {} of {}), {} of {} failpoints\n", done, cases.size(),
                             part + 1, parts, failpoints.size(), failpoints_in_the_sources().size());
}

}  // namespace
}  // namespace tideway::test
