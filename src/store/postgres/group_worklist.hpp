// Worklist of a table whose rows may share a key: what is compared is the multiset of row hashes under each
// key, and a key that differs is decided with all its rows.
#pragma once
#include <map>

#include "store/postgres/pg_worklist.hpp"

namespace tideway::pg {

class GroupWorklist : public PgWorklist {
  public:
    GroupWorklist(PgStore& store, const LinkedTable& table, bool installed);
    void close_cloud_hints(const std::vector<int>& complete_buckets) override;
    void add_keys(const std::vector<KeyAgain>& keys) override;
    std::vector<CandidateGroup> next(Part part, int max_rows, std::int64_t max_bytes) override;

  private:
    void compare_all() override;
    std::int64_t compare_candidates(const std::string& candidates) override;
    void look_for_deleted() override {}  // compare_all() has seen them
    void compare(const std::string& key_filter);
    void locate_rows();
    std::vector<CandidateGroup> chunk(Part part, int max_rows, std::int64_t max_bytes);
    void add_base_rows(std::map<Key, CandidateGroup*>& groups, const std::string& chunk);
    void add_desktop_rows(std::map<Key, CandidateGroup*>& groups, const std::string& chunk);
    void add_waiting_rows(std::map<Key, CandidateGroup*>& groups);

    std::string candidates_;  // temporary table
    bool located_ = false;    // every key of the worklist knows where its rows are
};

}  // namespace tideway::pg
