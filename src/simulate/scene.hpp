// The stage of one simulated life: two files, their users, runs of the real engine, and a record of it all.
#pragma once
#include "checker/judge.hpp"
#include "simulate/runner.hpp"
#include "simulate/users.hpp"

namespace tideway::simulate {

struct Counts {
    int runs = 0, killed = 0, failed = 0, interruptions = 0, restores = 0, user_transactions = 0;
    int user_writes = 0, sync_writes = 0, conflicts = 0, waiting = 0, torn_groups = 0;
    Counts& operator+=(const Counts& more);
};

struct Life {
    checker::History history;
    checker::Verdict verdict;
    Counts counts;
};

class Scene {
  public:
    // Works in an empty folder of its own; `prepared` is a file with the tables.
    Scene(const Setting& setting, std::uint64_t seed, const std::filesystem::path& folder,
          const std::filesystem::path& prepared, Sabotage sabotage);

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
    void run_in_peace(Mode mode);
    SideFile& file(Side side) { return side == Side::desktop ? desktop_ : cloud_; }
    void complain(const std::string& text) { complaints_.push_back({"C1", "", {}, {}, text}); }
    Life judge();

    std::mt19937_64 numbers_;
    VirtualTime time_;
    VirtualWorld desktop_machine_{time_, numbers_}, cloud_machine_{time_, numbers_},
        machine_{time_, numbers_};
    Config config_;
    SideFile desktop_, cloud_;
    Recorder recorder_;
    Users users_;
    Surroundings around_;
    Counts counts_;
    checker::Verdict complaints_;
};

}  // namespace tideway::simulate
