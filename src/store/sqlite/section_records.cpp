// What one table's part of an apply transaction leaves beside the rows: journal, conflicts, receipts or base.
#include <fmt/format.h>

#include "sql/text_array.hpp"
#include "store/sqlite/apply.hpp"
#include "store/sqlite/sqlite_archive.hpp"

namespace tideway::sqlite {
namespace {

std::string letter(Write write) { return write == Write::insert ? "I" : write == Write::update ? "U" : "D"; }

Value maybe(const std::optional<std::int64_t>& value) { return value ? Value(*value) : Value(); }

}  // namespace

void SectionApply::record(const Batch& batch, std::int64_t sequence) {
    journal(batch, sequence);
    if (undoes_) return;
    keep_conflicts(batch);
    if (store_.side() == Side::cloud)
        write_receipts(batch, sequence);
    else
        book(batch);
}

namespace {

bool applied(const PlannedWrite& write) { return write.outcome && write.outcome->fate == Fate::applied; }

}  // namespace

// Old images of all that was replaced or removed; inserts by key and hash (DESIGN.md 10.19).
void SectionApply::journal(const Batch& batch, std::int64_t sequence) {
    Statement put(connection_, "write journal",
                  "INSERT INTO tideway_journal (pair, run, batch, tbl, key, op, rule, before, before_a, "
                  "before_b, after_a, "
                  "after_b, at, form, whole) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
                  "?15)");
    for (const PlannedWrite& write : writes_) {
        if (!applied(write)) continue;
        const PlannedRow& row = *write.plan;
        const bool replaced = write.claimed.has_value(), there = write.after.has_value();
        const Hash before = replaced ? codec_.hash(*write.claimed) : Hash{};
        put.run({store_.pair(), batch.run, sequence, std::int64_t{table().id}, sql::text_array(row.key),
                 letter(row.write), row.rule, replaced ? Value(write.before) : Value(),
                 replaced ? Value(before.a) : Value(), replaced ? Value(before.b) : Value(),
                 there ? Value(write.outcome->hash.a) : Value(),
                 there ? Value(write.outcome->hash.b) : Value(), store_.now_micros(),
                 row_form(table(), store_.side()),
                 there && partly_linked_ ? Value(whole_hash(json_image(connection_, codec_, write.after->rowid)))
                                         : Value()});
    }
}

void SectionApply::keep_conflicts(const Batch& batch) {
    const bool cloud = store_.side() == Side::cloud;
    Statement put(
        connection_, "keep conflict",
        fmt::format(
            "INSERT INTO tideway_conflict (id, pair, run, tbl, key, kind, policy, winner, reason, {}, {}, "
            "at, facts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            cloud ? "cloud_row" : "desktop_row", cloud ? "desktop_row" : "cloud_row"));
    for (const PlannedWrite& write : writes_) {
        if (!applied(write) || !write.plan->conflict) continue;
        const ConflictNote& note = *write.plan->conflict;
        put.run({next_case(connection_), store_.pair(), batch.run, std::int64_t{table().id},
                 sql::text_array(write.plan->key), note.kind, note.policy, std::string(name(note.winner)),
                 note.reason, write.claimed ? Value(write.before) : Value(),
                 write.after ? Value(json_image(connection_, codec_, write.after->rowid)) : Value(),
                 store_.now_micros(), note.facts});
    }
}

Agreement SectionApply::agreement(const PlannedWrite& write) const {
    const PlannedRow& row = *write.plan;
    const bool cloud = store_.side() == Side::cloud, gone = row.write == Write::erase;
    Agreement a;
    a.table = &table();
    a.key = row.key;
    a.state = gone ? BaseState::tombstone : BaseState::live;
    a.origin = row.origin;
    (cloud ? a.cloud : a.desktop) = gone ? row.base_target : write.outcome->hash;
    (cloud ? a.desktop : a.cloud) = row.source_hash;
    (cloud ? a.stamp_cloud : a.stamp_desktop) = write.outcome->stamp;
    (cloud ? a.stamp_desktop : a.stamp_cloud) = row.source_stamp;
    return a;
}

void SectionApply::write_receipts(const Batch& batch, std::int64_t sequence) {
    Statement put(connection_, "write receipt",
                  "INSERT INTO tideway_inbox (pair, batch_seq, tbl, key, state, origin, hd_a, hd_b, hc_a, "
                  "hc_b, ts_d, ts_c, "
                  "d_barrier) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
    for (const PlannedWrite& write : writes_) {
        if (!applied(write)) continue;
        const Agreement a = agreement(write);
        put.run({store_.pair(), sequence, std::int64_t{table().id}, sql::text_array(a.key),
                 std::string(a.state == BaseState::tombstone ? "T" : "L"),
                 std::string(a.origin == Origin::mobile ? "M" : "D"), a.desktop.a, a.desktop.b, a.cloud.a,
                 a.cloud.b, maybe(a.stamp_desktop), maybe(a.stamp_cloud), batch.source_barrier});
    }
}

// At the desktop the same agreement goes straight into the base.
void SectionApply::book(const Batch& batch) {
    std::vector<Agreement> agreements;
    std::vector<Hash> replaced;
    for (const PlannedWrite& write : writes_) {
        if (!applied(write)) continue;
        agreements.push_back(agreement(write));
        replaced.push_back(write.claimed ? codec_.hash(*write.claimed) : Hash{});
    }
    std::vector<const Agreement*> pointers;
    for (const Agreement& a : agreements) pointers.push_back(&a);
    static_cast<SqliteArchive*>(store_.archive())
        ->write_agreements(connection_, table().id, pointers,
                           std::vector<std::int64_t>(pointers.size(), batch.source_barrier), replaced);
}

}  // namespace tideway::sqlite
