// The second look of verify: keys that were unequal are read again, and those that differ for a known reason are told
// from those that nothing explains.
#pragma once
#include <map>
#include <vector>

#include "engine/session.hpp"
#include "model/verify_report.hpp"
#include "reconcile/proof_compare.hpp"
#include "reconcile/reconcile.hpp"

namespace tideway {

struct SecondLook {
    ProofCounts counts;  // not of `rows`
    std::int64_t differences = 0;
    std::int64_t unproven = 0;  // of those counted as changing: a run was at work, and nothing told why they differ
    std::vector<FoundDifference> found;  // at most as many as were asked for
    // What a run needs to decide the differences again: all of them as waiting keys, and the agreements that nobody
    // can trust any more, as unknown.
    Booking again;
    std::string not_compared;  // why the table cannot be compared at all
};

// suspects: keys without an ordinal. show: how many differences are wanted with their rows.
SecondLook look_again(Session& session, TableUnderSync& table, ProofForm form, const std::map<Key, Unequal>& suspects,
                      std::size_t show);

}  // namespace tideway
