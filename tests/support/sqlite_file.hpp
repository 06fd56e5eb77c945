// An SQLite file of a test, and a session on it: SQL text in, text cells out.
#pragma once
#include <string>

#include "support/db.hpp"
#include "support/temp_dir.hpp"

struct sqlite3;

namespace tideway::test {

class SqliteFile {
  public:
    SqliteFile();  // in a directory of its own
    ~SqliteFile();
    SqliteFile(const SqliteFile&) = delete;
    SqliteFile& operator=(const SqliteFile&) = delete;

    std::string path() const { return dir_ / "office.db"; }
    std::string url() const { return "sqlite:" + path(); }
    void exec(const std::string& sql);   // throws with the library's message
    Rows query(const std::string& sql);  // of the last statement
    std::string dump(const std::string& sql);
    long long number(const std::string& sql);
    // Ends the session, so that the file can be copied or replaced; the next statement opens it again.
    void close();

  private:
    sqlite3* session();
    TempDir dir_;
    sqlite3* session_ = nullptr;
};

}  // namespace tideway::test
