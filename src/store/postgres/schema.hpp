// The objects that Tideway keeps in a PostgreSQL database: SQL text, and the names derived from pair and
// table numbers.
#pragma once
#include <string>

#include "model/table.hpp"
#include "store/postgres/expressions.hpp"

namespace tideway::pg {


// CREATE SCHEMA and all tables that do not depend on the synchronised tables; idempotent.
std::string common_schema_sql();
std::string desktop_schema_sql();
std::string proof_schema_sql();  // desktop: what verify remembers
std::string cloud_schema_sql();

// Names, qualified and quoted. `pair` is the pair's number in this database.
std::string base_name(int pair, int table);
std::string changes_name(int pair, int table);
std::string backup_name(int pair, int table);
std::string capture_function_name(int pair, int table);
std::string trigger_name(int pair, int table, char event);  // not qualified; event: i u d t

// On which the capture triggers of a pair tell a service that something was written.
std::string channel_name(int pair);
// The mark that our own direct writes carry, so that capture triggers do not log them.
std::string direct_mark(int pair, int table);

std::string create_base_sql(const Expressions& expressions, int pair);
// Where columns are merged the base keeps them in row_d and row_c: NULL was not looked at yet, '' is not known.
// The index over what was not looked at is there for merged tables only.
std::string unseen_index_name(int pair, int table);
std::string prepare_base_sql(const LinkedTable& table, int pair);
// The changelog table and its trigger function. Changes are logged by statement triggers with transition
// tables.
std::string create_changes_sql(const Expressions& expressions, int pair);
std::string create_capture_function_sql(const Expressions& expressions, int pair);
std::string create_triggers_sql(const Expressions& expressions, int pair, bool enable_always);
std::string drop_capture_sql(const Expressions& expressions, int pair);

}  // namespace tideway::pg
