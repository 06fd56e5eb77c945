#include "db/postgres/db_error.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

namespace tideway::pg {
namespace {

bool one_of(std::string_view state, std::initializer_list<std::string_view> states) {
    return std::find(states.begin(), states.end(), state) != states.end();
}

std::string summary(const DbError::Fields& fields) {
    std::string text = fmt::format("{}: {}: {}", name(fields.side), fields.statement, fields.message);
    if (!fields.constraint.empty() && fields.message.find(fields.constraint) == std::string::npos)
        text += fmt::format(" (constraint {})", fields.constraint);
    if (!fields.sqlstate.empty()) text += fmt::format(" [{}]", fields.sqlstate);
    return text;
}

std::string field(const PGresult* result, int code) {
    const char* value = PQresultErrorField(result, code);
    return value ? value : "";
}

Code code_of(const DbError::Fields& fields, std::string_view severity, bool lost) {
    if (lost || severity == "FATAL" || severity == "PANIC") return Code::connection_lost;
    if (fields.sqlstate.starts_with("08") || one_of(fields.sqlstate, {"57P01", "57P02", "57P03"}))
        return Code::connection_lost;
    if (fields.sqlstate == "42501") return Code::no_rights;
    // A table or column that the catalogue had when the tables were linked is gone.
    if (fields.sqlstate == "42P01" || fields.sqlstate == "42703") return Code::schema_changed;
    return Code::statement_failed;
}

std::string hint_of(Code code, std::string_view sqlstate = {}) {
    if (sqlstate == "25006")
        return "this database takes no writes: it is a standby, or a hosted one above its quota; make room there, or "
               "connect to the primary. The next run continues by itself";
    if (code == Code::connection_lost) return "the server rolls back what was open; run again";
    if (code == Code::no_rights) return "grant the right to the role; 'tideway doctor' prints the SQL";
    return {};
}

}  // namespace

DbError::DbError(Code code, Fields fields, std::string hint)
    : Error(code, summary(fields), std::move(hint)), fields_(std::move(fields)) {}

bool DbError::connection_is_lost() const {
    return code() == Code::connection_lost || code() == Code::commit_unknown ||
           code() == Code::server_unreachable || code() == Code::strange_answer;
}

bool DbError::transient() const {
    if (code() == Code::connection_lost || code() == Code::server_unreachable) return true;
    return one_of(sqlstate(), {"40001", "40P01", "55P03", "57014", "53300"}) &&
           code() != Code::commit_unknown;
}

bool DbError::row_is_at_fault() const {
    const std::string& state = sqlstate();
    return state.starts_with("22") || state.starts_with("23") || one_of(state, {"P0001", "44000"});
}

DbError error_of(const PGresult* failed, Side side, std::string_view statement, bool lost) {
    DbError::Fields fields;
    fields.sqlstate = field(failed, PG_DIAG_SQLSTATE);
    fields.message = field(failed, PG_DIAG_MESSAGE_PRIMARY);
    fields.detail = field(failed, PG_DIAG_MESSAGE_DETAIL);
    fields.constraint = field(failed, PG_DIAG_CONSTRAINT_NAME);
    fields.table = field(failed, PG_DIAG_TABLE_NAME);
    fields.column = field(failed, PG_DIAG_COLUMN_NAME);
    fields.statement = statement;
    fields.side = side;
    if (fields.message.empty()) fields.message = "the connection broke before the server's answer";
    const Code code = code_of(fields, field(failed, PG_DIAG_SEVERITY_NONLOCALIZED), lost);
    const std::string hint = hint_of(code, fields.sqlstate);
    return {code, std::move(fields), hint};
}

DbError lost_error(Side side, std::string_view statement, std::string message) {
    DbError::Fields fields;
    fields.message = std::move(message);
    fields.statement = statement;
    fields.side = side;
    return {Code::connection_lost, std::move(fields), hint_of(Code::connection_lost)};
}

DbError strange_answer(Side side, std::string_view statement, std::string message) {
    DbError::Fields fields;
    fields.message = std::move(message);
    fields.statement = statement;
    fields.side = side;
    return {Code::strange_answer, std::move(fields), "is it a PostgreSQL server that answers there? See docs/errors.md#tw208"};
}

DbError deadline_error(Side side, std::string_view statement, Millis limit, bool lost) {
    DbError::Fields fields;
    fields.sqlstate = "57014";
    fields.message = fmt::format("no answer within {} ms, so the statement was cancelled", limit.count());
    fields.statement = statement;
    fields.side = side;
    const Code code = lost ? Code::connection_lost : Code::statement_failed;
    return {code, std::move(fields), hint_of(code)};
}

}  // namespace tideway::pg
