// What a written row may run into at the target: missing parents, other unique keys, the filter, the app's
// own numbering.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "store/postgres/apply.hpp"

namespace tideway::pg {
namespace {

// Numbers further apart than so many steps do not belong to one numbering.
constexpr int widest_gap = 10'000;

bool refers_to_itself(const LinkedTable& table, Side side) {
    for (const Reference& reference : table.references(side))
        if (reference.parent == table.on(side)) return true;
    return false;
}

}  // namespace

// Rows whose parent is missing here, after the parents in this batch were written: they are left out, and so
// are rows of this table that refer to them; or their reference is left empty.
void SectionApply::set_orphans_aside() {
    const LinkedTable& table = *section_.table;
    if (!has(Write::insert) && !has(Write::update)) return;
    const bool again = refers_to_itself(table, store_.side());
    for (std::int64_t found = 1; found > 0;) {
        found = 0;
        for (const Reference& reference : table.references(store_.side())) {
            const auto treatment = treatment_of_orphans(reference);
            if (treatment && again) found += execute(treatment->first, treatment->second);
            if (treatment && !again) post(treatment->first, treatment->second);
        }
    }
    // Rows that were written without their parents, and for which none has come, wait on.
    if (std::none_of(section_.rows.begin(), section_.rows.end(),
                     [](const PlannedRow& row) { return row.fills; }))
        return;
    post("look for orphans that wait", fmt::format("UPDATE {} AS s SET op = 'O', refused = s.emptied "
                                                      "WHERE s.op = 'U' AND string_to_array(s.emptied, "
                                                      "E'\\n') @> string_to_array(s.waits_for, E'\\n')",
                                                      stage_));
}

// Name and text of the statement; none: nothing is to be done.
std::optional<std::pair<std::string, std::string>> SectionApply::treatment_of_orphans(const Reference& reference) const {
    const LinkedTable& table = *section_.table;
    const bool by_key = table.columns[reference.columns.front()].by_key != nullptr;
    if ((reference.orphans == Orphans::allow || reference.late) && !by_key) return std::nullopt;
    const std::string condition = orphan_condition(reference), name = sql::literal(reference.name);
    // What a later batch brings is filled in by the next run.
    const bool may_come = cut_ && reference.ring && !by_key && may_be_empty(reference);
    if (undoes_ || (reference.orphans != Orphans::null && !may_come))
        return std::pair<std::string, std::string>(
            "look for orphans",
            fmt::format("UPDATE {} AS s SET op = 'O', refused = {} WHERE s.op IN ('I', 'U') AND {}", stage_,
                        name, condition));
    std::string empty, names;
    for (const std::size_t at : reference.columns) {
        empty += fmt::format(", c{} = NULL", at + 1) + (by_key ? fmt::format(", r{} = NULL", at + 1) : "");
        names += (names.empty() ? "" : "\n") + table.columns[at].desktop.name;
    }
    return std::pair<std::string, std::string>(
        "empty references of orphans",
        fmt::format(
            "UPDATE {} AS s SET emptied = concat_ws(E'\\n', nullif(s.emptied, ''), {}){} WHERE s.op IN "
            "('I', 'U') AND {}",
            stage_, sql::literal(names), empty, condition));
}

std::string SectionApply::orphan_condition(const Reference& reference) const {
    const std::size_t first = reference.columns.front();
    if (section_.table->columns[first].by_key)
        return fmt::format("s.r{0} IS NOT NULL AND s.c{0} IS NULL", first + 1);
    std::vector<std::string> given, here, beside;
    for (std::size_t i = 0; i < reference.columns.size(); ++i) {
        const std::string value = fmt::format("s.c{}", reference.columns[i] + 1);
        given.push_back(value + " IS NOT NULL");
        here.push_back(
            fmt::format("p.{} = {}", sql::Identifier(reference.parent_columns[i]).quoted(), value));
        beside.push_back(fmt::format("q.c{} = {}", column_number(reference.parent_columns[i]), value));
    }
    std::string text = fmt::format("{} AND NOT EXISTS (SELECT FROM {} p WHERE {})", join(given, " AND "),
                                   reference.parent.quoted(), join(here, " AND "));
    const bool linked = std::none_of(reference.parent_columns.begin(), reference.parent_columns.end(),
                                     [&](const std::string& name) { return column_number(name) == 0; });
    if (linked && reference.parent == section_.table->on(store_.side()))
        text += fmt::format(" AND NOT EXISTS (SELECT FROM {} q WHERE q.op IN ('I', 'U') AND {})", stage_,
                            join(beside, " AND "));
    return text;
}

// Rows to be deleted that others here still refer to, after the children in this batch were deleted: they are
// left out. Of an undo those whose children would go along as well. What a child inserted meanwhile refers to, or one that we may not read, the server judges. A row that
// only gets a mark stays there for its children.
void SectionApply::set_parents_aside() {
    if (!has(Write::erase) || e_.marks_deletions()) return;
    const Result references = run(connection_, "read references to the table", R"(
SELECT f.conname, format('%I.%I', n.nspname, c.relname), f.conrelid = f.confrelid,
       (SELECT string_agg(format('q.%I = t.%I', a.attname, b.attname), ' AND ') FROM unnest(f.conkey, f.confkey) k(child, parent)
        JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.child
        JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.parent)
FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE f.contype = 'f' AND f.conparentid = 0 AND f.confrelid = $1::regclass AND (f.confdeltype IN ('a', 'r') OR $2::boolean) AND NOT f.condeferrable
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid))",
                                  {section_.table->on(store_.side()).quoted(), undoes_ ? "t" : "f"});
    for (std::int64_t found = 1; found > 0;) {
        found = 0;
        for (int i = 0; i < references.rows(); ++i) {
            const std::int64_t here =
                execute("look for children",
                        parents_sql(std::string(references.text(i, 0)), std::string(references.text(i, 1)),
                                    std::string(references.text(i, 3)), references.boolean(i, 2)));
            if (references.boolean(i, 2)) found += here;
        }
    }
}

// A child in the same table may be on its way out as well.
std::string SectionApply::parents_sql(const std::string& constraint, const std::string& child,
                                      const std::string& match, bool same_table) const {
    const std::string claims =
        fmt::format("f.sec = {} AND f.n = s.n AND f.a = s.a AND f.b = s.b AND s.op = 'D'", number_);
    const std::string leaving =
        fmt::format("SELECT f.at FROM {} s JOIN pg_temp.tideway_found f ON {}", stage_, claims);
    return fmt::format(
        "UPDATE {} AS s SET op = 'P', refused = {} FROM pg_temp.tideway_found f JOIN {} t ON t.ctid = f.at "
        "WHERE {} AND EXISTS (SELECT FROM {} q WHERE {}{})",
        stage_, sql::literal(constraint), e_.relation(), claims, child, match,
        same_table ? fmt::format(" AND q.ctid NOT IN ({})", leaving) : "");
}

namespace {

// A value that nobody else has, for the moment between two statements; none: the type offers no such value.
std::optional<std::string> passing_value(const ColumnSide& column) {
    if (!column.not_null) return "NULL";
    static const std::set<std::string> numbers{"smallint", "integer", "bigint", "numeric"};
    if (numbers.contains(column.base_type)) return fmt::format("(-1 - s.n)::{}", column.base_type);
    if (column.base_type == "text" || column.base_type == "character varying" || column.base_type == "bpchar")
        return fmt::format("left(md5(random()::text || s.n), {})", column.length > 0 ? column.length : 32);
    if (column.base_type == "uuid") return "gen_random_uuid()";
    return std::nullopt;
}

}  // namespace

// Two rows that change places under a unique key (or more, in a ring) can only do so through another value:
// whoever stands where another row of this batch wants to be steps aside first.
void SectionApply::step_aside() {
    if (!has(Write::update) && !(has(Write::erase) && has(Write::insert))) return;
    for (const OtherKey& key : section_.table->other_keys(store_.side())) {
        const std::size_t first = key.columns.front();
        const ColumnSide& column = section_.table->columns[first].on(store_.side());
        const auto value = passing_value(column);
        if (!value) continue;
        std::vector<std::string> wanted, moves;
        for (const std::size_t at : key.columns) {
            const std::string name =
                sql::Identifier(section_.table->columns[at].on(store_.side()).name).quoted();
            wanted.push_back(fmt::format("q.c{} = t.{}", at + 1, name));
            moves.push_back(fmt::format("t.{} IS DISTINCT FROM s.c{}", name, at + 1));
        }
        stepped_aside_ +=
            connection_
                .query(
                    {"step aside", fmt::format("WITH w AS (UPDATE {0} AS t SET {1} = {2} FROM {3} s JOIN "
                                               "pg_temp.tideway_found f ON f.sec "
                                               "= {4} AND f.n = s.n AND f.a = s.a AND f.b = s.b WHERE t.ctid "
                                               "= f.at AND (s.op = {7} OR s.op = 'U' AND "
                                               "({5})) AND EXISTS (SELECT FROM {3} q WHERE q.op IN ('I', 'U') "
                                               "AND q.n <> s.n AND {6}) "
                                               "RETURNING s.n, t.ctid AS now) UPDATE pg_temp.tideway_found "
                                               "AS f SET at = w.now FROM w "
                                               "WHERE f.sec = {4} AND f.n = w.n",
                                               e_.relation(), sql::Identifier(column.name).quoted(), *value,
                                               stage_, number_, join(moves, " OR "), join(wanted, " AND "),
                                               e_.marks_deletions() ? "NULL" : "'D'")})
                .affected();
    }
}

// A trigger that suppresses the second of the two writes, or a child that keeps a row from being deleted, would leave
// the passing value in a user's row.
void SectionApply::refuse_rows_left_aside() {
    if (stepped_aside_ == 0) return;
    const Result found = connection_.query(
        {"look for rows left aside",
         fmt::format(
             "SELECT EXISTS (SELECT FROM {0} s JOIN pg_temp.tideway_found f ON f.sec = {1} AND f.n = s.n AND "
             "f.a = s.a AND f.b = s.b WHERE s.op IN ('U', 'D', 'P') AND NOT EXISTS (SELECT FROM pg_temp.tideway_outcome o "
             "WHERE o.sec = {1} AND o.n = s.n))",
             stage_, number_)});
    if (found.boolean(0, 0))
        throw Refused(
            {"23505", "rows change places under a unique key, and a trigger kept one of them back", "", ""});
}

// Rows whose value under another unique key belongs to a row that stays: they would take the whole batch down
// with them. A row that this batch updates or deletes may give its value up; the server judges that.
void SectionApply::set_clashes_aside() {
    if (!has(Write::insert) && !has(Write::update)) return;
    if (undoes_) set_taken_numbers_aside();
    for (const OtherKey& key : section_.table->other_keys(store_.side())) {
        std::vector<std::string> here, beside;
        for (const std::size_t at : key.columns) {
            const std::string name =
                sql::Identifier(section_.table->columns[at].on(store_.side()).name).quoted();
            here.push_back(fmt::format("t.{} = s.c{}", name, at + 1));
            beside.push_back(fmt::format("q.c{0} = s.c{0}", at + 1));
        }
        post(
            "look for clashes",
            fmt::format(
                "UPDATE {0} AS s SET op = 'C', refused = {1} WHERE s.op IN ('I', 'U') AND (EXISTS (SELECT "
                "FROM "
                "{2} t WHERE {3} AND NOT EXISTS (SELECT FROM pg_temp.tideway_found f WHERE f.sec = {4} AND "
                "f.at = t.ctid)) OR EXISTS (SELECT FROM {0} q WHERE q.op IN ('I', 'U') AND q.n < s.n AND "
                "{5}))",
                stage_, sql::literal(key.name), e_.relation(), join(here, " AND "), number_,
                join(beside, " AND ")));
    }
}

// An undo gives rows their own number back (local_id), which may be another row's by now.
void SectionApply::set_taken_numbers_aside() {
    const auto& id = store_.side() == Side::desktop ? section_.table->local_id_desktop : section_.table->local_id_cloud;
    const auto at = id ? std::find(unlinked_.begin(), unlinked_.end(), sql::Identifier(*id).quoted()) : unlinked_.end();
    if (at == unlinked_.end()) return;
    post("look for taken numbers",
         fmt::format("UPDATE {} AS s SET op = 'C', refused = {} WHERE s.op = 'I' AND EXISTS (SELECT FROM {} t WHERE t.{} = "
                     "s.u{})",
                     stage_, sql::literal(*id), e_.relation(), *at, at - unlinked_.begin() + 1));
}

// A row that a trigger or a default carried out of the filter would belong to somebody else.
void SectionApply::refuse_rows_outside() {
    if (!e_.filtered()) return;
    const Result found =
        connection_.query({"look for rows outside the filter",
                           fmt::format("SELECT count(*) FROM pg_temp.tideway_outcome o JOIN {} s ON s.n = "
                                       "o.n AND NOT s.chosen JOIN {} t ON t.ctid "
                                       "= o.now WHERE o.sec = {} AND NOT {}",
                                       stage_, e_.relation(), number_, e_.in_filter())});
    if (found.integer(0, 0) > 0)
        throw Refused({"44000",
                       fmt::format("the row would lie outside the filter of {}",
                                   section_.table->on(store_.side()).display()),
                       "see where in the configuration", ""});
}

// Position of a column of this side among the stage's c1, c2, ...; 0: it is not linked.
std::size_t SectionApply::column_number(const std::string& name) const {
    const std::vector<LinkedColumn>& columns = section_.table->columns;
    for (std::size_t i = 0; i < columns.size(); ++i)
        if (columns[i].on(store_.side()).name == name) return i + 1;
    return 0;
}

// Its position survives a rollback, which only leaves a gap.
void SectionApply::move_counters() {
    if (rehearsal_) return;
    const std::vector<LinkedColumn>& columns = section_.table->columns;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const std::string& counter = columns[i].on(store_.side()).counter;
        if (counter.empty()) continue;
        post("move counter",
                move_counter_sql(counter,
                                 fmt::format("SELECT s.c{} AS id FROM {} s JOIN pg_temp.tideway_outcome o ON "
                                             "o.sec = {} AND o.n = s.n WHERE s.op = 'I'",
                                             i + 1, stage_, number_)));
    }
}

// A sequence that numbers the column goes on behind what was brought, as long as that belongs to the same
// numbering: a number far ahead is another range or a special value, and where sides share out odd and even
// numbers they keep to theirs.
std::string move_counter_sql(const std::string& counter, const std::string& ids) {
    return fmt::format(R"(
WITH c AS (SELECT CASE WHEN p.is_called THEN p.last_value ELSE p.last_value - q.seqincrement END AS at, q.seqincrement AS step, q.seqmax
           FROM pg_sequence q, {0} p WHERE q.seqrelid = {1}::regclass AND q.seqincrement > 0),
ids AS (SELECT DISTINCT floor(x.id)::numeric AS id FROM ({2}) x, c WHERE x.id > c.at),
reached AS (SELECT x.id FROM (SELECT id, max(gap) OVER (ORDER BY id) AS widest FROM
            (SELECT id, id - lag(id, 1, c.at::numeric) OVER (ORDER BY id) AS gap FROM ids, c) y) x, c WHERE x.widest <= {3} * c.step),
target AS (SELECT c.at + floor((max(r.id) - c.at) / c.step) * c.step AS value FROM reached r, c GROUP BY c.at, c.step)
SELECT setval({1}::regclass, t.value::bigint) FROM target t, c WHERE t.value > c.at AND t.value + c.step <= c.seqmax)",
                       counter, sql::literal(counter), ids, widest_gap);
}

}  // namespace tideway::pg
