#include "support/oracle.hpp"

namespace tideway::test::oracle {
namespace {

enum class Change { none, edited, deleted };

Change change_of(const Key& key, Side side) {
    const auto& row = key.at(side);
    if (!row) return Change::deleted;
    return row->body == key.base.body ? Change::none : Change::edited;
}

// When a side's row was written: by its stamp, NULL being older than anything. A stamp that lies in the
// future or that stood still while the row changed says nothing; then the server's own record counts, if
// there is one.
struct Time {
    bool known = true;
    Stamp at;
};

Time time_of(const Key& key, Side side, const Settings& settings) {
    const Row& row = *key.at(side);
    const Stamp agreed = side == Side::desktop ? key.base.desktop_stamp : key.base.cloud_stamp;
    const bool future = row.stamp && *row.stamp > settings.now + 5 * 60;
    const bool stood_still =
        key.base.state == Base::State::live && row.stamp && agreed && *row.stamp <= *agreed;
    if (!future && !stood_still) return {.known = true, .at = row.stamp};
    return {.known = row.captured.has_value(), .at = row.captured};
}

Decision settled_for(Side winner, const std::string& rule) { return {rule, Verdict::settle, other(winner)}; }

// Two rows, neither of which descends from the other.
Decision concurrent(const char* rule, const Key& key, const Settings& settings) {
    switch (settings.conflict) {
        case Conflict::desktop:
            return settled_for(Side::desktop, rule);
        case Conflict::cloud:
            return settled_for(Side::cloud, rule);
        case Conflict::manual:
            return {rule, Verdict::open};
        case Conflict::latest:
            break;
    }
    const Time desktop = time_of(key, Side::desktop, settings), cloud = time_of(key, Side::cloud, settings);
    if (!desktop.known || !cloud.known) return {rule, Verdict::open};
    // std::optional puts none first; a tie protects the phone's row.
    return settled_for(desktop.at > cloud.at ? Side::desktop : Side::cloud, rule);
}

bool marked_mobile(const std::optional<Row>& row) { return row && row->mark == "M"; }

Decision without_base(const Key& key, const Settings& settings) {
    const bool again = key.base.state == Base::State::tombstone;
    if (!key.desktop && !key.cloud) return {};
    if (!key.cloud) return {again ? "R21" : "R1", Verdict::write, Side::cloud};
    if (!key.desktop) return {again ? "R21" : "R2", Verdict::write, Side::desktop};
    if (key.desktop->body == key.cloud->body) return {"R3", Verdict::adopt};
    if (!marked_mobile(key.cloud)) return concurrent("R5", key, settings);
    if (!marked_mobile(key.desktop)) return {"R4", Verdict::open};
    return settled_for(Side::cloud, "R5");
}

Decision both_edited(const Key& key, const Settings& settings, bool cloud_owns) {
    if (key.desktop->body == key.cloud->body) return {"R10", Verdict::adopt};
    if (cloud_owns) return settled_for(Side::cloud, "R12");
    return concurrent("R11", key, settings);
}

Decision deleted_at(Side side, const char* rule, const Settings& settings) {
    switch (settings.deletes) {
        case Deletes::propagate:
            return {rule, Verdict::write, other(side)};
        case Deletes::hold:
            return {rule, Verdict::held};
        case Deletes::ignore:
            return {rule, Verdict::ignored};
    }
    return {};
}

Decision desktop_edited(Change cloud, const Key& key, const Settings& settings) {
    const bool cloud_owns = settings.strict && key.base.origin == Side::cloud;
    switch (cloud) {
        case Change::edited:
            return both_edited(key, settings, cloud_owns);
        case Change::none:
            return cloud_owns ? Decision{"R8", Verdict::held} : Decision{"R7", Verdict::write, Side::cloud};
        case Change::deleted:
            break;
    }
    return cloud_owns ? Decision{"R19", Verdict::held} : settled_for(Side::desktop, "R18");
}

Decision desktop_deleted(Change cloud, const Key& key, const Settings& settings) {
    if (cloud == Change::deleted) return {"R20", Verdict::bury};
    if (cloud == Change::edited) return settled_for(Side::cloud, "R17");
    if (settings.strict && key.base.origin == Side::cloud) return {"R14", Verdict::held};
    return deleted_at(Side::desktop, "R13", settings);
}

Decision desktop_untouched(Change cloud, const Key& key, const Settings& settings) {
    if (cloud == Change::none) return {"R6", Verdict::in_sync};
    if (cloud == Change::edited) return {"R9", Verdict::write, Side::desktop};
    if (settings.strict && key.base.origin == Side::desktop) return {"R16", Verdict::held};
    return deleted_at(Side::cloud, "R15", settings);
}

Decision with_base(const Key& key, const Settings& settings) {
    const Change cloud = change_of(key, Side::cloud);
    switch (change_of(key, Side::desktop)) {
        case Change::edited:
            return desktop_edited(cloud, key, settings);
        case Change::deleted:
            return desktop_deleted(cloud, key, settings);
        case Change::none:
            break;
    }
    return desktop_untouched(cloud, key, settings);
}

bool waits_for_a_person(const Decision& decision) {
    return decision.verdict == Verdict::open || decision.verdict == Verdict::held;
}

bool runs_towards(Direction direction, Side target) {
    if (direction == Direction::both) return true;
    return direction == (target == Side::cloud ? Direction::forward : Direction::reverse);
}

// Fixed when a key is first seen, and again when it comes back as a new row.
Side origin_of(const Key& key) {
    if (key.base.state == Base::State::live) return key.base.origin;
    return !key.desktop || marked_mobile(key.cloud) ? Side::cloud : Side::desktop;
}

// The row of one side becomes the other's. The mark is written with a new row only, and never left empty
// there.
void follow(Key& key, Side target) {
    const std::optional<Row> old = key.at(target);
    key.at(target) = key.at(other(target));
    if (!key.at(target)) return;
    auto& mark = key.at(target)->mark;
    if (old)
        mark = old->mark;
    else if (!mark)
        mark = key.base.origin == Side::cloud ? "M" : "D";
}

void agree(Key& key) {
    key.base.state = key.desktop ? Base::State::live : Base::State::tombstone;
    if (key.desktop) {
        key.base.body = key.desktop->body;
        key.base.desktop_stamp = key.desktop->stamp;
        key.base.cloud_stamp = key.cloud->stamp;
    }
    key.choice.reset();
}

}  // namespace

Decision decide(const Key& key, const Settings& settings) {
    const Decision by_table =
        key.base.state == Base::State::live ? with_base(key, settings) : without_base(key, settings);
    if (waits_for_a_person(by_table) && key.choice) return settled_for(*key.choice, by_table.rule);
    return by_table;
}

Decision sync(Key& key, const Settings& settings, Direction direction) {
    Decision decision = decide(key, settings);
    const bool writes = decision.verdict == Verdict::write || decision.verdict == Verdict::settle;
    if (writes && !runs_towards(direction, decision.target)) {
        decision.verdict = Verdict::pending;
    } else if (writes || decision.verdict == Verdict::adopt || decision.verdict == Verdict::bury) {
        key.base.origin = origin_of(key);
        if (writes) follow(key, decision.target);
        agree(key);
    }
    return decision;
}

}  // namespace tideway::test::oracle
