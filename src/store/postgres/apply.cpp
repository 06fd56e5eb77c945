// The apply transaction (correctness.md 2.9): fence, stage, lock, compare, write, journal, conflicts,
// receipts or base, and the checks that stop it before COMMIT. Everything of a batch happens in this one
// transaction.
#include "store/postgres/apply.hpp"

#include <fmt/format.h>

#include <map>

#include "store/postgres/pg_archive.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

constexpr const char* create_work_tables = R"(
CREATE TEMP TABLE tideway_outcome (sec int, n int, a bigint, b bigint, stamp bigint, at tid, now tid) ON COMMIT DROP;
CREATE TEMP TABLE tideway_found (sec int, n int, at tid, a bigint, b bigint, image jsonb) ON COMMIT DROP;
CREATE TEMP TABLE tideway_before ON COMMIT DROP AS
    SELECT relid, n_tup_ins AS ins, n_tup_upd AS upd, n_tup_del AS del FROM pg_stat_xact_user_tables
    WHERE n_tup_ins + n_tup_upd + n_tup_del > 0;
)";

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

struct Writes {
    std::int64_t inserted = 0, updated = 0, deleted = 0;
};

Writes planned_writes(const BatchSection& section, const std::vector<RowOutcome>& outcomes) {
    Writes writes;
    for (std::size_t i = 0; i < section.rows.size(); ++i) {
        if (outcomes[i].fate != Fate::applied) continue;
        (section.rows[i].write == Write::insert   ? writes.inserted
         : section.rows[i].write == Write::update ? writes.updated
                                                  : writes.deleted)++;
    }
    return writes;
}

bool is_synchronised(Connection& connection, Side side, const sql::TableName& name) {
    const char* text =
        side == Side::desktop
            ? "SELECT EXISTS (SELECT FROM tideway.tables WHERE desktop_schema = $1 AND desktop_table = $2)"
            : "SELECT EXISTS (SELECT FROM tideway.tables WHERE cloud_schema = $1 AND cloud_table = $2)";
    return run(connection, "find synchronised table", text, {name.schema, name.table}).boolean(0, 0);
}

// What this transaction wrote, table by table, must be the plan and nothing else: cascades and triggers show
// here.
void check_side_effects(Connection& connection, Side side, const Batch& batch, const BatchOutcome& outcome,
                        const std::vector<SectionApply>& sections) {
    std::map<std::string, Writes> planned;
    std::map<std::string, bool> declared;
    for (std::size_t i = 0; i < batch.sections.size(); ++i) {
        const LinkedTable& table = *batch.sections[i].table;
        Writes& writes = planned[table.on(side).quoted()];
        writes = planned_writes(batch.sections[i], outcome.outcomes[i]);
        writes.updated += sections[i].stepped_aside();
        for (const std::string& name : table.side_effects)
            declared[sql::TableName::parse(name).quoted()] = true;
    }
    const Result found = connection.query({"compare writes with plan", R"(
SELECT x.schemaname, x.relname, x.n_tup_ins - coalesce(b.ins, 0), x.n_tup_upd - coalesce(b.upd, 0), x.n_tup_del - coalesce(b.del, 0)
FROM pg_stat_xact_user_tables x LEFT JOIN pg_temp.tideway_before b ON b.relid = x.relid
WHERE x.schemaname <> 'tideway' AND x.schemaname !~ '^pg_temp'
  AND (x.n_tup_ins, x.n_tup_upd, x.n_tup_del) IS DISTINCT FROM (coalesce(b.ins, 0), coalesce(b.upd, 0), coalesce(b.del, 0)))"});
    for (int i = 0; i < found.rows(); ++i) {
        const sql::TableName name{std::string(found.text(i, 0)), std::string(found.text(i, 1))};
        const Writes plan = planned[name.quoted()];
        // A declaration is no leave to take rows away from a synchronised table: nobody would have an image
        // of them.
        const bool takes_away = found.integer(i, 4) > plan.deleted && is_synchronised(connection, side, name);
        if (declared.contains(name.quoted()) && !takes_away) continue;
        if (found.integer(i, 2) == plan.inserted && found.integer(i, 3) == plan.updated &&
            found.integer(i, 4) == plan.deleted)
            continue;
        throw Refused(
            {"TW408",
             fmt::format(
                 "writing would also insert {}, update {} and delete {} rows of {} (a trigger or a cascade)",
                 found.integer(i, 2) - plan.inserted, found.integer(i, 3) - plan.updated,
                 found.integer(i, 4) - plan.deleted, name.display()),
             "declare it with side_effects = [\"" + name.display() + "\"] if it is wanted", ""});
    }
}

void lock_for_writing(Connection& connection, const std::string& names) try {
    connection.query({"lock tables for writing", "LOCK TABLE " + names + " IN ROW EXCLUSIVE MODE"});
} catch (const DbError& error) {
    if (error.sqlstate() == "55P03") throw TableBusy(error.what());
    throw;
}

}  // namespace

BatchOutcome PgStore::apply(const Batch& batch) try {
    Connection& connection = writer();
    Transaction transaction(connection, {.lock_timeout = Millis(batch.patience_ms)});
    const Result fence = run(connection, "fence", R"(
UPDATE tideway.lease SET seq = seq + 1, at = clock_timestamp() WHERE pair = $1 AND seq = $2::bigint RETURNING seq)",
                             {pair_, std::to_string(batch.fence)});
    if (fence.rows() == 0)
        throw Error(Code::fenced, fmt::format("another run took over the {} side", name(side())),
                    "nothing of this batch was written; run again");
    BatchOutcome outcome;
    outcome.sequence = fence.integer(0, 0);
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
        sections.emplace_back(*this, connection, section, static_cast<int>(sections.size()));
    }
    lock_for_writing(connection, join(names));
    check_fingerprints(connection, side(), tables);
    connection.query({"create work tables", create_work_tables});
    apply_sections(sections, batch.skip_locked);
    for (std::size_t i = 0; i < sections.size(); ++i) {
        const std::int64_t journaled = sections[i].journal(batch, outcome.sequence);
        const std::int64_t kept = sections[i].keep_conflicts(batch);
        sections[i].record_agreements(batch, outcome.sequence);
        outcome.outcomes.push_back(sections[i].outcomes());
        ensure(journaled == count_applied(batch.sections[i], outcome.outcomes[i], false),
               "P1: every written row is in the journal");
        ensure(kept == count_applied(batch.sections[i], outcome.outcomes[i], true),
               "P1: every losing version is kept");
        check_ownership(*this, batch.sections[i], outcome.outcomes[i]);
    }
    failpoint(side() == Side::cloud ? "M5a.written" : "M5b.written");
    connection.query({"check constraints", "SET CONSTRAINTS ALL IMMEDIATE"});
    check_side_effects(connection, side(), batch, outcome, sections);
    if (archive_) archive_->note_peer(connection, batch.source_barrier);
    failpoint(side() == Side::cloud ? "M5a.before_commit" : "M5b.before_commit");
    transaction.commit();
    failpoint(side() == Side::cloud ? "M5a.committed" : "M5b.committed");
    return outcome;
} catch (const DbError& error) {
    rethrow_for_batch(error);
}

// Parents before children for what is written, children before parents for what is deleted.
void apply_sections(std::vector<SectionApply>& sections, bool skip_locked) {
    for (SectionApply& section : sections) {
        section.stage();
        section.lock(skip_locked);
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
        section->erase();
    }
}

}  // namespace tideway::pg
