// Where a merge meets a key's work: what decide() is told, and what is written. Pure.
#pragma once
#include "reconcile/pairing.hpp"

namespace tideway {

// Adds what is known of the columns to the facts; the merged row, if there is one, goes into the work.
void add_merge_facts(const LinkedTable& table, KeyWork& work, const Evaluate& evaluate, KeyFacts& facts);

// Completes the reason of a decision with the column that it is about.
void explain_merge(KeyWork& work);

// The planned row of the cloud becomes the merged row; work.decision.merges must hold.
void plan_merged_row(const LinkedTable& table, const KeyWork& work, PlannedRow& row);

}  // namespace tideway
