#include "engine/guard.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "engine/limits.hpp"

namespace tideway {
namespace {

// So many rows may go from any table without a question, however small it is.
constexpr std::int64_t a_few = 3;

enum class Concern { removal, change, clock };

struct Case {
    const Flow& flow;
    const Outlook& outlook;
    const GuardSetting& guard;
    Side target;
    std::string at_target() const { return target == Side::cloud ? "in the cloud" : "on the desktop"; }
    std::string at_source() const { return target == Side::cloud ? "on the desktop" : "in the cloud"; }
    bool beyond(std::int64_t count, const Limit& limit) const {
        return count > limit_rows(limit, outlook.rows);
    }
};

// Whoever lets all rows of a table go lets it be emptied.
bool stops_emptied(const GuardSetting& guard) {
    return guard.stop_emptied && guard.max_deletes.percent < 100;
}

std::int64_t deleted(const Flow& flow) { return flow.writes.deleted; }
std::int64_t updated(const Flow& flow) { return flow.writes.updated; }
std::int64_t touched(const Flow& flow) { return flow.writes.deleted + flow.writes.updated; }
std::int64_t gone(const Flow& flow) { return flow.gone; }
std::int64_t by_clock(const Flow& flow) { return flow.by_clock; }

std::string would_delete(const Case& c) {
    return fmt::format("would delete {} of {} rows {}", c.flow.writes.deleted, c.outlook.rows, c.at_target());
}

std::string would_change(const Case& c) {
    return fmt::format("would change {} of {} rows {}", c.flow.writes.updated, c.outlook.rows, c.at_target());
}

struct GuardRule {
    std::string_view reason;
    Concern concern;
    bool last;  // says all there is to say about this side
    bool (*stops)(const Case&);
    std::int64_t (*count)(const Flow&);
    std::string (*words)(const Case&);
};

// In order; of each concern the first that holds speaks.
const GuardRule rules_of_the_guard[] = {
    {"replaced", Concern::removal, true,
     [](const Case& c) { return c.guard.stop_replaced && c.flow.replaced && touched(c.flow) > a_few; },
     touched,
     [](const Case& c) {
         return fmt::format(
             "another table stands under this name {}: would delete {} and change {} of {} rows {}",
             c.at_source(), c.flow.writes.deleted, c.flow.writes.updated, c.outlook.rows, c.at_target());
     }},
    {"emptied", Concern::removal, false,
     [](const Case& c) { return stops_emptied(c.guard) && c.flow.empty && deleted(c.flow) > a_few; }, deleted,
     [](const Case& c) { return fmt::format("reads empty {}: {}", c.at_source(), would_delete(c)); }},
    {"deletes", Concern::removal, false,
     [](const Case& c) { return c.beyond(deleted(c.flow), c.guard.max_deletes); }, deleted, would_delete},
    {"shrunk", Concern::removal, false,
     [](const Case& c) { return c.beyond(gone(c.flow), c.guard.max_shrinkage); }, gone,
     [](const Case& c) {
         return fmt::format("{} of {} rows are gone {} and would wait or come back", gone(c.flow),
                            c.outlook.rows, c.at_source());
     }},
    {"all_changed", Concern::change, false,
     [](const Case& c) {
         return c.beyond(updated(c.flow), c.guard.max_updates) && updated(c.flow) >= c.outlook.rows;
     },
     updated,
     [](const Case& c) {
         return fmt::format("would change every one of {} rows {}", c.outlook.rows, c.at_target());
     }},
    {"updates", Concern::change, false,
     [](const Case& c) { return c.beyond(updated(c.flow), c.guard.max_updates); }, updated, would_change},
    {"clocks", Concern::clock, false,
     [](const Case& c) {
         return by_clock(c.flow) > 0 && c.outlook.clock_difference_s > c.guard.max_clock_difference_s;
     },
     by_clock,
     [](const Case& c) {
         return fmt::format("the servers' clocks are {} s apart, and time stamps would decide {} conflicts",
                            c.outlook.clock_difference_s, by_clock(c.flow));
     }},
};

}  // namespace

std::vector<GuardStop> judge(const std::string& table, const Outlook& outlook, const GuardSetting& guard) {
    std::vector<GuardStop> stops;
    for (const Side target : {Side::cloud, Side::desktop}) {
        const Case given{outlook.to(target), outlook, guard, target};
        std::set<Concern> said;
        for (const GuardRule& rule : rules_of_the_guard) {
            if (said.contains(rule.concern) || !rule.stops(given)) continue;
            stops.push_back(
                {table, rule.words(given), rule.count(given.flow), outlook.rows, std::string(rule.reason)});
            said.insert(rule.concern);
            if (rule.last) break;
        }
    }
    return stops;
}

namespace {

// One more than needed: limit_rows() rounds down. A limit that is no part of the table asks for nothing.
std::int64_t rows_of_each(const Limit& limit) {
    constexpr double most = 1'000'000;  // where less than that is let through, all rows are counted after all
    const double percent = limit.percent > 0 ? std::min(limit.percent, 100.0) : 100.0;
    return static_cast<std::int64_t>(std::ceil(std::min(100 / percent, most))) + 1;
}

}  // namespace

RowsThatTell rows_that_tell(const GuardSetting& guard) {
    return {rows_of_each(guard.max_updates), std::max(rows_of_each(guard.max_deletes), rows_of_each(guard.max_shrinkage))};
}

bool may_be_stopped(const Tally& tally, const GuardSetting& guard) {
    const std::int64_t rows = rows_at_stake(tally);
    const std::int64_t gone = std::max(tally.desktop_deleted, tally.cloud_deleted);
    const std::int64_t changed = std::max(tally.desktop_updated, tally.cloud_updated) + tally.on_both;
    return gone > limit_rows(guard.max_deletes, rows) || gone > limit_rows(guard.max_shrinkage, rows) ||
           (stops_emptied(guard) && gone > a_few && gone >= tally.base_rows) ||
           changed > limit_rows(guard.max_updates, rows);
}

std::vector<std::string_view> guard_reasons() {
    std::vector<std::string_view> reasons;
    for (const GuardRule& rule : rules_of_the_guard) reasons.push_back(rule.reason);
    for (const std::string_view other : {reason_depends, reason_schema, reason_restored, reason_side_effects,
                                         reason_protected, reason_confirmation})
        reasons.push_back(other);
    return reasons;
}

}  // namespace tideway
