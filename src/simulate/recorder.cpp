#include "simulate/recorder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checker/history_json.hpp"
#include "sql/text_array.hpp"

namespace tideway::simulate {
namespace {

using checker::image_from_json;

std::size_t at(Side side) { return side == Side::desktop ? 0 : 1; }

std::string object(const std::string& table, const std::string& row) {
    std::vector<std::string> parts;
    for (const std::string& column : Setting::columns(table))
        parts.push_back(fmt::format("'{0}', {1}{0}", column, row));
    return fmt::format("json_object({})", fmt::join(parts, ", "));
}

std::string trigger(const std::string& table, const char* event, bool before, bool after) {
    return fmt::format(
        "CREATE TRIGGER audit_{0}_{1} AFTER {1} ON {0} BEGIN INSERT INTO audit_log (tbl, before, after) "
        "VALUES "
        "('{0}', {2}, {3}); END;\n",
        table, event, before ? object(table, "OLD.") : "NULL", after ? object(table, "NEW.") : "NULL");
}

checker::Image image(const sqlite::Statement& found, int column) {
    return image_from_json(found.text(column));
}

std::int64_t newest(sqlite::Connection& c, const char* column, const char* table) {
    sqlite::Statement found(c, "look for the end",
                            fmt::format("SELECT coalesce(max({}), 0) FROM {}", column, table));
    found.step();
    return found.integer(0);
}

bool is_installed(sqlite::Connection& c) {
    return sqlite::Statement(c, "look for records",
                             "SELECT 1 FROM sqlite_schema WHERE name = 'tideway_journal'")
        .step();
}

}  // namespace

std::string schema_with_audit(const Setting& setting) {
    std::string text =
        setting.schema() +
        "CREATE TABLE clipboard (tag TEXT PRIMARY KEY, vid TEXT, note TEXT);\n"
        "CREATE TABLE audit_log (seq INTEGER PRIMARY KEY, tbl TEXT NOT NULL, before TEXT, after "
        "TEXT);\n";
    for (const checker::TableRules& rules : setting.rules())
        text += trigger(rules.table, "INSERT", false, true) + trigger(rules.table, "UPDATE", true, true) +
                trigger(rules.table, "DELETE", true, false);
    return text;
}

Recorder::Recorder(const Setting& setting, VirtualTime& time, SideFile& desktop, SideFile& cloud)
    : time_(time), files_{&desktop, &cloud} {
    history_.tables = setting.rules();
    for (const Side side : {Side::desktop, Side::cloud}) open(side);
}

Recorder::Reader& Recorder::reader(Side side) { return *readers_[at(side)]; }

void Recorder::open(Side side) {
    std::optional<Reader>& reader = readers_[at(side)];
    reader.reset();
    reader.emplace(Reader{sqlite::Connection::open(files_[at(side)]->options(), nullptr), {}, {}, {}});
    reader->log.emplace(reader->connection, "read audit log",
                        "SELECT seq, tbl, before, after FROM audit_log WHERE seq > ?1 ORDER BY seq");
    skip_what_is_there(*reader);
}

void Recorder::skip_what_is_there(Reader& reader) {
    reader.log_seen = newest(reader.connection, "seq", "audit_log");
    if (!is_installed(reader.connection)) return;
    prepare_records(reader);
    reader.conflict_seen = newest(reader.connection, "id", "tideway_conflict");
    reader.journal_seen = newest(reader.connection, "id", "tideway_journal");
}

void Recorder::prepare_records(Reader& reader) {
    reader.conflicts.emplace(
        reader.connection, "read conflicts",
        "SELECT c.id, t.desktop_table, c.key, c.kind, c.policy, c.winner, c.desktop_row, "
        "c.cloud_row FROM tideway_conflict c JOIN tideway_tables t ON t.pair = c.pair AND "
        "t.id = c.tbl WHERE c.id > ?1 ORDER BY c.id");
    reader.journal.emplace(
        reader.connection, "read journal",
        "SELECT j.id, t.desktop_table, j.op, j.before FROM tideway_journal j JOIN "
        "tideway_tables t ON t.pair = j.pair AND t.id = j.tbl WHERE j.id > ?1 ORDER BY j.id");
}

void Recorder::take_down(Side side, bool by_sync) {
    Reader& from = reader(side);
    const long long before = seq_[at(side)];
    for (from.log->bind({from.log_seen}); from.log->step();) {
        if (seq_[at(side)] == before) ++transactions_;
        from.log_seen = from.log->integer(0);
        history_.writes.push_back({judged(side), ++seq_[at(side)], transactions_, time_.tick(), by_sync,
                                   from.log->text(1), image(*from.log, 2), image(*from.log, 3)});
    }
    if (by_sync && seq_[at(side)] > before) take_down_records(side, from, transactions_);
}

void Recorder::take_down_records(Side side, Reader& from, long long transaction) {
    if (!from.journal) prepare_records(from);
    for (from.conflicts->bind({from.conflict_seen}); from.conflicts->step();) {
        const sqlite::Statement& found = *from.conflicts;
        from.conflict_seen = found.integer(0);
        history_.conflicts.push_back({judged(side), transaction, found.text(1),
                                      sql::parse_text_array(found.text(2)), found.text(3), found.text(4),
                                      found.text(5), image(found, 6), image(found, 7)});
    }
    for (from.journal->bind({from.journal_seen}); from.journal->step();) {
        const sqlite::Statement& found = *from.journal;
        from.journal_seen = found.integer(0);
        history_.journal.push_back(
            {judged(side), transaction, found.text(1), found.text(2), image(found, 3)});
    }
}

bool Recorder::is_known_to_sync(Side side) { return is_installed(reader(side).connection); }

void Recorder::note_run_begins() {
    ++at_work_;
    if (!unsettled_since_) unsettled_since_ = time_.now();
}

void Recorder::note_run_ends(bool well) {
    if (--at_work_ == 0 && well) unsettled_since_.reset();
}

void Recorder::note_backup(Side side, int number) {
    const long long now = time_.tick();
    backups_[at(side)][number] = {seq_[at(side)], unsettled_since_.value_or(now)};
}

void Recorder::note_restore(Side side, int number) {
    const auto [seq, since] = backups_[at(side)].at(number);
    history_.restores.push_back({judged(side), ++seq_[at(side)], seq, since, time_.tick()});
    open(side);
}

void Recorder::note(const std::string& text) { history_.notes.push_back({time_.tick(), text}); }

void Recorder::begin_further_run() {
    for (const Side side : {Side::desktop, Side::cloud}) history_.quiet_since[at(side)] = seq_[at(side)];
}

void Recorder::collect_rows(Side side) {
    for (const checker::TableRules& rules : history_.tables) {
        auto& rows = history_.rows[at(side)][rules.table];
        rows.clear();
        sqlite::Statement found(
            reader(side).connection, "read rows",
            fmt::format("SELECT {} FROM {} ORDER BY rowid", object(rules.table, ""), rules.table));
        while (found.step()) rows.push_back(*image(found, 0));
    }
}

void Recorder::collect_waiting() {
    if (!is_installed(reader(Side::desktop).connection)) return;
    sqlite::Statement found(reader(Side::desktop).connection, "read waiting keys",
                            "SELECT t.desktop_table, w.key, w.kind, w.rule, w.reason FROM tideway_waiting w "
                            "JOIN tideway_tables t "
                            "ON t.pair = w.pair AND t.id = w.tbl ORDER BY w.tbl, w.key");
    while (found.step())
        history_.waiting.push_back({found.text(0), sql::parse_text_array(found.text(1)), found.text(2),
                                    found.text(3), found.text(4)});
}

checker::History Recorder::history() {
    for (const Side side : {Side::desktop, Side::cloud}) collect_rows(side);
    history_.waiting.clear();
    collect_waiting();
    return history_;
}

}  // namespace tideway::simulate
