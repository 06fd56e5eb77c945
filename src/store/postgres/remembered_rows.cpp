// Merged tables: what the agreed rows hold, looked up after the fact, and the expressions of column policies.
#include <fmt/format.h>

#include "sql/named_query.hpp"
#include "store/postgres/pg_archive.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

const char* row_column(Side side) { return side == Side::desktop ? "row_d" : "row_c"; }

Cell hash_cell(const SeenRow& row, bool second) {
    if (!row.hash) return std::nullopt;
    return std::to_string(second ? row.hash->b : row.hash->a);
}

}  // namespace

std::vector<Key> PgArchive::unseen(const LinkedTable& table, Side side, int limit) {
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    const Expressions e = store_.expressions(table);
    const Result found =
        run(c, "look for rows not seen yet",
            fmt::format("SELECT {} FROM {} b WHERE b.state = 'L' AND (b.row_d IS NULL OR b.row_c IS NULL) AND b.{} IS "
                        "NULL LIMIT {}",
                        join(e.key_cells_of("b")), base_name(store_.pair_number(), table.id), row_column(side), limit));
    std::vector<Key> keys;
    for (int i = 0; i < found.rows(); ++i) keys.push_back(key_at(found, i, 0, table.key_cells()));
    return keys;
}

void PgArchive::remember(const LinkedTable& table, Side side, const std::vector<SeenRow>& rows, std::int64_t fence) {
    Connection& c = store_.writer();
    Transaction transaction(c);
    check_fence(c, fence);
    const std::size_t keys = table.key_cells();
    std::vector<std::vector<Cell>> columns(keys + 3);
    for (const SeenRow& row : rows) {
        for (std::size_t i = 0; i < keys; ++i) columns[i].push_back(row.key[i]);
        columns[keys].push_back(hash_cell(row, false));
        columns[keys + 1].push_back(hash_cell(row, true));
        columns[keys + 2].push_back(row.values);
    }
    std::vector<Cell> parameters;
    std::vector<std::string> arrays, names, match;
    const std::vector<std::string> types = store_.expressions(table).work_key_types();
    for (std::size_t i = 0; i < columns.size(); ++i) {
        parameters.emplace_back(cell_array(columns[i]));
        arrays.push_back(fmt::format("${}::text[]", i + 1));
        names.push_back(fmt::format("p{}", i + 1));
        if (i < keys) match.push_back(fmt::format("b.k{0} = w.p{0}::{1}", i + 1, types[i]));
    }
    run(c, "remember rows",
        fmt::format("UPDATE {0} AS b SET {1} = CASE WHEN (b.{2}_a::text, b.{2}_b::text) = (w.p{3}, w.p{4}) THEN w.p{5} "
                    "ELSE '' END FROM unnest({6}) AS w({7}) WHERE {8} AND b.state = 'L' AND b.{1} IS NULL",
                    base_name(store_.pair_number(), table.id), row_column(side), side == Side::desktop ? "hd" : "hc",
                    keys + 1, keys + 2, keys + 3, join(arrays), join(names), join(match, " AND ")),
        parameters);
    transaction.commit();
}

namespace {

// For one value of one row; whoever needs longer would hold up the run.
constexpr Millis longest_expression{2'000};

}  // namespace

Cell PgStore::evaluate(const std::string& expression, const std::string& type, const std::vector<Cell>& values) try {
    Transaction transaction(asker(), {.read_only = true, .statement_timeout = longest_expression});
    const std::string text =
        sql::replace_parameters(expression, [](const std::string& name) { return "v." + name; });
    run(asker(), "set search path", "SELECT set_config('search_path', 'pg_catalog, public', true)");
    const Result found =
        run(asker(), "column policy",
            fmt::format("SELECT ({0})::{1}::text FROM (SELECT $1::text::{1} AS base, $2::text::{1} AS desktop, "
                        "$3::text::{1} AS cloud) AS v",
                        text, type),
            values);
    return found.cell(0, 0);
} catch (const DbError& error) {
    if (error.sqlstate() == "57014" && !error.connection_is_lost())
        throw Refused({error.sqlstate(), "the expression took longer than two seconds", "", ""});
    rethrow_for_batch(error);
}

}  // namespace tideway::pg
