// A REPEATABLE READ view of one PostgreSQL side, and the marks by which later views know what changed since.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>

#include "store/postgres/pg_store.hpp"

namespace tideway::pg {

// "snapshot;floor;relation": pg_current_snapshot() and, for timestamp capture, the time in microseconds
// before which every transaction that stamps rows is known to have ended.
struct Mark {
    std::string snapshot;
    std::int64_t floor = 0;
    std::uint64_t xmin = 0, xmax = 0;
    std::int64_t clock = 0;  // of the server when the mark was taken; not part of the text
    // Which relation with which columns: one that was renamed into place, rewritten or altered holds rows of
    // which neither xmin nor a trigger tells.
    std::string relation;
    std::string text() const;
    static Mark parse(const std::string& text);
    static Answer ask(Connection& connection);
    static Mark taken(const Answer& answer);
};

// True if the capture can tell from the mark what changed since: the transaction counter is not behind it,
// and less than 2^31 ahead (xmin); the server's clock is not behind it (timestamp).
bool follows(const Mark& now, const Mark& then, Capture capture);

// WHERE condition on a changelog alias `h`: committed after the mark was taken. $1 is the mark's snapshot.
std::string changed_since_sql();
std::string changed_since_sql(const Mark& mark);  // the same without a parameter
// WHERE condition on `t` for timestamp capture; overlap included. Uses no parameter.
std::string stamped_since_sql(const Expressions& expressions, const Mark& mark);
// WHERE condition on `t` for xmin capture.
std::string written_since_sql(const Mark& mark);

class PgSnapshot : public Snapshot {
  public:
    // expected: as expect() would be told right after it.
    PgSnapshot(PgStore& store, const std::vector<const LinkedTable*>& tables, const std::vector<Watched>& expected = {});
    std::int64_t now() const override { return mark_.clock; }
    void leave() override { transaction_->leave(); }
    std::string mark(const LinkedTable& table) const override;
    bool replaced(const LinkedTable& table, const std::string& mark) const override;
    HintOutcome hints(const LinkedTable& table, Capture capture, const std::string& mark,
                      const HintSink& sink) override;
    Digest digest(const LinkedTable& table, bool keys_only) override;
    std::vector<int> unequal_buckets(const LinkedTable& table, bool keys_only, const Digest& agreed) override;
    Digest sums(const LinkedTable& table, Summed summed) override;
    void list_buckets(const LinkedTable& table, const std::vector<int>& buckets,
                      const HintSink& sink) override;
    std::vector<RowImage> rows(const LinkedTable& table, const std::vector<Key>& keys) override;
    std::vector<std::vector<RowImage>> rows_of(const std::vector<KeysOfTable>& wanted) override;
    void expect(const std::vector<Watched>& watched) override;
    bool untouched(const LinkedTable& table) const override { return untouched_.contains(table.id); }
    std::int64_t count_protected(const LinkedTable& table) override;
    std::int64_t count(const LinkedTable& table) override;
    std::int64_t count_in_scope(const LinkedTable& table) override;
    std::optional<std::int64_t> highest_number(const LinkedTable& table) override;
    std::vector<std::string> duplicate_keys(const LinkedTable& table, int limit) override;
    std::unique_ptr<ProofReader> proof(const LinkedTable& table, ProofForm form) override;
    std::optional<std::int64_t> newest_journaled() override;

  private:
    std::int64_t stream_hints(const Expressions& expressions, const std::string& from, std::size_t facts, const HintSink& sink);
    HintOutcome changelog_hints(const Expressions& expressions, const Mark& since, const HintSink& sink);
    std::string changelog_hints_sql(const Expressions& expressions, const Mark& since) const;
    Answer ask_rows(const KeysOfTable& wanted);
    std::optional<HintOutcome> expected_hints(const Expressions& expressions, Capture capture, const std::string& mark,
                                              const HintSink& sink) const;

    // What was asked for one table, at the cloud its hints.
    struct Expected {
        const LinkedTable* table;
        std::string mark;
        std::optional<Answer> truncated, hints;
    };
    void post_expected(const std::vector<Watched>& watched);
    void post_hints(const LinkedTable& table, const std::string& mark);
    std::string post_watch(const LinkedTable& table, const std::string& mark);
    void note_expected();
    void land(const Answer& columns, const std::vector<const LinkedTable*>& tables);

    PgStore& store_;
    Connection& connection_;
    std::optional<Transaction> transaction_;
    Mark mark_;
    std::map<int, Expected> expected_;       // by table number, as the next one
    std::map<int, std::int64_t> protected_;  // how many rows
    std::optional<std::int64_t> journaled_;
    std::set<int> untouched_;  // by table number
    std::optional<Answer> logs_, counts_, newest_;  // asked by post_expected()
};

// One line of what streams of hints and changelog_hints_sql() give.
// None: a key without a value is nobody's counterpart.
std::optional<CloudHint> hint_of(const Cells& cells, std::size_t keys);
// A statement that counts the protected rows of all these tables: number, count.
std::string count_protected_sql(const PgStore& store, const std::vector<const LinkedTable*>& tables);
std::map<int, std::int64_t> counts_of(const Result& found);
// The newest line of the journal.
extern const char* const newest_journaled_sql;

// True if a TRUNCATE was logged since the mark.
Answer ask_truncated(Connection& connection, const std::string& changes, const Mark& since);
bool truncated_since(Connection& connection, const std::string& changes, const Mark& since);

// Select list of a RowImage over `t` (key cells, hash, canonical, stamp, marks, values, cells) and its reader.
constexpr int image_facts = 9;  // columns between the key and the cells
std::string image_columns(const Expressions& expressions);
// Of a row whose hashes are h.a and h.b: where `same` holds without the cells that are neither of a key nor of a reference;
// `same` stands last.
std::string needed_image_columns(const Expressions& expressions, const std::string& same);
RowImage image_at(const Result& result, int row, int column, const LinkedTable& table);

}  // namespace tideway::pg
