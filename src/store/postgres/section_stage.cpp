// The planned rows of a section, as a temporary table of the target's own column types.
#include <fmt/format.h>

#include <algorithm>

#include "store/postgres/apply.hpp"

namespace tideway::pg {
namespace {

constexpr std::size_t rows_as_parameters = 100, most_parameters = 6'000;
constexpr std::size_t bytes_as_parameters = 256 * 1024;  // they are held once more until they are sent

const char* letter(Write write) { return write == Write::insert ? "I" : write == Write::update ? "U" : "D"; }

// What few rows have: columns at the end of the stage, which are not sent where no row has any of it.
struct Rare {
    const char *name, *type, *otherwise = nullptr;
};
constexpr Rare rare_columns[] = {
    {"kind", "text"},
    {"policy", "text"},
    {"winner", "text"},
    {"reason", "text"},
    {"facts", "text"},
    {"other_row", "text"},
    {"source_row", "text"},
    {"waits_for", "text"},
    {"refused", "text"},
    {"emptied", "text", "''"},
    {"restores", "bigint", "0"},
    {"kept", "int[]", "'{}'"},
    {"settled", "int[]", "'{}'"},
    {"chosen", "boolean", "false"},
    {"ahead", "boolean", "false"},
    {"revives", "boolean", "false"},
};

bool has_nothing_rare(const PlannedRow& row) {
    return !row.conflict && !row.if_altered && !row.chosen && row.restores == 0 && row.source_row.empty() &&
           !row.ahead && row.kept.empty() && !row.revives && !row.fills && row.emptied.empty();
}

Cell number(std::int64_t value) { return std::to_string(value); }

}  // namespace

// The stage takes the target's own column types, so that what the column would refuse is refused here
// already.
void SectionApply::stage(const std::function<void()>& sent) {
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
    std::string rare, defaults;
    for (const Rare& column : rare_columns) {
        rare += fmt::format(", NULL::{} AS {}", column.type, column.name);
        if (column.otherwise)
            defaults += fmt::format("{} {} SET DEFAULT {}", defaults.empty() ? "ALTER" : ", ALTER",
                                    column.name, column.otherwise);
    }
    post("create stage", fmt::format("CREATE TEMP TABLE tideway_stage_{} ON COMMIT DROP AS SELECT 0 AS n, ' "
                                     "'::\"char\" AS op, 0::bigint AS a, "
                                     "0::bigint AS b, '{{}}'::text[] AS key, ' '::\"char\" AS origin, "
                                     "0::bigint AS sa, 0::bigint AS sb, "
                                     "0::bigint AS stamp, 0::bigint AS ta, 0::bigint AS tb, ''::text AS "
                                     "rule, {}{}{} FROM {} t WITH NO DATA",
                                     number_, join(columns), parents, rare, e_.relation()));
    plain_ = std::all_of(section_.rows.begin(), section_.rows.end(), has_nothing_rare);
    if (plain_) post("rare columns", fmt::format("ALTER TABLE {} {}", stage_, defaults));
    fill_stage(sent);
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

// As stage_row() gives them.
std::vector<std::string> SectionApply::stage_columns() const {
    const LinkedTable& table = *section_.table;
    std::vector<std::string> names{"n",  "op", "a",     "b",  "key", "origin",
                                   "sa", "sb", "stamp", "ta", "tb",  "rule"};
    for (std::size_t i = 1; i <= table.identity_cells(); ++i) names.push_back(fmt::format("k{}", i));
    for (std::size_t i = 1; i <= table.cells_to(store_.side()); ++i) names.push_back(fmt::format("c{}", i));
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        if (table.columns[i].by_key) names.push_back(fmt::format("r{}", i + 1));
    for (std::size_t i = 1; i <= unlinked_.size(); ++i) names.push_back(fmt::format("u{}", i));
    for (const Rare& column : rare_columns)
        if (!plain_) names.emplace_back(column.name);
    return names;
}

// A few small rows travel with the other statements, as parameters that become what the column is; COPY takes
// two round trips.
void SectionApply::fill_stage(const std::function<void()>& sent) {
    std::vector<Cell> cells;
    std::string rows;
    const std::string target = fmt::format("{} ({})", stage_, join(stage_columns()));
    if (section_.rows.size() <= rows_as_parameters && bytes_to_stage() <= bytes_as_parameters) {
        for (std::size_t n = 0; n < section_.rows.size(); ++n) {
            const Cells row = stage_row(section_.rows[n], n);
            rows += n == 0 ? "(" : "), (";
            for (std::size_t i = 0; i < row.size(); ++i)
                rows += fmt::format("{}${}", i == 0 ? "" : ", ", cells.size() + i + 1);
            cells.insert(cells.end(), row.begin(), row.end());
        }
        if (cells.size() <= most_parameters) {
            connection_.post({"fill stage", fmt::format("INSERT INTO {} VALUES {})", target, rows)},
                             std::move(cells));
            return;
        }
    }
    std::size_t next = 0;
    connection_.copy_in({"fill stage", fmt::format("COPY {} FROM STDIN", target)}, [&](std::string& buffer) {
        for (; next < section_.rows.size() && buffer.size() < 256 * 1024; ++next)
            append_cells(buffer, stage_row(section_.rows[next], next));
        const bool more = next < section_.rows.size();
        if (!more && sent) sent();
        return more;
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
    const bool erases = row.write == Write::erase;
    Cells cells{number(static_cast<std::int64_t>(n)),
                letter(row.write),
                number(row.expected.a),
                number(row.expected.b),
                text_array(row.key),
                row.origin == Origin::mobile ? "M" : "D",
                number(row.source_hash.a),
                number(row.source_hash.b),
                row.source_stamp ? number(*row.source_stamp) : Cell(),
                erases ? number(row.base_target.a) : Cell(),
                erases ? number(row.base_target.b) : Cell(),
                row.rule};
    for (const std::string& part : row.key) cells.emplace_back(part);
    if (erases || undoes_)
        cells.resize(cells.size() + section_.table->cells_to(store_.side()));
    else
        cells.insert(cells.end(), row.cells.begin(), row.cells.end());
    if (undoes_)
        cells.resize(cells.size() + parents_by_key(*section_.table) + unlinked_.size());
    else
        add_parents(cells, row);
    if (!plain_) add_rare(cells, row);
    return cells;
}

// In the order of rare_columns.
void SectionApply::add_rare(Cells& cells, const PlannedRow& row) const {
    const std::optional<ConflictNote>& note = row.conflict ? row.conflict : row.if_altered;
    const Cells rare{note ? Cell(note->kind) : Cell(),
                     note ? Cell(note->policy) : Cell(),
                     note ? Cell(row.ahead ? "merged" : name(note->winner)) : Cell(),
                     note ? Cell(note->reason) : Cell(),
                     note ? Cell(note->facts) : Cell(),
                     note && !note->other_row.empty() ? Cell(note->other_row) : Cell(),
                     row.source_row.empty() ? Cell() : Cell(row.source_row),
                     row.fills ? Cell(row.emptied) : Cell(),
                     Cell(),
                     row.fills ? "" : row.emptied,
                     number(row.restores),
                     cell_numbers(row.kept),
                     row.if_altered ? cell_numbers(row.settled) : "{}",
                     row.chosen ? "t" : "f",
                     row.ahead ? "t" : "f",
                     row.revives ? "t" : "f"};
    static_assert(std::size(rare_columns) == 16);
    cells.insert(cells.end(), rare.begin(), rare.end());
}

// What crosses as a parent's key is no value of the column: that is found when the parents are there.
void SectionApply::add_parents(Cells& cells, const PlannedRow& row) const {
    const std::vector<LinkedColumn>& columns = section_.table->columns;
    const std::size_t first = cells.size() - section_.table->cells_to(store_.side());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (!columns[i].by_key) continue;
        cells.push_back(row.write == Write::erase ? Cell() : row.cells[i]);
        cells[first + i].reset();
    }
}

}  // namespace tideway::pg
