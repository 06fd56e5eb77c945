// The apply transaction (correctness.md 2.9): fence, claim, compare, write, journal, conflicts, receipts or
// base, and the checks that stop it before COMMIT. Everything of a batch happens in this one transaction.
#include "store/sqlite/apply.hpp"

#include <fmt/format.h>

#include "store/sqlite/sqlite_archive.hpp"

namespace tideway::sqlite {
namespace {

[[noreturn]] void rethrow_for_batch(const SqliteError& error) {
    if (error.busy()) throw TableBusy(error.what());
    if (error.row_is_at_fault()) throw Refused({error.sqlstate(), error.message(), "", ""});
    throw error;
}

// P3, checked against what was really written: never a row of mobile origin in a strict table, unless a
// person said so.
void check_ownership(Side side, const BatchSection& section, const std::vector<RowOutcome>& outcomes) {
    if (side != Side::cloud || section.table->policy.ownership != Ownership::strict) return;
    for (std::size_t i = 0; i < section.rows.size(); ++i) {
        const PlannedRow& row = section.rows[i];
        const bool replaced = row.write != Write::insert && outcomes[i].fate == Fate::applied;
        ensure(!replaced || row.origin != Origin::mobile || row.chosen,
               "P3: forward never changes or deletes a row of mobile origin");
    }
}

bool is_synchronised(Connection& c, Side side, const std::string& table) {
    return Statement(c, "find synchronised table",
                     fmt::format("SELECT 1 FROM tideway_tables WHERE {} = ?1 COLLATE NOCASE",
                                 side == Side::desktop ? "desktop_table" : "cloud_table"),
                     {table})
        .step();
}

std::int64_t updates_beside(const TableWrites& writes, const PlannedCounts& plan) {
    std::int64_t count = 0;
    for (const auto& [row, updates] : writes.updates)
        if (!plan.rows.contains(row)) count += updates;
    return count;
}

// What this transaction wrote, table by table, must be the plan and nothing else: cascades and triggers show
// here.
void check_side_effects(Connection& c, Side side, const std::vector<SectionApply>& sections,
                        std::int64_t all_writes) {
    std::map<std::string, PlannedCounts> planned;
    std::set<std::string> declared;
    for (const SectionApply& section : sections) {
        planned[section.table().on(side).table] = section.planned();
        for (const std::string& name : section.table().side_effects)
            declared.insert(sql::TableName::parse(name).table);
    }
    std::int64_t seen = 0;
    for (const auto& [table, writes] : c.writes()) {
        seen += writes.inserted + writes.updated() + writes.deleted;
        if (table.starts_with("tideway_")) continue;
        const PlannedCounts& plan = planned[table];
        const std::int64_t inserted = writes.inserted - plan.inserted,
                           deleted = writes.deleted - plan.deleted;
        const std::int64_t updated = updates_beside(writes, plan);
        if (inserted == 0 && deleted == 0 && updated == 0) continue;
        // A declaration is no leave to take rows away from a synchronised table: nobody would have an image
        // of them.
        if (declared.contains(table) && !(deleted > 0 && is_synchronised(c, side, table))) continue;
        throw Refused(
            {"TW408",
             fmt::format("writing would also insert {}, update {} and delete {} rows of {} (a trigger or a "
                         "cascade)",
                         inserted, updated, deleted, table),
             "declare it with side_effects = [\"" + table + "\"] if it is wanted", ""});
    }
    if (all_writes > seen && declared.empty())
        throw Refused(
            {"TW408",
             fmt::format(
                 "writing would also change {} rows of a WITHOUT ROWID table (a trigger or a cascade)",
                 all_writes - seen),
             "declare that table with side_effects if it is wanted", ""});
}

// Parents before children for what is written, children before parents for what is deleted.
void write_sections(std::vector<SectionApply>& sections) {
    for (SectionApply& section : sections) section.claim();
    failpoint("apply.locked");
    for (SectionApply& section : sections) {
        section.set_orphans_aside();
        section.set_clashes_aside();
        section.step_aside();
        section.update();
        section.insert();
        section.refuse_rows_outside();
    }
    for (auto section = sections.rbegin(); section != sections.rend(); ++section) section->erase();
}

std::int64_t move_fence(SqliteStore& store, Connection& c, std::int64_t fence) {
    const std::int64_t moved =
        Statement(c, "fence", "UPDATE tideway_lease SET seq = seq + 1, at = ?3 WHERE pair = ?1 AND seq = ?2")
            .run({store.pair(), fence, store.now_micros()});
    if (moved == 0)
        throw Error(Code::fenced, fmt::format("another run took over the {} side", name(store.side())),
                    "nothing of this batch was written; run again");
    return fence + 1;
}

}  // namespace

BatchOutcome SqliteStore::apply(const Batch& batch) try {
    Connection& c = writer();
    Transaction transaction(c, Access::write, Millis(batch.patience_ms));
    // Judged when all is written: rows of one table may refer to each other in any order.
    c.execute("defer foreign keys", "PRAGMA defer_foreign_keys = ON");
    BatchOutcome outcome;
    outcome.sequence = move_fence(*this, c, batch.fence);
    if (side() == Side::cloud && batch.receipts_booked > 0)
        Statement(c, "purge receipts", "DELETE FROM tideway_inbox WHERE pair = ?1 AND batch_seq <= ?2")
            .run({pair_, batch.receipts_booked});
    std::vector<const LinkedTable*> tables;
    std::vector<SectionApply> sections;
    for (const BatchSection& section : batch.sections) {
        tables.push_back(section.table);
        sections.emplace_back(*this, c, section, batch.undoes);
    }
    check_fingerprints(c, side(), tables);
    c.count_writes();
    const std::int64_t before = c.total_changes();
    write_sections(sections);
    for (std::size_t i = 0; i < sections.size(); ++i) {
        sections[i].record(batch, outcome.sequence);
        outcome.outcomes.push_back(sections[i].outcomes());
        check_ownership(side(), batch.sections[i], outcome.outcomes[i]);
    }
    failpoint(side() == Side::cloud ? "M5a.written" : "M5b.written");
    check_side_effects(c, side(), sections, c.total_changes() - before);
    if (archive_) archive_->note_peer(c, batch.source_barrier);
    Statement(c, "unmark own writes", "DELETE FROM tideway_direct WHERE true").run();
    failpoint(side() == Side::cloud ? "M5a.before_commit" : "M5b.before_commit");
    sections.clear();  // with their open statements
    if (batch.rehearsal) return outcome;
    if (side() == Side::cloud && !outcome.wrote()) {
        outcome.sequence = batch.fence;
        return outcome;
    }
    transaction.commit();
    failpoint(side() == Side::cloud ? "M5a.committed" : "M5b.committed");
    return outcome;
} catch (const SqliteError& error) {
    rethrow_for_batch(error);
}

}  // namespace tideway::sqlite
