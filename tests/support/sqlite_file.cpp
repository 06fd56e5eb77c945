#include "support/sqlite_file.hpp"

#include <sqlite3.h>

#include "support/rows.hpp"

namespace tideway::test {
namespace {

int take_row(void* data, int columns, char** values, char**) {
    auto& rows = *static_cast<Rows*>(data);
    rows.emplace_back();
    for (int i = 0; i < columns; ++i) rows.back().push_back(values[i] ? Cell(values[i]) : std::nullopt);
    return 0;
}

}  // namespace

SqliteFile::SqliteFile() { write_file(path(), ""); }
SqliteFile::~SqliteFile() { close(); }

sqlite3* SqliteFile::session() {
    if (!session_ && sqlite3_open_v2(path().c_str(), &session_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
        throw std::runtime_error(sqlite3_errmsg(session_));
    sqlite3_busy_timeout(session_, 30'000);
    return session_;
}

void SqliteFile::close() {
    sqlite3_close(session_);
    session_ = nullptr;
}

void SqliteFile::exec(const std::string& sql) { query(sql); }

Rows SqliteFile::query(const std::string& sql) {
    Rows rows;
    char* message = nullptr;
    if (sqlite3_exec(session(), sql.c_str(), take_row, &rows, &message) != SQLITE_OK) {
        const std::string text = message ? message : "no message";
        sqlite3_free(message);
        throw std::runtime_error(sql + ": " + text);
    }
    return rows;
}

std::string SqliteFile::dump(const std::string& sql) { return text_of(query(sql)); }

long long SqliteFile::number(const std::string& sql) { return std::stoll(query(sql).at(0).at(0).value()); }

}  // namespace tideway::test
