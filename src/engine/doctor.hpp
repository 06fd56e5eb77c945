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
// Keys that a sequence of one side makes.
Findings check_numbering(const TableUnderSync& table);
// Nothing but the data can prove that the key of that side is unique.
bool key_needs_proof(const TableUnderSync& table, Side side);

// doctor_columns.cpp: values that one side's columns cannot hold.
Findings check_columns(const TableUnderSync& table);

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

}  // namespace tideway::doctor
