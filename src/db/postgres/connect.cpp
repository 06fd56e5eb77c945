// Opening a connection: libpq's connecting state machine under a time limit and the hook.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "db/postgres/connect_settings.hpp"
#include "db/postgres/impl.hpp"
#include "sql/identifier.hpp"

namespace tideway::pg {
namespace {

constexpr int oldest_version = 130000;

void drop_notice(void*, const char*) {}

std::string place(PGconn* connection) {
    const auto text = [](const char* value) { return value ? value : ""; };
    return fmt::format("{}@{}:{} as {}", text(PQdb(connection)), text(PQhost(connection)),
                       text(PQport(connection)), text(PQuser(connection)));
}

// Where in a line "SEVERITY:  28P01: ..." the SQLSTATE stands, whatever the language of the rest. libpq has
// no call for the SQLSTATE of a failed connect, but puts it into verbose messages.
std::optional<std::size_t> sqlstate_place(std::string_view line) {
    const auto mark = line.find(":  ");
    if (mark == line.npos) return std::nullopt;
    const std::string_view found = line.substr(mark + 3, 5);
    const bool code = found.size() == 5 && line.substr(mark + 8, 2) == ": " &&
                      found.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == found.npos;
    return code ? std::optional(mark + 3) : std::nullopt;
}

struct Refusal {
    std::string sqlstate;  // of the last attempt that a server answered
    std::string reason;    // for people: one line without what stands elsewhere in the error
};

Refusal read_message(std::string_view message) {
    Refusal refusal;
    while (!message.empty()) {
        const auto end = message.find('\n');
        std::string_view line = message.substr(0, end);
        message.remove_prefix(end == message.npos ? message.size() : end + 1);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (line.empty() || line.starts_with("LOCATION:")) continue;
        if (const auto at = line.find(" failed: "); line.starts_with("connection to ") && at != line.npos)
            line.remove_prefix(at + 9);
        if (const auto at = sqlstate_place(line)) {
            refusal.sqlstate = line.substr(*at, 5);
            line.remove_prefix(*at + 7);
        }
        if (!refusal.reason.empty()) refusal.reason += "; ";
        refusal.reason += line;
    }
    return refusal;
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

std::string failure_hint(Code code, PGconn* connection) {
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
            return fmt::format("GRANT CONNECT ON DATABASE {} TO {};",
                               sql::Identifier(PQdb(connection)).quoted(),
                               sql::Identifier(PQuser(connection)).quoted());
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
    return {code, std::move(fields), failure_hint(code, connection)};
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

// Nothing more will come: the other end has closed the connection.
bool closed_by_peer(int socket) {
    char byte = 0;
    const ssize_t got = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

// Until the server has let us in; otherwise the state in which it failed. An end that closes before it has
// answered anything is no failure of TLS: a server that restarts does that.
std::optional<ConnStatusType> establish(PGconn* connection, Patience& patience) {
    ConnStatusType reached = PQstatus(connection);
    PostgresPollingStatusType wish = PGRES_POLLING_WRITING;
    while (reached != CONNECTION_BAD && wish != PGRES_POLLING_OK) {
        patience.wait(PQsocket(connection), wish == PGRES_POLLING_READING ? POLLIN : POLLOUT);
        const ConnStatusType before = PQstatus(connection);
        const bool closed = before == CONNECTION_SSL_STARTUP && PQsslInUse(connection) == 0 &&
                            closed_by_peer(PQsocket(connection));
        wish = PQconnectPoll(connection);
        if (wish == PGRES_POLLING_FAILED) return closed ? CONNECTION_BAD : before;
        reached = PQstatus(connection);
    }
    return reached == CONNECTION_BAD ? std::optional(reached) : std::nullopt;
}

void admit(PGconn* connection, const ConnectOptions& options, WaitHook* hook) {
    Patience patience(hook, options.connect_timeout);
    try {
        if (const auto reached = establish(connection, patience)) {
            const Refusal refusal = read_message(PQerrorMessage(connection));
            const Code code = failure_code(connection, refusal.sqlstate, *reached);
            throw connect_error(code, connection, options.side, refusal.sqlstate, refusal.reason);
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
