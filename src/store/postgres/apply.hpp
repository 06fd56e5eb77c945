// One table's part of an apply transaction.
#pragma once
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/postgres/pg_store.hpp"

namespace tideway::pg {

class SectionApply {
  public:
    SectionApply(PgStore& store, Connection& connection, const BatchSection& section, int number,
                 const Batch& batch);
    // sent, if it is not null, is called where many rows have gone to the server.
    void stage(const std::function<void()>& sent);
    // The target's rows, with their present hash and image. skip_locked: rows that a user holds count as
    // raced.
    void lock(bool skip_locked);
    void reach(std::string_view failpoint) { pg::reach(connection_, failpoint); }
    void mark_direct();                    // capture triggers do not log the next statements on this table
    void restore_images();                 // what the rows of an undo are given back
    void refuse_inexact();                 // of them, those whose parents are not the ones that they had
    void refuse_touched();                 // rows that an undo would remove, and that are not as the run left them
    void back_up(const std::string& run);  // copies the locked rows that are to be replaced or removed
    void resolve_parents();                // keys that came for a parent's own number
    void set_orphans_aside();
    void set_clashes_aside();
    void set_parents_aside();
    void step_aside();
    void refuse_rows_left_aside();
    void refuse_rows_left_released();
    void refuse_rows_outside();
    void update();
    void insert();
    // References of rows whose parents a later section brings: empty at first, filled when all rows are
    // there.
    void postpone_references(const std::vector<SectionApply>& all);
    void fill_postponed();
    // Rows that wait for the next round, since a parent of theirs does.
    void leave_children_of_raced(const std::vector<SectionApply>& all);
    // Before deletes: references to rows of a later section, which is deleted first.
    void release_parents(const std::vector<SectionApply>& all);
    void erase();
    // What the transaction keeps of the section; posted. outcomes() reads the answers.
    void record(const Batch& batch, std::int64_t sequence);
    // Once the answers are there. A Defect where a written row is not in the journal or a losing version was not kept.
    std::vector<RowOutcome> outcomes() const;
    std::int64_t stepped_aside() const { return stepped_aside_; }  // updates beside those of the outcomes

  private:
    void post(std::string_view name, const std::string& text);
    std::int64_t execute(std::string_view name, const std::string& text);  // at once; how many rows
    void fill_stage(const std::function<void()>& sent);
    std::size_t bytes_to_stage() const;
    std::vector<std::string> stage_columns() const;
    Answer journal(const Batch& batch, std::int64_t sequence);
    std::optional<Answer> keep_conflicts(const Batch& batch);
    void record_agreements(const Batch& batch, std::int64_t sequence);
    Answer ask_outcomes();
    std::int64_t count_applied(const std::vector<RowOutcome>& outcomes, bool conflicts_only) const;
    bool has(Write write) const;
    Cells stage_row(const PlannedRow& row, std::size_t n) const;
    void add_parents(Cells& cells, const PlannedRow& row) const;
    void add_rare(Cells& cells, const PlannedRow& row) const;
    bool may_be_empty(const Reference& reference) const;
    void postpone(const Reference& reference, const SectionApply& parent);
    void leave_children_of_raced(const Reference& reference, Side side, const SectionApply& parent);
    void release(const Reference& reference);
    void refuse_rounding();
    std::string orphan_condition(const Reference& reference) const;
    std::optional<std::pair<std::string, std::string>> treatment_of_orphans(const Reference& reference) const;
    std::string parents_sql(const std::string& constraint, const std::string& child, const std::string& match,
                            bool same_table) const;
    std::size_t column_number(const std::string& name) const;
    void move_counters();
    void set_taken_numbers_aside();
    std::string written_row() const;
    std::string altered() const;
    std::string journaled_op() const;
    std::string exact_assignments() const;
    void insert_into(std::vector<std::string>& names, std::vector<std::string>& values) const;
    std::string claimed(char op) const;
    void lock_repeated(bool skip_locked);
    void insert_repeated(const std::string& names, const std::string& values);

    PgStore& store_;
    Connection& connection_;
    const BatchSection& section_;
    int number_;
    Expressions e_;
    std::string stage_;
    bool cut_ = false, undoes_ = false, rehearsal_ = false;
    std::vector<std::string> unlinked_;  // of an undo: columns that only the image knows, quoted
    bool skip_locked_ = false;
    bool plain_ = false;  // no row has anything rare
    std::set<std::size_t> postponed_;  // positions of columns
    std::set<std::int64_t> released_;  // rows to be deleted whose references were emptied for it
    std::int64_t stepped_aside_ = 0;
    std::optional<Answer> journaled_, kept_, outcomes_;
};

// Columns of the side that no column of the other one is linked to, those left out that the server makes.
std::vector<std::string> unlinked_columns(Connection& connection, const BatchSection& section, Side side);
std::size_t parents_by_key(const LinkedTable& table);  // columns that cross as a parent's key
// The server would round a value of the other side without a word.
bool may_round(const LinkedColumn& column, Side target);
// Moves a sequence on behind the numbers that the query `ids` gives (column id).
std::string move_counter_sql(const std::string& counter, const std::string& ids);

// "ON CONFLICT (k1..) DO UPDATE SET ..." of a base table.
std::string base_upsert(std::size_t keys);
// Lists rows whose references were left empty; behind it goes the query.
extern const char* const insert_emptied;
extern const char* const emptied_reason;
// Goes behind it where a row of the desktop was written: hp_a, hp_b.
extern const char* const keep_first_image;

}  // namespace tideway::pg
