#include "store/postgres/apply_transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "store/postgres/pg_archive.hpp"
#include "store/postgres/row_guard.hpp"
#include "store/postgres/schema.hpp"
#include "store/postgres/side_effects.hpp"

namespace tideway::pg {
namespace {

constexpr const char* set_patience_statement = "set patience";

struct SomebodyWaits {};

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

// The target's rows, with what they are now. All sections are staged.
void lock_rows(std::vector<SectionApply>& sections, const Batch& batch) {
    for (SectionApply& section : sections) {
        section.restore_images();
        section.lock(batch.skip_locked);
        section.refuse_touched();
        if (batch.backup) section.back_up(batch.run);
    }
    if (!sections.empty()) sections.front().reach("apply.locked");
}

// Parents before children for what is written, children before parents for what is deleted.
void write_sections(std::vector<SectionApply>& sections) {
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

}  // namespace

template <class Step>
auto ApplyTransaction::explained(Step step) try {
    return step();
} catch (const DbError& error) {
    explain(error);
    rethrow_for_batch(error);
}

// What the start says of it comes before what the statement says: it travelled ahead.
void ApplyTransaction::explain(const DbError& error) const {
    if (error.fields().statement == set_patience_statement && !error.connection_is_lost()) throw SomebodyWaits();
    if (fence_ && fence_->seen()) fence_->check();
    for (const Locks& locks : locks_) locks.explain(error);
}

ApplyTransaction::ApplyTransaction(PgStore& store, Connection& connection, const Batch& batch, Millis patience)
    : store_(store), connection_(connection), batch_(batch), transaction_(connection, {.lock_timeout = patience}) {
    explained([&] {
        for (const BatchSection& section : batch.sections)
            sections_.emplace_back(store, connection, section, static_cast<int>(sections_.size()), batch);
    });
}

void ApplyTransaction::lock(LockMode mode) {
    std::vector<const LinkedTable*> tables;
    for (const BatchSection& section : batch_.sections) tables.push_back(section.table);
    locks_.emplace_back(connection_, std::move(tables), mode);
}

void ApplyTransaction::start(std::int64_t sequence, std::int64_t receipts_booked) {
    started_ = std::chrono::steady_clock::now();
    if (store_.side() == Side::cloud) receipts_booked_ = receipts_booked;
    fence_.emplace(connection_, store_.pair(), Fence::At{sequence, receipts_booked_, store_.receipts_purged()});
    lock(LockMode::row_exclusive);
}

void ApplyTransaction::send() {
    explained([&] {
        post_work_tables(connection_, batch_, store_.side());
        for (SectionApply& section : sections_) section.stage(batch_.sent);
    });
}

void ApplyTransaction::send_ahead() {
    lock(LockMode::access_share);
    send();
    explained([&] { connection_.flush(); });
    check_start();
}

void ApplyTransaction::check_start() const {
    if (fence_) fence_->check();
    for (const Locks& locks : locks_) locks.check();
}

// Everything but the checks and the COMMIT.
void ApplyTransaction::write() {
    explained([&] {
        remember_writes(connection_);
        lock_rows(sections_, batch_);
        write_sections(sections_);
        for (SectionApply& section : sections_) section.record(batch_, fence_->sequence());
        reach(connection_, store_.side() == Side::cloud ? "M5a.written" : "M5b.written");
        connection_.post({"check constraints", "SET CONSTRAINTS ALL IMMEDIATE"});
        writes_.emplace(ask_writes(connection_));
        connection_.flush();
        check_start();
    });
}

BatchOutcome ApplyTransaction::commit() {
    const bool cloud = store_.side() == Side::cloud;
    return explained([&] {
        BatchOutcome outcome;
        outcome.sequence = fence_->sequence();
        for (std::size_t i = 0; i < sections_.size(); ++i) {
            outcome.outcomes.push_back(sections_[i].outcomes());
            check_ownership(store_, batch_.sections[i], outcome.outcomes[i]);
        }
        check_side_effects(connection_, store_.side(), *writes_,
                           planned_writes(store_.side(), batch_, outcome, sections_));
        store_.note_peer(connection_, batch_.source_barrier);
        reach(connection_, cloud ? "M5a.before_commit" : "M5b.before_commit");
        if (batch_.rehearsal) return outcome;
        if (cloud && !outcome.wrote()) {
            outcome.sequence -= 1;
            return outcome;
        }
        transaction_.commit();
        store_.note_committed(started_, receipts_booked_);
        failpoint(cloud ? "M5a.committed" : "M5b.committed");
        return outcome;
    });
}

// Our lock would be granted past whoever waits for one that excludes everybody, since we hold a weaker one already; he would
// wait for us then, and we perhaps for a row of his. So where somebody does, what is set is no number, and the statement fails.
void ApplyTransaction::set_patience() {
    std::vector<std::string> names;
    for (const BatchSection& section : batch_.sections) names.push_back(section.table->on(store_.side()).quoted());
    post(connection_, set_patience_statement, R"(
SELECT set_config('lock_timeout', CASE WHEN EXISTS (
    SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock' AND locktype = 'relation'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND relation = ANY (ARRAY(SELECT n::regclass::oid FROM unnest($2::text[]) n)))
    THEN 'somebody waits' ELSE $1 END, true))",
         {std::to_string(batch_.patience_ms), text_array(names)});
}

std::optional<BatchOutcome> ApplyTransaction::finish(std::int64_t sequence, std::int64_t receipts_booked) {
    try {
        set_patience();
        start(sequence, receipts_booked);
        write();
    } catch (const SomebodyWaits&) {
        return std::nullopt;
    } catch (const DbError& error) {
        if (!error.connection_is_lost()) throw;
        return std::nullopt;
    }
    return commit();
}

}  // namespace tideway::pg
