// Rows of an undo: what they are given back comes from the images in the journal, within the server.
#include <fmt/format.h>

#include <algorithm>

#include "store/postgres/apply.hpp"

namespace tideway::pg {

std::size_t parents_by_key(const LinkedTable& table) {
    return static_cast<std::size_t>(
        std::count_if(table.columns.begin(), table.columns.end(),
                      [](const LinkedColumn& column) { return column.by_key != nullptr; }));
}

std::vector<std::string> unlinked_columns(Connection& connection, const BatchSection& section, Side side) {
    const LinkedTable& table = *section.table;
    std::vector<std::string> linked;
    for (const LinkedColumn& column : table.columns) linked.push_back(column.on(side).name);
    if (side == Side::cloud)
        for (const Lookup& lookup : table.lookups) linked.push_back(lookup.cloud.name);
    const Result found = run(connection, "read columns", R"(
SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
AND attgenerated = '' AND attname <> ALL ($2::text[]) ORDER BY attnum)",
                             {table.on(side).quoted(), text_array(linked)});
    std::vector<std::string> names;
    for (int i = 0; i < found.rows(); ++i)
        names.push_back(sql::Identifier(std::string(found.text(i, 0))).quoted());
    return names;
}

// An image that has not the hash of the row it was taken from would write something that nobody ever wrote.
// Rows whose parents are named by key have no hash of their own before those are back.
void SectionApply::restore_images() {
    if (!undoes_ || (!has(Write::insert) && !has(Write::update))) return;
    const LinkedTable& table = *section_.table;
    std::vector<std::string> values, moves;
    const auto give = [&](const std::string& column, const std::string& place) {
        values.push_back(fmt::format("t.{} AS {}", column, place));
        moves.push_back(fmt::format("{0} = x.{0}", place));
    };
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        give(sql::Identifier(table.columns[i].on(store_.side()).name).quoted(), fmt::format("c{}", i + 1));
    for (std::size_t i = table.columns.size(); i < table.cells_to(store_.side()); ++i)
        give(sql::Identifier(table.lookups[i - table.columns.size()].cloud.name).quoted(),
             fmt::format("c{}", i + 1));
    for (std::size_t i = 0; i < unlinked_.size(); ++i) give(unlinked_[i], fmt::format("u{}", i + 1));
    const std::string exact = parents_by_key(table) > 0 ? "true"
                                                        : fmt::format("({}, {}) = (j.before_a, j.before_b)",
                                                                      e_.hash_a(), e_.hash_b());
    execute(
        "restore images",
        fmt::format("UPDATE {0} AS s SET {1}, op = CASE WHEN x.exact THEN s.op ELSE 'X' END FROM (SELECT "
                    "j.id, {2} AS exact, {3} FROM tideway.journal j, {4} WHERE j.id IN (SELECT r.restores "
                    "FROM {0} r)) x WHERE x.id = s.restores AND s.op IN ('I', 'U')",
                    stage_, join(moves), exact, join(values), e_.row_of("j.before")));
}

// The hash covers the synchronised columns alone; a row that was written at all since then has another transaction than
// the journal's entry of the write.
void SectionApply::refuse_touched() {
    if (!undoes_ || unlinked_.empty() || !has(Write::erase)) return;
    post("compare written rows",
         fmt::format("UPDATE {0} AS s SET op = 'T' FROM tideway.journal j, pg_temp.tideway_found f, {1} t WHERE s.op = "
                     "'D' AND j.id = s.restores AND f.sec = {2} AND f.n = s.n AND f.a = s.a AND f.b = s.b AND t.ctid = "
                     "f.at AND t.xmin <> j.xmin",
                     stage_, e_.relation(), number_));
}

// A reference that is known by its parent's key: the number in the image may be another row's by now. The hash tells, as
// soon as the parents of this batch are there.
void SectionApply::refuse_inexact() {
    if (!undoes_ || parents_by_key(*section_.table) == 0 || (!has(Write::insert) && !has(Write::update))) return;
    post("compare restored rows",
         fmt::format("UPDATE {0} AS s SET op = 'X' FROM tideway.journal j, {1} WHERE j.id = s.restores AND s.op IN ('I', "
                     "'U') AND ({2}, {3}) IS DISTINCT FROM (j.before_a, j.before_b)",
                     stage_, e_.row_of("j.before"), e_.hash_a(), e_.hash_b()));
}

}  // namespace tideway::pg
