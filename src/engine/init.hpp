// init in parts: which tables belong together, how one of them could be configured, and the text of the file.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "engine/link.hpp"

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

// ---- init_table.cpp, init_key.cpp: one table
// ------------------------------------------------------------------

// Questions that only the rows can answer.
struct Rows {
    std::function<std::int64_t(Side, const LinkedTable&)> count;
    std::function<std::vector<std::string>(Side, const LinkedTable&)>
        duplicates;  // as Snapshot::duplicate_keys()
};

struct Proposal {
    TableSetting setting;
    std::map<std::string, std::string> guesses;  // name of a setting -> on what it is founded
    std::vector<std::string> obstacles;          // why the table cannot be synchronised yet; empty: it can
};

// zone: of the desktop server, for its time stamps without zone.
Proposal propose_table(const TableMatch& match, const Relation& desktop, const Relation& cloud,
                       const std::string& zone, const Rows& rows);

// Sets key and what goes with it, or an obstacle.
void choose_key(Proposal& proposal, const Relation& desktop, const Relation& cloud,
                const std::map<std::string, std::string>& columns, const Rows& rows);

// ---- init_text.cpp: TOML
// --------------------------------------------------------------------------------------

std::string table_text(const Proposal& proposal);
// The url as it may stand in a file that others read: the password is left out.
std::string url_for_file(const std::string& url);
std::string toml_string(const std::string& value);
// One line of a comment, whatever the text holds.
std::string comment(const std::string& text);

}  // namespace tideway::init
