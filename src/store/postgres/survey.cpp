// Looks at rows, statistics and sequences that only init and doctor take: short, read-only, and given up
// where they would keep the server busy.
#include <fmt/format.h>

#include "store/postgres/pg_store.hpp"

namespace tideway::pg {
namespace {

constexpr Millis patience{10'000};

// None where the server cancelled the statement because it took too long, or a lock stood in the way.
std::optional<Result> try_query(Connection& connection, const char* name, const std::string& text) try {
    Transaction transaction(connection, {.read_only = true, .statement_timeout = patience});
    Result found = run(connection, name, text);
    transaction.commit();
    return found;
} catch (const DbError& error) {
    if (error.sqlstate() != "57014" && error.sqlstate() != "55P03") throw;
    return std::nullopt;
}

}  // namespace

// Before it is first used a sequence hands out last_value itself.
std::optional<SequenceFacts> PgStore::sequence(const std::string& name) {
    Connection& c = asker();
    Transaction transaction(c, {.read_only = true});
    const Result allowed = run(c, "look at sequence",
                               "SELECT coalesce(bool_and(has_schema_privilege(n.oid, 'USAGE') AND "
                               "has_sequence_privilege(q.oid, 'SELECT')), false) FROM pg_class q JOIN "
                               "pg_namespace n ON n.oid = q.relnamespace WHERE q.relkind = 'S' AND "
                               "format('%I.%I', n.nspname, q.relname) = $1",
                               {name});
    if (!allowed.boolean(0, 0)) return std::nullopt;
    const Result found =
        run(c, "read sequence",
            fmt::format("SELECT q.seqincrement, q.seqstart, q.seqmin, q.seqmax, p.last_value, "
                        "p.is_called FROM pg_sequence q, {} p WHERE q.seqrelid = {}::regclass",
                        name, sql::literal(name)));
    SequenceFacts facts{found.integer(0, 0), found.integer(0, 1), found.integer(0, 2), found.integer(0, 3),
                        found.integer(0, 4)};
    const std::int64_t room = facts.step > 0 ? facts.greatest - facts.next : facts.next - facts.least;
    if (found.boolean(0, 5) && room >= std::abs(facts.step)) facts.next += facts.step;
    transaction.commit();
    return facts;
}

std::map<std::string, std::int64_t> PgStore::distinct_estimates(const sql::TableName& table) {
    Connection& c = asker();
    Transaction transaction(c, {.read_only = true});
    const Result found = run(c, "read statistics", R"(
SELECT s.attname, ceil(CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * greatest(r.reltuples, 0) ELSE s.n_distinct END)::bigint
FROM pg_stats s JOIN pg_namespace n ON n.nspname = s.schemaname JOIN pg_class r ON r.relnamespace = n.oid AND r.relname = s.tablename
WHERE s.schemaname = $1 AND s.tablename = $2 AND NOT s.inherited AND s.n_distinct <> 0)",
                             {table.schema, table.table});
    std::map<std::string, std::int64_t> estimates;
    for (int i = 0; i < found.rows(); ++i) estimates[std::string(found.text(i, 0))] = found.integer(i, 1);
    transaction.commit();
    return estimates;
}

std::optional<Spread> PgStore::spread(const sql::TableName& table, const std::vector<std::string>& columns) {
    std::vector<std::string> names, empty;
    for (const std::string& column : columns) {
        names.push_back("t." + sql::Identifier(column).quoted());
        empty.push_back(names.back() + " IS NULL");
    }
    const auto found = try_query(
        asker(), "look at the spread of values",
        fmt::format(
            "SELECT coalesce(sum(g.n), 0)::bigint, count(*), coalesce(sum(g.n) FILTER (WHERE g.empty), "
            "0)::bigint FROM (SELECT count(*) AS n, bool_or({0}) AS empty FROM {1} t GROUP BY {2}) g",
            join(empty, " OR "), table.quoted(), join(names)));
    if (!found) return std::nullopt;
    return Spread{found->integer(0, 0), found->integer(0, 1), found->integer(0, 2)};
}

// numeric holds what bigint does not, also NaN, which is greater than everything; least() alone skips NULL.
std::optional<NumbersInUse> PgStore::numbers(const sql::TableName& table, const std::string& column,
                                             std::int64_t reach) {
    const auto found =
        try_query(asker(), "look at the numbers in use",
                  fmt::format("SELECT count(*), count(*) FILTER (WHERE {0} > {2}), "
                              "coalesce(max(least({0}, 9000000000000000000))::bigint, 0), "
                              "coalesce(floor(max({0}) FILTER (WHERE {0} <= {2}))::bigint, 0) FROM {1} t",
                              "t." + sql::Identifier(column).quoted(), table.quoted(), reach));
    if (!found) return std::nullopt;
    return NumbersInUse{found->integer(0, 0), found->integer(0, 1), found->integer(0, 2),
                        found->integer(0, 3)};
}

}  // namespace tideway::pg
