// The keys of one table that need a decision, in a temporary table of the desktop's snapshot. A key is judged
// by all its rows: those of the base and those of a side must be the same ones, in whatever order.
#pragma once
#include "store/sqlite/sqlite_snapshot.hpp"

namespace tideway::sqlite {

class SqliteWorklist : public Worklist {
  public:
    // The desktop's snapshot must be open on store.reader(). installed: the base exists, else it counts as
    // empty.
    SqliteWorklist(SqliteStore& store, const LinkedTable& table, bool installed);

    HintOutcome add_desktop_hints(Capture capture, const std::string& mark) override;
    Digest base_digest(bool keys_only) override;
    void add_cloud_hints(const std::vector<CloudHint>& hints) override;
    void close_cloud_hints(const std::vector<int>& complete_buckets) override;
    void add_waiting_keys() override;
    void add_keys(const std::vector<KeyAgain>& keys) override;
    Tally tally(const std::optional<RowsThatTell>& enough) override;
    std::vector<CandidateGroup> next(Part part, int max_rows, std::int64_t max_bytes) override;
    void rewind() override { position_ = 0; }

  private:
    // The agreed or seen rows of one key: their hashes in order.
    struct Agreed {
        std::vector<Hash> desktop, cloud;
        bool live = false, lost = false;  // any entry is live; any is unknown
    };
    // One key on the way into the list.
    struct Finding {
        std::string key;
        std::vector<Hash> hashes;
        std::int64_t bytes = 0;
        std::optional<std::int64_t> at;
    };
    void compare_all();
    std::int64_t compare_hinted(const Mark& since, Capture capture);
    void compare(const Finding& seen, Side side);
    void compare_staged(Side side);
    void look_for_gone(Side side, const std::vector<int>* buckets);
    Agreed agreed_on(const std::string& key);
    Statement& note(Side side);
    Statement& put();
    Statement& base_hashes();
    Statement& base_rows();
    RowFinder& finder();
    CandidateGroup group_of(const std::string& key, std::optional<std::int64_t> d_at,
                            std::optional<std::int64_t> c_at);
    void add_waiting_rows(CandidateGroup& group, const std::string& key);
    void fill_lookups(CandidateGroup& group);

    SqliteStore& store_;
    const LinkedTable& table_;
    Connection& connection_;
    RowCodec codec_;
    bool installed_;
    std::optional<ScratchTable> empty_base_;  // where there is none
    std::string base_;
    ScratchTable work_, stage_;
    std::optional<RowFinder> finder_;
    std::optional<Statement> base_hashes_, base_rows_, note_desktop_, note_cloud_, put_;
    std::int64_t position_ = 0;
};

}  // namespace tideway::sqlite
