// Locking and inserting where rows share a key: each planned row claims one row of its own (DESIGN.md 10.7).
#include <fmt/format.h>

#include "store/postgres/apply.hpp"

namespace tideway::pg {

// Rows of one key and one hash are alike, so it does not matter which of them a planned row claims; what
// matters is that no two planned rows claim the same.
void SectionApply::lock_repeated(bool skip_locked) {
    if (!has(Write::update) && !has(Write::erase)) return;
    const std::size_t keys = section_.table->key_cells();
    post(
        "lock rows",
        fmt::format(
            "WITH locked AS MATERIALIZED (SELECT t.ctid AS at, {0} AS a, {1} AS b, {11} AS image, {2} "
            "FROM {3} t JOIN (SELECT DISTINCT {4} FROM {5} s WHERE s.op <> 'I') d ON {6} AND {12} ORDER BY "
            "t.ctid "
            "FOR UPDATE OF t{7}), free AS (SELECT l.*, row_number() OVER (PARTITION BY {4}, a, b ORDER BY "
            "at) AS "
            "claim FROM locked l), wanted AS (SELECT {8}, s.a, s.b, s.n, row_number() OVER (PARTITION BY "
            "{8}, "
            "s.a, s.b ORDER BY s.n) AS claim FROM {5} s WHERE s.op <> 'I') "
            "INSERT INTO pg_temp.tideway_found SELECT {9}, w.n, f.at, f.a, f.b, f.image FROM wanted w JOIN "
            "free "
            "f ON {10} AND f.a = w.a AND f.b = w.b AND f.claim = w.claim",
            e_.hash_a(), e_.hash_b(), e_.keys_as_work(), e_.relation(), key_list(keys), stage_,
            e_.key_match("d"), skip_locked ? " SKIP LOCKED" : "", key_list(keys, "s"), number_,
            key_equal(keys, "w", "f"), e_.image(), e_.in_scope()));
}

// Rows of one key go in one statement only where they are alike: then any returned row of that key may stand
// for any of them, whatever triggers made of it.
void SectionApply::insert_repeated(const std::string& names, const std::string& values) {
    const std::size_t keys = section_.table->key_cells();
    std::vector<std::string> cells;
    for (std::size_t i = 1; i <= section_.table->cells_to(store_.side()); ++i)
        cells.push_back(fmt::format("s.c{}", i));
    post("rank rows",
            fmt::format("CREATE TEMP TABLE tideway_rank_{} ON COMMIT DROP AS SELECT s.n, dense_rank() OVER "
                        "(PARTITION BY {} "
                        "ORDER BY ROW({})::text COLLATE \"C\") AS rank FROM {} s WHERE s.op = 'I'",
                        number_, key_list(keys, "s"), join(cells), stage_));
    const std::string ranks = fmt::format("pg_temp.tideway_rank_{}", number_);
    const std::int64_t last =
        connection_.query({"count ranks", fmt::format("SELECT coalesce(max(rank), 0) FROM {}", ranks)})
            .integer(0, 0);
    for (std::int64_t rank = 1; rank <= last; ++rank) {
        const std::string rows = fmt::format(
            "(SELECT s.* FROM {} s JOIN {} r ON r.n = s.n WHERE r.rank = {})", stage_, ranks, rank);
        post(
            "insert rows",
            fmt::format(
                "WITH w AS (INSERT INTO {} AS t ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} s ORDER BY "
                "s.n "
                "RETURNING {}, {} AS a, {} AS b, {} AS stamp, t.ctid AS now), written AS (SELECT w.*, "
                "row_number() OVER (PARTITION BY {} ORDER BY w.now) AS no FROM w), planned AS (SELECT s.n, "
                "{}, row_number() OVER (PARTITION BY {} ORDER BY s.n) AS no FROM {} s) "
                "INSERT INTO pg_temp.tideway_outcome SELECT {}, p.n, w.a, w.b, w.stamp, NULL, w.now FROM "
                "written w JOIN planned p ON p.no = w.no AND {}",
                e_.relation(), names, values, rows, e_.keys_as_work(), e_.hash_a(), e_.hash_b(), e_.stamp(),
                key_list(keys), key_list(keys, "s"), key_list(keys, "s"), rows, number_,
                key_equal(keys, "w", "p")));
    }
    move_counters();
}

}  // namespace tideway::pg
