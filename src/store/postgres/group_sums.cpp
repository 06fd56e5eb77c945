#include "store/postgres/group_sums.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "store/postgres/pg_snapshot.hpp"
#include "store/postgres/pg_worklist.hpp"

namespace tideway::pg {
namespace {

// Of a hash of 64 bits: the second one only keeps sums of rows from cancelling out.
std::string two_sums(const std::string& hash) {
    return checksum_sql(hash) + ", " + checksum_sql(fmt::format("hashint8extended({}, 0)", hash));
}

// A record that is handed on costs more than its hash, so one hash is taken of it where it is made. OFFSET 0: once.
std::string agreed_rows_sql(const Expressions& e) {
    return fmt::format("SELECT x.bucket / {}, count(*), {} FROM (SELECT {} AS bucket, {} AS a FROM {} t WHERE {} OFFSET 0) x GROUP BY 1",
                       buckets_of_group, two_sums("x.a"), e.bucket("t"), e.hash_a(e.record()), e.relation(),
                       e.in_scope());
}

std::string adoptable_rows_sql(const Expressions& e) {
    return adoptable_sums_sql(fmt::format(
        "(SELECT r.bucket, {} AS a, {} AS b, r.stamp FROM (SELECT {} AS bucket, {} AS record, {} AS stamp FROM {} t WHERE {} "
        "AND NOT {} OFFSET 0) r)",
        e.hash_a("r.record"), e.hash_b("r.record"), e.bucket("t"), e.record(), e.stamp(), e.relation(),
        e.in_scope(), e.marked_mobile()));
}

}  // namespace

std::string adoptable_sums_sql(const std::string& from) {
    return fmt::format("SELECT x.bucket / {}, count(*), {}, {} FROM {} x GROUP BY 1", buckets_of_group, checksum_sql("x.a"),
                       checksum_sql("hashint8extended(x.b, coalesce(x.stamp, -9223372036854775807))"), from);
}

std::string lies_in(const std::string& bucket, const std::vector<int>& buckets) {
    constexpr std::size_t few = 16;
    if (buckets.size() >= bucket_count) return "true";
    if (buckets.size() <= few) return fmt::format("{} = ANY ('{{{}}}'::int[])", bucket, fmt::join(buckets, ","));
    std::string bits(bucket_count, '0');
    for (const int each : buckets) bits[static_cast<std::size_t>(each)] = '1';
    return fmt::format("get_bit(B'{}', {}) = 1", bits, bucket);
}

Digest sums_of_groups(const Result& found, int column) {
    Digest groups;
    for (int i = 0; i < found.rows(); ++i)
        if (const BucketSum sum{found.integer(i, column + 1), found.integer(i, column + 2), found.integer(i, column + 3)};
            sum.rows > 0)
            groups[static_cast<int>(found.integer(i, 0))] = sum;
    return groups;
}

Digest PgSnapshot::sums(const LinkedTable& table, Summed summed) {
    const Expressions e = store_.expressions(table);
    return sums_of_groups(
        connection_.query({"sum up rows", summed == Summed::agreed ? agreed_rows_sql(e) : adoptable_rows_sql(e)}));
}

// A row in doubt ('U') is one too many, with a hash that it does not have. On another connection than the snapshot's, since
// that one is adding up the rows meanwhile: nobody else changes the base while the lease is held.
AgreedSums PgWorklist::agreed_sums() {
    Connection& c = store_.writer();
    Transaction transaction(c, {.read_only = true, .statement_timeout = Millis(0)});
    const Result found = c.query(
        {"sum up base",
        fmt::format("SELECT x.bucket / {}, count(*), {}, count(*) FILTER (WHERE x.live), {} FROM (SELECT {} AS bucket, b.state = 'L' AS "
                    "live, b.hd_a # (b.state <> 'L')::int::bigint AS d, CASE WHEN b.state = 'L' THEN b.hc_a END AS c FROM {} b WHERE "
                    "b.state IN ('L', 'U') OFFSET 0) x GROUP BY 1",
                    buckets_of_group, two_sums("x.d"), two_sums("x.c"), e_.bucket("b"), base_)});
    transaction.commit();
    return {sums_of_groups(found), sums_of_groups(found, 3)};
}

}  // namespace tideway::pg
