// The parts of the verdict that look at a whole history.
#pragma once
#include "checker/final_state.hpp"
#include "checker/replay.hpp"

namespace tideway::checker {

void judge_record(const History& history, const Replay& replay, Verdict& verdict);  // I0
void judge_accounts(const History& history, const Replay& replay, const FinalState& end,
                    Verdict& verdict);  // I2
void judge_groups(const History& history, const Replay& replay, const FinalState& end,
                  Verdict& verdict);                                                   // I6
void judge_end(const History& history, const FinalState& end, Verdict& verdict);       // I7, I8
void judge_conflicts(const History& history, const Replay& replay, Verdict& verdict);  // I12

}  // namespace tideway::checker
