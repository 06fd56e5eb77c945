#include <fmt/format.h>

#include "simulate/script.hpp"

namespace tideway::simulate {
namespace {

std::string ordinal(int number) {
    const char* ending = number == 1 ? "st" : number == 2 ? "nd" : number == 3 ? "rd" : "th";
    return fmt::format("{}{}", number, ending);
}

class Teller {
  public:
    std::string tell(const Script& script) {
        for (const Step& step : script) std::visit(*this, step.work);
        return std::move(text_);
    }

    void operator()(const UserWork& work) {
        line(fmt::format("user {} at the {}{}:", work.number, name(work.side),
                         work.held_ms == 0 ? "" : fmt::format(", for {} ms", work.held_ms)));
        std::string sql = "BEGIN; ";
        for (const std::string& statement : work.statements) sql += statement + "; ";
        within([&] { line(sql + (work.commits ? "COMMIT;" : "ROLLBACK;")); });
    }
    void operator()(const RunWork& work) {
        line(fmt::format("run: sync --mode {} --direction {}", to_string(work.mode),
                         to_string(work.direction)));
        within([&] {
            for (const Interruption& each : work.interruptions) tell(each);
        });
    }
    void operator()(const TimePasses& time) { line(fmt::format("{} s pass", time.seconds)); }
    void operator()(const ClockStep& step) {
        line(fmt::format("the clock of the {} steps by {:+} s", name(step.side), step.seconds));
    }
    void operator()(const Backup& backup) {
        line(fmt::format("backup {} of the {}", backup.number, name(backup.side)));
    }
    void operator()(const Restore& restore) { line(fmt::format("restore from backup {}", restore.number)); }

  private:
    void tell(const Interruption& each) {
        const bool lost = each.ending == Ending::connection_lost;
        line(fmt::format("{} the {} {} at the {}{}", each.at.after ? "after" : "before", ordinal(each.at.nth),
                         each.at.call, name(each.at.side),
                         each.ending == Ending::killed ? ": the run is killed"
                         : lost                        ? ": its connection is lost"
                                                       : ":"));
        within([&] {
            for (const Step& step : each.meanwhile) std::visit(*this, step.work);
        });
    }
    template <typename Work>
    void within(const Work& work) {
        indent_ += 4;
        work();
        indent_ -= 4;
    }
    void line(const std::string& text) { text_ += std::string(indent_, ' ') + text + "\n"; }

    std::string text_;
    std::size_t indent_ = 0;
};

}  // namespace

std::string text_of(const Script& script) { return Teller().tell(script); }

}  // namespace tideway::simulate
