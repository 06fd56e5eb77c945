// One table's part of an apply transaction: stage, lock, write, journal, conflicts, receipts or base.
#include <fmt/format.h>

#include <algorithm>

#include "store/postgres/apply.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

constexpr std::size_t rows_as_parameters = 100, most_parameters = 6'000;
constexpr std::size_t bytes_as_parameters = 256 * 1024;  // they are held once more until they are sent

const char* letter(Write write) { return write == Write::insert ? "I" : write == Write::update ? "U" : "D"; }

}  // namespace

SectionApply::SectionApply(PgStore& store, Connection& connection, const BatchSection& section, int number,
                           const Batch& batch)
    : store_(store),
      connection_(connection),
      section_(section),
      number_(number),
      e_(store.expressions(*section.table)),
      stage_(fmt::format("pg_temp.tideway_stage_{}", number)),
      cut_(batch.cut),
      undoes_(batch.undoes),
      rehearsal_(batch.rehearsal) {
    if (undoes_) unlinked_ = unlinked_columns(connection, section, store.side());
}

void SectionApply::post(std::string_view name, const std::string& text) { connection_.post({name, text}); }

std::int64_t SectionApply::execute(std::string_view name, const std::string& text) {
    const Answer answer = connection_.post({name, text});
    connection_.flush();
    return answer.get().affected();
}

bool SectionApply::has(Write write) const {
    for (const PlannedRow& row : section_.rows)
        if (row.write == write) return true;
    return false;
}

// The stage takes the target's own column types, so that what the column would refuse is refused here
// already.
void SectionApply::stage() {
    const LinkedTable& table = *section_.table;
    std::vector<std::string> columns;
    columns.push_back(e_.keys_as_work());
    if (table.repeats()) columns.push_back(fmt::format("0 AS k{}", table.identity_cells()));
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        columns.push_back(fmt::format(
            "t.{}{} AS c{}", sql::Identifier(table.columns[i].on(store_.side()).name).quoted(),
            may_round(table.columns[i], store_.side()) ? "::" + table.columns[i].on(store_.side()).base_type
                                                       : "",
            i + 1));
    if (store_.side() == Side::cloud)
        for (const Lookup& lookup : table.lookups)
            columns.push_back(fmt::format("t.{} AS c{}", sql::Identifier(lookup.cloud.name).quoted(),
                                          table.columns.size() + (&lookup - table.lookups.data()) + 1));
    std::string parents;
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        if (table.columns[i].by_key) parents += fmt::format(", ''::text AS r{}", i + 1);
    for (std::size_t i = 0; i < unlinked_.size(); ++i)
        parents += fmt::format(", t.{} AS u{}", unlinked_[i], i + 1);
    post(
        "create stage",
        fmt::format("CREATE TEMP TABLE tideway_stage_{} ON COMMIT DROP AS SELECT 0 AS n, ' "
                    "'::\"char\" AS op, 0::bigint AS a, 0::bigint AS b, "
                    "'{{}}'::text[] AS key, ' '::\"char\" AS origin, 0::bigint AS sa, "
                    "0::bigint AS sb, 0::bigint AS stamp, 0::bigint AS ta, "
                    "0::bigint AS tb, ''::text AS rule, ''::text AS kind, ''::text AS "
                    "policy, ''::text AS winner, ''::text AS reason, ''::text AS facts, "
                    "false AS chosen, 0::bigint AS restores, ''::text AS source_row, false AS ahead, "
                    "'{{}}'::int[] AS kept, '{{}}'::int[] AS settled, false AS revives, ''::text AS other_row, "
                    "{}, ''::text AS refused, ''::text AS waits_for, ''::text AS emptied{} "
                    "FROM {} t WITH NO "
                    "DATA",
                    number_, join(columns), parents, e_.relation()));
    fill_stage();
    refuse_rounding();
    if (section_.rows.size() > 200) post("analyze stage", fmt::format("ANALYZE {} (n, op)", stage_));
}

std::size_t SectionApply::bytes_to_stage() const {
    std::size_t bytes = 0;
    for (const PlannedRow& row : section_.rows) {
        bytes += row.source_row.size();
        for (const Cell& cell : row.cells) bytes += cell ? cell->size() : 0;
    }
    return bytes;
}

// A few small rows travel with the other statements, as parameters that become what the column is; COPY takes two round trips.
void SectionApply::fill_stage() {
    std::vector<Cell> cells;
    std::string rows;
    const std::string fill = fmt::format("COPY {} FROM STDIN", stage_);
    if (section_.rows.size() <= rows_as_parameters && bytes_to_stage() <= bytes_as_parameters) {
        for (std::size_t n = 0; n < section_.rows.size(); ++n) {
            const Cells row = stage_row(section_.rows[n], n);
            rows += n == 0 ? "(" : "), (";
            for (std::size_t i = 0; i < row.size(); ++i) rows += fmt::format("{}${}", i == 0 ? "" : ", ", cells.size() + i + 1);
            cells.insert(cells.end(), row.begin(), row.end());
        }
        if (cells.size() <= most_parameters) {
            connection_.post({"fill stage", fmt::format("INSERT INTO {} VALUES {})", stage_, rows)}, std::move(cells));
            return;
        }
    }
    std::size_t next = 0;
    connection_.copy_in({"fill stage", fill}, [&](std::string& buffer) {
        for (; next < section_.rows.size() && buffer.size() < 256 * 1024; ++next)
            append_cells(buffer, stage_row(section_.rows[next], next));
        return next < section_.rows.size();
    });
}

// The server rounds numbers and times to a column's scale without a word; such a column is staged with all
// its digits.
bool may_round(const LinkedColumn& column, Side side) {
    const ColumnSide& target = column.on(side);
    const bool scaled = target.base_type == "numeric" || target.base_type.starts_with("time") ||
                        target.base_type == "interval";
    return scaled && column.desktop.type != column.cloud.type && target.type != target.base_type;
}

void SectionApply::refuse_rounding() {
    const LinkedTable& table = *section_.table;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (!may_round(table.columns[i], store_.side())) continue;
        const ColumnSide& target = table.columns[i].on(store_.side());
        const Result found = connection_.query(
            {"look for rounding",
             fmt::format("SELECT EXISTS (SELECT FROM {0} s WHERE s.c{1} IS DISTINCT FROM s.c{1}::{2})",
                         stage_, i + 1, target.type)});
        if (found.boolean(0, 0))
            throw Refused({"22003",
                           fmt::format("a value of {}.{} has more digits than {} can hold",
                                       table.on(store_.side()).display(), target.name, target.type),
                           "", ""});
    }
}

namespace {

// Numbered like the stage's c1, c2, ...
std::string cell_numbers(const std::vector<std::size_t>& cells) {
    std::string text = "{";
    for (const std::size_t at : cells) text += (text.size() > 1 ? "," : "") + std::to_string(at + 1);
    return text + "}";
}

}  // namespace

Cells SectionApply::stage_row(const PlannedRow& row, std::size_t n) const {
    const auto number = [](std::int64_t value) { return Cell(std::to_string(value)); };
    const std::optional<ConflictNote>& note = row.conflict ? row.conflict : row.if_altered;
    Cells cells{number(static_cast<std::int64_t>(n)),
                letter(row.write),
                number(row.expected.a),
                number(row.expected.b),
                text_array(row.key),
                row.origin == Origin::mobile ? "M" : "D",
                number(row.source_hash.a),
                number(row.source_hash.b),
                row.source_stamp ? number(*row.source_stamp) : Cell(),
                number(row.base_target.a),
                number(row.base_target.b),
                row.rule,
                note ? Cell(note->kind) : Cell(),
                note ? Cell(note->policy) : Cell(),
                note ? Cell(row.ahead ? "merged" : name(note->winner)) : Cell(),
                note ? Cell(note->reason) : Cell(),
                note ? Cell(note->facts) : Cell(),
                row.chosen ? "t" : "f",
                number(row.restores),
                row.source_row.empty() ? Cell() : Cell(row.source_row),
                row.ahead ? "t" : "f",
                cell_numbers(row.kept),
                row.if_altered ? cell_numbers(row.settled) : "{}",
                row.revives ? "t" : "f",
                note && !note->other_row.empty() ? Cell(note->other_row) : Cell()};
    for (const std::string& part : row.key) cells.emplace_back(part);
    if (row.write == Write::erase || undoes_)
        cells.resize(cells.size() + section_.table->cells_to(store_.side()));
    else
        cells.insert(cells.end(), row.cells.begin(), row.cells.end());
    cells.emplace_back();                                     // refused
    cells.push_back(row.fills ? Cell(row.emptied) : Cell());  // waits_for
    cells.emplace_back(row.fills ? "" : row.emptied);
    if (undoes_)
        cells.resize(cells.size() + parents_by_key(*section_.table) + unlinked_.size());
    else
        add_parents(cells, row);
    return cells;
}

// What crosses as a parent's key is no value of the column: that is found when the parents are there.
void SectionApply::add_parents(Cells& cells, const PlannedRow& row) const {
    const std::vector<LinkedColumn>& columns = section_.table->columns;
    const std::size_t first = cells.size() - 3 - section_.table->cells_to(store_.side());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (!columns[i].by_key) continue;
        cells.push_back(row.write == Write::erase ? Cell() : row.cells[i]);
        cells[first + i].reset();
    }
}

// A target without an index on the key could receive the same key from a user while we insert it.
void SectionApply::lock(bool skip_locked) {
    skip_locked_ = skip_locked;
    if (section_.table->repeats()) return lock_repeated(skip_locked);
    if (has(Write::insert) && !section_.table->key_index(store_.side()))
        post("lock keyless table",
                fmt::format("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", e_.relation()));
    post("lock rows",
            fmt::format("INSERT INTO pg_temp.tideway_found SELECT {}, s.n, t.ctid, {}, {}, "
                        "{} FROM {} s JOIN {} t ON {} AND (s.chosen OR {}) AND {} = s.revives "
                        "ORDER BY {} FOR UPDATE OF t{}",
                        number_, e_.hash_a(), e_.hash_b(), e_.image(), stage_, e_.relation(),
                        e_.key_match("s"), e_.in_filter(), e_.marked_deleted(), key_list(section_.table->key_cells(), "s"),
                        skip_locked ? " SKIP LOCKED" : ""));
}

// One stage row claims exactly one row whose hash matches (DESIGN.md 10.7).
std::string SectionApply::claimed(char op) const {
    return fmt::format(
        "(SELECT DISTINCT ON (s.n) s.*, f.at AS claimed FROM {} s JOIN pg_temp.tideway_found f ON f.sec = {} "
        "AND f.n "
        "= s.n "
        "AND f.a = s.a AND f.b = s.b WHERE s.op = '{}' ORDER BY s.n, f.at)",
        stage_, number_, op);
}

void SectionApply::mark_direct() {
    if (undoes_) return;
    post("mark own writes", fmt::format("SELECT set_config('tideway.direct', '{}', true)",
                                           direct_mark(store_.pair_number(), section_.table->id)));
}

void SectionApply::update() {
    if (!has(Write::update)) return;
    const std::string assignments = undoes_ ? exact_assignments() : e_.assignments();
    if (assignments.empty()) throw Defect("a table of key columns only cannot have an updated row");
    // A row that a trigger gave another key is not the planned one: it counts as written beside the plan.
    post("update rows",
            fmt::format("WITH w AS (UPDATE {} AS t SET {} FROM {} s WHERE t.ctid = s.claimed "
                        "RETURNING s.n, {} AS a, {} AS b, {} AS stamp, s.claimed, t.ctid AS now, {} AS same) "
                        "INSERT INTO pg_temp.tideway_outcome SELECT {}, w.n, w.a, w.b, w.stamp, w.claimed, w.now "
                        "FROM w WHERE w.same",
                        e_.relation(), assignments, claimed('U'), e_.hash_a(), e_.hash_b(), e_.stamp(),
                        section_.table->repeats() ? "true" : e_.key_match("s"), number_));
}

// The mark of a deletion goes back to what it was as well.
std::string SectionApply::exact_assignments() const {
    std::string assignments = e_.exact_assignments();
    const auto& mark = section_.table->mark(store_.side());
    const auto at = mark ? std::find(unlinked_.begin(), unlinked_.end(), sql::Identifier(mark->column).quoted())
                         : unlinked_.end();
    if (at != unlinked_.end())
        assignments += fmt::format("{}{} = s.u{}", assignments.empty() ? "" : ", ", *at, at - unlinked_.begin() + 1);
    return assignments;
}

void SectionApply::insert_into(std::vector<std::string>& names, std::vector<std::string>& values) const {
    const LinkedTable& table = *section_.table;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const LinkedColumn& column = table.columns[i];
        if (!column.on(store_.side()).writable) continue;
        names.push_back(sql::Identifier(column.on(store_.side()).name).quoted());
        values.push_back(fmt::format("s.c{}", i + 1));
    }
    for (std::size_t i = table.columns.size(); i < table.cells_to(store_.side()); ++i) {
        names.push_back(sql::Identifier(table.lookups[i - table.columns.size()].cloud.name).quoted());
        values.push_back(fmt::format("s.c{}", i + 1));
    }
    for (std::size_t i = 0; i < unlinked_.size(); ++i) {
        names.push_back(unlinked_[i]);
        values.push_back(fmt::format("s.u{}", i + 1));
    }
    for (const ConstantColumn& constant : table.constants) {
        if (constant.side != store_.side() || undoes_) continue;
        names.push_back(sql::Identifier(constant.name).quoted());
        values.push_back(fmt::format("{}::{}", sql::literal(constant.value), constant.type));
    }
}

void SectionApply::insert() {
    if (!has(Write::insert)) return;
    const LinkedTable& table = *section_.table;
    std::vector<std::string> names, values;
    insert_into(names, values);
    if (table.repeats()) return insert_repeated(join(names), join(values));
    // A row that was skipped because somebody holds it, or that bears a mark, is there all the same.
    const std::string unseen = skip_locked_ || e_.marks_deletions() ? fmt::format("AND NOT EXISTS (SELECT FROM {} t WHERE {})",
                                                          e_.relation(), e_.key_match("s"))
                                            : "";
    const std::string on_conflict =
        table.key_index(store_.side()) ? fmt::format("ON CONFLICT ({}) DO NOTHING", e_.key_names()) : "";
    post(
        "insert rows",
        fmt::format("WITH w AS (INSERT INTO {} AS t ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} s WHERE "
                    "s.op = 'I' AND NOT EXISTS "
                    "(SELECT FROM pg_temp.tideway_found f WHERE f.sec = {} AND f.n = s.n) {} ORDER BY s.n {} "
                    "RETURNING "
                    "{}, {} AS a, {} AS b, {} AS stamp, t.ctid AS now) "
                    "INSERT INTO pg_temp.tideway_outcome SELECT {}, s.n, w.a, w.b, w.stamp, NULL, w.now FROM "
                    "w JOIN {} s ON {}",
                    e_.relation(), join(names), join(values), stage_, number_, unseen, on_conflict,
                    e_.keys_as_work(), e_.hash_a(), e_.hash_b(), e_.stamp(), number_, stage_,
                    key_equal(table.key_cells(), "w", "s")));
    move_counters();
}

void SectionApply::erase() {
    if (!has(Write::erase)) return;
    const std::string rows = claimed('D');
    const std::string left =
        e_.marks_deletions() ? fmt::format("{} AS a, {} AS b", e_.hash_a(), e_.hash_b())
                             : "NULL::bigint AS a, NULL::bigint AS b";
    const std::string removal =
        e_.marks_deletions()
            ? fmt::format("UPDATE {} AS t SET {} FROM {} s", e_.relation(), e_.deletion(), rows)
            : fmt::format("DELETE FROM {} AS t USING {} s", e_.relation(), rows);
    post("delete rows",
            fmt::format("WITH w AS ({} WHERE t.ctid = s.claimed RETURNING s.n, {}, s.claimed) "
                        "INSERT INTO pg_temp.tideway_outcome (sec, n, a, b, at) SELECT {}, w.* FROM w",
                        removal, left, number_));
}

}  // namespace tideway::pg
