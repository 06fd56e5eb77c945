// What connection and statement share. Private to this folder.
#pragma once
#include <sqlite3.h>

#include <exception>

#include "db/sqlite/connection.hpp"
#include "db/sqlite/statement_cache.hpp"

namespace tideway::sqlite {

constexpr Millis usual_patience{5'000};

struct ConnectionImpl {
    ConnectOptions options;
    WaitHook* hook = nullptr;
    sqlite3* handle = nullptr;
    StatementCache statements;
    Millis patience = usual_patience;
    std::int64_t waits_since = 0, ticked = 0;  // on the monotonic clock
    std::exception_ptr stopped;                // what the hook threw inside the library
    bool counts = false;
    std::map<std::string, TableWrites> writes;

    // Statements that are still open keep the handle until they end.
    ~ConnectionImpl() { sqlite3_close_v2(handle); }
    World& world() const { return options.world ? *options.world : real_world(); }
    // False: the hook wants the statement to end; its exception is kept.
    bool tick() noexcept;
    void pause(Millis duration);
    void rethrow_stop();
};

// Time and randomness in SQL come from the connection's world, where that is not the real one.
void take_over_functions(ConnectionImpl& impl);

SqliteError error_of(sqlite3* handle, const ConnectOptions& options, std::string_view statement, int code);

}  // namespace tideway::sqlite
