#include "store/postgres/proof_reader.hpp"

#include <fmt/format.h>

#include <chrono>

#include "store/postgres/pg_snapshot.hpp"

namespace tideway::pg {
namespace {

constexpr int first_with_tid_ranges = 140'000;

std::int64_t monotonic_micros() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::string within(const Blocks& blocks) {
    const std::string from = fmt::format("t.ctid >= '({},0)'::tid", blocks.first);
    return blocks.end ? fmt::format("{} AND t.ctid < '({},0)'::tid", from, *blocks.end) : from;
}

}  // namespace

PgProofReader::PgProofReader(PgStore& store, const LinkedTable& table, ProofForm form)
    : e_(store.expressions(table)),
      form_(form),
      connection_(store.reader()),
      sums_(fmt::format("pg_temp.tideway_proof_{}", table.id)) {}

// Of the largest of the relations that the table consists of: a range of blocks is read in each of them.
std::int64_t PgProofReader::blocks() {
    return connection_
        .query({"count blocks",
                fmt::format("WITH RECURSIVE r AS (SELECT {}::regclass::oid AS oid UNION SELECT i.inhrelid FROM "
                            "pg_inherits i JOIN r ON i.inhparent = r.oid) SELECT "
                            "coalesce(max(pg_relation_size(r.oid)), 0) / current_setting('block_size')::int FROM r",
                            sql::literal(e_.relation()))})
        .integer(0, 0);
}

// Bounded by what the server needs for each, not by the rows' number.
void PgProofReader::in_portions(const std::function<bool(const std::string&)>& statement) {
    if (connection_.server_version() < first_with_tid_ranges) {
        statement("true");
        return;
    }
    BlockWalk walk(blocks());
    while (const auto portion = walk.next()) {
        const std::int64_t before = monotonic_micros();
        if (!statement(within(*portion))) return;
        walk.took(monotonic_micros() - before);
        failpoint("verify.portion");
    }
}

std::string PgProofReader::named_keys() const {
    std::vector<std::string> keys;
    for (const std::string& cell : e_.key_cells()) keys.push_back(fmt::format("{} AS k{}", cell, keys.size() + 1));
    return join(keys);
}

// OFFSET 0 keeps the server from making the image anew for each hash.
std::string PgProofReader::images(const std::string& condition, bool with_keys) const {
    const std::string keys = with_keys ? ", " + named_keys() : "";
    return fmt::format("SELECT {} AS bucket, {} AS image{} FROM {} t WHERE {} AND {} OFFSET 0",
                       e_.proof_bucket(form_), e_.proof_image(form_), keys, e_.relation(), e_.in_scope(),
                       condition);
}

std::string PgProofReader::hashes(const std::string& columns, const std::string& images) const {
    return fmt::format("SELECT {}, {} AS a, {} AS b FROM ({}) x", columns,
                       e_.proof_hash(form_, "x.image", Expressions::Half::a),
                       e_.proof_hash(form_, "x.image", Expressions::Half::b), images);
}

// Sorting whole rows to group them would cost more than all the rest.
void PgProofReader::read(const BucketRange& range, const std::function<bool()>& go_on) {
    connection_.query({"create bucket sums",
                       fmt::format("CREATE TEMP TABLE {} (bucket int, n bigint, a numeric, b numeric) ON COMMIT DROP",
                                   sums_.substr(sums_.find('.') + 1))});
    const bool all = range.first == 0 && range.end == bucket_count;
    const std::string wanted =
        all ? "" : fmt::format(" WHERE x.bucket >= {} AND x.bucket < {}", range.first, range.end);
    in_portions([&](const std::string& condition) {
        connection_.query(
            {"add up rows",
             fmt::format("SET LOCAL enable_sort = off; SET LOCAL work_mem = '32MB'; INSERT INTO {} SELECT y.bucket, "
                         "count(*), sum(y.a), sum(y.b) FROM ({}) y GROUP BY y.bucket; SET LOCAL enable_sort TO "
                         "DEFAULT; SET LOCAL work_mem TO DEFAULT",
                         sums_, hashes("x.bucket", images(condition, false)) + wanted)});
        return go_on();
    });
}

std::map<int, BucketSum> PgProofReader::sums(int width, int wider_width, const std::vector<int>& wider) {
    const Result found = connection_.query(
        {"read bucket sums",
         fmt::format("SELECT s.bucket / {0}, sum(s.n)::bigint, {1}, {2} FROM {3} s WHERE s.bucket / {4} = ANY "
                     "('{{{5}}}'::int[]) GROUP BY 1",
                     width, checksum_sql("s.a"), checksum_sql("s.b"), sums_, wider_width, fmt::join(wider, ","))});
    std::map<int, BucketSum> sums;
    for (int i = 0; i < found.rows(); ++i)
        sums[static_cast<int>(found.integer(i, 0))] = {found.integer(i, 1), found.integer(i, 2),
                                                       found.integer(i, 3)};
    return sums;
}

void PgProofReader::list(const std::vector<int>& buckets, const std::function<void(ProofRow&&)>& sink) {
    const std::size_t keys = e_.table().key_cells();
    in_portions([&](const std::string& condition) {
        const std::string wanted = fmt::format("x.bucket = ANY ('{{{}}}'::int[])", fmt::join(buckets, ","));
        connection_.copy_out({"list rows", fmt::format("COPY ({} WHERE {}) TO STDOUT",
                                                       hashes(key_list(keys, "x"), images(condition, true)), wanted)},
                             keys + 2, [&](const Cells& cells) {
                                 ProofRow row;
                                 for (std::size_t i = 0; i < keys; ++i) row.key.push_back(cells[i].value_or(""));
                                 row.hash = {integer_in(cells[keys]), integer_in(cells[keys + 1])};
                                 sink(std::move(row));
                             });
        return true;
    });
}

std::vector<ProofRow> PgProofReader::look(const std::vector<Key>& keys) {
    const std::size_t count = e_.table().key_cells();
    std::vector<std::string> arrays, typed;
    std::vector<Cell> parameters;
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<std::string> column;
        for (const Key& key : keys) column.push_back(key[i]);
        arrays.push_back(fmt::format("${}::text[]", i + 1));
        parameters.push_back(text_array(column));
    }
    for (const std::string& type : e_.work_key_types())
        typed.push_back(fmt::format("w.k{0}::{1} AS k{0}", typed.size() + 1, type));
    const std::string images =
        fmt::format("SELECT {}, {} AS image FROM (SELECT {} FROM unnest({}) AS w({}) OFFSET 0) w JOIN {} t ON {} "
                    "WHERE {} OFFSET 0",
                    named_keys(), e_.proof_image(form_), join(typed), join(arrays), key_list(count), e_.relation(),
                    e_.key_match("w"), e_.in_scope());
    const Result found = run(connection_, "look at rows", hashes(key_list(count, "x"), images), parameters);
    std::vector<ProofRow> rows;
    for (int i = 0; i < found.rows(); ++i)
        rows.push_back({key_at(found, i, 0, count), hash_at(found, i, static_cast<int>(count))});
    return rows;
}

std::unique_ptr<ProofReader> PgSnapshot::proof(const LinkedTable& table, ProofForm form) {
    return std::make_unique<PgProofReader>(store_, table, form);
}

}  // namespace tideway::pg
