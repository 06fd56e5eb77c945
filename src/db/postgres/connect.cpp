// Opening a connection: libpq's connecting state machine under a time limit and the hook.
#include <poll.h>

#include <utility>

#include <fmt/format.h>

#include "db/postgres/connect_settings.hpp"
#include "db/postgres/impl.hpp"

namespace tideway::pg {
namespace {

constexpr int oldest_version = 130000;

void drop_notice(void*, const char*) {}

std::string place(PGconn* connection) {
    const auto text = [](const char* value) { return value ? value : ""; };
    return fmt::format("{}@{}:{} as {}", text(PQdb(connection)), text(PQhost(connection)),
                       text(PQport(connection)), text(PQuser(connection)));
}

// libpq has no call for the SQLSTATE of a failed connect; in verbose messages it stands as "SEVERITY:  28P01:
// ..." whatever the language. The last one counts: before it may come attempts at other addresses.
std::string sqlstate_in(std::string_view message) {
    std::string state;
    for (auto at = message.find(":  "); at != message.npos; at = message.find(":  ", at + 1)) {
        const std::string_view found = message.substr(at + 3, 5);
        const bool code = found.size() == 5 && message.substr(at + 8, 2) == ": " &&
                          found.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == found.npos;
        if (code) state = found;
    }
    return state;
}

// For people: one line, without the place in the server's source.
std::string one_line(std::string_view message) {
    std::string line;
    while (!message.empty()) {
        const auto end = message.find('\n');
        const std::string_view part = message.substr(0, end);
        message.remove_prefix(end == message.npos ? message.size() : end + 1);
        if (part.empty() || part.starts_with("LOCATION:")) continue;
        if (!line.empty()) line += ' ';
        for (const char each : part) line += each == '\t' ? ' ' : each;
    }
    return line;
}

Code failure_code(PGconn* connection, std::string_view sqlstate, ConnStatusType reached) {
    if (sqlstate.starts_with("28") || PQconnectionNeedsPassword(connection) != 0) return Code::wrong_password;
    // Older poolers have no code of their own for a refused password.
    if (sqlstate == "08P01" && PQconnectionUsedPassword(connection) != 0) return Code::wrong_password;
    if (sqlstate == "3D000") return Code::database_missing;
    if (sqlstate == "42501") return Code::no_rights;
    if (sqlstate.empty() && reached == CONNECTION_SSL_STARTUP) return Code::tls;
    return Code::server_unreachable;
}

std::string failure_hint(Code code) {
    switch (code) {
        case Code::wrong_password:
            return "check the user in the url and where the password comes from";
        case Code::database_missing:
            return "check the database name in the url";
        case Code::tls:
            return "give the provider's CA certificate with sslrootcert=FILE in the url; sslmode=require "
                   "encrypts "
                   "without proof of the server's identity";
        case Code::no_rights:
            return "grant CONNECT on the database to the user";
        default:
            return "check that the server runs and that host and port in the url are right";
    }
}

DbError connect_error(Code code, PGconn* connection, Side side, std::string sqlstate,
                      std::string_view reason) {
    DbError::Fields fields;
    fields.sqlstate = std::move(sqlstate);
    fields.message = fmt::format("{}: {}", place(connection), reason);
    fields.statement = "connect";
    fields.side = side;
    return {code, std::move(fields), failure_hint(code)};
}

ConnectionPtr start(const Settings& settings) {
    std::vector<const char*> keywords, values;
    for (const Setting& setting : settings) {
        keywords.push_back(setting.keyword.c_str());
        values.push_back(setting.value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    ConnectionPtr connection(PQconnectStartParams(keywords.data(), values.data(), 1));
    if (!connection) throw std::bad_alloc();
    PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
    PQsetNoticeProcessor(connection.get(), drop_notice, nullptr);
    return connection;
}

// Until the server has let us in; otherwise the state in which it failed.
std::optional<ConnStatusType> establish(PGconn* connection, Patience& patience) {
    ConnStatusType reached = PQstatus(connection);
    PostgresPollingStatusType wish = PGRES_POLLING_WRITING;
    while (reached != CONNECTION_BAD && wish != PGRES_POLLING_OK) {
        patience.wait(PQsocket(connection), wish == PGRES_POLLING_READING ? POLLIN : POLLOUT);
        const ConnStatusType before = PQstatus(connection);
        wish = PQconnectPoll(connection);
        if (wish == PGRES_POLLING_FAILED) return before;
        reached = PQstatus(connection);
    }
    return reached == CONNECTION_BAD ? std::optional(reached) : std::nullopt;
}

void admit(PGconn* connection, const ConnectOptions& options, WaitHook* hook) {
    Patience patience(hook, options.connect_timeout);
    try {
        if (const auto reached = establish(connection, patience)) {
            const char* message = PQerrorMessage(connection);
            const std::string sqlstate = sqlstate_in(message);
            const Code code = failure_code(connection, sqlstate, *reached);
            throw connect_error(code, connection, options.side, sqlstate, one_line(message));
        }
    } catch (const DeadlinePassed&) {
        throw connect_error(Code::server_unreachable, connection, options.side, "",
                            fmt::format("no answer within {} ms", options.connect_timeout.count()));
    }
    if (PQserverVersion(connection) < oldest_version)
        throw Error(Code::server_version,
                    fmt::format("{}: {} runs PostgreSQL {}, which is older than 13", name(options.side),
                                place(connection), PQserverVersion(connection) / 10000));
}

}  // namespace

Connection Connection::open(const ConnectOptions& options, WaitHook* hook) {
    Settings settings = connect_settings(options);
    ConnectionPtr connection = start(settings);
    if (const Settings tls = tls_settings(connection.get(), options.url); !tls.empty()) {
        settings.insert(settings.end(), tls.begin(), tls.end());
        connection = start(settings);
    }
    admit(connection.get(), options, hook);
    PQsetErrorVerbosity(connection.get(), PQERRORS_DEFAULT);
    PQsetnonblocking(connection.get(), 1);
    std::string description = fmt::format("{} {}", name(options.side), place(connection.get()));
    return Connection(std::make_unique<Impl>(Impl{Line(std::move(connection)), options.side, hook,
                                                  options.statement_deadline, std::move(description)}));
}

}  // namespace tideway::pg
