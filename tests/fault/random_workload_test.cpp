// Users who write at random on both sides, runs with faults in between, and a checker that judges what is
// left. A seed that fails prints its number, its faults and the story of each key; TIDEWAY_TEST_SEED=n runs
// that seed alone (users and faults are the same again; how far a run is when they come is not).
// TIDEWAY_TEST_SEEDS=n runs n seeds, TIDEWAY_TEST_LONG=1 many; else as many as fit into two minutes.
#include <cstdlib>
#include <random>

#include "checker/history_json.hpp"
#include "fault/random_scene.hpp"

namespace tideway::test {
namespace {

unsigned number_from(const char* variable, unsigned otherwise) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0' ? static_cast<unsigned>(std::stoul(value)) : otherwise;
}

// So that `checker FILE` can judge it again.
std::string keep(const checker::History& history, unsigned seed) {
    const std::string file = fmt::format("/tmp/tideway-seed-{}.json", seed);
    write_file(file, checker::to_json(history));
    return file;
}

void live_through(RandomWorld& world, unsigned seed, RandomCounts& counts) try {
    SCOPED_TRACE(fmt::format("TIDEWAY_TEST_SEED={}", seed));
    RandomScene scene(world, seed);
    scene.live();
    scene.come_to_rest();
    checker::Verdict verdict = scene.verdict();
    // Refused rows are parted from what they are connected with, and large groups under locks are cut.
    counts.torn_groups += static_cast<int>(
        std::erase_if(verdict, [](const checker::Violation& each) { return each.invariant == "I6"; }));
    scene.add_to(counts);
    if (number_from("TIDEWAY_TEST_SEED", 0) != 0) std::cout << scene.faults();
    counts.violations += static_cast<int>(verdict.size());
    if (verdict.empty() && !testing::Test::HasFailure()) return;
    ADD_FAILURE() << "seed " << seed << ", " << scene.faults() << checker::describe(scene.history(), verdict)
                  << "history: " << keep(scene.history(), seed) << "\n"
                  << scene.config();
} catch (const std::exception& error) {
    ADD_FAILURE() << "seed " << seed << " cannot be played: " << error.what();
}

TEST(RandomWorkload, LosesNothingWhateverGoesWrong) {
    const auto begin = std::chrono::steady_clock::now();
    const bool many = number_from("TIDEWAY_TEST_LONG", 0) != 0;
    const unsigned one = number_from("TIDEWAY_TEST_SEED", 0);
    const unsigned seeds = one != 0 ? 1 : number_from("TIDEWAY_TEST_SEEDS", 0);
    const unsigned first = one != 0 ? one : many ? std::random_device()() % 1'000'000 + 1 : 1;
    RandomWorld world;
    RandomCounts counts;
    const auto time_left = [&] {
        return std::chrono::steady_clock::now() - begin < std::chrono::seconds(many ? 1200 : 110);
    };
    for (unsigned i = 0; seeds != 0 ? i < seeds : time_left(); ++i) {
        live_through(world, first + i, counts);
        if (HasFailure()) break;
    }
    std::cout << counts.text() << "\n";
}

}  // namespace
}  // namespace tideway::test
