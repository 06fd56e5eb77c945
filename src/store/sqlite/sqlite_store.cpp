#include "store/sqlite/sqlite_store.hpp"

#include <fmt/format.h>

#include "sql/text_array.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_archive.hpp"
#include "store/sqlite/sqlite_journal.hpp"
#include "store/sqlite/sqlite_snapshot.hpp"

namespace tideway::sqlite {

SqliteStore::SqliteStore(ConnectOptions options, std::string pair, WaitHook* hook)
    : options_(std::move(options)),
      pair_(std::move(pair)),
      hook_(hook),
      reader_(Connection::open(options_, hook)) {
    journal_ = std::make_unique<SqliteJournal>(*this);
    if (options_.side == Side::desktop) archive_ = std::make_unique<SqliteArchive>(*this);
}

SqliteStore::~SqliteStore() = default;

Connection& SqliteStore::open(std::optional<Connection>& connection, WaitHook* hook) {
    if (!connection) connection = Connection::open(options_, hook);
    return *connection;
}

Connection& SqliteStore::writer() { return open(writer_, hook_); }

// The keeper is without the hook, from which the lease is renewed.
Connection& SqliteStore::asker() {
    if (!reader_.in_transaction()) return reader_;
    if (writer_ && !writer_->in_transaction()) return *writer_;
    return open(keeper_, nullptr);
}

std::string SqliteStore::describe() const { return fmt::format("{} {}", name(options_.side), options_.path); }
Archive* SqliteStore::archive() { return archive_.get(); }
Journal& SqliteStore::journal() { return *journal_; }

RowCodec SqliteStore::codec(Connection& connection, const LinkedTable& table) const {
    return RowCodec(connection, table, options_.side, seeds_);
}

int SqliteStore::take_scratch_number(const std::string& what) {
    std::set<int>& taken = scratch_[what];
    int number = 1;
    while (taken.contains(number)) ++number;
    taken.insert(number);
    return number;
}

void SqliteStore::free_scratch_number(const std::string& what, int number) { scratch_[what].erase(number); }

std::int64_t SqliteStore::now_micros() const {
    return (options_.world ? *options_.world : real_world()).clock.now_micros();
}

std::string time_sql(const char* column) {
    return fmt::format("strftime('%Y-%m-%dT%H:%M:%SZ', {} / 1000000, 'unixepoch')", column);
}

bool table_exists(Connection& connection, const std::string& name) {
    return Statement(connection, "find table",
                     "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1", {name})
        .step();
}

std::int64_t next_case(Connection& connection) {
    Statement(connection, "count case", "UPDATE tideway_counter SET last = last + 1").run();
    Statement read(connection, "read case", "SELECT last FROM tideway_counter");
    read.step();
    return read.integer(0);
}

// ----------------------------------------------------------------------------------------

std::vector<Receipt> SqliteStore::receipts(std::int64_t after) {
    Statement found(
        asker(), "read receipts",
        "SELECT tbl, key, state, origin, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c, batch_seq, d_barrier FROM "
        "tideway_inbox WHERE pair = ?1 AND batch_seq > ?2 ORDER BY batch_seq",
        {pair_, after});
    std::vector<Receipt> receipts;
    while (found.step()) {
        Receipt receipt;
        receipt.table_id = static_cast<int>(found.integer(0));
        Agreement& a = receipt.agreement;
        a.key = sql::parse_text_array(found.text(1));
        a.state = found.text(2) == "T" ? BaseState::tombstone : BaseState::live;
        a.origin = found.text(3) == "M" ? Origin::mobile : Origin::desktop;
        a.desktop = {found.integer(4), found.integer(5)};
        a.cloud = {found.integer(6), found.integer(7)};
        a.stamp_desktop = found.maybe_integer(8);
        a.stamp_cloud = found.maybe_integer(9);
        receipt.sequence = found.integer(10);
        receipt.desktop_barrier = found.integer(11);
        receipts.push_back(std::move(receipt));
    }
    return receipts;
}

void SqliteStore::purge_receipts(std::int64_t up_to) {
    Transaction transaction(writer(), Access::write);
    Statement(writer(), "purge receipts", "DELETE FROM tideway_inbox WHERE pair = ?1 AND batch_seq <= ?2")
        .run({pair_, up_to});
    transaction.commit();
}

void SqliteStore::purge_changes(const LinkedTable& table, const std::string& mark) {
    if (table.capture(side()) != Capture::changelog) return;
    const std::string changes = changes_name(pair_number_, table.id);
    Transaction transaction(writer(), Access::write);
    Statement(writer(), "purge changelog",
              fmt::format("DELETE FROM {0} WHERE seq <= ?1 AND seq < (SELECT max(seq) FROM {0})", changes))
        .run({Mark::parse(mark).sequence});
    transaction.commit();
}

// ----------------------------------------------------------------------------------------

namespace {

void record_line(Connection& c, const std::string& pair, const RunRecord::Line& line, const char* direction,
                 std::int64_t written, std::int64_t now) {
    Statement(c, "record table status",
              "UPDATE tideway_table_status SET last_sync = ?4, records_synced = ?5, records_total = "
              "records_total + ?5, "
              "pending = ?6 WHERE pair = ?1 AND tbl = ?2 AND direction = ?3")
        .run({pair, std::int64_t{line.table_id}, std::string(direction), now, written, line.pending});
}

void record_history(Connection& c, const std::string& pair, const RunRecord& record, std::int64_t now) {
    Statement(
        c, "record run",
        "INSERT OR IGNORE INTO tideway_run (pair, run, status, mode, direction, duration_ms, report, at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, ''), ?8)")
        .run({pair, record.run, record.status, record.mode, record.direction, record.duration_ms,
              record.report, now});
    Statement(c, "forget old runs",
              "DELETE FROM tideway_run WHERE pair = ?1 AND at < (SELECT at FROM tideway_run WHERE pair = ?1 "
              "ORDER BY at "
              "DESC LIMIT 1 OFFSET ?2 - 1)")
        .run({pair, std::int64_t{record.runs_kept}});
}

}  // namespace

void SqliteStore::record_run(const RunRecord& record) {
    Connection& c = writer();
    Transaction transaction(c, Access::write);
    for (const RunRecord::Line& line : record.lines) {
        if (line.forward) record_line(c, pair_, line, "forward", line.to_cloud, now_micros());
        if (line.reverse) record_line(c, pair_, line, "reverse", line.to_desktop, now_micros());
    }
    if (side() == Side::desktop) record_history(c, pair_, record, now_micros());
    transaction.commit();
}

void SqliteStore::record_idle(const RunRecord& record) {
    Transaction transaction(writer(), Access::write);
    Statement(
        writer(), "record idle run",
        "UPDATE tideway_pair SET idle_forward = CASE WHEN ?2 <> 'reverse' THEN ?3 ELSE idle_forward END, "
        "idle_reverse = CASE WHEN ?2 <> 'forward' THEN ?3 ELSE idle_reverse END WHERE pair = ?1")
        .run({pair_, record.direction, now_micros()});
    transaction.commit();
}

}  // namespace tideway::sqlite
