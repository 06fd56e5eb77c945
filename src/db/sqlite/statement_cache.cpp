#include "db/sqlite/statement_cache.hpp"

namespace tideway::sqlite {
namespace {

constexpr std::size_t most_kept = 256;

std::string_view text_of(sqlite3_stmt* statement) { return sqlite3_sql(statement); }

// Some pragmas do their work when they are prepared, and none when they run.
bool may_run_again(std::string_view text) { return !text.starts_with("PRAGMA"); }

}  // namespace

StatementCache::~StatementCache() {
    for (sqlite3_stmt* each : unused_) sqlite3_finalize(each);
}

sqlite3_stmt* StatementCache::take(std::string_view text) {
    const auto found = by_text_.find(text);
    if (found == by_text_.end()) return nullptr;
    sqlite3_stmt* statement = *found->second;
    unused_.erase(found->second);
    by_text_.erase(found);
    return statement;
}

void StatementCache::keep(sqlite3_stmt* statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (!may_run_again(text_of(statement))) {
        sqlite3_finalize(statement);
        return;
    }
    if (unused_.size() == most_kept) forget_oldest();
    unused_.push_back(statement);
    by_text_.emplace(text_of(statement), std::prev(unused_.end()));
}

void StatementCache::forget_oldest() {
    sqlite3_stmt* oldest = unused_.front();
    auto [at, end] = by_text_.equal_range(text_of(oldest));
    while (at != end && at->second != unused_.begin()) ++at;
    by_text_.erase(at);
    unused_.pop_front();
    sqlite3_finalize(oldest);
}

}  // namespace tideway::sqlite
