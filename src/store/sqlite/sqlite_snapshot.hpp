// One moment of an SQLite file, and the marks by which later ones know what changed since.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "store/sqlite/row_finder.hpp"

namespace tideway::sqlite {

// "sequence;clock;table": the newest number of the changelog, when the mark was taken, and which columns and
// which changelog it speaks of. Writers wait for each other here, so numbers are committed in their order.
struct Mark {
    std::int64_t sequence = 0, clock = 0;
    std::string table;
    std::string text() const;
    static Mark parse(const std::string& text);
    // Within a transaction of the connection.
    static Mark take(Connection& connection, const SqliteStore& store, const LinkedTable& table,
                     std::int64_t clock);
};
// True if the capture can tell from the mark what changed since.
bool follows(const Mark& now, const Mark& then, Capture capture);

// The keys of the changelog since the mark, each with the time of its last change.
void logged_since(Connection& connection, const RowCodec& codec, int pair, const Mark& mark,
                  const std::function<void(Key&&, std::int64_t at)>& sink);
// Whether timestamp capture looks at the row: stamped since the mark, or not by a time.
bool stamped_since(const RowCodec& codec, const Row& row, const Mark& mark);

class SqliteSnapshot : public Snapshot {
  public:
    SqliteSnapshot(SqliteStore& store, const std::vector<const LinkedTable*>& tables);
    std::int64_t now() const override { return clock_; }
    std::string mark(const LinkedTable& table) const override;
    HintOutcome hints(const LinkedTable& table, Capture capture, const std::string& mark,
                      const HintSink& sink) override;
    Digest digest(const LinkedTable& table, bool keys_only) override;
    void list_buckets(const LinkedTable& table, const std::vector<int>& buckets,
                      const HintSink& sink) override;
    std::vector<RowImage> rows(const LinkedTable& table, const std::vector<Key>& keys) override;
    std::int64_t count_protected(const LinkedTable& table) override;
    std::int64_t count(const LinkedTable& table) override;
    std::vector<std::string> duplicate_keys(const LinkedTable& table, int limit) override;
    std::unique_ptr<ProofReader> proof(const LinkedTable& table, ProofForm form) override;

  private:
    // What reading one table needs, kept for as long as the snapshot.
    struct Reading {
        RowCodec codec;
        std::optional<RowFinder> finder;
    };
    Reading& reading(const LinkedTable& table);
    RowFinder& finder(Reading& reading);
    HintOutcome changelog_hints(Reading& reading, const Mark& since, const HintSink& sink);
    std::int64_t hint_rows(Reading& reading, const Key& key, std::optional<std::int64_t> at,
                           const HintSink& sink);
    SqliteStore& store_;
    Connection& connection_;
    std::optional<Transaction> transaction_;
    std::int64_t clock_ = 0;
    std::map<int, std::unique_ptr<Reading>> readings_;
};

}  // namespace tideway::sqlite
