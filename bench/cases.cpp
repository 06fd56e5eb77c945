#include "cases.hpp"

namespace tideway::bench {

const std::vector<Case>& cases() {
    static const std::vector<Case> all = {
        {"first_sync_25k", "first forward sync of 25k rows, against COPY to COPY", first_sync_small},
        {"first_sync_1m", "the same with the large table", first_sync_large},
        {"idle_changelog", "nothing changed, large table, changelogs, against reading both sides once",
         idle_changelog},
        {"changed_1pct", "1 % of the large table changed, against extract + update in the servers",
         changed_rows},
        {"idle_xmin", "nothing changed, large table, xmin on the desktop", idle_xmin},
        {"idle_office", "nothing changed, the 15 tables of an office, xmin on the desktop", idle_office},
        {"adoption_200k", "first sync of two sides that are equal already, against reading both", adoption},
        {"capture_one_row", "users' one-row updates with capture triggers, against none", one_row_updates},
        {"capture_bulk", "one UPDATE of 20k rows with capture triggers, against none", bulk_update},
        {"guarded_apply", "10k changed rows applied with journal and guards, against none", guarded_apply},
    };
    return all;
}

}  // namespace tideway::bench
