// The 15 tables of the first users, with their irregularities: fixtures/powerca.sql.
#pragma once
#include <string>

#include "support/fresh_database.hpp"

namespace tideway::test {

struct PowercaOptions {
    double scale = 0.01;         // 1 = the volumes that the users reported
    std::string fk = "current";  // cloud: none | current | full
    bool wd_key = true;          // desktop: workdiary has its wd_id and source columns
    bool load = true;            // desktop: rows too, not the tables alone
};

// `side`: desktop | cloud create the tables (and fill the desktop's); mobile_activity | desktop_activity are
// what users do after a first sync; office_activity is what they do in the office's own tables, and refill
// brings that, and nothing else, into the ten tables that the office refills before each sync.
void powerca(const std::string& url, const std::string& side, const PowercaOptions& options = {});
inline void powerca(const Database& database, const std::string& side, const PowercaOptions& options = {}) {
    powerca(database.url(), side, options);
}

}  // namespace tideway::test
