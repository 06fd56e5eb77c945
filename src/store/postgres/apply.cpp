// The apply transaction (correctness.md 2.9): fence, stage, lock, compare, write, journal, conflicts,
// receipts or base, and the checks that stop it before COMMIT. Everything of a batch happens in this one
// transaction.
#include "store/postgres/apply.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/postgres/pg_archive.hpp"
#include "store/postgres/row_guard.hpp"
#include "store/postgres/schema.hpp"
#include "store/postgres/side_effects.hpp"

namespace tideway::pg {
namespace {

constexpr const char* create_work_tables = R"(
CREATE TEMP TABLE tideway_outcome (sec int, n int, a bigint, b bigint, stamp bigint, at tid, now tid) ON COMMIT DROP;
CREATE TEMP TABLE tideway_found (sec int, n int, at tid, a bigint, b bigint, image jsonb) ON COMMIT DROP;
)";

std::string work_tables_sql(const Batch& batch, Side side) {
    const bool guarded = side == Side::cloud &&
                         std::any_of(batch.sections.begin(), batch.sections.end(),
                                     [](const BatchSection& section) { return section.table->row_guard; });
    return std::string(create_work_tables) + (guarded ? index_work_tables : "") + begin_guarded_writes;
}

}  // namespace

namespace {

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

std::int64_t count_applied(const BatchSection& section, const std::vector<RowOutcome>& outcomes,
                           bool conflicts_only) {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < section.rows.size(); ++i)
        if (outcomes[i].fate == Fate::applied && (!conflicts_only || section.rows[i].conflict)) ++count;
    return count;
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

void lock_for_writing(Connection& connection, const std::string& names) try {
    connection.query({"lock tables for writing", "LOCK TABLE " + names + " IN ROW EXCLUSIVE MODE"});
} catch (const DbError& error) {
    if (error.sqlstate() == "55P03") throw TableBusy(error.what());
    throw;
}

std::int64_t advance_fence(Connection& connection, const std::string& pair, std::int64_t fence) {
    const Result advanced = run(connection, "fence", R"(
UPDATE tideway.lease SET seq = seq + 1, at = clock_timestamp() WHERE pair = $1 AND seq = $2::bigint RETURNING seq)",
                                {pair, std::to_string(fence)});
    if (advanced.rows() == 0)
        throw Error(Code::fenced, fmt::format("another run took over the {} side", name(connection.side())),
                    "nothing of this batch was written; run again");
    return advanced.integer(0, 0);
}

BatchOutcome PgStore::apply(const Batch& batch) try {
    Connection& connection = writer();
    Transaction transaction(connection, {.lock_timeout = Millis(batch.patience_ms)});
    BatchOutcome outcome;
    outcome.sequence = advance_fence(connection, pair_, batch.fence);
    if (side() == Side::cloud && batch.receipts_booked > 0)
        run(connection, "purge receipts",
            "DELETE FROM tideway.inbox AS i WHERE i.pair = $1 AND i.batch_seq <= $2::bigint",
            {pair_, std::to_string(batch.receipts_booked)});
    std::vector<const LinkedTable*> tables;
    std::vector<std::string> names;
    std::vector<SectionApply> sections;
    for (const BatchSection& section : batch.sections) {
        tables.push_back(section.table);
        names.push_back(section.table->on(side()).quoted());
        sections.emplace_back(*this, connection, section, static_cast<int>(sections.size()), batch);
    }
    lock_for_writing(connection, join(names));
    check_fingerprints(connection, side(), tables);
    connection.query({"create work tables", work_tables_sql(batch, side())});
    remember_writes(connection);
    apply_sections(sections, batch);
    for (std::size_t i = 0; i < sections.size(); ++i) {
        const std::int64_t journaled = sections[i].journal(batch, outcome.sequence);
        const std::int64_t kept = sections[i].keep_conflicts(batch);
        if (!batch.undoes) sections[i].record_agreements(batch, outcome.sequence);
        outcome.outcomes.push_back(sections[i].outcomes());
        ensure(journaled == count_applied(batch.sections[i], outcome.outcomes[i], false),
               "P1: every written row is in the journal");
        ensure(kept == count_applied(batch.sections[i], outcome.outcomes[i], true),
               "P1: every losing version is kept");
        check_ownership(*this, batch.sections[i], outcome.outcomes[i]);
    }
    failpoint(side() == Side::cloud ? "M5a.written" : "M5b.written");
    connection.query({"check constraints", "SET CONSTRAINTS ALL IMMEDIATE"});
    check_side_effects(connection, side(), planned_writes(side(), batch, outcome, sections));
    if (archive_) archive_->note_peer(connection, batch.source_barrier);
    failpoint(side() == Side::cloud ? "M5a.before_commit" : "M5b.before_commit");
    if (batch.rehearsal) return outcome;
    transaction.commit();
    failpoint(side() == Side::cloud ? "M5a.committed" : "M5b.committed");
    return outcome;
} catch (const DbError& error) {
    rethrow_for_batch(error);
}

// Parents before children for what is written, children before parents for what is deleted.
void apply_sections(std::vector<SectionApply>& sections, const Batch& batch) {
    for (SectionApply& section : sections) {
        section.stage();
        section.restore_images();
        section.lock(batch.skip_locked);
        if (batch.backup) section.back_up(batch.run);
    }
    failpoint("apply.locked");
    for (SectionApply& section : sections) {
        section.mark_direct();
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
        section->refuse_rows_left_released();
    }
}

}  // namespace tideway::pg
