// What must happen to one key: the decision table of the specification (docs: R1 to R22), written a second
// time, from the specification alone. It shares no code, table or wording with the product, and judges it.
#pragma once
#include <optional>
#include <string>

namespace tideway::test::oracle {

enum class Side { desktop, cloud };
enum class Conflict { latest, desktop, cloud, manual };
enum class Deletes { propagate, hold, ignore };
enum class Direction { both, forward, reverse };

constexpr Side other(Side side) { return side == Side::desktop ? Side::cloud : Side::desktop; }

struct Settings {
    bool strict = false;
    Conflict conflict = Conflict::latest;
    Deletes deletes = Deletes::propagate;
    long long now = 0;  // of both servers' clocks, as a Stamp
};

using Stamp = std::optional<long long>;  // seconds since 1970; none = NULL

struct Row {
    std::string body;                 // the columns that both sides have; equal bodies are equal rows
    std::optional<std::string> mark;  // the origin column; no part of the content
    Stamp stamp;                      // likewise
    Stamp captured = std::nullopt;    // when its server saw it written, where something watched
};

// What both sides last agreed on.
struct Base {
    enum class State { none, live, tombstone };
    State state = State::none;
    Side origin = Side::desktop;
    std::string body;
    Stamp desktop_stamp, cloud_stamp;
};

struct Key {
    std::optional<Row> desktop, cloud;
    Base base;
    std::optional<Side> choice;  // what a person decided about this key as it stands

    std::optional<Row>& at(Side side) { return side == Side::desktop ? desktop : cloud; }
    const std::optional<Row>& at(Side side) const { return side == Side::desktop ? desktop : cloud; }
};

enum class Verdict {
    in_sync,
    adopt,    // equal on both sides: recorded, nothing written
    bury,     // gone on both sides: recorded as agreed absence
    write,    // one side follows the other
    settle,   // both sides changed: one side follows the other, what it had is kept as a conflict
    open,     // both sides changed and a person must choose
    held,     // a person must let it through
    ignored,  // the settings want the two sides to differ here
    pending,  // write or settle, but in the direction that was not run
};

struct Decision {
    std::string rule;
    Verdict verdict = Verdict::in_sync;
    Side target = Side::cloud;  // of write and settle: the side that is written
};

// Without regard to a direction.
Decision decide(const Key& key, const Settings& settings);

// Decides, lets `key` become what a run in this direction must leave, and says what that run does.
Decision sync(Key& key, const Settings& settings, Direction direction);

}  // namespace tideway::test::oracle
