#include "simulate/scene.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tideway::simulate {
namespace {

constexpr std::int64_t second = 1'000'000;

}  // namespace

Counts& Counts::operator+=(const Counts& more) {
    runs += more.runs;
    killed += more.killed;
    failed += more.failed;
    interruptions += more.interruptions;
    restores += more.restores;
    user_transactions += more.user_transactions;
    user_writes += more.user_writes;
    sync_writes += more.sync_writes;
    conflicts += more.conflicts;
    waiting += more.waiting;
    torn_groups += more.torn_groups;
    return *this;
}

Scene::Scene(Stage& stage, Sabotage sabotage)
    : stage_(stage),
      time_(stage.time()),
      recorder_(stage.setting(), time_, file(Side::desktop), file(Side::cloud)),
      users_(time_, recorder_, file(Side::desktop), file(Side::cloud)),
      around_(stage.surroundings(
          sabotage, [this](const Script& script) { live(script); },
          [this](Side side) { recorder_.take_down(side, true); })) {
    time_.when_passed = [this] { users_.end_what_is_due(); };
}

Life Scene::play(const Script& script) {
    live(script);
    come_to_rest();
    return judge();
}

void Scene::live(const Script& script) {
    for (const Step& step : script) {
        time_.pass(second / 4);
        std::visit(*this, step.work);
    }
}

void Scene::operator()(const UserWork& work) { users_.act(work); }

void Scene::operator()(const RunWork& work) {
    const int number = ++counts_.runs;
    recorder_.note(fmt::format("run {} begins: sync --mode {} --direction {}", number, to_string(work.mode),
                               to_string(work.direction)));
    Runner runner(around_, work);
    recorder_.note_run_begins();
    const std::string end = runner.run();
    recorder_.note_run_ends(runner.is_fine());
    recorder_.note(fmt::format("run {} ends: {}", number, end));
    counts_.interruptions += runner.interruptions();
    counts_.killed += end == "killed" ? 1 : 0;
    counts_.failed += !runner.is_fine() && end != "killed" ? 1 : 0;
    if (runner.is_defect()) complain(fmt::format("run {} ended with {}", number, end));
}

void Scene::operator()(const TimePasses& time) { time_.pass(time.seconds * second); }

void Scene::operator()(const ClockStep& step) {
    file(step.side).world().step_clock(step.seconds * second);
    recorder_.note_clock_step();
    recorder_.note(fmt::format("the clock of the {} steps by {} s", name(step.side), step.seconds));
}

// A side from before the program came to it is another database to it, and is refused.
void Scene::operator()(const Backup& backup) {
    if (!recorder_.is_known_to_sync(Side::desktop) || !recorder_.is_known_to_sync(Side::cloud)) return;
    file(backup.side).back_up(backup.number);
    recorder_.note_backup(backup.side, backup.number);
    recorder_.note(fmt::format("backup {} of the {}", backup.number, name(backup.side)));
}

void Scene::operator()(const Restore& restore) {
    for (const Side side : {Side::desktop, Side::cloud}) {
        if (!file(side).has_backup(restore.number)) continue;
        ++counts_.restores;
        users_.disconnect(side);
        file(side).restore(restore.number);
        recorder_.note_restore(side, restore.number);
        recorder_.note(fmt::format("the {} is restored from backup {}", name(side), restore.number));
    }
}

// Nobody writes any more, nothing goes wrong, and leases of the dead have ended. What changed is found by
// incremental runs alone, where the capture is exact: a full run afterwards has nothing to add.
void Scene::come_to_rest() {
    users_.end_all();
    time_.pass(60 * second);
    for (int i = 0; i < 3 && run_in_peace(Mode::incremental) > 0; ++i) {
    }
    const std::size_t found = recorder_.writes();
    if (run_in_peace(Mode::full) > 0) {
        complain_of_what_was_missed(found);
        run_in_peace(Mode::incremental);
    }
    recorder_.begin_further_run();
    run_in_peace(Mode::incremental);
}

void Scene::complain_of_what_was_missed(std::size_t found) {
    for (const checker::Write& write : recorder_.writes_since(found))
        if (stage_.setting().captures_exactly(write.table))
            complaints_.push_back({"C2",
                                   write.table,
                                   {},
                                   {},
                                   fmt::format("a full run wrote to the {} what incremental runs had missed",
                                               checker::name(write.side))});
}

// How much it wrote.
std::size_t Scene::run_in_peace(Mode mode) {
    const std::size_t before = recorder_.writes();
    time_.pass(second);
    const RunWork work{mode, Direction::both, {}};
    ++counts_.runs;
    Runner runner(around_, work);
    const std::string end = runner.run();
    recorder_.note(fmt::format("{} run in peace ends: {}", to_string(mode), end));
    if (!runner.is_fine() && may_look_alive(end)) {
        waited_for_a_lease_ = true;
        time_.pass(40 * second);
        return run_in_peace(mode);
    }
    if (!runner.is_fine()) complain(fmt::format("a run in peace ended with {}", end));
    return recorder_.writes() - before;
}

// A clock that was set back comes by the time of a dead run's lease once more: it takes that run for alive
// from 20 seconds before that time on, and until 20 seconds after it, as any other.
bool Scene::may_look_alive(const std::string& end) const {
    return recorder_.clocks_were_set() && !waited_for_a_lease_ && end.starts_with(info(Code::lease_held).id);
}

// Refused rows are parted from those they are connected with: such groups are counted, and are no violation.
Life Scene::judge() {
    Life life{recorder_.history(), complaints_, counts_};
    checker::Verdict verdict = checker::judge(life.history);
    life.counts.torn_groups = static_cast<int>(
        std::erase_if(verdict, [](const checker::Violation& each) { return each.invariant == "I6"; }));
    life.verdict.insert(life.verdict.end(), verdict.begin(), verdict.end());
    life.counts.user_transactions = users_.transactions();
    for (const checker::Write& write : life.history.writes)
        ++(write.by_sync ? life.counts.sync_writes : life.counts.user_writes);
    life.counts.conflicts = static_cast<int>(life.history.conflicts.size());
    life.counts.waiting = static_cast<int>(life.history.waiting.size());
    return life;
}

}  // namespace tideway::simulate
