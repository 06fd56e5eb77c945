// One simulated life on its stage: users of two files, runs of the real engine, and a record of it all.
#pragma once
#include "checker/judge.hpp"
#include "simulate/stage.hpp"
#include "simulate/users.hpp"

namespace tideway::simulate {

struct Counts {
    int runs = 0, killed = 0, failed = 0, interruptions = 0, restores = 0, user_transactions = 0;
    int user_writes = 0, sync_writes = 0, conflicts = 0, waiting = 0, torn_groups = 0;
    Counts& operator+=(const Counts& more);
    bool operator==(const Counts&) const = default;
};

struct Life {
    checker::History history;
    checker::Verdict verdict;
    Counts counts;
};

class Scene {
  public:
    // The stage must have been set, and is used up afterwards.
    Scene(Stage& stage, Sabotage sabotage);

    // Plays the script, then lets the pair come to rest, and judges. Once.
    Life play(const Script& script);

    void operator()(const UserWork& work);
    void operator()(const RunWork& work);
    void operator()(const TimePasses& time);
    void operator()(const ClockStep& step);
    void operator()(const Backup& backup);
    void operator()(const Restore& restore);

  private:
    void live(const Script& script);
    void come_to_rest();
    std::size_t run_in_peace(Mode mode);
    void complain_of_what_was_missed(std::size_t found);
    bool may_look_alive(const std::string& end) const;
    SideFile& file(Side side) { return stage_.file(side); }
    void complain(const std::string& text) { complaints_.push_back({"C1", "", {}, {}, text}); }
    Life judge();

    Stage& stage_;
    VirtualTime& time_;
    Recorder recorder_;
    Users users_;
    Surroundings around_;
    bool waited_for_a_lease_ = false;
    Counts counts_;
    checker::Verdict complaints_;
};

}  // namespace tideway::simulate
