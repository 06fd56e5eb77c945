#include <fmt/format.h>

#include <cstdlib>

#include "base/error.hpp"
#include "model/decision.hpp"

namespace tideway {
namespace {

// A stamp further ahead of its server's clock than this was not set by that clock.
constexpr std::int64_t future_tolerance = 5LL * 60 * 1'000'000;
// Offsets known less exactly than this cannot order two edits (correctness.md 2.7).
constexpr std::int64_t max_uncertainty = 2LL * 1'000'000;

// The base was made for other columns than those mapped now.
bool hashes_forgotten(const BaseEntry& base) { return base.desktop == Hash{} && base.cloud == Hash{}; }

bool holds(Condition when, const KeyFacts& facts, const Policy& policy) {
    const bool strict = policy.ownership == Ownership::strict;
    const bool mobile = facts.base.origin == Origin::mobile;
    const bool equal = facts.desktop.canonical == facts.cloud.canonical;
    switch (when) {
        case Condition::always:
            return true;
        case Condition::rows_equal:
            return equal;
        case Condition::rows_differ:
            return !equal;
        case Condition::collision:
            return facts.cloud.marked_mobile && !facts.desktop.marked_mobile;
        case Condition::both_mobile:
            return facts.cloud.marked_mobile && facts.desktop.marked_mobile;
        case Condition::desktop_may_write:
            return !strict || !mobile;
        case Condition::owned_by_mobile:
            return strict && mobile;
        case Condition::cloud_may_delete:
            return !strict || mobile;
        case Condition::owned_by_desktop:
            return strict && !mobile;
        case Condition::stale_after_restore:
            return facts.base.deletion_forgotten && facts.cloud.hash == facts.base.cloud;
        case Condition::brought_back:
            return policy.refill &&
                   (facts.desktop.hash == facts.base.desktop ||
                    (facts.base.previous != Hash{} && facts.desktop.hash == facts.base.previous));
        case Condition::mobile_after_restore:
            return strict && mobile && !hashes_forgotten(facts.base);
        case Condition::parent_collides:
            return facts.parent_collides;
        case Condition::emptied_in_cloud:
            return facts.emptied == Side::cloud;
        case Condition::emptied_on_desktop:
            return facts.emptied == Side::desktop;
        case Condition::one_side_fuller:
            return facts.fuller && hashes_forgotten(facts.base) &&
                   (facts.fuller == Side::cloud || !strict || !mobile);
        case Condition::columns_merge:
            return (!strict || !mobile) && facts.merge && facts.merge->result != MergeFacts::Result::same &&
                   facts.merge->result != MergeFacts::Result::unsettled;
        case Condition::columns_unsettled:
            return (!strict || !mobile) && facts.merge && facts.merge->result == MergeFacts::Result::unsettled;
        case Condition::desktop_goes_back:
            return facts.goes_back == Side::desktop;
        case Condition::cloud_goes_back:
            return facts.goes_back == Side::cloud;
        case Condition::marked_in_cloud:
            return facts.cloud.present && facts.cloud.marked_deleted;
        case Condition::marked_on_desktop:
            return facts.desktop.present && facts.desktop.marked_deleted;
    }
    return false;
}

const Rule& matching_rule(const KeyFacts& facts, const Policy& policy) {
    const Change desktop = relate(facts.base, facts.desktop, Side::desktop);
    const Change cloud = relate(facts.base, facts.cloud, Side::cloud);
    const auto fits = [](Change wanted, Change seen) { return wanted == Change::any || wanted == seen; };
    for (const Rule& rule : rules())
        if (rule.base == facts.base.state && fits(rule.desktop, desktop) && fits(rule.cloud, cloud) &&
            holds(rule.when, facts, policy))
            return rule;
    throw Defect("no rule matches the facts of a key");
}

std::string_view kind_of(const Rule& rule) {
    if (rule.verdict == Verdict::collide) return "collision";
    if (rule.base != BaseState::live) return "insert_insert";
    if (rule.desktop == Change::deleted) return "delete_update";
    if (rule.cloud == Change::deleted) return "update_delete";
    return "update_update";
}

// A stamp that lies in the future, or that did not move although the content did, was not set by a clock.
bool trusted(const RowFacts& row, const std::optional<std::int64_t>& base_stamp, bool has_base,
             std::int64_t now) {
    if (!row.stamp) return true;
    if (*row.stamp > now + future_tolerance) return false;
    return !(has_base && base_stamp && *row.stamp <= *base_stamp);
}

struct Moment {
    bool known = true;
    std::optional<std::int64_t> at;  // by the desktop's clock; NULL is oldest
};

Moment moment_of(const RowFacts& row, bool trust, std::int64_t shift) {
    const auto shifted = [&](const std::optional<std::int64_t>& t) -> std::optional<std::int64_t> {
        return t ? std::optional(*t - shift) : std::nullopt;
    };
    if (trust) return {true, shifted(row.stamp)};
    return {row.captured.has_value(), shifted(row.captured)};
}

struct Winner {
    std::optional<Side> side;  // none: nobody can say, a person must
    bool bad_clock = false;
};

Winner latest(const KeyFacts& facts, const Policy& policy) {
    const bool has_base = facts.base.state == BaseState::live;
    const ClockFacts& clocks = facts.clocks;
    // A refill stamps every row anew.
    const bool trust_d =
        !policy.refill && trusted(facts.desktop, facts.base.stamp_desktop, has_base, clocks.desktop_now);
    const bool trust_c = trusted(facts.cloud, facts.base.stamp_cloud, has_base, clocks.cloud_now);
    // The rows' own stamps are compared as they are unless the servers' clocks are clearly apart; what the
    // servers stamped themselves (captured) is always shifted.
    const std::int64_t shift = std::abs(clocks.offset) > max_uncertainty ? clocks.offset : 0;
    const Moment d = moment_of(facts.desktop, trust_d, 0);
    const Moment c = moment_of(facts.cloud, trust_c, trust_c ? shift : clocks.offset);
    const bool bad = !trust_d || !trust_c;
    if (!d.known || !c.known) return {std::nullopt, true};
    if (d.at && c.at && clocks.uncertainty > max_uncertainty) return {std::nullopt, true};
    // Rows that meet after their common past was forgotten carry the stamps of that past: a NULL must not win
    // then.
    if (facts.base.state == BaseState::unknown && d.at == c.at && facts.fuller) return {facts.fuller, bad};
    if (!d.at || !c.at) return {d.at && !c.at ? Side::desktop : Side::cloud, bad};
    return {*d.at > *c.at ? Side::desktop : Side::cloud, bad};
}

// What the policy says by itself; a person's choice counts only where that leaves the key to a person.
Winner winner_of(ConflictPolicy chosen, const KeyFacts& facts, const Policy& policy) {
    switch (chosen) {
        case ConflictPolicy::desktop:
            return {Side::desktop, false};
        case ConflictPolicy::cloud:
            return {Side::cloud, false};
        case ConflictPolicy::manual:
        case ConflictPolicy::merge:
            return {std::nullopt, false};
        case ConflictPolicy::latest:
            return latest(facts, policy);
    }
    return {std::nullopt, false};
}

Write write_over(const RowFacts& target) { return target.present ? Write::update : Write::insert; }

void let_win(Decision& decision, const KeyFacts& facts, Side side) {
    decision.conflict = true;
    decision.winner = side;
    decision.kind = kind_of(*decision.rule);
    (side == Side::desktop ? decision.to_cloud : decision.to_desktop) =
        write_over(side == Side::desktop ? facts.cloud : facts.desktop);
}

void wait_for_person(Decision& decision, Wait wait) {
    decision.wait = wait;
    decision.kind = wait == Wait::person_held ? "held" : kind_of(*decision.rule);
}

// A held key whose fate a person chose: that side's present state wins, a delete included.
void carry_out_choice(Decision& decision, const KeyFacts& facts, Side side) {
    const RowFacts& winner = side == Side::desktop ? facts.desktop : facts.cloud;
    if (winner.lives()) return let_win(decision, facts, side);
    decision.conflict = true;
    decision.winner = side;
    decision.kind = kind_of(*decision.rule);
    (side == Side::desktop ? decision.to_cloud : decision.to_desktop) = Write::erase;
}

void hold(Decision& decision, const KeyFacts& facts, Wait wait) {
    if (facts.chosen) return carry_out_choice(decision, facts, *facts.chosen);
    wait_for_person(decision, wait);
}

void resolve_conflict(Decision& decision, const KeyFacts& facts, const Policy& policy) {
    const Winner winner = winner_of(policy.whole_row(), facts, policy);
    decision.bad_clock = winner.bad_clock;
    if (winner.bad_clock) decision.reason += " (a time stamp cannot be trusted)";
    if (!winner.side) return hold(decision, facts, Wait::person_conflict);
    let_win(decision, facts, *winner.side);
}

void merge(Decision& decision, const KeyFacts& facts) {
    const bool to_desktop = facts.merge->result == MergeFacts::Result::cloud;
    (to_desktop ? decision.to_desktop : decision.to_cloud) = Write::update;
    decision.merges = facts.merge->result == MergeFacts::Result::third;
    decision.conflict = facts.merge->loses;
    decision.winner = to_desktop ? Side::cloud : Side::desktop;
    decision.kind = kind_of(*decision.rule);
}

void erase(Decision& decision, const KeyFacts& facts, const Policy& policy, Write& target) {
    if (policy.deletes == DeletePolicy::hold) return hold(decision, facts, Wait::person_held);
    if (policy.deletes == DeletePolicy::ignore) {
        decision.wait = Wait::ignored;
        return;
    }
    target = Write::erase;
}

void carry_out(Decision& decision, const KeyFacts& facts, const Policy& policy) {
    switch (decision.rule->verdict) {
        case Verdict::nothing:
            return;
        case Verdict::insert_cloud:
            decision.to_cloud = write_over(facts.cloud);
            return;
        case Verdict::insert_desktop:
            decision.to_desktop = write_over(facts.desktop);
            return;
        case Verdict::update_cloud:
            decision.to_cloud = Write::update;
            return;
        case Verdict::update_desktop:
            decision.to_desktop = Write::update;
            return;
        case Verdict::delete_cloud:
            return erase(decision, facts, policy, decision.to_cloud);
        case Verdict::delete_desktop:
            return erase(decision, facts, policy, decision.to_desktop);
        case Verdict::adopt:
            decision.book = Book::agree;
            return;
        case Verdict::bury:
            decision.book = Book::tombstone;
            return;
        case Verdict::conflict:
            return resolve_conflict(decision, facts, policy);
        case Verdict::merge:
            return merge(decision, facts);
        case Verdict::cloud_wins:
            return let_win(decision, facts, Side::cloud);
        case Verdict::fuller_wins:
            return let_win(decision, facts, *facts.fuller);
        case Verdict::desktop_over_delete:
            return let_win(decision, facts, Side::desktop);
        case Verdict::cloud_over_delete:
            return let_win(decision, facts, Side::cloud);
        case Verdict::hold:
            return hold(decision, facts, Wait::person_held);
        case Verdict::ask:
            return hold(decision, facts, Wait::person_conflict);
        case Verdict::collide:
            decision.renumber = policy.collision == Collision::remap && !facts.chosen;
            return hold(decision, facts, Wait::person_conflict);
    }
}

void limit(Decision& decision, Direction direction) {
    if (direction == Direction::forward) decision.renumber = false;
    const bool forbidden = (decision.to_cloud != Write::none && direction == Direction::reverse) ||
                           (decision.to_desktop != Write::none && direction == Direction::forward);
    if (!forbidden) return;
    decision.to_cloud = decision.to_desktop = Write::none;
    decision.conflict = decision.merges = false;
    decision.wait = Wait::direction;
}

}  // namespace

Change relate(const BaseEntry& base, const RowFacts& row, Side side) {
    if (row.lives() && row.outside) return Change::outside;
    if (base.state != BaseState::live) return row.lives() ? Change::row : Change::absent;
    if (!row.lives()) return Change::deleted;
    if (row.hash == (side == Side::desktop ? base.desktop : base.cloud)) return Change::equal;
    const bool reverted = side == Side::desktop && base.previous != Hash{} && row.hash == base.previous;
    return reverted ? Change::reverted : Change::updated;
}

std::optional<Side> winner_by(ConflictPolicy policy, const KeyFacts& facts, const Policy& table) {
    return winner_of(policy, facts, table).side;
}

Decision decide(const KeyFacts& facts, const Policy& policy, Direction direction) {
    Decision decision;
    decision.rule = &matching_rule(facts, policy);
    decision.reason = decision.rule->reason;
    carry_out(decision, facts, policy);
    limit(decision, direction);
    return decision;
}

}  // namespace tideway
