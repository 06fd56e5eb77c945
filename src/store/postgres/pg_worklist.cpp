#include "store/postgres/pg_worklist.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/postgres/group_sums.hpp"
#include "store/postgres/group_worklist.hpp"
#include "store/postgres/pg_snapshot.hpp"
#include "store/postgres/schema.hpp"
#include "store/postgres/unique_worklist.hpp"

namespace tideway::pg {
namespace {

// "1, 2, 3", to group by the first output columns.
std::string positions(std::size_t count) {
    std::vector<std::string> numbers;
    for (std::size_t i = 1; i <= count; ++i) numbers.push_back(std::to_string(i));
    return join(numbers);
}

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
      keys_(table.key_cells()),
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
                (table.repeats() ? fmt::format(", 1 AS k{}", keys_ + 1) : "") +
                ", 'L'::\"char\" AS state, 'D'::\"char\" AS origin, 0::bigint AS hd_a, 0::bigint AS hd_b, "
                "0::bigint AS hc_a, 0::bigint AS hc_b, 0::bigint AS ts_d, 0::bigint AS ts_c, 0::bigint AS "
                "hp_a, 0::bigint AS hp_b, ''::text AS row_d, ''::text AS row_c"));
    // The keys have their types and collations from the table, the others from what is written here: columns that are
    // added later cost three times as much.
    text += fmt::format(
        "CREATE TEMP TABLE tideway_hints_{0} ON COMMIT DROP AS {1};\n"
        "CREATE TEMP TABLE tideway_work_{0} (LIKE {2}, n bigint GENERATED ALWAYS AS IDENTITY, "
        "d_seen boolean NOT NULL DEFAULT false, d_gone boolean NOT NULL DEFAULT false, "
        "c_seen boolean NOT NULL DEFAULT false, c_gone boolean NOT NULL DEFAULT false, "
        "base_live boolean NOT NULL DEFAULT false, c_at bigint, d_at bigint, c_bytes bigint NOT NULL DEFAULT 0, "
        "waits boolean NOT NULL DEFAULT false, choice text, emptied text, weight int NOT NULL DEFAULT 1, "
        "d_bytes bigint NOT NULL DEFAULT 0, tids tid[], PRIMARY KEY ({3})) ON COMMIT DROP;\n"
        "CREATE INDEX ON pg_temp.tideway_work_{0} (n);\n"
        "ALTER TABLE {2} ADD a bigint, ADD b bigint, ADD at bigint, ADD bytes bigint, ADD stamp bigint, ADD mobile boolean;",
        table.id, typed_select(""), hints_, key_list(keys_));
    execute("create worklist", text);
}

void PgWorklist::execute(std::string_view name, std::string text) {
    connection_.query({name, std::move(text)});
}

// Key columns k1.. as work tables hold them, no rows.
std::string PgWorklist::typed_select(const std::string& extra) const {
    return fmt::format("SELECT {}{} FROM {} t WITH NO DATA", e_.keys_as_work(), extra, e_.relation());
}

std::unique_ptr<PgWorklist> PgWorklist::make(PgStore& store, const LinkedTable& table, bool installed) {
    if (table.repeats()) return std::make_unique<GroupWorklist>(store, table, installed);
    return std::make_unique<UniqueWorklist>(store, table, installed);
}

// The keys of the changelog `h` as work tables hold them.
std::string PgWorklist::logged_keys() const {
    std::vector<std::string> keys;
    for (const std::string& key : e_.logged_keys())
        keys.push_back(fmt::format("{} AS k{}", key, keys.size() + 1));
    return join(keys);
}

std::string PgWorklist::only(Part part) const {
    return part == Part::everything ? "true"
           : part == Part::gone     ? "(w.d_gone OR w.c_gone)"
                                    : "NOT (w.d_gone OR w.c_gone)";
}

std::string PgWorklist::in_buckets(const std::vector<int>& buckets) const {
    return lies_in(e_.bucket("b"), buckets);
}

void PgWorklist::empty_stage() { execute("empty stage", fmt::format("DELETE FROM {} h WHERE true", hints_)); }

std::string PgWorklist::base_columns() const {
    const bool rows = !installed_ || store_.complete();
    return fmt::format("b.state, b.origin, b.hd_a, b.hd_b, b.hc_a, b.hc_b, b.ts_d, b.ts_c, b.hp_a, b.hp_b, {}",
                       rows ? "b.row_d, b.row_c" : "NULL::text, NULL::text");
}

BaseEntry PgWorklist::entry_at(const Result& found, int row, int at) const {
    BaseEntry entry;
    entry.state = state_named(found.text(row, at));
    entry.deletion_forgotten = found.text(row, at) == "S";
    entry.origin = found.text(row, at + 1) == "M" ? Origin::mobile : Origin::desktop;
    entry.desktop = hash_at(found, row, at + 2);
    entry.cloud = hash_at(found, row, at + 4);
    entry.stamp_desktop = maybe_integer(found, row, at + 6);
    entry.stamp_cloud = maybe_integer(found, row, at + 7);
    if (table_.policy.refill) entry.previous = hash_at(found, row, at + 8);
    if (table_.policy.merges()) {
        entry.row_desktop = found.text(row, at + 10);
        entry.row_cloud = found.text(row, at + 11);
    }
    return entry;
}

std::string PgWorklist::insert_head(std::string_view columns) const {
    return fmt::format("INSERT INTO {} AS w ({}, {}) ", work_, key_list(keys_), columns);
}

std::string touched_sql(const Expressions& e, const std::string& base, const Mark& since) {
    return fmt::format(
        "SELECT greatest(t.written, (t.rows <> b.live OR b.lost > 0)::int) AS touched, t.rows FROM (SELECT count(*) "
        "FILTER (WHERE {}) AS written, count(*) AS rows FROM {} t WHERE {}) t, (SELECT count(*) "
        "FILTER (WHERE b.state = 'L') AS live, count(*) FILTER (WHERE b.state = 'U') AS lost "
        "FROM {} b) b",
        written_since_sql(since), e.relation(), e.in_scope(), base);
}

std::int64_t PgWorklist::touched_since(const Mark& since) {
    if (!touched_) touched_ = connection_.query({"look for writes", touched_sql(e_, base_, since)}).integer(0, 0);
    return *touched_;
}

std::int64_t PgWorklist::touched(Capture capture, const std::string& mark) {
    return capture == Capture::xmin && !mark.empty() ? touched_since(Mark::parse(mark)) : 0;
}

std::optional<std::int64_t> PgWorklist::settled_rows() {
    if (!installed_) return std::nullopt;
    if (!settled_) {
        const Result found = run(connection_, "count agreed rows",
                                 fmt::format("SELECT CASE WHEN count(*) FILTER (WHERE b.state = 'U') = 0 AND NOT EXISTS (SELECT FROM "
                                             "tideway.waiting g WHERE g.pair = $1 AND g.tbl = $2::int) "
                                             "THEN count(*) FILTER (WHERE b.state = 'L') END FROM {} b",
                                             base_),
                                 {store_.pair(), std::to_string(table_.id)});
        settled_ = maybe_integer(found, 0, 0);
    }
    return *settled_;
}

HintOutcome PgWorklist::add_desktop_hints(Capture capture, const std::string& mark) {
    const Mark since = Mark::parse(mark);
    const Mark now = store_.mark_of_snapshot(table_);
    if (capture == Capture::digest || mark.empty() || !follows(now, since, capture)) {
        compare_all();
        return {.needs_digest = capture != Capture::digest};
    }
    if (capture == Capture::xmin) {
        if (touched_since(since) == 0 && settled_rows()) return {};
        // One row less under a key shows in the key's other rows only.
        if (table_.repeats()) {
            compare_all();
            return {.examined = touched_since(since)};
        }
    }
    std::string candidates;
    if (capture == Capture::changelog) {
        const std::string changes = changes_name(store_.pair_number(), table_.id);
        if (truncated_since(connection_, changes, since)) {
            compare_all();
            return {.needs_digest = true};
        }
        const std::string condition = changed_since_sql(since);
        candidates = fmt::format(
            "SELECT {}, (extract(epoch FROM max(h.at)) * 1000000)::bigint AS at FROM {} h WHERE {} GROUP BY "
            "{}",
            logged_keys(), changes, condition, key_list(keys_, "h"));
    } else {
        const std::string condition =
            capture == Capture::xmin ? written_since_sql(since) : stamped_since_sql(e_, since);
        candidates = fmt::format("SELECT {}, NULL::bigint AS at FROM {} t WHERE {} AND {}", e_.keys_as_work(),
                                 e_.relation(), condition, e_.key_present());
    }
    const std::int64_t examined = compare_candidates(candidates);
    if (capture != Capture::xmin) return {.examined = examined};
    look_for_deleted();
    return {.examined = std::max(examined, touched_since(since))};  // rows without a key are no candidates
}

Digest PgWorklist::base_digest(bool keys_only) {
    const std::vector<std::string> cells = e_.key_cells_of("b");
    const std::string key_text = fmt::format("ROW({})::text COLLATE \"C\"", join(cells));
    const std::string a = keys_only ? fmt::format("hashtextextended({}, 1)", key_text) : "b.hc_a";
    const std::string b = keys_only ? fmt::format("hashtextextended({}, 2)", key_text) : "b.hc_b";
    const Result found = connection_.query(
        {"digest of base",
         fmt::format("SELECT {} AS bucket, count(*), {} FROM {} b WHERE b.state = 'L' GROUP BY 1",
                     e_.bucket("b"), hash_sums_sql(a, b), base_)});
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
                                cells.push_back(hint.stamp ? Cell(text(*hint.stamp)) : Cell());
                                cells.push_back(hint.marked_mobile ? "t" : "f");
                                append_cells(buffer, cells);
                            }
                            return next < hints.size();
                        });
}

// Keys that wait, with a person's choice and the references that are empty until their parents come.
std::string PgWorklist::waiting_keys() const {
    std::vector<std::string> typed;
    for (const std::string& type : e_.work_key_types())
        typed.push_back(fmt::format("g.key[{0}]::{1} AS k{0}", typed.size() + 1, type));
    return fmt::format(
        "SELECT {}, true AS waits, max(g.choice) AS choice, max(g.emptied) AS emptied FROM tideway.waiting g "
        "WHERE g.pair = {} AND "
        "g.tbl = {} GROUP BY {}",
        join(typed), sql::literal(store_.pair()), table_.id, positions(keys_));
}

void PgWorklist::add_waiting_keys() {
    if (!installed_) return;
    execute(
        "add waiting keys",
        insert_head("waits, choice, emptied") + waiting_keys() +
            fmt::format(" ON CONFLICT ({}) DO UPDATE SET waits = true, choice = excluded.choice, emptied = "
                        "excluded.emptied",
                        key_list(keys_)));
}

// They travel as hints, the desktop's moment in the place of a stamp.
void PgWorklist::add_keys(const std::vector<KeyAgain>& keys) {
    std::vector<CloudHint> hints;
    for (const KeyAgain& again : keys) {  // without an ordinal
        CloudHint& hint = hints.emplace_back();
        hint.key = again.key;
        hint.key.resize(keys_);
        hint.captured = again.captured_cloud;
        hint.stamp = again.captured_desktop;
    }
    add_cloud_hints(hints);
    execute("add keys", insert_head("c_at, d_at") + fmt::format("SELECT {0}, max(h.at), max(h.stamp) FROM {1} h GROUP BY {0} "
                                                                "ON CONFLICT DO NOTHING",
                                                                key_list(keys_, "h"), hints_));
    if (installed_)
        execute("note waiting keys", fmt::format("UPDATE {} AS w SET waits = true, choice = g.choice, "
                                                 "emptied = g.emptied FROM ({}) g WHERE {}",
                                                 work_, waiting_keys(), key_equal(keys_, "w", "g")));
    empty_stage();
}

void PgWorklist::stream_equal(const std::function<void(Agreement&&)>& sink) {
    execute("analyze hints", fmt::format("ANALYZE {}", hints_));
    connection_.copy_out(
        {"stream equal rows",
         fmt::format("COPY (SELECT {}, h.a, h.b, {}, h.stamp, h.mobile FROM {} h JOIN {} t ON {} WHERE {} "
                     "AND {} AND h.a = "
                     "{} AND h.b = {} AND NOT EXISTS (SELECT FROM {} b WHERE {})) TO STDOUT",
                     join(e_.key_cells()), e_.stamp(), hints_, e_.relation(), e_.key_match("h"),
                     e_.key_present(), e_.in_scope(), e_.hash_a(), e_.hash_b(), base_,
                     key_equal(keys_, "b", "h"))},
        keys_ + 5,
        [&](const Cells& cells) {
            Agreement agreement;
            agreement.table = &table_;
            for (std::size_t i = 0; i < keys_; ++i) agreement.key.push_back(text_in(cells[i]));
            agreement.desktop = agreement.cloud = {integer_in(cells[keys_]), integer_in(cells[keys_ + 1])};
            if (cells[keys_ + 2]) agreement.stamp_desktop = integer_in(cells[keys_ + 2]);
            if (cells[keys_ + 3]) agreement.stamp_cloud = integer_in(cells[keys_ + 3]);
            agreement.origin = cells[keys_ + 4] == "t" ? Origin::mobile : Origin::desktop;
            sink(std::move(agreement));
        });
    empty_stage();
}

// A key that only waits may be anything: nobody has compared it.
Tally PgWorklist::tally(const std::optional<RowsThatTell>& enough) {
    constexpr const char* unseen = "waits AND NOT d_seen AND NOT c_seen";
    const std::string most = enough ? fmt::format("(SELECT greatest(coalesce(sum(weight), 0) * {}, coalesce(sum(weight) FILTER "
                                                  "(WHERE d_gone OR c_gone OR {}), 0) * {}) FROM {})",
                                                  enough->of_each_changed, unseen, enough->of_each_gone, work_)
                                    : "ALL";
    const Result found = connection_.query({"tally", fmt::format(R"(
SELECT count(*), coalesce(sum(c_bytes), 0)::bigint, (SELECT count(*) FROM (SELECT FROM {0} b WHERE b.state = 'L' LIMIT {3}) b),
       coalesce(sum(weight) FILTER (WHERE base_live AND d_gone AND NOT c_seen OR {1}), 0),
       coalesce(sum(weight) FILTER (WHERE base_live AND d_seen AND (NOT d_gone OR weight > 1) OR {1}), 0),
       coalesce(sum(weight) FILTER (WHERE base_live AND c_gone AND NOT d_seen OR {1}), 0),
       coalesce(sum(weight) FILTER (WHERE base_live AND c_seen AND (NOT c_gone OR weight > 1) OR {1}), 0),
       coalesce(sum(weight) FILTER (WHERE NOT base_live AND d_seen AND NOT d_gone AND c_seen AND NOT c_gone), 0),
       coalesce(sum(weight), 0)
FROM {2})",
                                                                 base_, unseen, work_, most)});
    return {found.integer(0, 0), found.integer(0, 1), found.integer(0, 2),
            found.integer(0, 3), found.integer(0, 4), found.integer(0, 5),
            found.integer(0, 6), found.integer(0, 7), found.integer(0, 8)};
}

}  // namespace tideway::pg
