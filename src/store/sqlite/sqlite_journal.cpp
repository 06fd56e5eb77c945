#include "store/sqlite/sqlite_journal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sql/text_array.hpp"

namespace tideway::sqlite {
namespace {

constexpr int step = 5'000;
constexpr int most_steps = 40;  // in one run; the next one goes on

Kept kept_as(const std::string& letter) {
    return letter == "I" ? Kept::inserted : letter == "D" ? Kept::erased : Kept::updated;
}

std::optional<Hash> maybe_hash(const Statement& found, int column) {
    if (found.null(column)) return std::nullopt;
    return Hash{found.integer(column), found.integer(column + 1)};
}

JournalEntry entry_at(const Statement& found) {
    JournalEntry entry;
    entry.id = found.integer(0);
    entry.run = found.text(1);
    entry.batch = found.integer(2);
    entry.table_id = static_cast<int>(found.integer(3));
    entry.key = sql::parse_text_array(found.text(4));
    entry.kept = kept_as(found.text(5));
    entry.rule = found.text(6);
    entry.before = maybe_hash(found, 7);
    entry.after = maybe_hash(found, 9);
    entry.form = found.maybe_integer(11);
    entry.at = found.text(12);
    entry.moment = found.integer(13);
    return entry;
}

bool concerns(const Key& key, const std::optional<Key>& wanted) {
    return !wanted ||
           (key.size() >= wanted->size() && std::equal(wanted->begin(), wanted->end(), key.begin()));
}

}  // namespace

std::vector<JournalEntry> SqliteJournal::entries(const JournalSelection& selection) {
    Statement found(
        store_.asker(), "read journal",
        fmt::format(
            "SELECT id, run, batch, tbl, key, op, rule, before_a, before_b, after_a, after_b, form, {}, at "
            "FROM tideway_journal WHERE pair = ?1 AND (?2 IS NULL OR run = ?2) AND (?3 IS NULL OR tbl "
            "= ?3) AND (?4 IS NULL OR at >= ?4) ORDER BY id DESC",
            time_sql("at")),
        {store_.pair(), selection.run ? Value(*selection.run) : Value(),
         selection.table_id ? Value(std::int64_t{*selection.table_id}) : Value(),
         selection.since ? Value(*selection.since) : Value()});
    std::vector<JournalEntry> entries;
    while (found.step()) {
        JournalEntry entry = entry_at(found);
        if (concerns(entry.key, selection.key)) entries.push_back(std::move(entry));
    }
    return entries;
}

std::vector<JournaledRun> SqliteJournal::runs() {
    Statement found(
        store_.asker(), "list journaled runs",
        fmt::format("SELECT run, {}, sum(op = 'I'), sum(op = 'U'), sum(op = 'D'), max(rule LIKE 'undo "
                    "%') FROM tideway_journal WHERE pair = ?1 GROUP BY run ORDER BY max(id) DESC",
                    time_sql("min(at)")),
        {store_.pair()});
    std::vector<JournaledRun> runs;
    while (found.step())
        runs.push_back({found.text(0), found.text(1), found.integer(2), found.integer(3), found.integer(4),
                        found.integer(5) != 0});
    return runs;
}

// The library cannot tell what a table takes in the file; the records themselves can be measured.
JournalSize SqliteJournal::size() {
    Statement found(
        store_.asker(), "measure journal",
        fmt::format("SELECT coalesce(sum(200 + coalesce(length(before), 0)), 0) + (SELECT "
                    "coalesce(sum(200 + coalesce(length(desktop_row), 0) + coalesce(length(cloud_row), "
                    "0)), 0) FROM tideway_conflict), {} FROM tideway_journal WHERE pair = ?1",
                    time_sql("min(at)")),
        {store_.pair()});
    found.step();
    return {found.integer(0), found.cell(1)};
}

std::optional<std::string> SqliteJournal::image(std::int64_t id) {
    Statement found(store_.asker(), "read image",
                    "SELECT before FROM tideway_journal WHERE pair = ?1 AND id = ?2", {store_.pair(), id});
    return found.step() ? found.cell(0) : std::nullopt;
}

std::optional<Key> SqliteJournal::spelled(const LinkedTable& table, const Key& key) {
    if (table.repeats()) return key;
    const RowCodec codec = store_.codec(store_.asker(), table);
    const auto values = codec.key_values(key);
    return values ? codec.key_of(*values) : std::nullopt;
}

std::int64_t SqliteJournal::purge(const Retention& retention) {
    std::int64_t gone = 0;
    if (retention.keep_seconds > 0) {
        const std::int64_t before = store_.now_micros() - retention.keep_seconds * 1'000'000;
        for (const char* table : {"tideway_journal", "tideway_conflict"})
            gone += remove(
                fmt::format("DELETE FROM {0} WHERE id IN (SELECT id FROM {0} WHERE pair = ?1 AND at < "
                            "?2{1} ORDER BY id LIMIT {2})",
                            table, table == std::string("tideway_conflict") ? " AND status = 'kept'" : "",
                            step),
                {store_.pair(), before});
    }
    if (retention.max_bytes == 0 || size().bytes <= retention.max_bytes) return gone;
    std::int64_t cut = 0, bytes = 0;
    {
        Statement newest(
            store_.asker(), "measure entries",
            "SELECT id, 200 + coalesce(length(before), 0) FROM tideway_journal WHERE pair = ?1 ORDER "
            "BY id DESC",
            {store_.pair()});
        while (cut == 0 && newest.step())
            if ((bytes += newest.integer(1)) > retention.max_bytes) cut = newest.integer(0);
    }
    return gone +
           remove(fmt::format("DELETE FROM tideway_journal WHERE id IN (SELECT id FROM tideway_journal "
                              "WHERE pair = ?1 AND id <= ?2 ORDER BY id LIMIT {})",
                              step),
                  {store_.pair(), cut});
}

std::int64_t SqliteJournal::remove(const std::string& statement, const std::vector<Value>& parameters) {
    std::int64_t gone = 0;
    for (int i = 0; i < most_steps; ++i) {
        Transaction transaction(store_.writer(), Access::write);
        const std::int64_t deleted =
            Statement(store_.writer(), "purge old records", statement).run(parameters);
        transaction.commit();
        gone += deleted;
        if (deleted < step) break;
    }
    return gone;
}

}  // namespace tideway::sqlite
