// What a guard stops, as one table of rules (DESIGN.md 10.18, docs/configuration.md). Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "model/report.hpp"
#include "store/store.hpp"

namespace tideway {

// What a run would do to one side because of what the other one shows.
struct Flow {
    WriteCounts writes;
    std::int64_t gone =
        0;  // rows that both sides knew, that the source lacks since now, and that are not deleted
    std::int64_t by_clock = 0;  // conflicts that time stamps decide
    bool empty = false;         // the source had rows and reads empty
    bool replaced = false;      // the source is another table under the old name
};

// One table before a run, without what somebody has confirmed.
struct Outlook {
    std::int64_t rows = 0;  // that could be changed or deleted
    Flow to_cloud, to_desktop;
    std::int64_t clock_difference_s = 0;
    const Flow& to(Side target) const { return target == Side::cloud ? to_cloud : to_desktop; }
    Flow& to(Side target) { return target == Side::cloud ? to_cloud : to_desktop; }
};

// Every stop of a table: at most one each for rows that go, rows that change, and clocks, on either side.
std::vector<GuardStop> judge(const std::string& table, const Outlook& outlook, const GuardSetting& guard);

// False if nothing that these numbers allow could be stopped: they are upper bounds, and cheap.
bool may_be_stopped(const Tally& tally, const GuardSetting& guard);

// With more rows than that no limit is reached, so Tally's base_rows may be counted up to there.
RowsThatTell rows_that_tell(const GuardSetting& guard);

// The words that GuardStop::reason can hold.
std::vector<std::string_view> guard_reasons();

// Two clocks, two urls, two histories: stops that speak of no single table, or of one that was not read.
inline constexpr std::string_view reason_depends = "depends", reason_schema = "schema_changed",
                                  reason_restored = "restored", reason_confirmation = "confirmation", reason_lost = "lost",
                                  reason_side_effects = "side_effects", reason_protected = "protected_row";

}  // namespace tideway
