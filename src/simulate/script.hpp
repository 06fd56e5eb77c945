// What happens in one simulated life of a pair, in order: users, runs with what meets them on their way,
// time, clocks, backups. A value that is played, shrunk and printed; nothing in it depends on what else is in
// it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/policy.hpp"
#include "model/value.hpp"

namespace tideway::simulate {

struct Step;
using Script = std::vector<Step>;

// One transaction of a user. In its statements {now} is that side's clock, {late} an hour before.
struct UserWork {
    int number = 0;
    Side side = Side::desktop;
    std::vector<std::string> statements;
    std::vector<std::string> versions;  // that it may leave behind
    bool commits = true;
    std::int64_t held_ms = 0;  // stays open so long, with its lock
};

// The nth call of a name that a run makes to a side.
struct Moment {
    Side side = Side::desktop;
    std::string call;
    int nth = 1;
    bool after = false;  // when the call has done its work, else before
};

enum class Ending { goes_on, killed, connection_lost };

// The run stops at that moment while other things happen, and then goes on or not. A connection that is lost
// after a call leaves the run in doubt about it.
struct Interruption {
    Moment at;
    std::vector<Step> meanwhile;
    Ending ending = Ending::goes_on;
};

struct RunWork {
    Mode mode = Mode::incremental;
    Direction direction = Direction::both;
    std::vector<Interruption> interruptions;
};

struct TimePasses {
    std::int64_t seconds = 0;
};

struct ClockStep {  // a side's clock is set anew
    Side side = Side::desktop;
    std::int64_t seconds = 0;
};

struct Backup {
    Side side = Side::desktop;
    int number = 0;
};

struct Restore {  // from the backup of that number, if there is one
    int number = 0;
};

struct Step {
    std::variant<UserWork, RunWork, TimePasses, ClockStep, Backup, Restore> work;
};

// Readable: SQL of users on both sides, runs and faults in order.
std::string text_of(const Script& script);

}  // namespace tideway::simulate
