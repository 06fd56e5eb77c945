#include "store/postgres/pg_journal.hpp"

#include <fmt/format.h>

namespace tideway::pg {
namespace {

Cell maybe(const std::optional<std::int64_t>& value) { return value ? Cell(std::to_string(*value)) : Cell(); }

Kept kept_as(std::string_view letter) {
    return letter == "I"   ? Kept::inserted
           : letter == "D" ? Kept::erased
           : letter == "L" ? Kept::loaded
                           : Kept::updated;
}

std::optional<Hash> maybe_hash(const Result& result, int row, int column) {
    if (result.null(row, column)) return std::nullopt;
    return hash_at(result, row, column);
}

JournalEntry entry_at(const Result& found, int row) {
    JournalEntry entry;
    entry.id = found.integer(row, 0);
    entry.run = found.text(row, 1);
    entry.batch = found.integer(row, 2);
    entry.table_id = static_cast<int>(found.integer(row, 3));
    entry.key = parse_text_array(found.text(row, 4));
    entry.kept = kept_as(found.text(row, 5));
    entry.rule = found.text(row, 6);
    entry.before = maybe_hash(found, row, 7);
    entry.after = maybe_hash(found, row, 9);
    entry.form = maybe_integer(found, row, 11);
    entry.at = found.text(row, 12);
    entry.moment = found.integer(row, 13);
    entry.unmarked = found.text(row, 5) == "R";
    return entry;
}

}  // namespace

// The form is read so that a state of an earlier version can be read as well.
std::vector<JournalEntry> PgJournal::entries(const JournalSelection& selection) {
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    const Result found =
        run(c, "read journal", R"(
SELECT id, run, batch, tbl, key, op, rule, before_a, before_b, after_a, after_b, form,
       to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), (extract(epoch FROM at) * 1000000)::bigint FROM tideway.journal
WHERE pair = $1 AND ($2::text IS NULL OR run = $2) AND ($3::int IS NULL OR tbl = $3::int)
  AND ($4::text[] IS NULL OR key[1:cardinality($4::text[])] = $4::text[])
  AND ($5::bigint IS NULL OR at >= 'epoch'::timestamptz + $5::bigint * '1 microsecond'::interval) ORDER BY id DESC)",
            {store_.pair(), selection.run ? Cell(*selection.run) : Cell(),
             selection.table_id ? Cell(std::to_string(*selection.table_id)) : Cell(),
             selection.key ? Cell(text_array(*selection.key)) : Cell(), maybe(selection.since)});
    transaction.commit();
    std::vector<JournalEntry> entries;
    entries.reserve(static_cast<std::size_t>(found.rows()));
    for (int i = 0; i < found.rows(); ++i) entries.push_back(entry_at(found, i));
    return entries;
}

std::vector<JournaledRun> PgJournal::runs() {
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    const Result found = run(c, "list journaled runs", R"(
SELECT run, to_char(min(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       count(*) FILTER (WHERE op = 'I') + coalesce(sum((before ->> 'rows')::bigint) FILTER (WHERE op = 'L'), 0),
       count(*) FILTER (WHERE op IN ('U', 'R')), count(*) FILTER (WHERE op = 'D'), bool_or(rule LIKE 'undo %')
FROM tideway.journal WHERE pair = $1 GROUP BY run ORDER BY max(id) DESC)",
                             {store_.pair()});
    transaction.commit();
    std::vector<JournaledRun> runs;
    for (int i = 0; i < found.rows(); ++i)
        runs.push_back({std::string(found.text(i, 0)), std::string(found.text(i, 1)), found.integer(i, 2),
                        found.integer(i, 3), found.integer(i, 4), found.boolean(i, 5)});
    return runs;
}

JournalSize PgJournal::size() {
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    const Result found = run(c, "measure journal", R"(
SELECT pg_total_relation_size('tideway.journal') + pg_total_relation_size('tideway.conflict'),
       to_char((SELECT at FROM tideway.journal WHERE pair = $1 ORDER BY id LIMIT 1) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))",
                             {store_.pair()});
    transaction.commit();
    return {found.integer(0, 0), found.cell(0, 1)};
}

std::optional<std::string> PgJournal::image(std::int64_t id) {
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    const Result found =
        run(c, "read image", "SELECT before FROM tideway.journal WHERE pair = $1 AND id = $2::bigint",
            {store_.pair(), std::to_string(id)});
    transaction.commit();
    return found.rows() == 0 ? std::nullopt : found.cell(0, 0);
}

namespace {

// A key column's own type, which gives a value its scale; keys of other forms are texts.
std::string own_type(const LinkedTable& table, std::size_t at, Side side, const std::string& work_type) {
    if (table.repeats()) return work_type;
    const LinkedColumn& column = *table.key_columns()[at];
    return column.by_key ? work_type : column.on(side).type;
}

}  // namespace

std::optional<Key> PgJournal::spelled(const LinkedTable& table, const Key& key) try {
    const Expressions e = store_.expressions(table);
    std::vector<std::string> typed, fits;
    std::vector<Cell> cells;
    for (const std::string& type : e.work_key_types()) {
        const std::string value = fmt::format("${}::text", cells.size() + 1),
                          own = own_type(table, cells.size(), store_.side(), type);
        typed.push_back(fmt::format("{}::{} AS k{}", value, own, cells.size() + 1));
        fits.push_back(fmt::format("{0}::{1} = {0}::{2}", value, own, type));
        cells.emplace_back(key[cells.size()]);
    }
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    const std::vector<std::string> spellings = e.key_cells_of("w");
    const Result found = run(
        c, "spell key",
        fmt::format("SELECT {}, {} FROM (SELECT {}) w", join(spellings), join(fits, " AND "), join(typed)),
        cells);
    transaction.commit();
    if (!found.boolean(0, static_cast<int>(spellings.size()))) return std::nullopt;
    Key spelled = key_at(found, 0, 0, spellings.size());
    spelled.insert(spelled.end(), key.begin() + static_cast<std::ptrdiff_t>(spelled.size()), key.end());
    return spelled;
} catch (const DbError& error) {
    if (error.row_is_at_fault()) return std::nullopt;
    throw;
}

}  // namespace tideway::pg
