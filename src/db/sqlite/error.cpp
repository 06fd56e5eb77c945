// From the library's result codes to errors with stable codes.
#include <fmt/format.h>

#include "db/sqlite/impl.hpp"

namespace tideway::sqlite {
namespace {

struct Mapped {
    Code code;
    const char* hint;
};

Mapped mapped(int code) {
    switch (code & 0xff) {
        case SQLITE_NOTADB:
            return {Code::database_missing, "the file is no SQLite database, or an encrypted one"};
        case SQLITE_CANTOPEN:
            return {Code::database_missing, "check the path, and that the folder may be read and written"};
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return {Code::no_rights,
                    "the file and its folder must be writable for the user that runs tideway"};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {Code::statement_failed, "another program is writing to the file; run again"};
        default:
            return {Code::statement_failed, ""};
    }
}

}  // namespace

SqliteError error_of(sqlite3* handle, const ConnectOptions& options, std::string_view statement, int code) {
    const int extended = handle ? sqlite3_extended_errcode(handle) : code;
    const std::string message = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    const Mapped found = mapped(code);
    return SqliteError(found.code, extended,
                       fmt::format("{} ({}): {}: {}", name(options.side), options.path, statement, message),
                       message, found.hint);
}

bool SqliteError::busy() const {
    return (extended_ & 0xff) == SQLITE_BUSY || (extended_ & 0xff) == SQLITE_LOCKED;
}

bool SqliteError::row_is_at_fault() const {
    const int primary = extended_ & 0xff;
    return primary == SQLITE_CONSTRAINT || primary == SQLITE_MISMATCH || primary == SQLITE_TOOBIG;
}

std::string SqliteError::sqlstate() const {
    switch (extended_) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
            return "23505";
        case SQLITE_CONSTRAINT_NOTNULL:
            return "23502";
        case SQLITE_CONSTRAINT_CHECK:
            return "23514";
        case SQLITE_CONSTRAINT_FOREIGNKEY:
            return "23503";
        case SQLITE_CONSTRAINT_TRIGGER:
            return "P0001";
        default:
            return (extended_ & 0xff) == SQLITE_CONSTRAINT ? "22000" : "22P02";
    }
}

}  // namespace tideway::sqlite
