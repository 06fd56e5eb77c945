#include "cases.hpp"

namespace tideway::bench {

const std::vector<Case>& cases() {
    static const std::vector<Case> all = {
        {"first_sync_25k", "first forward sync of 25k rows, against COPY to COPY", first_sync_small},
        {"first_sync_1m", "the same with the large table", first_sync_large},
        {"first_sync_narrow", "the same, 500k rows of two columns", first_sync_narrow},
        {"office_first_load", "first forward sync of an office's 15 tables, against 1000-row upserts", office_first_load},
        {"idle_changelog", "nothing changed, large table, changelogs, against reading both sides once", idle_changelog},
        {"idle_full", "nothing changed, large table, everything compared", idle_full},
        {"verify_1m", "verify of two equal large tables, against COPY of both to /dev/null", verify_large},
        {"changed_100", "100 rows of the large table changed, against extract + update in the servers", changed_100},
        {"changed_1k", "the same, 1,000 rows", changed_1k},
        {"changed_10k", "the same, 10,000 rows", changed_10k},
        {"changed_100k", "the same, 100,000 rows", changed_100k},
        {"growth_1m", "1,000 changes in the large table, against the same in one of 10k rows", growth_to_large},
        {"growth_10m", "the same in one ten times as large, against the large one", growth_to_ten_million},
        {"idle_xmin", "nothing changed, large table, nothing installed in it", idle_xmin},
        {"idle_office", "nothing changed, the 15 tables of an office, xmin on the desktop", idle_office},
        {"refill_office", "ten of the office's tables refilled, nothing changed", refilled_office},
        {"deletes_10k", "10k rows of 200k deleted, against DELETE in the server", deleted_rows},
        {"conflicts_1k", "1,000 rows of 100k changed on both sides", conflicting_rows},
        {"adoption_1m", "first sync of two sides that are equal already, against reading both", adoption},
        {"capture_one_row", "users' one-row updates with capture triggers, against none", one_row_updates},
        {"capture_bulk", "one UPDATE of 20k rows with capture triggers, against none", bulk_update},
        {"guarded_apply", "10k changed rows applied with journal and comparison with the plan, against none", guarded_apply},
        {"row_guards", "the same with row guards, against none", row_guards},
        {"far_idle", "nothing changed, cloud behind a line of 40 ms and 20 Mbit/s", far_idle},
        {"far_100", "100 rows of 3 tables changed, the same line", far_hundred},
        {"farther_100", "the same, line of 200 ms", farther_hundred},
        {"far_10k", "10k rows changed, line of 40 ms", far_many},
        {"far_first_sync", "first forward sync of 25k rows, line of 40 ms", far_first_sync},
        {"far_first_sync_200k", "the same, 200k rows", far_first_sync_large},
        {"peer_pg_dump", "pg_dump | psql fills an empty table", peer_dump},
        {"peer_upserts", "1000-row INSERT .. ON CONFLICT through libpq", peer_upserts},
        {"peer_replication", "native logical replication fills an empty table", peer_replication},
        {"peer_replication_10k", "native logical replication of 10k changed rows of the large table", peer_replication_changed},
        {"peer_bucardo_10k", "Bucardo carries 10k changed rows of the large table", peer_bucardo_changed},
        {"peer_pgcopydb", "pgcopydb fills an empty table", peer_pgcopydb},
    };
    return all;
}

}  // namespace tideway::bench
