// What connection and statement share. Private to this folder.
#pragma once
#include <sqlite3.h>

#include <chrono>
#include <exception>

#include "db/sqlite/connection.hpp"

namespace tideway::sqlite {

struct ConnectionImpl {
    ConnectOptions options;
    WaitHook* hook = nullptr;
    sqlite3* handle = nullptr;
    Millis patience{5'000};
    std::chrono::steady_clock::time_point waits_since, ticked;
    std::exception_ptr stopped;  // what the hook threw inside the library
    bool counts = false;
    std::map<std::string, TableWrites> writes;

    ~ConnectionImpl() { sqlite3_close_v2(handle); }
    // False: the hook wants the statement to end; its exception is kept.
    bool tick() noexcept;
    void rethrow_stop();
};

SqliteError error_of(sqlite3* handle, const ConnectOptions& options, std::string_view statement, int code);

}  // namespace tideway::sqlite
