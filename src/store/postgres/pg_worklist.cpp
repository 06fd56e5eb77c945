#include "store/postgres/pg_worklist.hpp"

#include <fmt/format.h>

#include "store/postgres/pg_snapshot.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

constexpr std::string_view base_columns = "b.state, b.origin, b.hd_a, b.hd_b, b.hc_a, b.hc_b, b.ts_d, b.ts_c";

BaseState state_named(std::string_view letter) {
    if (letter == "L") return BaseState::live;
    if (letter == "T" || letter == "S") return BaseState::tombstone;
    if (letter == "U") return BaseState::unknown;
    return BaseState::none;
}

}  // namespace

PgWorklist::PgWorklist(PgStore& store, const LinkedTable& table, bool installed)
    : store_(store),
      table_(table),
      e_(store.expressions(table)),
      connection_(store.reader()),
      keys_(table.key_columns().size()),
      installed_(installed) {
    work_ = fmt::format("pg_temp.tideway_work_{}", table.id);
    hints_ = fmt::format("pg_temp.tideway_hints_{}", table.id);
    base_ = installed ? base_name(store.pair_number(), table.id)
                      : fmt::format("pg_temp.tideway_base_{}", table.id);
    std::string text;
    if (!installed)
        text += fmt::format(
            "CREATE TEMP TABLE tideway_base_{} ON COMMIT DROP AS {};\n", table.id,
            typed_select(
                ", 'L'::\"char\" AS state, 'D'::\"char\" AS origin, 0::bigint AS hd_a, 0::bigint AS hd_b, "
                "0::bigint AS hc_a, 0::bigint AS hc_b, 0::bigint AS ts_d, 0::bigint AS ts_c"));
    text += fmt::format(
        "CREATE TEMP TABLE tideway_work_{0} ON COMMIT DROP AS {1};\nALTER TABLE {2} ADD n bigint GENERATED "
        "ALWAYS AS "
        "IDENTITY, "
        "ADD d_seen boolean NOT NULL DEFAULT false, ADD d_gone boolean NOT NULL DEFAULT false, "
        "ADD c_seen boolean NOT NULL DEFAULT false, ADD c_gone boolean NOT NULL DEFAULT false, "
        "ADD base_live boolean NOT NULL DEFAULT false, ADD c_at bigint, ADD d_at bigint, ADD c_bytes bigint "
        "NOT NULL DEFAULT 0, "
        "ADD waits boolean NOT NULL DEFAULT false, ADD choice text, ADD PRIMARY KEY ({3});\nCREATE INDEX ON "
        "{2} (n);\n",
        table.id, typed_select(""), work_, key_list(keys_));
    text +=
        fmt::format("CREATE TEMP TABLE tideway_hints_{} ON COMMIT DROP AS {};", table.id,
                    typed_select(", 0::bigint AS a, 0::bigint AS b, 0::bigint AS at, 0::bigint AS bytes"));
    execute("create worklist", text);
}

void PgWorklist::execute(std::string_view name, std::string text) {
    connection_.query({name, std::move(text)});
}

std::string PgWorklist::typed_keys() const {
    std::vector<std::string> keys;
    for (const LinkedColumn* column : table_.key_columns())
        keys.push_back(
            fmt::format("t.{} AS k{}", sql::Identifier(column->desktop.name).quoted(), keys.size() + 1));
    return join(keys);
}

// Key columns k1.. with the types of the desktop table, no rows.
std::string PgWorklist::typed_select(const std::string& extra) const {
    return fmt::format("SELECT {}{} FROM {} t WITH NO DATA", typed_keys(), extra, e_.relation());
}

std::string PgWorklist::insert_head(std::string_view columns) const {
    return fmt::format("INSERT INTO {} AS w ({}, {}) ", work_, key_list(keys_), columns);
}

// Rows without a key cannot be synchronised; they are found by duplicate_keys() before any run.
void PgWorklist::compare_all() {
    std::vector<std::string> either;
    for (std::size_t i = 1; i <= keys_; ++i) either.push_back(fmt::format("coalesce(t.k{0}, b.k{0})", i));
    execute("compare desktop with base",
            insert_head("d_seen, d_gone, base_live") +
                fmt::format("SELECT {}, true, t.present IS NULL, coalesce(b.state = 'L', false) FROM (SELECT "
                            "{}, true AS present, {} AS a, {} AS b "
                            "FROM {} t WHERE {}) t FULL JOIN {} b ON {} WHERE CASE WHEN t.present IS NULL "
                            "THEN b.state IN ('L', 'U') "
                            "ELSE b.state IS DISTINCT FROM 'L' OR b.hd_a <> t.a OR b.hd_b <> t.b END ON "
                            "CONFLICT DO NOTHING",
                            join(either), typed_keys(), e_.hash_a(), e_.hash_b(), e_.relation(),
                            e_.key_present(), base_, key_equal(keys_, "t", "b")));
}

// candidates: a query giving k1.., at. Returns how many there were.
std::int64_t PgWorklist::compare_candidates(const std::string& candidates) {
    const std::string insert =
        insert_head("d_seen, d_gone, base_live, d_at") +
        fmt::format(
            "SELECT {}, true, NOT ({}), coalesce(b.state = 'L', false), h.at FROM h LEFT JOIN {} t ON {} "
            "LEFT JOIN {} b ON {} "
            "WHERE CASE WHEN {} THEN b.state IS DISTINCT FROM 'L' OR b.hd_a <> {} OR b.hd_b <> {} "
            "ELSE coalesce(b.state IN ('L', 'U'), false) END ON CONFLICT DO NOTHING",
            key_list(keys_, "h"), e_.key_present(), e_.relation(), e_.key_match("h"), base_,
            key_equal(keys_, "b", "h"), e_.key_present(), e_.hash_a(), e_.hash_b());
    return connection_
        .query({"compare hinted rows with base",
                fmt::format("WITH h AS MATERIALIZED ({}), i AS ({}) SELECT count(*) FROM h", candidates,
                            insert)})
        .integer(0, 0);
}

void PgWorklist::look_for_deleted() {
    execute("look for deleted rows",
            insert_head("d_seen, d_gone, base_live") +
                fmt::format("SELECT {}, true, true, true FROM {} b WHERE b.state = 'L' AND NOT EXISTS "
                            "(SELECT FROM {} t WHERE {}) "
                            "ON CONFLICT DO NOTHING",
                            key_list(keys_, "b"), base_, e_.relation(), e_.key_match("b")));
}

HintOutcome PgWorklist::add_desktop_hints(Capture capture, const std::string& mark) {
    const Mark since = Mark::parse(mark);
    if (capture == Capture::digest || mark.empty() || !follows(Mark::take(connection_), since, capture)) {
        compare_all();
        return {.needs_digest = capture != Capture::digest};
    }
    std::string candidates;
    if (capture == Capture::changelog) {
        const std::string changes = changes_name(store_.pair_number(), table_.id);
        if (truncated_since(connection_, changes, since)) {
            compare_all();
            return {.needs_digest = true};
        }
        std::string condition = changed_since_sql();
        for (std::size_t at; (at = condition.find("$1")) != std::string::npos;)
            condition.replace(at, 2, sql::literal(since.snapshot));
        candidates = fmt::format(
            "SELECT {}, (extract(epoch FROM max(h.at)) * 1000000)::bigint AS at FROM {} h WHERE {} GROUP BY "
            "{}",
            key_list(keys_, "h"), changes, condition, key_list(keys_, "h"));
    } else {
        const std::string condition =
            capture == Capture::xmin ? written_since_sql(since) : stamped_since_sql(e_, since);
        candidates = fmt::format("SELECT {}, NULL::bigint AS at FROM {} t WHERE {} AND {}", typed_keys(),
                                 e_.relation(), condition, e_.key_present());
    }
    const std::int64_t examined = compare_candidates(candidates);
    if (capture == Capture::xmin) look_for_deleted();
    return {.examined = examined};
}

Digest PgWorklist::base_digest(bool keys_only) {
    const std::vector<std::string> cells = e_.key_cells_of("b");
    const std::string key_text = fmt::format("ROW({})::text COLLATE \"C\"", join(cells));
    const std::string a = keys_only ? fmt::format("hashtextextended({}, 1)", key_text) : "b.hc_a";
    const std::string b = keys_only ? fmt::format("hashtextextended({}, 2)", key_text) : "b.hc_b";
    const Result found = connection_.query(
        {"digest of base",
         fmt::format("SELECT {} AS bucket, count(*), {}, {} FROM {} b WHERE b.state = 'L' GROUP BY 1",
                     e_.bucket(cells), checksum_sql(a), checksum_sql(b), base_)});
    Digest digest;
    for (int i = 0; i < found.rows(); ++i)
        digest[static_cast<int>(found.integer(i, 0))] = {found.integer(i, 1), found.integer(i, 2),
                                                         found.integer(i, 3)};
    return digest;
}

void PgWorklist::add_cloud_hints(const std::vector<CloudHint>& hints) {
    std::size_t next = 0;
    const auto text = [](std::int64_t value) { return std::to_string(value); };
    connection_.copy_in({"stage cloud hints", fmt::format("COPY {} FROM STDIN", hints_)},
                        [&](std::string& buffer) {
                            for (; next < hints.size() && buffer.size() < 256 * 1024; ++next) {
                                const CloudHint& hint = hints[next];
                                Cells cells(hint.key.begin(), hint.key.end());
                                cells.push_back(hint.hash ? Cell(text(hint.hash->a)) : Cell());
                                cells.push_back(hint.hash ? Cell(text(hint.hash->b)) : Cell());
                                cells.push_back(hint.captured ? Cell(text(*hint.captured)) : Cell());
                                cells.push_back(text(hint.bytes));
                                append_cells(buffer, cells);
                            }
                            return next < hints.size();
                        });
}

void PgWorklist::close_cloud_hints(const std::vector<int>& complete_buckets) {
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
        const std::string filter =
            complete_buckets.size() >= 16384
                ? "true"
                : fmt::format("{} = ANY ('{{{}}}'::int[])", e_.bucket(e_.key_cells_of("b")),
                              fmt::join(complete_buckets, ","));
        execute("look for rows gone from the cloud",
                insert_head("c_seen, c_gone, base_live, c_at, c_bytes") +
                    fmt::format("SELECT {}, true, true, true, NULL::bigint, 0 FROM {} b WHERE b.state = 'L' "
                                "AND {} AND NOT EXISTS "
                                "(SELECT FROM {} h WHERE {})",
                                key_list(keys_, "b"), base_, filter, hints_, key_equal(keys_, "b", "h")) +
                    on_conflict);
    }
    execute("empty stage", fmt::format("DELETE FROM {} h WHERE true", hints_));
}

void PgWorklist::add_waiting_keys() {
    if (!installed_) return;
    std::vector<std::string> typed;
    for (const LinkedColumn* column : table_.key_columns())
        typed.push_back(fmt::format("g.key[{}]::{}", typed.size() + 1, column->desktop.base_type));
    execute(
        "add waiting keys",
        insert_head("waits, choice, base_live") +
            fmt::format(
                "SELECT {}, true, g.choice, false FROM tideway.waiting g WHERE g.pair = {} AND g.tbl = {} "
                "ON CONFLICT ({}) DO UPDATE SET waits = true, choice = excluded.choice",
                join(typed), sql::literal(store_.pair()), table_.id, key_list(keys_)));
}

void PgWorklist::add_keys(const std::vector<Key>& keys) {
    std::vector<CloudHint> hints;
    for (const Key& key : keys) hints.push_back({.key = key, .hash = {}, .captured = {}, .bytes = 0});
    add_cloud_hints(hints);
    execute("add keys",
            insert_head("c_seen") + fmt::format("SELECT DISTINCT {}, false FROM {} h ON CONFLICT DO NOTHING",
                                                key_list(keys_, "h"), hints_));
    execute("empty stage", fmt::format("DELETE FROM {} h WHERE true", hints_));
}

Tally PgWorklist::tally() {
    const Result found = connection_.query({"tally", fmt::format(R"(
SELECT count(*), coalesce(sum(c_bytes), 0)::bigint, (SELECT count(*) FROM {} b WHERE b.state = 'L'),
       count(*) FILTER (WHERE base_live AND d_gone AND NOT c_seen), count(*) FILTER (WHERE base_live AND d_seen AND NOT d_gone),
       count(*) FILTER (WHERE base_live AND c_gone AND NOT d_seen), count(*) FILTER (WHERE base_live AND c_seen AND NOT c_gone),
       count(*) FILTER (WHERE NOT base_live AND d_seen AND NOT d_gone AND c_seen AND NOT c_gone)
FROM {})",
                                                                 base_, work_)});
    return {found.integer(0, 0), found.integer(0, 1), found.integer(0, 2), found.integer(0, 3),
            found.integer(0, 4), found.integer(0, 5), found.integer(0, 6), found.integer(0, 7)};
}

// Output columns are renamed a1, a2, ...: a user's column may have any name.
std::string PgWorklist::chunk_query(Part part, int max_rows, std::int64_t max_bytes) const {
    const char* filter = part == Part::everything ? "true"
                         : part == Part::gone     ? "(w.d_gone OR w.c_gone)"
                                                  : "NOT (w.d_gone OR w.c_gone)";
    const std::string chunk = fmt::format("SELECT * FROM {} w WHERE w.n > {} AND {} ORDER BY w.n LIMIT {}",
                                          work_, position_, filter, max_rows);
    const std::string columns = fmt::format(
        "w.n, sum(coalesce({}, 0) + w.c_bytes) OVER (ORDER BY w.n), {}, {}, w.c_at, w.d_at, w.waits, "
        "w.choice, {}, {}",
        e_.bytes(), join(e_.key_cells_of("w")), base_columns, e_.key_present(), image_columns(e_));
    const std::size_t count = 2 + keys_ + 8 + 5 + keys_ + 5 + table_.columns.size();
    std::vector<std::string> aliases;
    for (std::size_t i = 1; i <= count; ++i) aliases.push_back(fmt::format("a{}", i));
    return fmt::format(
        "SELECT * FROM (SELECT {} FROM ({}) w LEFT JOIN {} b ON {} LEFT JOIN {} t ON {}) x({}) "
        "WHERE a2 <= {} OR a1 = (SELECT min(w.n) FROM ({}) w) ORDER BY a1",
        columns, chunk, base_, key_equal(keys_, "b", "w"), e_.relation(), e_.key_match("w"), join(aliases),
        max_bytes, chunk);
}

Candidate PgWorklist::candidate_at(const Result& found, int row) const {
    Candidate candidate;
    candidate.key = key_at(found, row, 2, keys_);
    int at = 2 + static_cast<int>(keys_);
    if (!found.null(row, at)) {
        candidate.base.state = state_named(found.text(row, at));
        candidate.base.deletion_forgotten = found.text(row, at) == "S";
        candidate.base.origin = found.text(row, at + 1) == "M" ? Origin::mobile : Origin::desktop;
        candidate.base.desktop = hash_at(found, row, at + 2);
        candidate.base.cloud = hash_at(found, row, at + 4);
        candidate.base.stamp_desktop = maybe_integer(found, row, at + 6);
        candidate.base.stamp_cloud = maybe_integer(found, row, at + 7);
    }
    at += 8;
    candidate.cloud_captured = maybe_integer(found, row, at);
    candidate.was_waiting = found.boolean(row, at + 2);
    if (!found.null(row, at + 3))
        candidate.chosen = found.text(row, at + 3) == "desktop" ? Side::desktop : Side::cloud;
    if (found.boolean(row, at + 4)) {
        candidate.desktop = image_at(found, row, at + 5, table_);
        candidate.desktop.facts.captured = maybe_integer(found, row, at + 1);
    }
    return candidate;
}

std::vector<Candidate> PgWorklist::next(Part part, int max_rows, std::int64_t max_bytes) {
    const Result found = connection_.query({"read candidates", chunk_query(part, max_rows, max_bytes)});
    std::vector<Candidate> candidates;
    candidates.reserve(static_cast<std::size_t>(found.rows()));
    for (int i = 0; i < found.rows(); ++i) candidates.push_back(candidate_at(found, i));
    if (found.rows() > 0) position_ = found.integer(found.rows() - 1, 0);
    return candidates;
}

}  // namespace tideway::pg
