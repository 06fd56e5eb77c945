#include "explore.hpp"

#include <algorithm>
#include <chrono>

#include "environment.hpp"
#include "properties.hpp"
#include "state_set.hpp"

namespace tideway::protocol {
namespace {

class Exploration {
  public:
    Exploration(const Options& options, std::uint32_t state_limit)
        : options_(options), state_limit_(state_limit) {}

    Report run() {
        const auto start = std::chrono::steady_clock::now();
        reached_.insert(initial_state(options_), StateSet::no_parent);
        StateSet::Index i = 0;
        for (; i < reached_.size() && reached_.size() < state_limit_; ++i) visit(i);
        report_.complete = i == reached_.size();
        report_.states = reached_.size();
        report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        return report_;
    }

  private:
    void visit(StateSet::Index i) {
        const State& s = reached_[i];
        visit_undisturbed(i, s);
        list_transitions(s, options_, next_);
        for (const Transition& t : next_) {
            ++report_.transitions;
            report_.false_conflicts += t.effect.false_conflict ? 1 : 0;
            if (t.effect.lost)
                note_lost_write(i, t);
            else
                reached_.insert(t.after, i);
        }
    }

    void visit_undisturbed(StateSet::Index i, const State& s) {
        const SoloResult result = check_convergence(s, options_);
        report_.false_conflicts += static_cast<std::uint64_t>(result.false_conflicts);
        if (result.fault == SoloFault::none) return;
        if (report_.stuck++ > 0) return;
        report_.no_convergence = {path_to(i), explain(result)};
        report_.no_convergence.steps.emplace_back("(no more changes and faults, runs only)");
    }

    void note_lost_write(StateSet::Index i, const Transition& t) {
        if (report_.lost_writes++ > 0) return;
        report_.lost_write = {path_to(i), explain(*t.effect.lost, t.after)};
        report_.lost_write.steps.push_back(describe(reached_[i], t));
    }

    // The set keeps no words: the transition that led from parent to child is looked for again.
    std::string step_between(const State& parent, const State& child) const {
        std::vector<Transition> next;
        list_transitions(parent, options_, next);
        const auto it =
            std::find_if(next.begin(), next.end(), [&](const Transition& t) { return t.after == child; });
        return describe(parent, *it);
    }

    std::vector<std::string> path_to(StateSet::Index i) const {
        std::vector<std::string> steps;
        for (auto parent = reached_.parent(i); parent != StateSet::no_parent; parent = reached_.parent(i)) {
            steps.push_back(step_between(reached_[parent], reached_[i]));
            i = parent;
        }
        std::reverse(steps.begin(), steps.end());
        return steps;
    }

    const Options& options_;
    std::uint32_t state_limit_;
    StateSet reached_;
    std::vector<Transition> next_;
    Report report_;
};

}  // namespace

Report explore(const Options& options, std::uint32_t state_limit) {
    return Exploration(options, state_limit).run();
}

}  // namespace tideway::protocol
