#include "store/postgres/group_worklist.hpp"

#include <fmt/format.h>

#include "store/postgres/pg_snapshot.hpp"

namespace tideway::pg {
namespace {

// "coalesce(t.k1, b.k1), ..."
std::string either_keys(std::size_t count, const char* one, const char* other) {
    std::vector<std::string> keys;
    for (std::size_t i = 1; i <= count; ++i)
        keys.push_back(fmt::format("coalesce({0}.k{2}, {1}.k{2})", one, other, i));
    return join(keys);
}

}  // namespace

GroupWorklist::GroupWorklist(PgStore& store, const LinkedTable& table, bool installed)
    : PgWorklist(store, table, installed),
      candidates_(fmt::format("pg_temp.tideway_candidates_{}", table.id)) {}

// Sums of hashes tell multisets apart as well as the hashes tell rows apart.
void GroupWorklist::compare(const std::string& key_filter) {
    const std::string keys = key_list(keys_);
    const auto filter = [&](const char* alias) {
        return key_filter.empty() ? std::string("true")
                                  : fmt::format("({}) IN ({})", key_list(keys_, alias), key_filter);
    };
    execute(
        "compare desktop with base",
        insert_head("d_seen, d_gone, base_live, weight, d_bytes, tids, d_at") +
            fmt::format(
                "SELECT x.*, {0} FROM (SELECT {1}, true, coalesce(t.n, 0) < coalesce(b.n, 0), "
                "coalesce(b.live, false), greatest(t.n, b.n)::int, coalesce(t.bytes, 0)::bigint, "
                "{13} FROM "
                "(SELECT {2}, count(*) AS n, sum(t.a) AS a, sum(t.b) AS b, sum(t.bytes) AS bytes, "
                "array_agg(t.tid) AS tids FROM (SELECT {3}, t.ctid AS tid, {4} AS a, {5} AS b, {6} AS bytes "
                "FROM "
                "{7} t WHERE {14}) t WHERE {8} GROUP BY {2}) t FULL JOIN "
                "(SELECT {2}, count(*) AS n, sum(b.hd_a) AS a, sum(b.hd_b) AS b, bool_or(b.state = 'L') AS "
                "live, bool_or(b.state = 'U') AS lost FROM {9} b WHERE b.state IN ('L', 'U') AND {10} GROUP "
                "BY {2}) b "
                "ON {11} WHERE (t.n, t.a, t.b) IS DISTINCT FROM (b.n, b.a, b.b) OR b.lost) x({2}, f1, f2, "
                "f3, f4, "
                "f5, f6){12} ON CONFLICT DO NOTHING",
                key_filter.empty() ? "NULL::bigint" : "h.at", either_keys(keys_, "t", "b"), keys,
                e_.keys_as_work(), e_.hash_a(), e_.hash_b(), e_.bytes(), e_.relation(), filter("t"), base_,
                filter("b"), key_equal(keys_, "t", "b"),
                key_filter.empty() ? ""
                                   : fmt::format(" JOIN {} h ON {}", candidates_, key_equal(keys_, "x", "h")),
                // A row that left the filter must be seen beside those inside: all are located later.
                e_.filtered() ? "NULL::tid[]" : "coalesce(t.tids, '{}')", e_.in_scope()));
}

void GroupWorklist::compare_all() { compare(""); }

std::int64_t GroupWorklist::compare_candidates(const std::string& candidates) {
    execute(
        "collect candidates",
        fmt::format("CREATE TEMP TABLE tideway_candidates_{} ON COMMIT DROP AS SELECT {}, max(c.at) AS at "
                    "FROM ({}) c GROUP BY {}",
                    table_.id, key_list(keys_, "c"), candidates, key_list(keys_, "c")));
    const std::int64_t count =
        connection_.query({"count candidates", fmt::format("SELECT count(*) FROM {}", candidates_)})
            .integer(0, 0);
    if (count > 0) compare(fmt::format("SELECT {} FROM {}", key_list(keys_), candidates_));
    return count;
}

void GroupWorklist::close_cloud_hints(const std::vector<int>& complete_buckets) {
    const std::string keys = key_list(keys_);
    const std::string live = fmt::format(
        "(SELECT {0}, count(*) AS n, sum(b.hc_a) AS a, sum(b.hc_b) AS b, bool_or(b.state = 'L') AS live, "
        "bool_or(b.state = 'U') AS lost FROM {1} b WHERE b.state IN ('L', 'U') GROUP BY {0}) b",
        keys, base_);
    const std::string on_conflict = fmt::format(
        " ON CONFLICT ({}) DO UPDATE SET c_seen = true, c_gone = excluded.c_gone, c_at = excluded.c_at, "
        "c_bytes = excluded.c_bytes, weight = greatest(w.weight, excluded.weight)",
        keys);
    const std::string head = insert_head("c_seen, c_gone, base_live, c_at, c_bytes, weight");
    execute("compare cloud hints with base",
            head +
                fmt::format(
                    "SELECT {0}, true, h.n < coalesce(b.n, 0), coalesce(b.live, false), h.at, h.bytes, "
                    "greatest(h.n, b.n, 1)::int FROM (SELECT {1}, count(h.a) AS n, sum(h.a) AS a, sum(h.b) "
                    "AS b, max(h.at) AS at, coalesce(sum(h.bytes), 0)::bigint AS bytes FROM {2} h GROUP BY "
                    "{1}) h LEFT JOIN {3} ON {4} WHERE (nullif(h.n, 0), h.a, h.b) IS DISTINCT FROM (b.n, "
                    "b.a, b.b) OR b.lost",
                    key_list(keys_, "h"), keys, hints_, live, key_equal(keys_, "b", "h")) +
                on_conflict);
    if (!complete_buckets.empty())
        execute(
            "look for rows gone from the cloud",
            head +
                fmt::format(
                    "SELECT {}, true, true, true, NULL::bigint, 0, count(*)::int FROM {} b WHERE b.state = "
                    "'L' AND {} AND NOT EXISTS (SELECT FROM {} h WHERE {}) GROUP BY {}",
                    key_list(keys_, "b"), base_, in_buckets(complete_buckets), hints_,
                    key_equal(keys_, "b", "h"), key_list(keys_, "b")) +
                on_conflict);
    empty_stage();
}

void GroupWorklist::add_keys(const std::vector<KeyAgain>& keys) {
    PgWorklist::add_keys(keys);
    located_ = false;
}

// One pass over the table for all keys that came from elsewhere than its own comparison.
void GroupWorklist::locate_rows() {
    if (located_) return;
    located_ = true;
    execute("locate rows",
            fmt::format(
                "UPDATE {0} AS w SET tids = x.tids, d_bytes = x.bytes, weight = greatest(w.weight, x.n) "
                "FROM (SELECT {1}, array_agg(t.tid) AS tids, sum(t.bytes)::bigint AS bytes, count(*)::int AS "
                "n FROM (SELECT {2}, t.ctid AS tid, {3} AS bytes FROM {4} t) t WHERE ({1}) IN (SELECT {1} "
                "FROM {0} v WHERE v.tids IS NULL) GROUP BY {1}) x WHERE w.tids IS NULL AND {5}",
                work_, key_list(keys_), e_.keys_as_work(), e_.bytes(), e_.relation(),
                key_equal(keys_, "w", "x")));
}

std::vector<CandidateGroup> GroupWorklist::next(Part part, int max_rows, std::int64_t max_bytes) {
    locate_rows();
    const std::int64_t start = position_;
    std::vector<CandidateGroup> groups = chunk(part, max_rows, max_bytes);
    if (groups.empty()) return groups;
    std::map<Key, CandidateGroup*> by_key;
    for (CandidateGroup& group : groups) by_key[group.key] = &group;
    const std::string chunk_filter =
        fmt::format("w.n > {} AND w.n <= {} AND {}", start, position_, only(part));
    add_base_rows(by_key, chunk_filter);
    add_desktop_rows(by_key, chunk_filter);
    add_waiting_rows(by_key);
    fill_lookups(groups);
    return groups;
}

std::vector<CandidateGroup> GroupWorklist::chunk(Part part, int max_rows, std::int64_t max_bytes) {
    const Result found = connection_.query(
        {"read keys",
         fmt::format(
             "SELECT {0}, x.n, x.c_at FROM (SELECT w.*, row_number() OVER o AS no, sum(w.weight) OVER o "
             "AS sum_rows, sum(w.d_bytes + w.c_bytes) OVER o AS sum_bytes FROM (SELECT * FROM {1} w WHERE "
             "w.n > "
             "{2} AND {3} ORDER BY w.n LIMIT {4}) w WINDOW o AS (ORDER BY w.n)) x WHERE x.no = 1 OR "
             "(x.sum_rows <= {4} AND x.sum_bytes <= {5}) ORDER BY x.n",
             key_list(keys_, "x"), work_, position_, only(part), max_rows, max_bytes)});
    std::vector<CandidateGroup> groups(static_cast<std::size_t>(found.rows()));
    for (int i = 0; i < found.rows(); ++i) {
        CandidateGroup& group = groups[static_cast<std::size_t>(i)];
        group.key = key_at(found, i, 0, keys_);
        position_ = found.integer(i, static_cast<int>(keys_));
        group.cloud_captured = maybe_integer(found, i, static_cast<int>(keys_) + 1);
    }
    return groups;
}

void GroupWorklist::add_base_rows(std::map<Key, CandidateGroup*>& groups, const std::string& chunk_filter) {
    const Result found = connection_.query(
        {"read base entries",
         fmt::format("SELECT {}, b.k{}, {} FROM {} w JOIN {} b ON {} WHERE {} ORDER BY w.n, b.k{}",
                     key_list(keys_, "b"), keys_ + 1, base_columns(), work_, base_, key_equal(keys_, "b", "w"),
                     chunk_filter, keys_ + 1)});
    const int at = static_cast<int>(keys_);
    for (int i = 0; i < found.rows(); ++i)
        groups.at(key_at(found, i, 0, keys_))
            ->base.push_back({static_cast<int>(found.integer(i, at)), entry_at(found, i, at + 1)});
}

void GroupWorklist::add_desktop_rows(std::map<Key, CandidateGroup*>& groups,
                                     const std::string& chunk_filter) {
    // Output columns are renamed a1, a2, ...: a user's column may have any name.
    std::vector<std::string> aliases;
    for (std::size_t i = 1; i <= keys_ + image_facts + table_.columns.size() + 2; ++i)
        aliases.push_back(fmt::format("a{}", i));
    const Result found = connection_.query(
        {"read rows of keys",
         fmt::format("SELECT * FROM (SELECT w.n, w.d_at, {} FROM (SELECT w.n, w.d_at, unnest(w.tids) AS tid "
                     "FROM {} w "
                     "WHERE {}) w JOIN {} t ON t.ctid = w.tid) x({}) ORDER BY a1",
                     image_columns(e_), work_, chunk_filter, e_.relation(), join(aliases))});
    for (int i = 0; i < found.rows(); ++i) {
        RowImage row = image_at(found, i, 2, table_);
        row.facts.captured = maybe_integer(found, i, 1);
        groups.at(row.key)->desktop.push_back(std::move(row));
    }
}

void GroupWorklist::add_waiting_rows(std::map<Key, CandidateGroup*>& groups) {
    if (!installed_) return;
    const Result found = run(connection_, "read waiting rows",
                             "SELECT g.key, g.choice, g.emptied FROM tideway.waiting g WHERE "
                             "g.pair = $1 AND g.tbl = $2::int",
                             {store_.pair(), std::to_string(table_.id)});
    for (int i = 0; i < found.rows(); ++i) {
        Key key = parse_text_array(found.text(i, 0));
        if (key.size() != keys_ + 1) continue;
        WaitingRow waiting{std::stoi(key.back()), {}, {}};
        if (!found.null(i, 2)) waiting.emptied = found.text(i, 2);
        if (!found.null(i, 1)) waiting.chosen = Choice::parse(found.text(i, 1));
        key.pop_back();
        if (const auto group = groups.find(key); group != groups.end())
            group->second->waiting.push_back(waiting);
    }
}

}  // namespace tideway::pg
