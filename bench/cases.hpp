// The cases, in the order in which they run (later ones use the large table as earlier ones leave it).
#pragma once
#include <string_view>
#include <vector>

#include "bench.hpp"

namespace tideway::bench {

struct Case {
    std::string_view name;
    std::string_view what;  // one line
    Measurement (*measure)(Bench&);
};

const std::vector<Case>& cases();

Measurement first_sync_small(Bench& bench);
Measurement first_sync_large(Bench& bench);
Measurement first_sync_narrow(Bench& bench);
Measurement office_first_load(Bench& bench);
Measurement idle_changelog(Bench& bench);
Measurement verify_large(Bench& bench);
Measurement idle_full(Bench& bench);
Measurement changed_100(Bench& bench);
Measurement changed_1k(Bench& bench);
Measurement changed_10k(Bench& bench);
Measurement changed_100k(Bench& bench);
Measurement peer_replication_changed(Bench& bench);
Measurement peer_bucardo_changed(Bench& bench);
Measurement growth_to_large(Bench& bench);
Measurement growth_to_ten_million(Bench& bench);
Measurement idle_xmin(Bench& bench);
Measurement idle_office(Bench& bench);
Measurement refilled_office(Bench& bench);
Measurement deleted_rows(Bench& bench);
Measurement conflicting_rows(Bench& bench);
Measurement adoption(Bench& bench);
Measurement one_row_updates(Bench& bench);
Measurement bulk_update(Bench& bench);
Measurement guarded_apply(Bench& bench);
Measurement row_guards(Bench& bench);
Measurement far_idle(Bench& bench);
Measurement far_hundred(Bench& bench);
Measurement farther_hundred(Bench& bench);
Measurement far_many(Bench& bench);
Measurement far_first_sync(Bench& bench);
Measurement far_first_sync_large(Bench& bench);
Measurement peer_dump(Bench& bench);
Measurement peer_upserts(Bench& bench);
Measurement peer_replication(Bench& bench);
Measurement peer_pgcopydb(Bench& bench);

}  // namespace tideway::bench
