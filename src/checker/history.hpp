// A recorded history of one pair of databases: who wrote which version when, what the synchroniser kept of
// what it replaced, what it lists as waiting, and what both sides hold at the end. All that a verdict is
// based on.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tideway::checker {

enum class Side { desktop, cloud };
inline constexpr Side sides[] = {Side::desktop, Side::cloud};
inline Side across(Side side) { return side == Side::desktop ? Side::cloud : Side::desktop; }
inline std::string name(Side side) { return side == Side::desktop ? "desktop" : "cloud"; }
inline std::size_t index(Side side) { return side == Side::desktop ? 0 : 1; }

using Cell = std::optional<std::string>;  // none = NULL
using Row = std::map<std::string, Cell>;  // by column
using Image = std::optional<Row>;         // none = there is no row
using Key = std::vector<std::string>;

// A reference of one table to another, or to itself.
struct Reference {
    std::string column, table, parent_column;
};

// What is promised for one table. Columns have the same names on both sides.
struct TableRules {
    std::string table;
    std::vector<std::string> key;      // what identifies a row
    std::vector<std::string> content;  // what is synchronised: the version column and all others that count
    std::string version = "vid";       // a text that is unique to each write of a user
    bool repeats = false;              // several rows may share a key
    bool full_row = false;             // keys in the product's lists are none that could be compared
    bool strict = false;
    std::string origin;  // the column that marks where a row was created; empty = none
    std::string desktop_mark = "D", cloud_mark = "M";
    std::string policy = "latest";  // of conflicts
    std::string stamp;              // the column that `latest` compares; empty = none
    std::vector<Reference> references;
};

// One row's change, as an audit trigger saw it.
struct Write {
    Side side = Side::desktop;
    long long seq = 0;  // order on this side
    long long xid = 0;
    long long at = 0;  // microseconds, one clock for both sides
    bool by_sync = false;
    std::string table;
    Image before, after;
};

enum class Outcome { committed, failed, unknown };

// What a user did in one transaction, as that user knows it.
struct UserTransaction {
    int number = 0;
    Side side = Side::desktop;
    Outcome outcome = Outcome::committed;
    std::vector<std::string> versions;  // of the rows that it left behind
};

// A conflict that the synchroniser recorded.
struct Conflict {
    Side side = Side::desktop;  // where it is recorded
    long long xid = 0;          // of the transaction that did so
    std::string table;
    Key key;
    std::string kind, policy, winner;
    Image desktop, cloud;
};

// What the synchroniser wrote down about one write of its own.
struct JournalEntry {
    Side side = Side::desktop;
    long long xid = 0;
    std::string table;
    std::string op;
    Image before;
};

struct Waiting {
    std::string table;
    Key key;
    std::string kind, rule, reason;
};

// Something that happened between the writes: a run, a fault.
struct Note {
    long long at = 0;
    std::string text;
};

// A side went back to an earlier state of itself, from a backup. It has a place of its own in the order of
// that side's writes.
struct Restore {
    Side side = Side::desktop;
    long long seq = 0;
    long long to = 0;             // the last seq that the backup holds
    long long since = 0, at = 0;  // since when the backup may lack agreements, and when it came back
};

struct History {
    std::vector<TableRules> tables;
    std::vector<Write> writes;  // of each side in the order of their seq
    std::vector<UserTransaction> users;
    std::vector<Conflict> conflicts;
    std::vector<JournalEntry> journal;
    std::vector<Waiting> waiting;
    std::map<std::string, std::vector<Row>> rows[2];  // at the end, by side and table
    // The last seq of each side before the further run that must write nothing; none = no such run.
    std::optional<long long> quiet_since[2];
    std::vector<Note> notes;
    std::vector<Restore> restores;  // of each side in the order of their seq
    bool clocks_were_set = false;   // then stamps do not tell which edit came later

    // Whether a side still has, behind its write or restore number `behind`, what its write `seq` did.
    bool holds(Side side, long long seq, long long behind) const;
    // At the end.
    bool holds(const Write& write) const;
    // Whether a restore may have made the synchroniser forget what was agreed on this key.
    bool is_shaken(const TableRules& rules, const Key& key) const;
    const TableRules* rules_of(const std::string& table) const {
        for (const TableRules& rules : tables)
            if (rules.table == table) return &rules;
        return nullptr;
    }
};

// The values of the key columns; NULL as the text "(null)".
Key key_of(const TableRules& rules, const Row& row);
// The columns that count.
Row content_of(const TableRules& rules, const Row& row);
std::string version_of(const TableRules& rules, const Row& row);
std::string text_of(const Key& key);

}  // namespace tideway::checker
