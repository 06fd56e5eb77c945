#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "db/sqlite/idle_connections.hpp"
#include "db/sqlite/impl.hpp"

namespace tideway::sqlite {
namespace {

constexpr std::int64_t between_ticks_micros = 250'000;
constexpr int instructions_between_looks = 20'000;

// Each allocation would be counted under a lock that all connections share.
void settle_library() {
    static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(once);
}

}  // namespace

bool ConnectionImpl::tick() noexcept try {
    const std::int64_t now = world().clock.monotonic_micros();
    if (!hook || now - ticked < between_ticks_micros) return true;
    ticked = now;
    hook->tick();
    return true;
} catch (...) {
    stopped = std::current_exception();
    return false;
}

// A program that was asked to stop still waits as long as it has to: its sleeper would not.
void ConnectionImpl::pause(Millis duration) {
    if (options.world)
        options.world->sleeper.sleep(duration);
    else
        std::this_thread::sleep_for(duration);
}

void ConnectionImpl::rethrow_stop() {
    if (stopped) std::rethrow_exception(std::exchange(stopped, nullptr));
}

namespace {

extern "C" {

int wait_for_writer(void* data, int tries) {
    auto& impl = *static_cast<ConnectionImpl*>(data);
    const std::int64_t now = impl.world().clock.monotonic_micros();
    if (tries == 0) impl.waits_since = now;
    if (now - impl.waits_since >= 1'000 * impl.patience.count() || !impl.tick()) return 0;
    impl.pause(Millis(std::min(1 + tries, 25)));
    return 1;
}

int look_around(void* data) { return static_cast<ConnectionImpl*>(data)->tick() ? 0 : 1; }

void note_write(void* data, int operation, const char*, const char* table, sqlite3_int64 row) {
    auto& impl = *static_cast<ConnectionImpl*>(data);
    if (!impl.counts) return;
    TableWrites& writes = impl.writes[table];
    (operation == SQLITE_INSERT   ? writes.inserted
     : operation == SQLITE_UPDATE ? writes.updates[row]
                                  : writes.deleted)++;
}
}

}  // namespace

Connection::Connection(std::unique_ptr<ConnectionImpl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Connection::~Connection() {
    if (!impl_ || !impl_->options.idle) return;
    rollback();
    impl_->options.idle->keep(std::move(impl_));
}

Connection Connection::open(const ConnectOptions& options, WaitHook* hook) {
    if (auto idle = options.idle ? options.idle->take(options.path) : nullptr) {
        idle->hook = hook;
        return Connection(std::move(idle));
    }
    return open_anew(options, hook);
}

Connection Connection::open_anew(const ConnectOptions& options, WaitHook* hook) {
    if (!std::filesystem::is_regular_file(options.path))
        throw SqliteError(Code::database_missing, SQLITE_CANTOPEN,
                          fmt::format("{}: there is no file {}", name(options.side), options.path), "",
                          "correct the path in the url; the office program makes the file, tideway does not");
    settle_library();
    auto impl = std::make_unique<ConnectionImpl>();
    impl->options = options;
    impl->hook = hook;
    const int code =
        sqlite3_open_v2(options.path.c_str(), &impl->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        options.alone ? "unix-excl" : nullptr);
    if (code != SQLITE_OK) throw error_of(impl->handle, options, "open", code);
    sqlite3_extended_result_codes(impl->handle, 1);
    sqlite3_busy_handler(impl->handle, wait_for_writer, impl.get());
    sqlite3_progress_handler(impl->handle, instructions_between_looks, look_around, impl.get());
    sqlite3_update_hook(impl->handle, note_write, impl.get());
    if (options.world) take_over_functions(*impl);
    Connection connection(std::move(impl));
    // With FULL a commit syncs the log, and with it everything that others committed before.
    connection.execute("settle connection",
                       "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; SELECT count(*) FROM "
                       "sqlite_schema");
    return connection;
}

void Connection::execute(std::string_view name, const std::string& text) {
    const int code = sqlite3_exec(impl_->handle, text.c_str(), nullptr, nullptr, nullptr);
    impl_->rethrow_stop();
    if (code != SQLITE_OK) throw error_of(impl_->handle, impl_->options, name, code);
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(impl_->handle) == 0; }

void Connection::rollback() noexcept {
    impl_->counts = false;
    if (in_transaction()) sqlite3_exec(impl_->handle, "ROLLBACK", nullptr, nullptr, nullptr);
    impl_->stopped = nullptr;
}

std::int64_t Connection::total_changes() const { return sqlite3_total_changes64(impl_->handle); }
std::int64_t Connection::last_insert_rowid() const { return sqlite3_last_insert_rowid(impl_->handle); }
void Connection::set_patience(Millis patience) { impl_->patience = patience; }

std::string Connection::collation(const std::string& table, const std::string& column) const {
    const char* found = nullptr;
    const int code = sqlite3_table_column_metadata(impl_->handle, "main", table.c_str(), column.c_str(),
                                                   nullptr, &found, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) throw error_of(impl_->handle, impl_->options, "read collation", code);
    return found ? found : "BINARY";
}

std::int64_t TableWrites::updated() const {
    std::int64_t sum = 0;
    for (const auto& [row, count] : updates) sum += count;
    return sum;
}

void Connection::count_writes() {
    impl_->writes.clear();
    impl_->counts = true;
}
const std::map<std::string, TableWrites>& Connection::writes() const { return impl_->writes; }

Transaction::Transaction(Connection& connection, Access access, Millis patience)
    : connection_(connection), access_(access) {
    ensure(!connection_.in_transaction(), "transactions do not nest");
    connection_.set_patience(patience);
    try {
        Statement(connection_, "begin", access == Access::write ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED").run();
        // A deferred transaction has its snapshot only when something was read.
        if (access == Access::read)
            Statement(connection_, "look at schema", "SELECT count(*) FROM sqlite_schema").run();
    } catch (...) {
        connection_.rollback();
        throw;
    }
}

// A rollback that takes temporary tables back has the library read the whole schema again.
Transaction::~Transaction() {
    if (open_ && access_ == Access::read) try {
            commit();
        } catch (const std::exception&) {
        }
    if (open_) connection_.rollback();
}

void Transaction::commit() {
    Statement(connection_, "commit", "COMMIT").run();
    open_ = false;
}

}  // namespace tideway::sqlite
