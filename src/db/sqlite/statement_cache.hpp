// Statements of one connection that nobody uses at the moment, by their text: preparing one costs more than
// most of them take to run. Private to this folder.
#pragma once
#include <sqlite3.h>

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tideway::sqlite {

class StatementCache {
  public:
    StatementCache() = default;
    StatementCache(const StatementCache&) = delete;
    StatementCache& operator=(const StatementCache&) = delete;
    ~StatementCache();

    // Null if there is none; the caller owns it then.
    sqlite3_stmt* take(std::string_view text);
    // Reset, without values. The longest unused one makes room.
    void keep(sqlite3_stmt* statement);

  private:
    void forget_oldest();
    std::list<sqlite3_stmt*> unused_;  // the longest unused one first
    std::unordered_multimap<std::string_view, std::list<sqlite3_stmt*>::iterator> by_text_;
};

}  // namespace tideway::sqlite
