// One table's part of an apply transaction. The file is ours while it lasts, so rows are written one by one:
// each planned row claims the row that it was decided on, or none.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/sqlite/row_finder.hpp"

namespace tideway::sqlite {

// A planned row on its way.
struct PlannedWrite {
    const PlannedRow* plan = nullptr;
    std::vector<Value> values;          // of the linked columns, then of the look-ups; empty: an erase
    std::vector<Value> others;          // of an undo: of the columns that no other side's is linked to
    std::optional<Row> claimed;         // what it replaces or removes, as it was decided on
    std::string before;                 // its image
    bool key_taken = false;             // insert: a row of that key is there already
    std::optional<RowOutcome> outcome;  // orphan or clash: before anything is written
    std::optional<Row> after;           // it, as it is now
    bool stepped_aside = false;         // it holds a passing value
};

struct PlannedCounts {
    std::int64_t inserted = 0, deleted = 0;
    std::set<std::int64_t> rows;  // inserted or updated
};

class SectionApply {
  public:
    SectionApply(SqliteStore& store, Connection& connection, const BatchSection& section, bool undoes);
    void claim();
    void set_orphans_aside();
    void set_clashes_aside();
    void step_aside();
    void update();
    void insert();
    void erase();
    void refuse_rows_outside() const;
    void record(const Batch& batch, std::int64_t sequence);
    std::vector<RowOutcome> outcomes() const;
    // What the counters must show of this table. Its own rows may be updated once more by its triggers: what
    // they make of them is what is agreed on.
    PlannedCounts planned() const;
    const LinkedTable& table() const { return *section_.table; }

  private:
    std::vector<Value> values_of(const PlannedRow& row) const;
    void restore(PlannedWrite& write);
    bool touched_since(const PlannedWrite& write);
    void claim_row(PlannedWrite& write, RowFinder& finder, std::set<std::int64_t>& taken);
    bool pending(const PlannedWrite& write, Write kind) const;
    bool writes_rows() const;
    bool orphaned(const PlannedWrite& write, const Reference& reference);
    bool parent_in_batch(const Reference& reference, const std::vector<Value>& wanted) const;
    bool taken_by_another(const PlannedWrite& write, const OtherKey& key);
    bool wanted_by_another(const PlannedWrite& write, const OtherKey& key) const;
    void step_one_aside(PlannedWrite& write, const OtherKey& key);
    void refuse_row_left_aside(const PlannedWrite& write) const;
    void update_row(PlannedWrite& write);
    void insert_row(PlannedWrite& write, Statement& put, const std::vector<Value>& constants);
    void finish(PlannedWrite& write, std::int64_t rowid);
    void mark_direct(const std::vector<Value>& row);
    std::optional<Row> read_row(std::int64_t rowid);
    void journal(const Batch& batch, std::int64_t sequence);
    void keep_conflicts(const Batch& batch);
    void write_receipts(const Batch& batch, std::int64_t sequence);
    void book(const Batch& batch);
    Agreement agreement(const PlannedWrite& write) const;

    SqliteStore& store_;
    Connection& connection_;
    const BatchSection& section_;
    RowCodec codec_;
    bool undoes_ = false;
    bool partly_linked_;               // the table has columns that are not synchronised
    std::vector<std::string> others_;  // of an undo: names of PlannedWrite::others, quoted
    std::vector<PlannedWrite> writes_;
    std::optional<Statement> direct_, by_rowid_;
};

}  // namespace tideway::sqlite
