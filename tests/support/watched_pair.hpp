// Many keys in one table on a real pair of databases; after every run everything is compared with the oracle.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/db.hpp"
#include "support/fresh_database.hpp"
#include "support/oracle.hpp"
#include "support/run_tideway.hpp"

namespace tideway::test {

// The table has a column `note` that only the desktop has, and `photo` that only the cloud has: what sync
// must leave alone, and must keep when it keeps a row.
class WatchedPair {
  public:
    WatchedPair(const oracle::Settings& settings, const std::string& mode);

    // `story` says in failure messages what this key is about.
    int add_key(std::string story);
    int last_key() const { return static_cast<int>(keys_.size()) - 1; }  // the first is 1
    const oracle::Key& key(int id) const { return watched(id).key; }

    // What users do. Collected, and carried out before the next run.
    void insert(oracle::Side side, int id, const oracle::Row& row);
    void edit(oracle::Side side, int id, const oracle::Row& row);
    void touch(oracle::Side side, int id);     // an UPDATE that changes nothing
    void reinsert(oracle::Side side, int id);  // deletes the row and inserts the same one
    void remove(oracle::Side side, int id);

    // Runs the program and the oracle. Compares the rows of both sides, the conflict records, the journal,
    // the report and the exit code: exactly.
    void sync(oracle::Direction direction);
    // One more run, which must change no row version on either side.
    void expect_quiet();
    // `plan --rows` names the rule of every key that this run would decide.
    void expect_planned(oracle::Direction direction);
    // `conflicts list` shows the rows that wait for a person since the last run, and no others.
    void expect_listed() const;
    // Every body that a user ever wrote is in a table, or was replaced or deleted by users, or is kept.
    void expect_nothing_lost();

    // `conflicts resolve`; the keys must be listed.
    void choose(const std::vector<int>& ids, oracle::Side take);

  private:
    using Lines = std::vector<std::string>;  // a key each, its number first

    struct Watched {
        std::string story;
        oracle::Key key;
        Cell extra[2];                                    // note, photo
        std::string current[2];                           // version at each side: a body, or a delete's name
        std::multimap<std::string, std::string> parents;  // version -> what its writer replaced
    };
    const Watched& watched(int id) const { return keys_[static_cast<std::size_t>(id)]; }
    Watched& watched(int id) { return keys_[static_cast<std::size_t>(id)]; }
    Db& db(oracle::Side side) { return side == oracle::Side::desktop ? desktop_db_ : cloud_db_; }
    void written_by_user(oracle::Side side, int id, const std::string& version);
    void insert_statement(oracle::Side side, int id);
    void carry_out_edits();
    std::vector<std::string> options(oracle::Direction direction) const;

    void expect_decided(int id, const oracle::Key& before, const oracle::Decision& decision);
    void expect_written(int id, const oracle::Key& before, const oracle::Decision& decision);
    void expect_same(const std::string& what, Lines wanted, Lines found) const;
    void compare_rows(oracle::Side side);
    void compare_records(oracle::Side side);
    void compare_report(const TidewayResult& result) const;
    bool accounted_for(const Watched& watched, const std::string& version,
                       const std::vector<std::string>& kept) const;

    oracle::Settings settings_;
    std::string mode_;
    Database desktop_, cloud_;
    Db desktop_db_, cloud_db_;
    ConfigFile config_;
    std::vector<Watched> keys_{1};
    std::string edits_[2];
    int runs_ = 0, deletes_ = 0;

    std::map<std::string, int> counts_;          // expected of the last run's report
    Lines waiting_;                              // since the last run
    Lines conflicts_[2] = {}, journal_[2] = {};  // all that must be kept at each side
};

std::string to_text(oracle::Direction direction);
std::string to_text(oracle::Conflict conflict);
std::string to_text(oracle::Deletes deletes);

}  // namespace tideway::test
