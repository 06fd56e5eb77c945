#include "simulate/sabotage.hpp"

#include "simulate/gated_store.hpp"
#include "store/sqlite/sqlite_snapshot.hpp"

namespace tideway::simulate {

const std::vector<SabotageName>& all_sabotage() {
    static const std::vector<SabotageName> names{
        {Sabotage::overwrites_blindly, "overwrites-blindly"},
        {Sabotage::ignores_the_fence, "ignores-the-fence"},
        {Sabotage::drops_receipts, "drops-receipts"},
        {Sabotage::drops_conflicts, "drops-conflicts"},
        {Sabotage::drops_the_journal, "drops-the-journal"},
        {Sabotage::books_before_commit, "books-before-commit"},
        {Sabotage::marks_too_late, "marks-too-late"},
    };
    return names;
}

std::optional<Sabotage> parse_sabotage(std::string_view name) {
    for (const SabotageName& each : all_sabotage())
        if (each.name == name) return each.sabotage;
    return std::nullopt;
}

// A second look at the same file, past the snapshot that is open.
BatchOutcome GatedStore::sabotaged(Batch batch) {
    if (sabotage_ == Sabotage::overwrites_blindly) expect_what_is_there(batch);
    if (sabotage_ == Sabotage::ignores_the_fence) batch.fence = SqliteStore::lease().sequence;
    if (sabotage_ == Sabotage::drops_conflicts)
        for (BatchSection& section : batch.sections)
            for (PlannedRow& row : section.rows) row.conflict.reset();
    if (sabotage_ == Sabotage::books_before_commit) return answer_without_writing(batch);
    const BatchOutcome outcome = SqliteStore::apply(batch);
    if (sabotage_ == Sabotage::drops_receipts && side() == Side::cloud)
        SqliteStore::purge_receipts(outcome.sequence);
    if (sabotage_ == Sabotage::drops_the_journal)
        sqlite::Statement(writer(), "drop journal", "DELETE FROM tideway_journal WHERE run = ?1")
            .run({batch.run});
    return outcome;
}

void GatedStore::expect_what_is_there(Batch& batch) {
    SqliteStore now(options_, pair(), nullptr);
    now.identity(pair());
    for (BatchSection& section : batch.sections) {
        if (section.table->repeats()) continue;
        const auto snapshot = now.snapshot({section.table});
        for (PlannedRow& row : section.rows)
            for (const RowImage& there : snapshot->rows(*section.table, {row.key}))
                row.expected = there.facts.hash;
    }
}

BatchOutcome GatedStore::answer_without_writing(const Batch& batch) {
    BatchOutcome outcome;
    outcome.sequence = SqliteStore::barrier(batch.fence, 0);
    for (const BatchSection& section : batch.sections) {
        std::vector<RowOutcome> outcomes;
        for (const PlannedRow& row : section.rows)
            outcomes.push_back({Fate::applied, "", row.source_hash, row.source_stamp});
        outcome.outcomes.push_back(std::move(outcomes));
    }
    return outcome;
}

std::string GatedStore::mark_now(int table) {
    SqliteStore now(options_, pair(), nullptr);
    now.identity(pair());
    for (const LinkedTable* each : tables_)
        if (each->id == table) return now.snapshot({each})->mark(*each);
    return "";
}

}  // namespace tideway::simulate
