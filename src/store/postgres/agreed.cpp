// What the base says of single keys, for explain and undo.
#include <fmt/format.h>

#include "store/postgres/pg_archive.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

BaseEntry entry_at(const Result& found, int row) {
    BaseEntry entry;
    const std::string_view state = found.text(row, 1);
    entry.state = state == "L"                   ? BaseState::live
                  : state == "T" || state == "S" ? BaseState::tombstone
                                                 : BaseState::unknown;
    entry.deletion_forgotten = state == "S";
    entry.origin = found.text(row, 2) == "M" ? Origin::mobile : Origin::desktop;
    entry.desktop = hash_at(found, row, 3);
    entry.cloud = hash_at(found, row, 5);
    entry.stamp_desktop = maybe_integer(found, row, 7);
    entry.stamp_cloud = maybe_integer(found, row, 8);
    return entry;
}

std::vector<std::string> base_types(const Expressions& e) {
    std::vector<std::string> types = e.work_key_types();
    if (e.table().repeats()) types.emplace_back("integer");
    return types;
}

}  // namespace

std::vector<Agreed> PgArchive::agreed(const LinkedTable& table, const Key& key) {
    const Expressions e = store_.expressions(table);
    const std::string base = base_name(store_.pair_number(), table.id);
    const std::vector<std::string> types = base_types(e);
    std::vector<std::string> conditions;
    std::vector<Cell> cells;
    for (const std::string& cell : key) {
        conditions.push_back(fmt::format("b.k{0} = ${0}::text::{1}", cells.size() + 1, types[cells.size()]));
        cells.emplace_back(cell);
    }
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    if (!run(c, "look for base", "SELECT to_regclass($1) IS NOT NULL", {base}).boolean(0, 0)) return {};
    const Result found =
        run(c, "read agreement",
            fmt::format("SELECT {}, state, origin, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c, c_barrier FROM {} b "
                        "WHERE {} ORDER BY 1",
                        table.repeats() ? fmt::format("b.k{}", types.size()) : "0", base,
                        join(conditions, " AND ")),
            cells);
    transaction.commit();
    std::vector<Agreed> all;
    for (int i = 0; i < found.rows(); ++i) {
        Agreed agreed{key, entry_at(found, i), found.integer(i, 9)};
        agreed.key.resize(table.key_cells());
        if (table.repeats()) agreed.key.emplace_back(found.text(i, 0));
        all.push_back(std::move(agreed));
    }
    return all;
}

// As after a restore: nobody takes the rows for a deletion that one side has not seen, and their origin
// stays.
void PgArchive::forget_tombstones(const LinkedTable& table, const std::vector<Key>& keys,
                                  std::int64_t fence) {
    Connection& c = store_.writer();
    Transaction transaction(c);
    check_fence(c, fence);
    const std::vector<std::string> types = base_types(store_.expressions(table));
    std::vector<std::string> arrays, equal;
    std::vector<Cell> parameters;
    for (std::size_t i = 0; i < types.size(); ++i) {
        std::vector<std::string> column;
        for (const Key& key : keys) column.push_back(key[i]);
        parameters.emplace_back(text_array(column));
        arrays.push_back(fmt::format("${}::text[]", i + 1));
        equal.push_back(fmt::format("b.k{0} = w.k{0}::{1}", i + 1, types[i]));
    }
    run(c, "forget tombstones",
        fmt::format(
            "UPDATE {} AS b SET state = 'U' FROM unnest({}) AS w({}) WHERE {} AND b.state IN ('T', 'S')",
            base_name(store_.pair_number(), table.id), join(arrays), key_list(types.size()),
            join(equal, " AND ")),
        parameters);
    transaction.commit();
}

}  // namespace tideway::pg
