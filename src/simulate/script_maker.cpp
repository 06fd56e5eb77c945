#include "simulate/script_maker.hpp"

namespace tideway::simulate {
namespace {

// The calls at which a run can be met, as often as there is something to be found there.
struct Place {
    const char* call;
    bool desktop, cloud;
    int most;  // of its calls in an ordinary run
};

const std::vector<Place>& places() {
    static const std::vector<Place> all{{"apply", true, true, 2},
                                        {"apply", true, true, 1},
                                        {"apply", true, true, 1},
                                        {"book", true, false, 2},
                                        {"book", true, false, 1},
                                        {"recover", true, false, 1},
                                        {"take_lease", false, true, 1},
                                        {"barrier", true, true, 2},
                                        {"advance_marks", true, false, 1},
                                        {"purge_receipts", false, true, 2},
                                        {"purge_changes", true, true, 3},
                                        {"snapshot", true, true, 2},
                                        {"rows", false, true, 3},
                                        {"hints", false, true, 3},
                                        {"digest", false, true, 3},
                                        {"next", true, false, 4},
                                        {"add_desktop_hints", true, false, 3},
                                        {"close_cloud_hints", true, false, 3},
                                        {"lease", true, true, 2},
                                        {"receipts", false, true, 2},
                                        {"record_run", true, true, 1},
                                        {"install", true, true, 1},
                                        {"install_table", true, true, 3},
                                        {"forget_marks", true, false, 2},
                                        {"server", true, true, 2},
                                        {"record_idle", true, true, 1}};
    return all;
}

class ScriptMaker {
  public:
    ScriptMaker(Dice& dice, const Setting& setting)
        : dice_(dice),
          statements_(dice, setting),
          calm_(dice.below(4)),
          restores_(dice.one_in(4)),
          clocks_(dice.one_in(3)) {}

    Script make(int steps) {
        Script script;
        if (clocks_) add_clock(script);
        for (int i = 2 + dice_.below(4); i > 0; --i) script.push_back({statements_.new_rows(side())});
        script.push_back({run(0)});
        while (static_cast<int>(script.size()) < steps) add_step(script);
        script.push_back({run(0)});
        return script;
    }

  private:
    void add_step(Script& script) {
        const int kind = dice_.below(20);
        if (kind < 12) return add_user(script);
        if (kind < 16) return script.push_back({run(0)});
        if (kind == 16) return script.push_back({TimePasses{1 + dice_.below(40)}});
        if (kind == 17 && clocks_) return add_clock(script);
        if (kind > 17 && restores_) return add_backup_or_restore(script);
        add_user(script);
    }

    Side side() { return dice_.one_in(2) ? Side::desktop : Side::cloud; }

    void add_user(Script& script) {
        if (dice_.one_in(15)) {
            const auto [desktop, cloud] = statements_.same_edit();
            script.push_back({desktop});
            return script.push_back({cloud});
        }
        if (dice_.one_in(15)) {
            auto [edit, undo] = statements_.edit_and_undo(side());
            script.push_back({std::move(edit)});
            undos_.push_back(std::move(undo));
            return;
        }
        if (!undos_.empty() && dice_.one_in(3)) {
            script.push_back({undos_.front()});
            undos_.erase(undos_.begin());
            return;
        }
        UserWork work = statements_.transaction(side());
        if (dice_.one_in(10)) work.held_ms = 1 + dice_.below(dice_.one_in(3) ? 20'000 : 200);
        script.push_back({std::move(work)});
    }

    void add_clock(Script& script) { script.push_back({ClockStep{side(), dice_.below(4'000) - 2'000}}); }

    void add_backup_or_restore(Script& script) {
        if (backups_ == 0 || dice_.one_in(3)) return script.push_back({Backup{side(), ++backups_}});
        script.push_back({Restore{1 + dice_.below(backups_)}});
    }

    RunWork run(int depth) {
        RunWork work;
        if (dice_.one_in(4)) work.mode = Mode::full;
        if (dice_.one_in(3)) work.direction = dice_.one_in(2) ? Direction::forward : Direction::reverse;
        if (depth == 0 && dice_.one_in(12)) {
            work.interruptions.push_back(overtaking());
            return work;
        }
        if (dice_.below(4) < calm_) return work;
        for (int i = 1 + (dice_.one_in(3) ? dice_.below(3) : 0); i > 0; --i)
            work.interruptions.push_back(interruption(depth));
        return work;
    }

    Interruption interruption(int depth) {
        const Place& place = dice_.any_of(places());
        Interruption each;
        each.at.side = place.desktop && place.cloud ? side() : place.desktop ? Side::desktop : Side::cloud;
        each.at.call = place.call;
        each.at.nth = 1 + dice_.below(place.most);
        each.at.after = dice_.one_in(2);
        const int kind = dice_.below(12);
        if (kind < 4) each.ending = Ending::killed;
        if (kind >= 4 && kind < 7) each.ending = Ending::connection_lost;
        if (kind >= 5) fill(each.meanwhile, depth);
        return each;
    }

    // A run stands still with what it has planned until others have taken over, written the same, and gone on
    // from there. What it planned is the newest row of a side, and that row is gone by the time it goes on.
    Interruption overtaking() {
        Interruption each;
        each.at = {side(), "apply", 1, false};
        each.meanwhile.push_back({TimePasses{21 + dice_.below(10)}});
        each.meanwhile.push_back({run(2)});
        each.meanwhile.push_back(
            {dice_.one_in(2) ? statements_.delete_newest(side()) : statements_.transaction(side())});
        each.meanwhile.push_back({run(2)});
        for (int i = dice_.below(2); i > 0; --i) add_user(each.meanwhile);
        return each;
    }

    // What others do in the meantime. A run that takes over has to wait for the lease to end.
    void fill(Script& meanwhile, int depth) {
        for (int i = dice_.below(4); i > 0; --i) add_user(meanwhile);
        if (depth < 2 && dice_.one_in(3)) {
            if (!dice_.one_in(4)) meanwhile.push_back({TimePasses{15 + dice_.below(15)}});
            meanwhile.push_back({run(depth + 1)});
            for (int i = dice_.below(2); i > 0; --i) add_user(meanwhile);
        }
        if (restores_ && dice_.one_in(6)) add_backup_or_restore(meanwhile);
        if (clocks_ && dice_.one_in(6)) add_clock(meanwhile);
    }

    Dice& dice_;
    UserStatements statements_;
    int calm_;  // quarters of the runs that nothing meets
    bool restores_, clocks_;
    int backups_ = 0;
    std::vector<UserWork> undos_;
};

}  // namespace

Script make_script(Dice& dice, const Setting& setting, int steps) {
    return ScriptMaker(dice, setting).make(steps);
}

}  // namespace tideway::simulate
