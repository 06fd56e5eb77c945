// Rows' changes, transaction by transaction.
#pragma once
#include <vector>

#include "checker/history.hpp"

namespace tideway::checker {

// What one transaction made of one row: for the synchroniser from the row's first image to its last one, for
// users change by change.
struct Step {
    Write write;
    const TableRules* rules;
    Key key;  // of the row before, else of the row after
};

// In order of time; each side's own order is kept.
std::vector<Step> steps_of(const History& history);

}  // namespace tideway::checker
