// Worklist of a table whose keys are unique: every comparison is a join on the typed key.
#pragma once
#include "store/postgres/pg_worklist.hpp"

namespace tideway::pg {

class UniqueWorklist : public PgWorklist {
  public:
    UniqueWorklist(PgStore& store, const LinkedTable& table, bool installed)
        : PgWorklist(store, table, installed) {}
    void close_cloud_hints(const std::vector<int>& complete_buckets) override;
    void add_desktop_buckets(const std::vector<int>& buckets) override;
    std::vector<CandidateGroup> next(Part part, int max_rows, std::int64_t max_bytes) override;

  private:
    void compare_all() override { compare("true", "true"); }
    // Conditions on the rows `t` and the base `b`.
    void compare(const std::string& rows, const std::string& agreed);
    std::int64_t compare_candidates(const std::string& candidates) override;
    void look_for_deleted() override;
    std::string chunk_query(Part part, int max_rows, std::int64_t max_bytes) const;
    CandidateGroup candidate_at(const Result& found, int row) const;
};

}  // namespace tideway::pg
