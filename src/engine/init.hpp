// init in parts: which tables belong together, how one of them could be configured, and the text of the file.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "engine/link.hpp"
#include "store/store.hpp"

namespace tideway::init {

// ---- init_match.cpp: names and columns
// ---------------------------------------------------------------------

struct TableMatch {
    sql::TableName desktop, cloud;
    bool guessed = false;  // the names differ
};
// Equal names, then every pair of the others of which one name contains the other: columns must decide there.
std::vector<TableMatch> possible_matches(const std::vector<sql::TableName>& desktop,
                                         const std::vector<sql::TableName>& cloud);
// At most one match per table: the sure ones, then those whose columns are most alike (more than half).
std::vector<TableMatch> settle(std::vector<TableMatch> possible,
                               const std::function<double(const TableMatch&)>& likeness);
// Desktop name to cloud name of the columns that belong together: same spelling, else the same but for case
// and "_".
std::map<std::string, std::string> match_columns(const Relation& desktop, const Relation& cloud);
// Share of the larger table's columns that belong together, 0 to 1.
double likeness(const Relation& desktop, const Relation& cloud);

// ---- init_table.cpp, init_key.cpp, init_search.cpp, init_lookup.cpp: one table
// ------------------------------------------------------------------

// Questions that only the rows and their statistics can answer.
struct Rows {
    std::function<std::int64_t(Side, const LinkedTable&)> count;
    std::function<std::vector<std::string>(Side, const LinkedTable&)>
        duplicates;  // as Snapshot::duplicate_keys()
    std::function<std::optional<Spread>(Side, const sql::TableName&, const std::vector<std::string>&)> spread;
    std::function<std::map<std::string, std::int64_t>(Side, const sql::TableName&)> estimates;
};

struct Proposal {
    TableSetting setting;
    std::map<std::string, std::string> reasons;    // name of a setting -> on what it is founded
    std::map<std::string, std::string> decisions;  // name of a setting -> what a person should choose between
    std::map<std::string, std::string> offers;     // name of a setting -> its line, to be taken by a person
    std::vector<std::string> obstacles;            // why the table cannot be synchronised yet; empty: it can
};

// zone: of the desktop server, for its time stamps without zone.
Proposal propose_table(const TableMatch& match, const Relation& desktop, const Relation& cloud,
                       const std::string& zone, const Rows& rows);

// Sets key and what goes with it, or an obstacle.
void choose_key(Proposal& proposal, const Relation& desktop, const Relation& cloud,
                const std::map<std::string, std::string>& columns, const Rows& rows);

// Columns, under their desktop names, by which rows that nobody promised a key for can be told apart.
struct FoundKey {
    std::vector<std::string> columns;  // empty: nothing points to any
    bool unique = false;               // in the rows of both sides, which are enough to tell
    std::int64_t repeats = 0, rows = 0;
    bool looked = false;  // else the names alone speak for it
};
// possible: the columns that may be part of a key, desktop name to cloud name.
FoundKey search_key(const Relation& desktop, const Relation& cloud,
                    const std::map<std::string, std::string>& possible, const Rows& rows);

// Offers look-ups for columns of the cloud whose values another desktop table has.
void offer_lookups(Proposal& proposal, const Relation& desktop, const Relation& cloud,
                   const std::vector<const Relation*>& desktop_tables, const Rows& rows);

// A column like "job_id", and whether it is named after the table: job_id in jobshead.
bool named_like_id(const std::string& column);
bool named_after(const std::string& column, const Relation& table);

// ---- init_text.cpp: TOML
// --------------------------------------------------------------------------------------

// What a person should decide is a line with "DECIDE:" above the setting.
std::string table_text(const Proposal& proposal);
// The comment that marks it, on as many lines as it takes.
std::string decide(const std::string& choices);
// The url as it may stand in a file that others read: the password is left out.
std::string url_for_file(const std::string& url);
std::string toml_string(const std::string& value);
// One line of a comment, whatever the text holds.
std::string comment(const std::string& text);

}  // namespace tideway::init
