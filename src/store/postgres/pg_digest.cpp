// What a table holds, by buckets, and where that is not what was agreed on.
#include <fmt/format.h>

#include "store/postgres/checksum.hpp"
#include "store/postgres/pg_snapshot.hpp"

namespace tideway::pg {
namespace {

// bucket, n, a, b
std::string digest_sql(const Expressions& e, bool keys_only) {
    const std::string record = keys_only ? fmt::format("(ROW({})::text COLLATE \"C\")", join(e.key_cells())) : e.record();
    const std::string a = keys_only ? "hashtextextended(record, 1)" : e.hash_a("record");
    const std::string b = keys_only ? "hashtextextended(record, 2)" : e.hash_b("record");
    return fmt::format(
        "SELECT y.* FROM (SELECT bucket, count(*), {} FROM (SELECT bucket, {} AS a, {} AS b FROM (SELECT {} AS bucket, {} AS record "
        "FROM {} t WHERE {} OFFSET 0) r) x GROUP BY bucket) y(bucket, n, a, b)",
        hash_sums_sql("a", "b"), a, b, e.bucket("t"), record, e.relation(), e.in_scope());
}

BucketSum sum_at(const Result& found, int row, int column) {
    return {found.integer(row, column), found.integer(row, column + 1), found.integer(row, column + 2)};
}

// Sums of some 4 * sqrt(n) groups are sent for n buckets: much fewer, and still few buckets in each, so that
// little comes back where little has changed.
int bits_of_group(const Digest& digest) {
    const auto groups = [](int bits) { return static_cast<std::size_t>(bucket_count >> bits); };
    int bits = 0;
    while (groups(bits) * groups(bits) > 16 * digest.size()) ++bits;
    return bits;
}

// Buckets of neighbouring numbers, taken together.
Digest grouped(const Digest& digest, int bits) {
    struct Sum {
        std::int64_t rows = 0;
        Checksum a, b;
    };
    std::map<int, Sum> sums;
    for (const auto& [bucket, sum] : digest) {
        Sum& group = sums[bucket >> bits];
        group.rows += sum.rows;
        group.a.add(sum.a);
        group.b.add(sum.b);
    }
    Digest groups;
    for (const auto& [group, sum] : sums) groups[group] = {sum.rows, sum.a.value(), sum.b.value()};
    return groups;
}

std::vector<Cell> as_arrays(const Digest& groups) {
    std::vector<std::string> columns[4];
    for (const auto& [group, sum] : groups) {
        const std::int64_t values[] = {group, sum.rows, sum.a, sum.b};
        for (std::size_t i = 0; i < 4; ++i) columns[i].push_back(std::to_string(values[i]));
    }
    std::vector<Cell> arrays;
    for (const std::vector<std::string>& column : columns) arrays.emplace_back(text_array(column));
    return arrays;
}

}  // namespace

Digest PgSnapshot::digest(const LinkedTable& table, bool keys_only) {
    const Result found = connection_.query({"digest", digest_sql(store_.expressions(table), keys_only)});
    Digest digest;
    for (int i = 0; i < found.rows(); ++i)
        digest[static_cast<int>(found.integer(i, 0))] = sum_at(found, i, 1);
    return digest;
}

// The server gets sums of groups of buckets and answers with the buckets of those groups that are different,
// in one reading of the table.
std::vector<int> PgSnapshot::unequal_buckets(const LinkedTable& table, bool keys_only, const Digest& agreed) {
    const int bits = bits_of_group(agreed);
    const Result found = run(connection_, "compare digests",
                             fmt::format(R"(
WITH s AS MATERIALIZED ({0}),
    g AS (SELECT s.bucket >> {1} AS no, sum(s.n) AS n, {2} AS a, {3} AS b FROM s GROUP BY 1),
    e AS (SELECT * FROM unnest($1::int[], $2::numeric[], $3::bigint[], $4::bigint[]) AS e(no, n, a, b))
SELECT coalesce(g.no, e.no), s.bucket, s.n, s.a, s.b FROM g FULL JOIN e ON g.no = e.no LEFT JOIN s ON s.bucket >> {1} = g.no
WHERE (g.n, g.a, g.b) IS DISTINCT FROM (e.n, e.a, e.b))",
                                         digest_sql(store_.expressions(table), keys_only), bits,
                                         checksum_sql("s.a"), checksum_sql("s.b")),
                             as_arrays(grouped(agreed, bits)));
    Digest there, expected;
    for (int i = 0; i < found.rows(); ++i) {
        const int first = static_cast<int>(found.integer(i, 0)) << bits;
        expected.insert(agreed.lower_bound(first), agreed.lower_bound(first + (1 << bits)));
        if (!found.null(i, 1)) there[static_cast<int>(found.integer(i, 1))] = sum_at(found, i, 2);
    }
    return tideway::unequal_buckets(expected, there);
}

}  // namespace tideway::pg
