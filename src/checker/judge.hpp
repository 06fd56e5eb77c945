// The verdict on a history.
//
//   I0   the record itself: users' transactions are in it as their users saw them end, versions are unique
//   I1   what the synchroniser replaced was an ancestor of its replacement, or is kept whole as a conflict in
//   the
//        same transaction; and everything that it replaced is in its journal
//   I2   every version that a user committed is on both sides, an ancestor of such a one, kept as a conflict,
//   or of
//        a key that is listed as waiting
//   I3   nothing invented: what it wrote, a user wrote; what it deleted, a user deleted on the other side
//   I4   strict tables: rows of mobile origin are not changed in the cloud, rows of the desktop not deleted
//   there I5   no regression: nothing was replaced by its own ancestor, no deleted row came back I6   rows of
//   one user's transaction that references connect arrive in one transaction I7   keys that do not wait are
//   equal on both sides, and a further run writes nothing I8   what is listed as waiting has a reason, and
//   differs I12  conflict records are exact: two versions, neither made from the other, winner and images as
//   the policy says
//
// The names are those of the specification; it shares no code, no SQL and no hash with what it judges.
#pragma once
#include <string>

#include "checker/verdict.hpp"

namespace tideway::checker {

Verdict judge(const History& history);

// All that happened to one row's key, in order of time, with the runs and faults in between.
std::string story(const History& history, const std::string& table, const Key& key);
// Each violation with its story.
std::string describe(const History& history, const Verdict& verdict);

}  // namespace tideway::checker
