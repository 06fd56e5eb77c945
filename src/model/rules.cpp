// The decision table. correctness.md 2.6 explains it; docs/conflicts.md is generated from it.
#include "model/decision.hpp"

namespace tideway {

const std::vector<Rule>& rules() {
    using B = BaseState;
    using C = Change;
    using W = Condition;
    using V = Verdict;
    static const std::vector<Rule> table = {
        // no base: the key was never agreed on
        {"R1", B::none, C::row, C::absent, W::always, V::insert_cloud, "new desktop row"},
        {"R2", B::none, C::absent, C::row, W::always, V::insert_desktop, "new cloud row"},
        {"R20", B::none, C::absent, C::absent, W::always, V::nothing,
         "gone again before it was ever agreed on"},
        {"R3", B::none, C::row, C::row, W::rows_equal, V::adopt, "equal on both sides: linked"},
        {"R4", B::none, C::row, C::row, W::collision, V::collide,
         "two rows were created under one key: the mobile one stays, the desktop's waits"},
        {"R5", B::none, C::row, C::row, W::both_mobile, V::cloud_wins,
         "first contact of one mobile-made row that both sides hold: the cloud's version stays"},
        {"R5", B::none, C::row, C::row, W::always, V::conflict, "first contact of differing rows"},
        // a live base: both sides once agreed
        {"R6", B::live, C::equal, C::equal, W::always, V::nothing, "unchanged"},
        {"R7", B::live, C::updated, C::equal, W::desktop_may_write, V::update_cloud, "edited on the desktop"},
        {"R8", B::live, C::updated, C::equal, W::always, V::hold,
         "desktop edit of a row that belongs to mobile (ownership = strict)"},
        {"R9", B::live, C::equal, C::updated, W::always, V::update_desktop, "edited in the cloud"},
        {"R25", B::live, C::reverted, C::equal, W::always, V::update_desktop,
         "a refill brought back what our last write had replaced: the cloud's row is written again"},
        {"R9", B::live, C::reverted, C::updated, W::always, V::update_desktop, "edited in the cloud"},
        {"R15", B::live, C::reverted, C::deleted, W::cloud_may_delete, V::delete_desktop,
         "deleted in the cloud"},
        {"R16", B::live, C::reverted, C::deleted, W::always, V::hold,
         "cloud delete of a row that belongs to the desktop (ownership = strict)"},
        {"R10", B::live, C::updated, C::updated, W::rows_equal, V::adopt, "the same edit on both sides"},
        {"R11", B::live, C::updated, C::updated, W::desktop_may_write, V::conflict, "edited on both sides"},
        {"R12", B::live, C::updated, C::updated, W::always, V::cloud_wins,
         "edited on both sides; the row belongs to mobile (ownership = strict)"},
        {"R13", B::live, C::deleted, C::equal, W::desktop_may_write, V::delete_cloud,
         "deleted on the desktop"},
        {"R14", B::live, C::deleted, C::equal, W::always, V::hold,
         "desktop delete of a row that belongs to mobile (ownership = strict)"},
        {"R15", B::live, C::equal, C::deleted, W::cloud_may_delete, V::delete_desktop,
         "deleted in the cloud"},
        {"R16", B::live, C::equal, C::deleted, W::always, V::hold,
         "cloud delete of a row that belongs to the desktop (ownership = strict)"},
        {"R17", B::live, C::deleted, C::updated, W::always, V::cloud_over_delete,
         "deleted on the desktop, edited in the cloud: the edit wins"},
        {"R18", B::live, C::updated, C::deleted, W::desktop_may_write, V::desktop_over_delete,
         "edited on the desktop, deleted in the cloud: the edit wins"},
        {"R19", B::live, C::updated, C::deleted, W::always, V::hold,
         "edited on the desktop, deleted in the cloud; the row belongs to mobile (ownership = strict)"},
        {"R20", B::live, C::deleted, C::deleted, W::always, V::bury, "deleted on both sides"},
        // a tombstone: both sides agreed that the key is gone
        {"R20", B::tombstone, C::absent, C::absent, W::always, V::nothing, "deleted on both sides"},
        {"R26", B::tombstone, C::row, C::absent, W::brought_back, V::hold,
         "a refill made a row again that had been deleted on both sides"},
        {"R21", B::tombstone, C::row, C::absent, W::always, V::insert_cloud,
         "created again on the desktop after an agreed delete"},
        {"R22", B::tombstone, C::absent, C::row, W::stale_after_restore, V::hold,
         "a restored cloud brought back a row that had been deleted on both sides"},
        {"R21", B::tombstone, C::absent, C::row, W::always, V::insert_desktop,
         "created again in the cloud after an agreed delete"},
        {"R3", B::tombstone, C::row, C::row, W::rows_equal, V::adopt, "equal on both sides: linked"},
        {"R4", B::tombstone, C::row, C::row, W::collision, V::collide,
         "two rows were created under one key: the mobile one stays, the desktop's waits"},
        {"R5", B::tombstone, C::row, C::row, W::both_mobile, V::cloud_wins,
         "first contact of one mobile-made row that both sides hold: the cloud's version stays"},
        {"R5", B::tombstone, C::row, C::row, W::always, V::conflict, "first contact of differing rows"},
        // base unknown: one side was restored from a backup, or the base was lost
        {"R3", B::unknown, C::row, C::row, W::rows_equal, V::adopt, "equal on both sides: linked again"},
        {"R23", B::unknown, C::row, C::row, W::one_side_fuller, V::fuller_wins,
         "a column that one side had filled is mapped now: its values are taken"},
        {"R23", B::unknown, C::row, C::row, W::mobile_after_restore, V::hold,
         "the restored cloud may show an older version of a row that belongs to mobile (ownership = strict)"},
        {"R23", B::unknown, C::row, C::row, W::owned_by_mobile, V::cloud_wins,
         "differing rows without a common past; the row belongs to mobile (ownership = strict)"},
        {"R23", B::unknown, C::row, C::row, W::always, V::conflict, "differing rows without a common past"},
        {"R24", B::unknown, C::row, C::absent, W::always, V::insert_cloud,
         "only the desktop has the row after a restore: kept, never deleted"},
        {"R24", B::unknown, C::absent, C::row, W::always, V::insert_desktop,
         "only the cloud has the row after a restore: kept, never deleted"},
        {"R20", B::unknown, C::absent, C::absent, W::always, V::bury, "gone on both sides"},
    };
    return table;
}

}  // namespace tideway
