// Look-ups: columns of the cloud that a query on the desktop's snapshot fills.
#include <fmt/format.h>

#include "sql/named_query.hpp"
#include "store/postgres/pg_worklist.hpp"

namespace tideway::pg {
namespace {

// The query reads as its author wrote it, with the names that the table's schema and public give.
class SearchPath {
  public:
    SearchPath(Connection& connection, const std::string& schema) : connection_(connection) {
        set(sql::Identifier(schema).quoted() + ", public");
    }
    void reset() { set("pg_catalog"); }

  private:
    void set(const std::string& path) {
        run(connection_, "set search path", "SELECT set_config('search_path', $1, true)", {path});
    }
    Connection& connection_;
};

// The names of what is given are ours: an alias of the query would hide a shorter one.
std::string lookup_sql(const LinkedTable& table, const Lookup& lookup) {
    const std::vector<std::string> names = sql::parameter_names(lookup.query);
    std::vector<std::string> arrays{"$1::int[]"}, columns{"n"}, typed{"tideway_given.n"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        arrays.push_back(fmt::format("${}::text[]", i + 2));
        columns.push_back(fmt::format("tideway_{}", i + 1));
        typed.push_back(
            fmt::format("tideway_given.tideway_{0}::{1} AS tideway_{0}", i + 1, table.columns[lookup.parameters[i]].desktop.base_type));
    }
    const std::string query = sql::replace_parameters(lookup.query, [&](const std::string& name) {
        const auto at = std::find(names.begin(), names.end(), name) - names.begin();
        return fmt::format("tideway_given.tideway_{}", at + 1);
    });
    // LATERAL without a limit is flattened into a join where the query allows it.
    return fmt::format(
        "SELECT tideway_given.n, min(l.v::text COLLATE \"C\"), count(DISTINCT l.v::text) FROM (SELECT {} FROM unnest({}) "
        "AS tideway_given({})) tideway_given "
        "LEFT JOIN LATERAL ({}) AS l(v) ON true GROUP BY tideway_given.n",
        join(typed), join(arrays), join(columns), query);
}

}  // namespace

void PgWorklist::fill_lookups(std::vector<CandidateGroup>& groups) {
    if (table_.lookups.empty()) return;
    std::vector<RowImage*> rows;
    for (CandidateGroup& group : groups)
        for (RowImage& row : group.desktop) {
            row.cells.resize(table_.columns.size() + table_.lookups.size());
            rows.push_back(&row);
        }
    if (rows.empty()) return;
    SearchPath path(connection_, table_.desktop.schema);
    for (std::size_t i = 0; i < table_.lookups.size(); ++i) {
        const Lookup& lookup = table_.lookups[i];
        std::vector<Cell> parameters;
        std::vector<Cell> numbers;
        for (std::size_t row = 0; row < rows.size(); ++row) numbers.emplace_back(std::to_string(row));
        parameters.emplace_back(cell_array(numbers));
        for (const std::size_t at : lookup.parameters) {
            std::vector<Cell> values;
            for (const RowImage* row : rows) values.push_back(row->cells[at]);
            parameters.emplace_back(cell_array(values));
        }
        const Result found =
            run(connection_, "look up " + lookup.cloud.name, lookup_sql(table_, lookup), parameters);
        for (int r = 0; r < found.rows(); ++r) {
            RowImage& row = *rows[static_cast<std::size_t>(found.integer(r, 0))];
            row.cells[table_.columns.size() + i] = found.cell(r, 1);
            if (found.integer(r, 2) > 1) row.ambiguous = lookup.cloud.name;
        }
    }
    path.reset();
}

}  // namespace tideway::pg
