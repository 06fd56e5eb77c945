// The apply transaction (correctness.md 2.9): fence, stage, lock, compare, write, journal, conflicts,
// receipts or base, and the checks that stop it before COMMIT. Everything of a batch happens in this one
// transaction.
#include "store/postgres/apply.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/postgres/batch_start.hpp"
#include "store/postgres/pg_archive.hpp"
#include "store/postgres/row_guard.hpp"
#include "store/postgres/schema.hpp"
#include "store/postgres/side_effects.hpp"

namespace tideway::pg {
namespace {

void post_work_tables(Connection& connection, const Batch& batch, Side side) {
    connection.post({"create work tables",
                     "CREATE TEMP TABLE tideway_outcome (sec int, n int, a bigint, b bigint, stamp bigint, at tid, now tid) "
                     "ON COMMIT DROP"});
    connection.post({"create work tables",
                     "CREATE TEMP TABLE tideway_found (sec int, n int, at tid, a bigint, b bigint, image jsonb) "
                     "ON COMMIT DROP"});
    const bool guarded = side == Side::cloud &&
                         std::any_of(batch.sections.begin(), batch.sections.end(),
                                     [](const BatchSection& section) { return section.table->row_guard; });
    if (guarded)
        for (const char* text : index_work_tables) connection.post({"create work tables", text});
    connection.post({"create work tables", begin_guarded_writes});
}

// P3, checked against what was really written: never a row of mobile origin in a strict table, unless a
// person said so.
void check_ownership(const PgStore& store, const BatchSection& section,
                     const std::vector<RowOutcome>& outcomes) {
    if (store.side() != Side::cloud || section.table->policy.ownership != Ownership::strict) return;
    for (std::size_t i = 0; i < section.rows.size(); ++i) {
        const PlannedRow& row = section.rows[i];
        const bool replaced = row.write != Write::insert && outcomes[i].fate == Fate::applied;
        ensure(!replaced || row.origin != Origin::mobile || row.chosen,
               "P3: forward never changes or deletes a row of mobile origin");
    }
}

// A side that marks its deleted rows updates them.
Writes writes_of(Side side, const BatchSection& section, const std::vector<RowOutcome>& outcomes) {
    const bool marks = section.table->mark(side).has_value();
    Writes writes;
    for (std::size_t i = 0; i < section.rows.size(); ++i) {
        if (outcomes[i].fate != Fate::applied) continue;
        (section.rows[i].write == Write::insert   ? writes.inserted
         : section.rows[i].write == Write::update || marks ? writes.updated
                                                  : writes.deleted)++;
    }
    return writes;
}

PlannedWrites planned_writes(Side side, const Batch& batch, const BatchOutcome& outcome,
                             const std::vector<SectionApply>& sections) {
    PlannedWrites planned;
    for (std::size_t i = 0; i < batch.sections.size(); ++i) {
        Writes writes = writes_of(side, batch.sections[i], outcome.outcomes[i]);
        writes.updated += sections[i].stepped_aside();
        planned.add(*batch.sections[i].table, side, writes);
    }
    return planned;
}

}  // namespace

BatchOutcome PgStore::apply(const Batch& batch) try {
    Connection& connection = writer();
    Transaction transaction(connection, {.lock_timeout = Millis(batch.patience_ms)});
    BatchOutcome outcome;
    std::vector<const LinkedTable*> tables;
    std::vector<SectionApply> sections;
    for (const BatchSection& section : batch.sections) {
        tables.push_back(section.table);
        sections.emplace_back(*this, connection, section, static_cast<int>(sections.size()), batch);
    }
    const Started started(connection, pair_, {batch.fence, side() == Side::cloud ? batch.receipts_booked : 0, receipts_purged_},
                          std::move(tables));
    outcome.sequence = started.sequence();
    const Answer writes = write_sections(started, sections, batch);
    for (std::size_t i = 0; i < sections.size(); ++i) {
        outcome.outcomes.push_back(sections[i].outcomes());
        check_ownership(*this, batch.sections[i], outcome.outcomes[i]);
    }
    check_side_effects(connection, side(), writes, planned_writes(side(), batch, outcome, sections));
    if (archive_) archive_->note_peer(connection, batch.source_barrier);
    reach(connection, side() == Side::cloud ? "M5a.before_commit" : "M5b.before_commit");
    if (batch.rehearsal) return outcome;
    if (side() == Side::cloud && !outcome.wrote()) {
        outcome.sequence = batch.fence;
        return outcome;
    }
    transaction.commit();
    note_purged(batch.receipts_booked);
    failpoint(side() == Side::cloud ? "M5a.committed" : "M5b.committed");
    return outcome;
} catch (const DbError& error) {
    rethrow_for_batch(error);
}

// Everything but the checks and the COMMIT.
Answer PgStore::write_sections(const Started& started, std::vector<SectionApply>& sections, const Batch& batch) try {
    Connection& connection = writer();
    post_work_tables(connection, batch, side());
    remember_writes(connection);
    apply_sections(sections, batch);
    for (SectionApply& section : sections) section.record(batch, started.sequence());
    reach(connection, side() == Side::cloud ? "M5a.written" : "M5b.written");
    connection.post({"check constraints", "SET CONSTRAINTS ALL IMMEDIATE"});
    const Answer writes = ask_writes(connection);
    connection.flush();
    started.check();
    return writes;
} catch (const DbError& error) {
    started.explain(error);
    throw;
}

// Parents before children for what is written, children before parents for what is deleted.
void apply_sections(std::vector<SectionApply>& sections, const Batch& batch) {
    for (SectionApply& section : sections) {
        section.stage();
        section.restore_images();
        section.lock(batch.skip_locked);
        section.refuse_touched();
        if (batch.backup) section.back_up(batch.run);
    }
    if (!sections.empty()) sections.front().reach("apply.locked");
    for (SectionApply& section : sections) {
        section.mark_direct();
        section.refuse_inexact();
        section.resolve_parents();
        section.leave_children_of_raced(sections);
        section.postpone_references(sections);
        section.set_orphans_aside();
        section.set_clashes_aside();
        section.step_aside();
        section.update();
        section.insert();
        section.refuse_rows_outside();
    }
    for (SectionApply& section : sections) section.fill_postponed();
    for (SectionApply& section : sections) section.release_parents(sections);
    for (auto section = sections.rbegin(); section != sections.rend(); ++section) {
        section->mark_direct();
        section->set_parents_aside();
        section->erase();
        section->refuse_rows_left_aside();
        section->refuse_rows_left_released();
    }
}

}  // namespace tideway::pg
