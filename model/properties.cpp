#include "properties.hpp"

#include <fmt/format.h>

#include "protocol.hpp"

namespace tideway::protocol {
namespace {

constexpr Count solo_runs =
    12;  // far more than any fault needs to heal; a run that waits for nothing is never cut off

int changes(const State& s) {
    int sum = 0;
    for (Key key = 0; key < keys; ++key) sum += s.desktop.changes[key] + s.cloud.changes[key];
    return sum;
}

bool rightly_parked(const State& s, Key key, const Options& options) {
    return s.desktop.parked[key] &&
           (blocked(s, Place::cloud, key, options) || blocked(s, Place::desktop, key, options));
}

bool at_rest(const State& s, const Options& options) {
    for (Key key = 0; key < keys; ++key) {
        const bool equal = same_content(s, s.desktop.row[key], s.cloud.row[key]);
        if (equal ? s.desktop.parked[key] : !rightly_parked(s, key, options)) return false;
    }
    return true;
}

// Starts runs until the sides are equal and have stayed equal, unwritten, for two runs more.
class Solo {
  public:
    Solo(const State& start, const Options& options) : options_(options), result_{.last = start} {
        forget_runner(result_.last);
        result_.last.left = {};
        result_.last.left.runs = solo_runs;
    }

    SoloResult run() {
        while (!settled() && result_.fault == SoloFault::none) step();
        return result_;
    }

  private:
    // True when there is nothing more to learn.
    bool settled() {
        State& s = result_.last;
        if (s.runner.step != Step::idle) return false;
        const bool rests = at_rest(s, options_);
        if (rests && quiet_runs_ >= 2) return true;
        quiet_runs_ = rests ? quiet_runs_ + 1 : 0;
        if (s.left.runs > 0) return false;
        if (options_.policy != Policy::manual) result_.fault = SoloFault::never_equal;
        return true;
    }

    void step() {
        State& s = result_.last;
        const int written = changes(s);
        const Effect effect = advance(s, options_);
        result_.false_conflicts += effect.false_conflict ? 1 : 0;
        if (!effect.moved) result_.fault = SoloFault::blocked;
        if (effect.lost) result_.fault = SoloFault::lost_write;
        if (changes(s) != written && quiet_runs_ >= 2) result_.fault = SoloFault::writes_again;
    }

    const Options& options_;
    SoloResult result_;
    int quiet_runs_ = 0;
};

std::string describe_rows(const State& s) {
    std::string text;
    for (Key key = 0; key < keys; ++key) {
        const Version base = s.desktop.base[key];
        if (key > 0) text += "; child: ";
        text += fmt::format("desktop v{}, cloud v{}, base {}", s.desktop.row[key], s.cloud.row[key],
                            base == unknown ? "unknown" : fmt::format("v{}", base));
        if (s.desktop.parked[key]) text += ", parked";
    }
    return text;
}

}  // namespace

std::optional<LostWrite> check_replacement(const State& s, Key key, Version replaced, Version by) {
    const auto retained = static_cast<VersionSet>(s.desktop.retained[key] | s.cloud.retained[key]);
    if (replaced == by || descends(s, by, replaced) || contains(retained, replaced)) return std::nullopt;
    // A delete has no content but being one: any delete in the line or in the journal stands for it.
    const auto kept = static_cast<VersionSet>(s.history.ancestors[by] | retained);
    if (is_delete(s, replaced) && (kept & s.history.deletes) != 0) return std::nullopt;
    return LostWrite{replaced, by};
}

SoloResult check_convergence(const State& s, const Options& options) {
    State ended = s;
    ended.in_doubt = {};
    SoloResult result = Solo(ended, options).run();
    if (s.in_doubt.place == Place::none || result.fault != SoloFault::none) return result;
    commit(ended, s.in_doubt, options);  // its own safety is checked where the search lets it commit
    SoloResult after_commit = Solo(ended, options).run();
    after_commit.false_conflicts += result.false_conflicts;
    return after_commit;
}

std::string explain(const LostWrite& lost, const State& s) {
    return fmt::format(
        "lost write: v{}{} was replaced by v{}, which does not descend from it, and it is not kept",
        lost.replaced, is_delete(s, lost.replaced) ? " (a delete)" : "", lost.by);
}

std::string explain(const SoloResult& result) {
    const State& s = result.last;
    const std::string rows = describe_rows(s);
    switch (result.fault) {
        case SoloFault::none:
            return "converges: " + rows;
        case SoloFault::blocked:
            return "the run waits for ever: " + rows;
        case SoloFault::lost_write:
            return "a later run loses a write: " + rows;
        case SoloFault::writes_again:
            return "a run on two equal sides writes: " + rows;
        case SoloFault::never_equal:
            return (family ? "the sides never become equal, and no list gives a true reason: "
                           : "the sides never become equal: ") +
                   rows;
    }
    return rows;
}

}  // namespace tideway::protocol
