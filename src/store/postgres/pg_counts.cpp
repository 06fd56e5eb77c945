// How many rows a table has in the snapshot, and what its keys are like.
#include <fmt/format.h>

#include "store/postgres/pg_snapshot.hpp"

namespace tideway::pg {

std::int64_t PgSnapshot::count_protected(const LinkedTable& table) {
    if (const auto known = protected_.find(table.id); known != protected_.end()) return known->second;
    const Expressions e = store_.expressions(table);
    return connection_
        .query({"count protected rows", fmt::format("SELECT count(*) FROM {} t WHERE {} AND {}", e.relation(),
                                                    e.marked_mobile(), e.in_scope())})
        .integer(0, 0);
}

std::int64_t PgSnapshot::count(const LinkedTable& table) {
    return connection_
        .query({"count rows", fmt::format("SELECT count(*) FROM {} t", store_.expressions(table).relation())})
        .integer(0, 0);
}

std::int64_t PgSnapshot::count_in_scope(const LinkedTable& table) {
    const Expressions e = store_.expressions(table);
    return connection_
        .query({"count rows in scope", fmt::format("SELECT count(*) FROM {} t WHERE {}", e.relation(), e.in_scope())})
        .integer(0, 0);
}

std::optional<std::int64_t> PgSnapshot::highest_number(const LinkedTable& table) {
    const ColumnSide& key = table.key_columns().front()->on(store_.side());
    return maybe_integer(
        connection_.query(
            {"highest number",
             fmt::format("SELECT least(max(t.{}), 9223372036854775807)::bigint FROM {} t",
                         sql::Identifier(key.name).quoted(), table.on(store_.side()).quoted())}),
        0, 0);
}

std::vector<std::string> PgSnapshot::duplicate_keys(const LinkedTable& table, int limit) {
    if (table.repeats()) return {};
    const Expressions e = store_.expressions(table);
    // The text of a key is made for the few that are shown.
    const Result found = connection_.query(
        {"look for duplicate keys",
         fmt::format("SELECT concat_ws('/', {0}), count(*), bool_and({1}) FROM {2} t WHERE {5} GROUP BY {3} "
                     "HAVING count(*) > 1 "
                     "OR NOT bool_and({4}) OR NOT bool_and({1}) ORDER BY 2 DESC, 1 LIMIT {6}",
                     e.distinct_keys(), e.key_fits(), e.relation(), e.distinct_keys(), e.key_present(),
                     e.in_scope(), limit)});
    std::vector<std::string> duplicates;
    for (int i = 0; i < found.rows(); ++i)
        duplicates.push_back(found.text(i, 0).empty() ? "NULL"
                             : !found.null(i, 2) && !found.boolean(i, 2)
                                 ? fmt::format("{} (the other side's type cannot hold it)", found.text(i, 0))
                                 : fmt::format("{} ({} rows)", found.text(i, 0), found.text(i, 1)));
    return duplicates;
}

}  // namespace tideway::pg
