// What doctor looks for, as pure functions of what servers and catalogues say. Each returns its findings in
// any order.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "engine/session.hpp"
#include "model/report.hpp"

namespace tideway::doctor {

using Findings = std::vector<Finding>;

// doctor_server.cpp: one side as a whole. installed: schema tideway is there already.
Findings check_server(Side side, const ServerFacts& server, const SideSetting& setting, bool installed);
Findings check_clocks(const ClockFacts& clocks);
// Rights and zones that only some tables need.
Findings check_needs(const ServerFacts& desktop, const ServerFacts& cloud,
                     const std::vector<TableUnderSync>& tables);

// doctor_table.cpp: one table.
Findings check_linking(const TableUnderSync& table, const ServerFacts& desktop, const ServerFacts& cloud);
Findings check_capture(const TableUnderSync& table, const ServerFacts& desktop, const ServerFacts& cloud);
Findings check_policy(const TableUnderSync& table);
// duplicates: what Snapshot::duplicate_keys() said.
Findings check_key(const TableUnderSync& table, Side side, const std::vector<std::string>& duplicates);
Findings suggest_indexes(Side side, const std::vector<const TableUnderSync*>& tables);
// Nothing but the data can prove that the key of that side is unique.
bool key_needs_proof(const TableUnderSync& table, Side side);

// doctor_columns.cpp: values that one side's columns cannot hold.
Findings check_columns(const TableUnderSync& table);

// doctor_numbers.cpp: how the numbers in a key column are given on both sides, and how many are left.
struct KeyNumbers {
    struct Place {
        std::optional<SequenceFacts> sequence;  // none: no sequence numbers it, or the role may not read it
        NumbersInUse used;
        std::int64_t below_range = 0;  // the greatest number below the range of the other side's sequence
    };
    Place desktop, cloud;
    const Place& on(Side side) const { return side == Side::desktop ? desktop : cloud; }
    Place& on(Side side) { return side == Side::desktop ? desktop : cloud; }
};
// The key columns of which that can be asked: whole or decimal numbers on both sides.
std::vector<const LinkedColumn*> numbered_keys(const TableUnderSync& table);
// Numbers of the column beyond this leave too few for the time to come.
std::int64_t reach(const TableUnderSync& table, const LinkedColumn& column);
// Where the numbers begin that a sequence was made for.
std::int64_t range_start(const SequenceFacts& sequence);
// Numbers that both sides may give to different rows.
Findings check_numbering(const TableUnderSync& table, const LinkedColumn& column, const KeyNumbers& numbers,
                         const ServerFacts& desktop, const ServerFacts& cloud);
// Too few numbers left, or too few for phones that pick them by chance.
Findings check_key_space(const TableUnderSync& table, const LinkedColumn& column, const KeyNumbers& numbers);

// doctor_effects.cpp: triggers, cascades and references, seen over all tables.
Findings check_effects(const std::vector<TableUnderSync>& tables);
Findings check_unmentioned(const std::vector<TableUnderSync>& tables,
                           const std::vector<sql::TableName>& desktop,
                           const std::vector<sql::TableName>& cloud);

// ---- for the parts
// -----------------------------------------------------------------------------------------

// "cloud.climaster"
std::string place(Side side, const sql::TableName& table, const std::string& column = {});
const std::optional<Relation>& relation(const TableUnderSync& table, Side side);
void add(Findings& findings, Findings more);
// The greatest number that fits; infinity if the type sets no limit.
double greatest(const RelationColumn& column);

}  // namespace tideway::doctor
