#include "store/postgres/unique_worklist.hpp"

#include <fmt/format.h>

#include "store/postgres/group_sums.hpp"
#include "store/postgres/pg_snapshot.hpp"

namespace tideway::pg {

// Rows without a key cannot be synchronised; they are found by duplicate_keys() before any run.
void UniqueWorklist::compare(const std::string& rows, const std::string& agreed) {
    const std::string present = e_.key_present() + " AND " + e_.in_scope() + " AND " + rows;
    std::vector<std::string> either;
    for (std::size_t i = 1; i <= keys_; ++i) either.push_back(fmt::format("coalesce(t.k{0}, b.k{0})", i));
    execute("compare desktop with base",
            insert_head("d_seen, d_gone, base_live") +
                fmt::format("SELECT {}, true, t.present IS NULL, coalesce(b.state = 'L', false) FROM (SELECT "
                            "{}, true AS present, {} AS a, {} AS b FROM (SELECT {}, {} AS record "
                            "FROM {} t WHERE {} OFFSET 0) t) t FULL JOIN (SELECT * FROM {} b WHERE {}) b ON {} WHERE CASE WHEN t.present IS NULL "
                            "THEN b.state IN ('L', 'U') "
                            "ELSE b.state IS DISTINCT FROM 'L' OR b.hd_a <> t.a OR b.hd_b <> t.b END ON "
                            "CONFLICT DO NOTHING",
                            join(either), key_list(keys_, "t"), e_.hash_a("t.record"), e_.hash_b("t.record"), e_.keys_as_work(),
                            e_.record(), e_.relation(), present,
                            base_, agreed, key_equal(keys_, "t", "b")));
}

void UniqueWorklist::add_desktop_buckets(const std::vector<int>& buckets) {
    compare(lies_in(e_.bucket("t"), buckets), in_buckets(buckets));
}

// candidates: a query giving k1.., at. Returns how many there were.
std::int64_t UniqueWorklist::compare_candidates(const std::string& candidates) {
    const std::string present = "(" + e_.key_present() + " AND " + e_.in_scope() + ")";
    const std::string insert =
        insert_head("d_seen, d_gone, base_live, d_at") +
        fmt::format(
            "SELECT {}, true, NOT ({}), coalesce(b.state = 'L', false), h.at FROM h LEFT JOIN {} t ON {} "
            "LEFT JOIN {} b ON {} "
            "WHERE CASE WHEN {} THEN b.state IS DISTINCT FROM 'L' OR b.hd_a <> {} OR b.hd_b <> {} "
            "ELSE coalesce(b.state IN ('L', 'U'), false) END ON CONFLICT DO NOTHING",
            key_list(keys_, "h"), present, e_.relation(), e_.key_match("h"), base_,
            key_equal(keys_, "b", "h"), present, e_.hash_a(), e_.hash_b());
    return connection_
        .query({"compare hinted rows with base",
                fmt::format("WITH h AS MATERIALIZED ({}), i AS ({}) SELECT count(*) FROM h", candidates,
                            insert)})
        .integer(0, 0);
}

void UniqueWorklist::look_for_deleted() {
    execute("look for deleted rows",
            insert_head("d_seen, d_gone, base_live") +
                fmt::format("SELECT {}, true, true, true FROM {} b WHERE b.state = 'L' AND NOT EXISTS "
                            "(SELECT FROM {} t WHERE {} AND {}) "
                            "ON CONFLICT DO NOTHING",
                            key_list(keys_, "b"), base_, e_.relation(), e_.key_match("b"), e_.in_scope()));
}

void UniqueWorklist::close_cloud_hints(const std::vector<int>& complete_buckets) {
    const std::string on_conflict = fmt::format(
        " ON CONFLICT ({}) DO UPDATE SET c_seen = true, c_gone = excluded.c_gone, c_at = excluded.c_at, "
        "c_bytes = excluded.c_bytes",
        key_list(keys_));
    execute("compare cloud hints with base",
            insert_head("c_seen, c_gone, base_live, c_at, c_bytes") +
                fmt::format("SELECT DISTINCT ON ({0}) {0}, true, h.a IS NULL, coalesce(b.state = 'L', "
                            "false), h.at, coalesce(h.bytes, 0) FROM {1} h "
                            "LEFT JOIN {2} b ON {3} WHERE CASE WHEN h.a IS NULL THEN coalesce(b.state IN "
                            "('L', 'U'), false) "
                            "ELSE b.state IS DISTINCT FROM 'L' OR b.hc_a <> h.a OR b.hc_b <> h.b END",
                            key_list(keys_, "h"), hints_, base_, key_equal(keys_, "b", "h")) +
                on_conflict);
    if (!complete_buckets.empty()) {
        execute("look for rows gone from the cloud",
                insert_head("c_seen, c_gone, base_live, c_at, c_bytes") +
                    fmt::format("SELECT {}, true, true, true, NULL::bigint, 0 FROM {} b WHERE b.state = 'L' "
                                "AND {} AND NOT EXISTS "
                                "(SELECT FROM {} h WHERE {})",
                                key_list(keys_, "b"), base_, in_buckets(complete_buckets), hints_,
                                key_equal(keys_, "b", "h")) +
                    on_conflict);
    }
    empty_stage();
}

// Sizes first: what does not fit into this chunk is not read. Output columns are renamed a1, a2, ...: a
// user's column may have any name.
std::string UniqueWorklist::chunk_query(Part part, int max_rows, std::int64_t max_bytes) const {
    const std::string chunk = fmt::format("SELECT * FROM {} w WHERE w.n > {} AND {} ORDER BY w.n LIMIT {}",
                                          work_, position_, only(part), max_rows);
    const std::string sized = fmt::format(
        "SELECT w.*, t.ctid AS tid, sum(coalesce({}, 0) + w.c_bytes) OVER (ORDER BY w.n) AS until, "
        "row_number() OVER (ORDER "
        "BY w.n) AS no FROM ({}) w LEFT JOIN {} t ON {}",
        e_.bytes(), chunk, e_.relation(), e_.key_match("w"));
    const std::string columns =
        fmt::format("w.n, w.until, {}, {}, w.c_at, w.d_at, w.waits, w.choice, w.emptied, w.d_seen, w.c_seen, {}, {}",
                    join(e_.key_cells_of("w")), base_columns(), "t.ctid IS NOT NULL", image_columns(e_));
    const std::size_t count = 2 + keys_ + base_column_count + 8 + keys_ + image_facts + table_.columns.size();
    std::vector<std::string> aliases;
    for (std::size_t i = 1; i <= count; ++i) aliases.push_back(fmt::format("a{}", i));
    return fmt::format(
        "WITH w AS MATERIALIZED ({}) SELECT * FROM (SELECT {} FROM (SELECT * FROM w WHERE w.until <= {} OR "
        "w.no = 1) w LEFT JOIN {} b ON {} LEFT JOIN {} t ON t.ctid = w.tid) x({}) ORDER BY a1",
        sized, columns, max_bytes, base_, key_equal(keys_, "b", "w"), e_.relation(), join(aliases));
}

CandidateGroup UniqueWorklist::candidate_at(const Result& found, int row) const {
    CandidateGroup group;
    group.key = key_at(found, row, 2, keys_);
    int at = 2 + static_cast<int>(keys_);
    if (!found.null(row, at)) group.base.push_back({1, entry_at(found, row, at)});
    at += base_column_count;
    group.cloud_captured = maybe_integer(found, row, at);
    if (found.boolean(row, at + 2)) {
        WaitingRow waiting;
        if (!found.null(row, at + 3)) waiting.chosen = Choice::parse(found.text(row, at + 3));
        if (!found.null(row, at + 4)) waiting.emptied = found.text(row, at + 4);
        group.waiting.push_back(waiting);
    }
    group.desktop_written = found.boolean(row, at + 5);
    group.cloud_written = found.boolean(row, at + 6);
    if (found.boolean(row, at + 7)) {
        group.desktop.push_back(image_at(found, row, at + 8, table_));
        group.desktop.back().facts.captured = maybe_integer(found, row, at + 1);
    }
    return group;
}

std::vector<CandidateGroup> UniqueWorklist::next(Part part, int max_rows, std::int64_t max_bytes) {
    const Result found = connection_.query({"read candidates", chunk_query(part, max_rows, max_bytes)});
    std::vector<CandidateGroup> candidates;
    candidates.reserve(static_cast<std::size_t>(found.rows()));
    for (int i = 0; i < found.rows(); ++i) candidates.push_back(candidate_at(found, i));
    if (found.rows() > 0) position_ = found.integer(found.rows() - 1, 0);
    fill_lookups(candidates);
    return candidates;
}

}  // namespace tideway::pg
