// The keys of one table that need a decision, in a temporary table of the desktop's snapshot transaction.
// What all tables have in common is here; how rows are compared and read depends on whether a key names one
// row (UniqueWorklist) or several (GroupWorklist).
#pragma once
#include <memory>
#include <string>

#include "store/postgres/pg_snapshot.hpp"

namespace tideway::pg {

// A query for how many rows were written since, as `touched`, and how many there are, as `rows`; touched is at least one
// where there are not as many as were agreed on: then rows were deleted.
std::string touched_sql(const Expressions& e, const std::string& base, const Mark& since);

class PgWorklist : public Worklist {
  public:
    // The desktop's snapshot must be open on store.reader(). installed: the base table exists, else an empty
    // one is assumed.
    static std::unique_ptr<PgWorklist> make(PgStore& store, const LinkedTable& table, bool installed);

    std::int64_t touched(Capture capture, const std::string& mark) override;
    std::optional<std::int64_t> settled_rows() override;
    HintOutcome add_desktop_hints(Capture capture, const std::string& mark) override;
    AgreedSums agreed_sums() override;
    Digest base_digest(bool keys_only) override;
    void add_cloud_hints(const std::vector<CloudHint>& hints) override;
    void add_waiting_keys() override;
    void add_keys(const std::vector<KeyAgain>& keys) override;
    void stream_equal(const std::function<void(Agreement&&)>& sink) override;
    Tally tally(const std::optional<RowsThatTell>& enough) override;
    void rewind() override { position_ = 0; }

  protected:
    PgWorklist(PgStore& store, const LinkedTable& table, bool installed);
    void execute(std::string_view name, std::string text);
    std::string insert_head(std::string_view columns) const;
    std::string only(Part part) const;  // condition on the worklist `w`
    // Condition on the base `b`: its key lies in one of these buckets.
    std::string in_buckets(const std::vector<int>& buckets) const;
    void empty_stage();
    void fill_lookups(std::vector<CandidateGroup>& groups);
    BaseEntry entry_at(const Result& found, int row, int column) const;  // of base_columns

    virtual void compare_all() = 0;
    // candidates: a query giving k1.., at. Returns how many there were.
    virtual std::int64_t compare_candidates(const std::string& candidates) = 0;
    // Keys that are gone, which xmin does not show.
    virtual void look_for_deleted() = 0;

    std::string base_columns() const;
    static constexpr int base_column_count = 12;

    PgStore& store_;
    const LinkedTable& table_;
    Expressions e_;
    Connection& connection_;
    std::size_t keys_;
    bool installed_;
    std::string work_, hints_, base_;
    std::int64_t position_ = 0;

  private:
    std::string logged_keys() const;
    std::int64_t touched_since(const Mark& since);
    std::string waiting_keys() const;
    std::string typed_select(const std::string& extra) const;

    std::optional<std::int64_t> touched_;                   // once it was asked; the snapshot stays
    std::optional<std::optional<std::int64_t>> settled_;  // likewise
};

}  // namespace tideway::pg
