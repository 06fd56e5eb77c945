#include "cases.hpp"

namespace tideway::bench {

const std::vector<Case>& cases() {
    static const std::vector<Case> all = {
        {"first_sync_25k", "first forward sync of 25k rows, against COPY to COPY", first_sync_small},
        {"first_sync_1m", "the same with the large table", first_sync_large},
        {"idle_changelog", "nothing changed, large table, changelogs, against reading both sides once",
         idle_changelog},
        {"verify_1m", "verify of two equal large tables, against COPY of both to /dev/null", verify_large},
        {"changed_1pct", "1 % of the large table changed, against extract + update in the servers",
         changed_rows},
        {"idle_xmin", "nothing changed, large table, xmin on the desktop", idle_xmin},
        {"idle_office", "nothing changed, the 15 tables of an office, xmin on the desktop", idle_office},
        {"adoption_200k", "first sync of two sides that are equal already, against reading both", adoption},
        {"capture_one_row", "users' one-row updates with capture triggers, against none", one_row_updates},
        {"capture_bulk", "one UPDATE of 20k rows with capture triggers, against none", bulk_update},
        {"guarded_apply", "10k changed rows applied with journal and guards, against none", guarded_apply},
        {"far_idle", "nothing changed, cloud behind a line of 40 ms and 20 Mbit/s", far_idle},
        {"far_100", "100 rows of 3 tables changed, the same line", far_hundred},
        {"farther_100", "the same, line of 200 ms", farther_hundred},
        {"far_10k", "10k rows changed, line of 40 ms", far_many},
        {"far_first_sync", "first forward sync of 25k rows, line of 40 ms", far_first_sync},
        {"peer_pg_dump", "pg_dump | psql fills an empty table", peer_dump},
        {"peer_upserts", "1000-row INSERT .. ON CONFLICT through libpq", peer_upserts},
        {"peer_replication", "native logical replication fills an empty table", peer_replication},
        {"peer_pgcopydb", "pgcopydb fills an empty table", peer_pgcopydb},
    };
    return all;
}

}  // namespace tideway::bench
