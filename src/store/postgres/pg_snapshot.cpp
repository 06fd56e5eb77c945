#include "store/postgres/pg_snapshot.hpp"

#include <fmt/format.h>

#include <charconv>

#include "store/postgres/group_sums.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

// Transactions that stamp rows with their start time are assumed to commit within this time
// (correctness.md 2.5).
constexpr std::int64_t overlap_micros = 15LL * 60 * 1'000'000;

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// Other sessions' transaction starts are hidden from a role without pg_read_all_stats: then only the overlap
// is left.
const char* const floor_sql = R"(
SELECT pg_current_snapshot()::text, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
       (extract(epoch FROM least(clock_timestamp(),
           (SELECT min(xact_start) FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()),
           (SELECT min(prepared) FROM pg_prepared_xacts))) * 1000000)::bigint)";

}  // namespace

std::string Mark::text() const { return fmt::format("{};{};{}", snapshot, floor, relation); }

Mark Mark::parse(const std::string& text) {
    Mark mark;
    const std::size_t semicolon = text.find(';');
    mark.snapshot = text.substr(0, semicolon);
    if (semicolon != std::string::npos)
        mark.floor = static_cast<std::int64_t>(number(text.substr(semicolon + 1)));
    if (const std::size_t second = text.find(';', semicolon + 1);
        semicolon != std::string::npos && second != std::string::npos)
        mark.relation = text.substr(second + 1);
    const std::size_t colon = mark.snapshot.find(':');
    mark.xmin = number(mark.snapshot.substr(0, colon));
    mark.xmax = number(mark.snapshot.substr(colon + 1));
    return mark;
}

Answer Mark::ask(Connection& connection) { return connection.post({"take mark", floor_sql}); }

Mark Mark::taken(const Answer& answer) {
    const Result& taken = answer.get();
    Mark mark = parse(std::string(taken.text(0, 0)));
    mark.clock = taken.integer(0, 1);
    mark.floor = taken.integer(0, 2);
    return mark;
}

bool follows(const Mark& now, const Mark& then, Capture capture) {
    if (now.relation != then.relation) return false;
    if (now.xmax < then.xmax) return false;
    if (capture == Capture::timestamp) return now.floor >= then.floor;
    return capture != Capture::xmin || now.xmax - then.xmin < (1ULL << 31) - 1'000'000;
}

std::string changed_since_sql() {
    return "h.xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(h.xid, "
           "$1::pg_snapshot)";
}

std::string changed_since_sql(const Mark& since) {
    std::string condition = changed_since_sql();
    for (std::size_t at; (at = condition.find("$1")) != std::string::npos;)
        condition.replace(at, 2, sql::literal(since.snapshot));
    return condition;
}

std::string stamped_since_sql(const Expressions& e, const Mark& mark) {
    const LinkedTable& table = e.table();
    const bool desktop = e.side() == Side::desktop;
    std::vector<std::string> conditions;
    const std::string since = fmt::format("to_timestamp({}::numeric / 1000000)", mark.floor - overlap_micros);
    const auto add = [&](const std::optional<std::string>& name, const std::string& type) {
        if (!name) return;
        const std::string column = "t." + sql::Identifier(*name).quoted();
        const std::string zone = sql::literal(table.desktop_zone.empty() ? "UTC" : table.desktop_zone);
        const std::string limit =
            type == "timestamp without time zone" ? fmt::format("({} AT TIME ZONE {})", since, zone) : since;
        conditions.push_back(fmt::format("{0} >= {1} OR {0} = '-infinity' OR {0} IS NULL", column, limit));
    };
    add(desktop ? table.stamp_desktop : table.stamp_cloud,
        desktop ? table.stamp_desktop_type : table.stamp_cloud_type);
    add(desktop ? table.created_desktop : table.created_cloud,
        desktop ? table.created_desktop_type : table.created_cloud_type);
    return "(" + join(conditions, " OR ") + ")";
}

std::string written_since_sql(const Mark& mark) {
    return fmt::format("age(t.xmin) <= age(('{}'::xid8)::xid)", mark.xmin);
}

Answer ask_truncated(Connection& connection, const std::string& changes, const Mark& since) {
    return connection.post({"look for truncate", fmt::format("SELECT EXISTS (SELECT FROM {} h WHERE h.op = 'T' AND {})",
                                                             changes, changed_since_sql(since))});
}

bool truncated_since(Connection& connection, const std::string& changes, const Mark& since) {
    const Answer answer = ask_truncated(connection, changes, since);
    connection.flush();
    return answer.get().boolean(0, 0);
}

// LOCK comes before the snapshot is taken: a table that is rewritten or emptied in between would look empty
// to it.
PgSnapshot::PgSnapshot(PgStore& store, const std::vector<const LinkedTable*>& tables,
                       const std::vector<Watched>& expected)
    : store_(store), connection_(store.reader()) {
    transaction_.emplace(connection_, TransactionOptions{.isolation = Isolation::repeatable_read,
                                                         .locks_first = true,
                                                         .statement_timeout = Millis(0),
                                                         .idle_timeout = Millis(0)});
    std::vector<std::string> names;
    for (const LinkedTable* table : tables) names.push_back(table->on(store.side()).quoted());
    if (!names.empty())
        connection_.post({"lock tables for reading", "LOCK TABLE " + join(names) + " IN ACCESS SHARE MODE"});
    if (connection_.server_encoding() != "UTF8") connection_.post({"create function", readable_function});
    const Answer mark = Mark::ask(connection_), relations = store.ask_relations(tables),
                 columns = ask_fingerprints(connection_, store.side(), tables);
    post_expected(expected);
    land(columns, tables);
    mark_ = Mark::taken(mark);
    store.note_snapshot(mark_);
    store.note_relations(relations, tables);
    check_fingerprints(columns, store.side(), tables);
    note_expected();
}

// What is expected names columns: where they have changed, that is the reason to be told.
void PgSnapshot::land(const Answer& columns, const std::vector<const LinkedTable*>& tables) try {
    connection_.flush();
} catch (const DbError&) {
    if (columns.there()) check_fingerprints(columns, store_.side(), tables);
    throw;
}

std::unique_ptr<Snapshot> PgStore::snapshot(const std::vector<const LinkedTable*>& tables) {
    return std::make_unique<PgSnapshot>(*this, tables);
}

std::unique_ptr<Snapshot> PgStore::snapshot_of(const std::vector<Watched>& watched) {
    std::vector<const LinkedTable*> tables;
    for (const Watched& each : watched) tables.push_back(each.table);
    return std::make_unique<PgSnapshot>(*this, tables, watched);
}

std::string PgSnapshot::mark(const LinkedTable& table) const {
    Mark mark = mark_;
    mark.relation = store_.relation_mark(table);
    return mark.text();
}

// A rewritten table keeps its oid, which stands first.
bool PgSnapshot::replaced(const LinkedTable& table, const std::string& mark) const {
    const std::string then = Mark::parse(mark).relation, now = store_.relation_mark(table);
    return !then.empty() && then.substr(0, then.find('.')) != now.substr(0, now.find('.'));
}

// On the snapshot's connection, within its transaction.
Answer PgStore::ask_relations(const std::vector<const LinkedTable*>& tables) {
    std::vector<std::string> names;
    for (const LinkedTable* table : tables) names.push_back(table->on(side()).quoted());
    return post(reader(), "look at relations",
                             "SELECT r.name::regclass::oid, pg_relation_filenode(r.name::regclass) FROM "
                             "unnest($1::text[]) WITH ORDINALITY AS "
                             "r(name, n) ORDER BY r.n",
                             {text_array(names)});
}

void PgStore::note_relations(const Answer& answer, const std::vector<const LinkedTable*>& tables) {
    relations_.clear();
    const Result& found = answer.get();
    for (std::size_t i = 0; i < tables.size(); ++i) {
        const int row = static_cast<int>(i);
        relations_[tables[i]->id] =
            fmt::format("{}.{}.{}", found.text(row, 0), found.text(row, 1), tables[i]->fingerprint(side()));
    }
}

void PgStore::note_snapshot(const Mark& mark) { snapshot_ = std::make_shared<const Mark>(mark); }

Mark PgStore::mark_of_snapshot(const LinkedTable& table) const {
    ensure(snapshot_ != nullptr, "a worklist lives in a snapshot");
    Mark mark = *snapshot_;
    mark.relation = relation_mark(table);
    return mark;
}

std::string PgStore::relation_mark(const LinkedTable& table) const {
    const auto found = relations_.find(table.id);
    return found == relations_.end() ? "" : found->second;
}

// After the key: hash, moment, size; with these also the stamp and the mark.
constexpr std::size_t short_hint = 4, long_hint = 6;

std::optional<CloudHint> hint_of(const Cells& cells, std::size_t keys) {
    if (cells.size() != keys + short_hint && cells.size() != keys + long_hint) throw Misfit("a hint has other columns");
    CloudHint hint;
    for (std::size_t i = 0; i < keys; ++i) {
        if (!cells[i]) return std::nullopt;
        hint.key.push_back(*cells[i]);
    }
    if (cells[keys]) hint.hash = Hash{integer_in(cells[keys]), integer_in(cells[keys + 1])};
    if (cells[keys + 2]) hint.captured = integer_in(cells[keys + 2]);
    if (cells[keys + 3]) hint.bytes = integer_in(cells[keys + 3]);
    if (cells.size() == keys + long_hint) {
        if (cells[keys + 4]) hint.stamp = integer_in(cells[keys + 4]);
        hint.marked_mobile = cells[keys + 5] == "t";
    }
    return hint;
}

std::int64_t PgSnapshot::stream_hints(const Expressions& e, const std::string& from, std::size_t facts,
                                      const HintSink& sink) {
    const std::size_t keys = e.table().key_cells();
    std::int64_t count = 0;
    const Statement copy{"stream hints", fmt::format("COPY ({}) TO STDOUT", from)};
    connection_.copy_out(copy, keys + facts, [&](const Cells& cells) {
        ++count;
        if (auto hint = hint_of(cells, keys)) sink(std::move(*hint));
    });
    return count;
}

HintOutcome PgSnapshot::changelog_hints(const Expressions& e, const Mark& since, const HintSink& sink) {
    const std::string changes = changes_name(store_.pair_number(), e.table().id);
    if (truncated_since(connection_, changes, since)) return {.needs_digest = true};
    return {.examined = stream_hints(e, changelog_hints_sql(e, since), short_hint, sink)};
}

std::string PgSnapshot::changelog_hints_sql(const Expressions& e, const Mark& since) const {
    const std::string changes = changes_name(store_.pair_number(), e.table().id);
    const std::size_t keys = e.table().key_cells();
    std::string condition = changed_since_sql(since);
    std::vector<std::string> logged;
    for (const std::string& key : e.logged_keys())
        logged.push_back(fmt::format("{} AS k{}", key, logged.size() + 1));
    condition += " AND " + e.logged_key_fits();  // a key that the other side cannot hold was never agreed on
    return fmt::format(
        "SELECT {}, CASE WHEN {} AND {} THEN {} END, {}, h.at, {} FROM (SELECT {}, (extract(epoch FROM "
        "max(h.at)) * "
        "1000000)::bigint AS at "
        "FROM {} h WHERE {} GROUP BY {}) h LEFT JOIN {} t ON {}",
        join(e.key_cells_of("h")), e.key_present(), e.in_scope(), e.hash_a(), e.hash_b(), e.bytes(),
        join(logged), changes, condition, key_list(keys, "h"), e.relation(), e.key_match("h"));
}

HintOutcome PgSnapshot::hints(const LinkedTable& table, Capture capture, const std::string& mark,
                              const HintSink& sink) {
    const Expressions e = store_.expressions(table);
    const Mark since = Mark::parse(mark);
    Mark now = mark_;
    now.relation = store_.relation_mark(table);
    if (capture == Capture::digest || mark.empty() || !follows(now, since, capture))
        return {.needs_digest = true};
    if (const auto known = expected_hints(e, capture, mark, sink)) return *known;
    if (capture == Capture::changelog) return changelog_hints(e, since, sink);
    std::string condition = capture == Capture::xmin ? written_since_sql(since) : stamped_since_sql(e, since);
    // Where rows repeat, a key is judged by all its rows.
    if (table.repeats())
        condition = fmt::format("({0}) IN (SELECT {0} FROM {1} t WHERE {2})", join(e.key_cells()),
                                e.relation(), condition);
    const std::string from = fmt::format(
        "SELECT {}, CASE WHEN {} THEN {} END, {}, NULL::bigint, {} FROM {} t WHERE {}", join(e.key_cells()),
        e.in_scope(), e.hash_a(), e.hash_b(), e.bytes(), e.relation(), condition);
    return {.examined = stream_hints(e, from, short_hint, sink)};
}

void PgSnapshot::list_buckets(const LinkedTable& table, const std::vector<int>& buckets,
                              const HintSink& sink) {
    const Expressions e = store_.expressions(table);
    const std::string filter = lies_in(e.bucket("t"), buckets) + " AND " + e.in_scope();
    stream_hints(
        e,
        fmt::format("SELECT {}, {}, {}, NULL::bigint, {}, {}, {} FROM {} t WHERE {}", join(e.key_cells()),
                    e.hash_a(), e.hash_b(), e.bytes(), e.stamp(), e.marked_mobile(), e.relation(), filter),
        long_hint, sink);
}

}  // namespace tideway::pg
