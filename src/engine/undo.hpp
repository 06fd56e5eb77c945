// undo: puts back what runs replaced, removed or brought, on the side where they did it (DESIGN.md 10.19).
#pragma once
#include <string>
#include <vector>

#include "engine/session.hpp"
#include "reconcile/undo_plan.hpp"

namespace tideway {

// The cells of a key as a person wrote it, in the spelling of the journal. Where rows repeat the ordinal may
// be missing. Error(key_unknown) if it is no key of the table.
Key key_given(Session& session, const LinkedTable& table, const std::vector<std::string>& words);
// The table of that name, linked; Error(table_missing).
TableUnderSync& table_named(Session& session, const std::string& name);

// Runs whose changes are kept, the newest first.
std::vector<KeptRun> kept_runs(Session& session);

class Undo {
  public:
    Undo(Session& session, const UndoOptions& options, std::string run);
    // One transaction a side, the cloud first. Error(lease_held) while a run is at work, Error(undo_nothing)
    // if no entry is selected, Error(undo_refused) if a database refuses: then that side is as it was.
    UndoReport carry_out();

  private:
    void select();
    std::string run_named(const std::string& beginning);
    std::string last_run_of_key();
    void undo_side(Side side, std::int64_t& fence);
    void pass_over_taken_back(Side side, std::vector<JournalEntry>& entries);
    LinkedTable left_table(Store& store, int id);
    Batch batch_for(Side side, const UndoPlan& plan);
    void prepare(Side side, const Batch& batch, const UndoPlan& plan);
    void note_for_next_run(Side side, const Batch& batch);
    void forget_merges(const UndoPlan& plan);
    BatchOutcome apply(Store& store, Batch& batch);
    void sort_out(Side side, const Batch& batch, const BatchOutcome& outcome, const UndoPlan& plan);
    void count(Side side, const LinkedTable& table, const PlannedRow& row);
    void forget_tombstones(Side side, const Batch& batch);
    void leave(Side side, const LinkedTable& table, const Key& key, std::string reason);
    std::string why_raced(const UndoStep& step, const std::vector<RowImage>& rows) const;
    void explain_raced(Side side, const std::vector<UndoStep>& raced);
    UndoneTable& table_of(const LinkedTable& table);
    const LinkedTable* link_of(int table_id);

    Session& session_;
    const UndoOptions& options_;
    JournalSelection selection_;
    UndoReport report_;
    std::int64_t desktop_fence_ = 0, cloud_fence_ = 0;
};

}  // namespace tideway
