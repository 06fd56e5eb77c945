#include "simulate/shrink.hpp"

#include <algorithm>

namespace tideway::simulate {
namespace {

// Goes through a script in the order of its text, numbers its pieces, and keeps those that are wanted.
class Cutter {
  public:
    explicit Cutter(const std::set<int>& dropped) : dropped_(dropped) {}

    Script cut(const Script& script) {
        Script kept;
        for (const Step& step : script) {
            const bool wanted = keeps();
            Step copy = std::visit([&](const auto& work) { return Step{cut(work)}; }, step.work);
            if (wanted) kept.push_back(std::move(copy));
        }
        return kept;
    }
    int pieces() const { return next_; }

  private:
    bool keeps() { return !dropped_.contains(next_++); }

    UserWork cut(UserWork work) {
        if (work.statements.size() > 1)
            std::erase_if(work.statements, [&](const std::string&) { return !keeps(); });
        if (work.held_ms > 0 && !keeps()) work.held_ms = 0;
        return work;
    }
    RunWork cut(const RunWork& work) {
        RunWork kept = work;
        kept.interruptions.clear();
        if (work.mode != Mode::incremental && !keeps()) kept.mode = Mode::incremental;
        if (work.direction != Direction::both && !keeps()) kept.direction = Direction::both;
        for (const Interruption& each : work.interruptions) {
            const bool wanted = keeps();
            Interruption copy = each;
            if (!each.meanwhile.empty() && each.ending != Ending::goes_on && !keeps())
                copy.ending = Ending::goes_on;
            copy.meanwhile = cut(each.meanwhile);
            if (wanted) kept.interruptions.push_back(std::move(copy));
        }
        return kept;
    }
    template <typename Work>
    Work cut(const Work& work) {
        return work;
    }

    const std::set<int>& dropped_;
    int next_ = 0;
};

}  // namespace

int pieces_of(const Script& script) {
    const std::set<int> none;
    Cutter cutter(none);
    cutter.cut(script);
    return cutter.pieces();
}

Script without(const Script& script, const std::set<int>& pieces) { return Cutter(pieces).cut(script); }

Script shrink(const Script& script, const std::function<bool(const Script&)>& fails, int most_tries) {
    Script best = script;
    for (int size = pieces_of(best) / 2; size > 0;) {
        bool shorter = false;
        for (int from = 0; from < pieces_of(best) && most_tries > 0;) {
            std::set<int> pieces;
            for (int i = from; i < from + size; ++i) pieces.insert(i);
            Script candidate = without(best, pieces);
            --most_tries;
            if (fails(candidate)) {
                best = std::move(candidate);
                shorter = true;
            } else {
                from += size;
            }
        }
        if (most_tries == 0) break;
        if (size > 1)
            size /= 2;
        else if (!shorter)
            break;
    }
    return best;
}

}  // namespace tideway::simulate
