#include "support/db.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <map>
#include <mutex>
#include <thread>

#include "support/fresh_database.hpp"

namespace tideway::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

Rows rows_of(const PGresult* result) {
    Rows rows(static_cast<std::size_t>(PQntuples(result)));
    for (int row = 0; row < PQntuples(result); ++row)
        for (int column = 0; column < PQnfields(result); ++column)
            rows[static_cast<std::size_t>(row)].push_back(
                PQgetisnull(result, row, column) != 0 ? Cell() : Cell(PQgetvalue(result, row, column)));
    return rows;
}

Rows checked_rows(const PGresult* result, const pg_conn* connection, const std::string& sql) {
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY)
        return rows_of(result);
    const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    throw DbError(
        fmt::format("{}\nin: {}",
                    result != nullptr ? PQresultErrorMessage(result) : PQerrorMessage(connection), sql),
        sqlstate != nullptr ? sqlstate : "");
}

struct OpenSessions {
    std::mutex mutex;
    std::map<pg_conn*, std::thread::id> makers;
};

OpenSessions& open_sessions() {
    static auto& sessions = *new OpenSessions;  // never destroyed: static objects close sessions at exit
    return sessions;
}

}  // namespace

void Db::Finish::operator()(pg_conn* connection) const {
    OpenSessions& sessions = open_sessions();
    const std::lock_guard lock(sessions.mutex);
    sessions.makers.erase(connection);
    PQfinish(connection);
}

std::vector<pg_conn*> sessions_of_this_thread() {
    OpenSessions& sessions = open_sessions();
    const std::lock_guard lock(sessions.mutex);
    std::vector<pg_conn*> mine;
    for (const auto& [connection, thread] : sessions.makers)
        if (thread == std::this_thread::get_id()) mine.push_back(connection);
    return mine;
}

Db::Db(const std::string& url) {
    const char* names[] = {"dbname", "fallback_application_name", nullptr};
    const char* values[] = {url.c_str(), "tideway_test", nullptr};
    connection_.reset(PQconnectdbParams(names, values, 1));
    if (!connected()) throw DbError(fmt::format("{}in: connect {}", PQerrorMessage(handle()), url), "");
    OpenSessions& sessions = open_sessions();
    const std::lock_guard lock(sessions.mutex);
    sessions.makers[handle()] = std::this_thread::get_id();
    PQsetNoticeProcessor(
        handle(), [](void*, const char*) {}, nullptr);
}

Db::Db(const Database& database) : Db(database.url()) {}

bool Db::connected() const { return connection_ && PQstatus(handle()) == CONNECTION_OK; }
int Db::backend_pid() const { return PQbackendPID(handle()); }

void Db::exec(const std::string& sql) { query(sql); }

Rows Db::query(const std::string& sql) {
    const Result result(PQexec(handle(), sql.c_str()));
    return checked_rows(result.get(), handle(), sql);
}

std::string Db::scalar(const std::string& sql) {
    const Rows rows = query(sql);
    if (rows.size() != 1 || rows[0].size() != 1 || !rows[0][0])
        throw DbError("expected one value, got " + std::to_string(rows.size()) + " rows or NULL\nin: " + sql,
                      "");
    return *rows[0][0];
}

long long Db::number(const std::string& sql) { return std::stoll(scalar(sql)); }

std::string Db::try_exec(const std::string& sql) {
    try {
        exec(sql);
        return "00000";
    } catch (const DbError& error) {
        if (error.sqlstate.empty()) throw;
        return error.sqlstate;
    }
}

void Db::send(const std::string& sql) {
    if (PQsendQuery(handle(), sql.c_str()) == 0)
        throw DbError(PQerrorMessage(handle()) + ("\nin: " + sql), "");
    sent_ = sql;
}

bool Db::busy() {
    if (PQconsumeInput(handle()) == 0) return false;
    return PQisBusy(handle()) != 0;
}

Rows Db::wait(std::chrono::milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    while (busy()) {
        pollfd socket{PQsocket(handle()), POLLIN, 0};
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0 || poll(&socket, 1, static_cast<int>(left)) == 0)
            throw DbError("no answer before the deadline\nin: " + sent_, "");
    }
    Result last(PQgetResult(handle()));
    for (Result next(PQgetResult(handle())); next; next.reset(PQgetResult(handle()))) last = std::move(next);
    return checked_rows(last.get(), handle(), sent_);
}

void wait_until_blocked(Db& observer, int pid, std::chrono::milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    const std::string sql = fmt::format("select cardinality(pg_blocking_pids({}))", pid);
    while (observer.number(sql) == 0) {
        if (Clock::now() > end) throw DbError(fmt::format("backend {} waits for no lock", pid), "");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

std::string quote_identifier(const std::string& name) {
    std::string text = "\"";
    for (const char c : name) text += c == '"' ? "\"\"" : std::string(1, c);
    return text + "\"";
}

std::string quote_literal(const std::string& text) {
    std::string literal = text.find('\\') == std::string::npos ? "'" : " E'";
    for (const char c : text) literal += c == '\'' || c == '\\' ? std::string(2, c) : std::string(1, c);
    return literal + "'";
}

}  // namespace tideway::test
