// The keys of one table that need a decision, in a temporary table of the desktop's snapshot transaction.
#pragma once
#include <string>

#include "store/postgres/pg_store.hpp"

namespace tideway::pg {

class PgWorklist : public Worklist {
  public:
    // The desktop's snapshot must be open on store.reader(). installed: the base table exists, else an empty
    // one is assumed.
    PgWorklist(PgStore& store, const LinkedTable& table, bool installed);

    HintOutcome add_desktop_hints(Capture capture, const std::string& mark) override;
    Digest base_digest(bool keys_only) override;
    void add_cloud_hints(const std::vector<CloudHint>& hints) override;
    void close_cloud_hints(const std::vector<int>& complete_buckets) override;
    void add_waiting_keys() override;
    void add_keys(const std::vector<Key>& keys) override;
    Tally tally() override;
    std::vector<Candidate> next(Part part, int max_rows, std::int64_t max_bytes) override;
    void rewind() override { position_ = 0; }

  private:
    void execute(std::string_view name, std::string text);
    std::string insert_head(std::string_view columns) const;
    std::string typed_keys() const;  // the key columns of `t` AS k1, k2..
    std::string chunk_query(Part part, int max_rows, std::int64_t max_bytes) const;
    Candidate candidate_at(const Result& found, int row) const;
    std::string typed_select(const std::string& extra) const;
    void compare_all();
    std::int64_t compare_candidates(const std::string& candidates);
    void look_for_deleted();

    PgStore& store_;
    const LinkedTable& table_;
    Expressions e_;
    Connection& connection_;
    std::size_t keys_;
    bool installed_;
    std::string work_, hints_, base_;
    std::int64_t position_ = 0;
};

}  // namespace tideway::pg
