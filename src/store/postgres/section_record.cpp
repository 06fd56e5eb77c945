// What an apply transaction keeps of a section: journal, conflict records, agreements, and what became of each row.
#include <fmt/format.h>

#include "store/postgres/apply.hpp"
#include "store/postgres/pg_journal.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {

// Old images of all that was replaced or removed; inserts by key and hash (DESIGN.md 10.19).
Answer SectionApply::journal(const Batch& batch, std::int64_t sequence) {
    return connection_.post({"write journal", fmt::format(R"(
INSERT INTO tideway.journal (pair, run, batch, tbl, key, op, rule, before, before_a, before_b, after_a, after_b, form)
SELECT {0}, {1}, {2}, {3}, s.key, {7}, s.rule, f.image, f.a, f.b, o.a, o.b, {6}
FROM {4} s JOIN pg_temp.tideway_outcome o ON o.sec = {5} AND o.n = s.n
LEFT JOIN pg_temp.tideway_found f ON f.sec = {5} AND f.n = o.n AND f.at = o.at)",
                                                sql::literal(store_.pair()), sql::literal(batch.run),
                                                sequence, section_.table->id, stage_, number_,
                                                row_form(*section_.table, store_.side()), journaled_op())});
}

// 'R': a row that bore the mark of a deletion and has lost it. An undo may also give the mark back.
std::string SectionApply::journaled_op() const {
    if (!e_.marks_deletions()) return "s.op";
    return fmt::format("CASE WHEN s.op = 'U' AND s.revives THEN 'R' WHEN s.op = 'U' AND EXISTS (SELECT FROM {} t WHERE "
                       "t.ctid = o.now AND {}) THEN 'D' ELSE s.op END", e_.relation(), e_.marked_deleted());
}

std::optional<Answer> SectionApply::keep_conflicts(const Batch& batch) {
    bool any = false;
    for (const PlannedRow& row : section_.rows) any = any || row.conflict || row.if_altered;
    if (!any) return std::nullopt;
    const bool cloud = store_.side() == Side::cloud;
    const std::string winner =
        fmt::format("(SELECT {} FROM {} t WHERE t.ctid = o.now)", e_.image(), e_.relation());
    return connection_.post({"keep conflicts",
                   fmt::format(R"(
INSERT INTO tideway.conflict (pair, run, tbl, key, kind, policy, winner, reason, facts, {0}, {1})
SELECT {2}, {3}, {4}, s.key, s.kind, s.policy, s.winner, s.reason, s.facts, f.image, coalesce(s.other_row::jsonb, {5})
FROM {6} s JOIN pg_temp.tideway_outcome o ON o.sec = {7} AND o.n = s.n
LEFT JOIN pg_temp.tideway_found f ON f.sec = {7} AND f.n = o.n AND f.at = o.at
WHERE s.kind IS NOT NULL AND (s.settled = '{{}}' OR {8}))",
                               cloud ? "cloud_row" : "desktop_row", cloud ? "desktop_row" : "cloud_row",
                               sql::literal(store_.pair()), sql::literal(batch.run), section_.table->id,
                               winner, stage_, number_, altered())});
}

// Whether the row as it stands lacks a value that a merge settled, and that is noted for this case only.
std::string SectionApply::altered() const {
    if (!section_.table->policy.merges()) return "false";
    std::string other = "false";
    for (std::size_t i = 0; i < section_.table->columns.size(); ++i) {
        const LinkedColumn& column = section_.table->columns[i];
        if (!column.merges()) continue;
        other += fmt::format(" OR ({} = ANY (s.settled) AND {})", i + 1, e_.differs(column, fmt::format("s.c{}", i + 1)));
    }
    return fmt::format("(s.settled <> '{{}}' AND coalesce((SELECT {} FROM {} t WHERE t.ctid = o.now), true))", other,
                       e_.relation());
}

// The columns of the row as it stands now, triggers included.
std::string SectionApply::written_row() const {
    if (!section_.table->policy.merges()) return "NULL::text";
    return fmt::format("(SELECT {} FROM {} t WHERE t.ctid = o.now)", e_.values(), e_.relation());
}

// The same agreement goes to the inbox at the cloud and straight into the base at the desktop. Of a merged row
// only the desktop's part is agreed on.
void SectionApply::record_agreements(const Batch& batch, std::int64_t sequence) {
    const bool cloud = store_.side() == Side::cloud;
    const std::string here =
        "CASE WHEN s.op = 'D' THEN s.ta WHEN s.ahead THEN 0 ELSE o.a END, CASE WHEN s.op = 'D' THEN s.tb WHEN "
        "s.ahead THEN 0 ELSE o.b END";
    const std::string row = fmt::format("CASE WHEN s.ahead THEN s.source_row ELSE {} END", written_row());
    const std::string agreement =
        fmt::format("CASE WHEN s.op = 'D' THEN 'T' ELSE 'L' END::\"char\", s.origin, {}, {}, {}, {}",
                    cloud ? "s.sa, s.sb" : here, cloud ? here : "s.sa, s.sb", cloud ? "s.stamp" : "o.stamp",
                    cloud ? "CASE WHEN NOT s.ahead THEN o.stamp END" : "s.stamp");
    const std::string from =
        fmt::format("FROM {} s JOIN pg_temp.tideway_outcome o ON o.sec = {} AND o.n = s.n", stage_, number_);
    if (cloud) {
        post("write receipts",
                fmt::format("INSERT INTO tideway.inbox (pair, batch_seq, tbl, key, state, "
                            "origin, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c, d_barrier, emptied, row_d, row_c) "
                            "SELECT {}, {}, {}, s.key, {}, {}, s.emptied, s.source_row, {} {}",
                            sql::literal(store_.pair()), sequence, section_.table->id, agreement,
                            batch.source_barrier, row, from));
        return;
    }
    const std::size_t keys = section_.table->identity_cells();
    post(
        "book agreements",
        fmt::format(
            "INSERT INTO {0} AS b ({1}, state, origin, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c, c_barrier, row_d, row_c, "
            "hp_a, hp_b) SELECT {2}, {3}, {4}, {9}, s.source_row, coalesce(f.a, 0), coalesce(f.b, 0) {5} LEFT JOIN "
            "pg_temp.tideway_found f "
            "ON f.sec = {6} AND f.n = o.n AND f.at = o.at {7}{8}",
            base_name(store_.pair_number(), section_.table->id), key_list(keys), key_list(keys, "s"),
            agreement, batch.source_barrier, from, number_, base_upsert(keys), keep_first_image, row));
    post("forget waiting keys",
            fmt::format("DELETE FROM tideway.waiting AS g USING {} s JOIN pg_temp.tideway_outcome o ON o.sec "
                        "= {} AND o.n = s.n "
                        "WHERE g.pair = {} AND g.tbl = {} AND g.key = s.key",
                        stage_, number_, sql::literal(store_.pair()), section_.table->id));
    post("list emptied references",
            fmt::format("{} SELECT {}, {}, s.key, 'emptied', s.rule, {}, '23503', s.emptied, s.emptied, {} "
                        "{} WHERE s.emptied <> ''",
                        insert_emptied, sql::literal(store_.pair()), section_.table->id,
                        sql::literal(emptied_reason), sql::literal(batch.run), from));
}

void SectionApply::record(const Batch& batch, std::int64_t sequence) {
    journaled_ = journal(batch, sequence);
    kept_ = keep_conflicts(batch);
    if (!batch.undoes) record_agreements(batch, sequence);
    outcomes_ = ask_outcomes();
}

std::int64_t SectionApply::count_applied(const std::vector<RowOutcome>& outcomes, bool conflicts_only) const {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < section_.rows.size(); ++i)
        if (outcomes[i].fate == Fate::applied &&
            (!conflicts_only || section_.rows[i].conflict || outcomes[i].altered))
            ++count;
    return count;
}

Answer SectionApply::ask_outcomes() {
    // Where rows repeat nothing but a trigger can have kept a row out.
    const std::string there = section_.table->repeats() ? "false"
                                                        : fmt::format("EXISTS (SELECT FROM {} t WHERE {})",
                                                                      e_.relation(), e_.key_match("s"));
    return connection_.post({"read outcomes", fmt::format(R"(
SELECT s.n, CASE WHEN o.n IS NOT NULL THEN 'a' WHEN s.op IN ('O', 'P', 'C', 'X', 'T') THEN s.op::text WHEN s.op = 'R' THEN 'r'
    WHEN s.op <> 'I' AND EXISTS (SELECT FROM pg_temp.tideway_found f WHERE f.sec = {0} AND f.n = s.n AND f.a = s.a AND f.b = s.b) THEN 's'
    WHEN s.op = 'I' AND NOT EXISTS (SELECT FROM pg_temp.tideway_found f WHERE f.sec = {0} AND f.n = s.n)
         AND NOT {1} THEN 's' ELSE 'r' END, o.a, o.b, o.stamp, coalesce(s.refused, s.emptied, ''), {3}, o.n IS NOT NULL AND {4}
FROM {2} s LEFT JOIN pg_temp.tideway_outcome o ON o.sec = {0} AND o.n = s.n ORDER BY s.n)",
                                                                         number_, there, stage_, written_row(), altered())});
}

std::vector<RowOutcome> SectionApply::outcomes() const {
    const Result& found = outcomes_.value().get();
    ensure(found.rows() == static_cast<int>(section_.rows.size()),
           "every planned row has exactly one outcome");
    std::vector<RowOutcome> outcomes;
    for (int i = 0; i < found.rows(); ++i) {
        RowOutcome outcome;
        outcome.fate = found.text(i, 1) == "a"   ? Fate::applied
                       : found.text(i, 1) == "s" ? Fate::suppressed
                       : found.text(i, 1) == "O" ? Fate::orphan
                       : found.text(i, 1) == "P" ? Fate::parent
                       : found.text(i, 1) == "C" ? Fate::clash
                       : found.text(i, 1) == "X" ? Fate::inexact
                       : found.text(i, 1) == "T" ? Fate::touched
                                                 : Fate::raced;
        if (!found.null(i, 2)) outcome.hash = hash_at(found, i, 2);
        outcome.stamp = maybe_integer(found, i, 4);
        outcome.constraint = found.text(i, 5);
        outcome.row = found.text(i, 6);
        outcome.altered = found.boolean(i, 7);
        outcomes.push_back(outcome);
    }
    ensure(journaled_.value().get().affected() == count_applied(outcomes, false),
           "P1: every written row is in the journal");
    ensure((kept_ ? kept_->get().affected() : 0) == count_applied(outcomes, true), "P1: every losing version is kept");
    return outcomes;
}

const char* const insert_emptied =
    "INSERT INTO tideway.waiting AS g (pair, tbl, key, kind, rule, reason, sqlstate, constraint_name, "
    "emptied, run)";
const char* const emptied_reason =
    "refers to a row that is not there: the reference is left empty until that row comes";

// What our writes replaced first is what a refill brings back, however often we write.
const char* const keep_first_image =
    ", hp_a = CASE WHEN (b.hp_a, b.hp_b) <> (0, 0) AND (excluded.hp_a, excluded.hp_b) IN ((b.hd_a, b.hd_b), "
    "(b.hp_a, "
    "b.hp_b)) THEN b.hp_a ELSE excluded.hp_a END, hp_b = CASE WHEN (b.hp_a, b.hp_b) <> (0, 0) AND "
    "(excluded.hp_a, "
    "excluded.hp_b) IN ((b.hd_a, b.hd_b), (b.hp_a, b.hp_b)) THEN b.hp_b ELSE excluded.hp_b END";

std::string base_upsert(std::size_t keys) {
    return fmt::format(
        "ON CONFLICT ({}) DO UPDATE SET state = excluded.state, origin = excluded.origin, hd_a = "
        "excluded.hd_a, "
        "hd_b = excluded.hd_b, hc_a = excluded.hc_a, hc_b = excluded.hc_b, ts_d = excluded.ts_d, ts_c = "
        "excluded.ts_c, "
        "c_barrier = excluded.c_barrier, row_d = excluded.row_d, row_c = excluded.row_c",
        key_list(keys));
}

}  // namespace tideway::pg
