#include "db/postgres/connection_shelf.hpp"

#include <utility>

namespace tideway::pg {
namespace {

constexpr std::size_t room = 2;
// A connection that lay unused for so long may be cut somewhere on the way without either end knowing.
constexpr std::chrono::seconds trusted{20};

bool answers(Connection& connection) {
    try {
        connection.query({"ask an idle connection", "SELECT 1"});
        return true;
    } catch (const DbError&) {
        return false;
    }
}

}  // namespace

Connection ConnectionShelf::take(const ConnectOptions& options, WaitHook* hook) {
    for (;;) {
        std::unique_lock lock(guard_);
        if (kept_.empty()) break;
        Kept kept = std::move(kept_.front());
        kept_.pop_front();
        lock.unlock();
        kept.connection.tell(hook);
        const bool fresh = std::chrono::steady_clock::now() - kept.since < trusted;
        if (kept.connection.reusable() && (fresh || answers(kept.connection))) return std::move(kept.connection);
    }
    return Connection::open(options, hook);
}

void ConnectionShelf::put_back(Connection connection) noexcept try {
    if (!connection.reusable()) return;
    connection.tell(nullptr);
    const std::lock_guard lock(guard_);
    if (kept_.size() < room) kept_.push_back({std::move(connection), std::chrono::steady_clock::now()});
} catch (const std::exception&) {
    // It is closed instead.
}

void ConnectionShelf::clear() {
    const std::lock_guard lock(guard_);
    kept_.clear();
}

}  // namespace tideway::pg
