// Two filled sides that have never met: the base is made where its rows are, and sums prove what is in it.
#include <fmt/format.h>

#include <algorithm>

#include "store/postgres/group_sums.hpp"
#include "store/postgres/pg_archive.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

// For the cloud's sums. Beyond it nobody is there any more, and the base must not stay locked.
constexpr Millis longest_wait{30 * 60'000};

// All rows of the desktop as agreed on. The base has no other live rows; it may know of deleted ones.
std::string adopt_sql(const Expressions& e, const std::string& base, std::int64_t cloud_barrier) {
    const std::size_t keys = e.table().key_cells();
    return fmt::format(
        "INSERT INTO {0} AS b ({1}, c_barrier, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c) "
        "SELECT {2}, {3}, y.a, y.b, y.a, y.b, y.stamp, y.stamp FROM (SELECT {4}, {5} AS a, {6} AS b, r.stamp FROM (SELECT {7}, {8} "
        "AS record, {9} AS stamp FROM {10} t WHERE {11} AND {12} OFFSET 0) r OFFSET 0) y",
        base, key_list(keys), key_list(keys, "y"), cloud_barrier, key_list(keys, "r"), e.hash_a("r.record"),
        e.hash_b("r.record"), e.keys_as_work(), e.record(), e.stamp(), e.relation(), e.key_present(), e.in_scope());
}

std::string adopted_sums_sql(const Expressions& e, const std::string& base) {
    return adoptable_sums_sql(fmt::format("(SELECT {} AS bucket, b.hd_a AS a, b.hd_b AS b, b.ts_d AS stamp FROM {} b WHERE b.state = 'L')",
                                          e.bucket("b"), base));
}

}  // namespace

// The fence comes last: it locks the lease, which is renewed while this goes on.
Adopted PgArchive::adopt(const LinkedTable& table, std::int64_t cloud_barrier, std::int64_t fence,
                         const std::function<Digest()>& cloud) try {
    const Expressions e = store_.expressions(table);
    const std::string base = base_name(store_.pair_number(), table.id);
    Connection& c = store_.writer();
    Transaction transaction(c, {.statement_timeout = Millis(0), .idle_timeout = longest_wait});
    c.post({"adopt rows", adopt_sql(e, base, cloud_barrier)});
    // Read back from the base: RETURNING would keep all rows once more.
    const Digest here = sums_of_groups(c.query({"sum up adopted rows", adopted_sums_sql(e, base)}));
    const std::vector<int> unequal = unequal_buckets(here, cloud());
    if (2 * unequal.size() > here.size()) return Adopted{0, all_buckets()};  // most would have to be taken out again
    Adopted adopted{0, buckets_of(unequal)};
    for (const auto& [group, sum] : here)
        if (!std::binary_search(unequal.begin(), unequal.end(), group)) adopted.rows += sum.rows;
    if (!unequal.empty())
        c.post({"leave unequal rows out",
                fmt::format("DELETE FROM {} AS b WHERE b.state = 'L' AND {}", base, lies_in(e.bucket("b"), adopted.unequal))});
    check_fence(c, fence);
    note_peer(c, cloud_barrier);
    transaction.commit();
    failpoint("adopt.booked");
    return adopted;
} catch (const DbError& error) {
    if (error.sqlstate() == "23505") return Adopted{0, all_buckets()};  // a key came twice since the snapshot: no index forbids it
    throw;
}

}  // namespace tideway::pg
