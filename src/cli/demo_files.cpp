#include "cli/demo_files.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace tideway::cli {
namespace {

std::string new_directory() {
    std::string path = "/tmp/tideway-demo-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) throw Error(Code::usage, "no directory can be made in /tmp");
    return path;
}

// A user's edit stamps its row; a write that brings a stamp of its own keeps it.
std::string stamped_table(const std::string& name, const std::string& key, const std::string& columns) {
    return fmt::format(
        "CREATE TABLE {0} ({2}, source TEXT DEFAULT 'D', updated_at TIMESTAMP DEFAULT (strftime('%Y-%m-%d "
        "%H:%M:%f', 'now')));\n"
        "CREATE TRIGGER {0}_stamp AFTER UPDATE ON {0} WHEN NEW.updated_at IS OLD.updated_at BEGIN UPDATE {0} "
        "SET "
        "updated_at = strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE {1} = NEW.{1}; END;\n",
        name, key, columns);
}

// The office knows no foreign keys, the cloud does; one table has another name there.
std::string tables_of(Side side) {
    const bool office = side == Side::desktop;
    return stamped_table("locmaster", "loc_id",
                         "org_id INTEGER, loc_id INTEGER PRIMARY KEY, locname VARCHAR(100)") +
           stamped_table(
               "climaster", "client_id",
               fmt::format(
                   "client_id INTEGER PRIMARY KEY, loc_id INTEGER NOT NULL{}, clientname VARCHAR(80), "
                   "clientmail VARCHAR(60), clientphone VARCHAR(25)",
                   office ? "" : " REFERENCES locmaster (loc_id)")) +
           stamped_table(office ? "mbreminder" : "reminder", "rem_id",
                         "rem_id INTEGER PRIMARY KEY, remtitle VARCHAR(100), remstatus INTEGER") +
           stamped_table(
               "learequest", "learequest_id",
               "org_id INTEGER, con_id INTEGER, loc_id INTEGER, learequest_id INTEGER PRIMARY KEY, staff_id "
               "INTEGER, requestdate DATE, fromdate DATE, todate DATE, leavetype CHAR(2), leaveremarks "
               "VARCHAR(50), approval_status CHAR(1)");
}

constexpr const char* office_rows = R"(
INSERT INTO locmaster (org_id, loc_id, locname) VALUES (1, 1, 'Head office');
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    INSERT INTO climaster (client_id, loc_id, clientname, clientmail, clientphone)
    SELECT i, CASE WHEN i BETWEEN 5 AND 7 THEN 2 ELSE 1 END, 'Client ' || i, 'client' || i || '@example.org',
           '044 ' || (1000000 + 7919 * i) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
    INSERT INTO mbreminder (rem_id, remtitle, remstatus) SELECT i, 'Call client ' || i, i % 2 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
    INSERT INTO learequest (org_id, con_id, loc_id, learequest_id, staff_id, requestdate, fromdate, todate, leavetype,
        leaveremarks, approval_status) SELECT 1, 1, 1, i, 1 + i % 9, date('2025-06-01', i || ' days'),
        date('2025-06-10', i || ' days'), date('2025-06-11', i || ' days'), 'CL', 'leave ' || i, 'P' FROM n;
)";

}  // namespace

DemoFiles::DemoFiles(bool keep) : keep_(keep), directory_(new_directory()) {
    for (const Side side : {Side::desktop, Side::cloud}) {
        std::ofstream{path(side)};
        sessions_.emplace(side, sqlite::Connection::open({path(side), side}, nullptr));
    }
}

DemoFiles::~DemoFiles() {
    sessions_.clear();
    std::error_code ignored;
    if (!keep_) std::filesystem::remove_all(directory_, ignored);
}

std::string DemoFiles::path(Side side) const {
    return directory_ + (side == Side::desktop ? "/office.db" : "/app.db");
}

std::string DemoFiles::url(Side side) const { return "sqlite:" + path(side); }
std::string DemoFiles::opener(Side side) const { return "sqlite3 " + path(side); }
std::vector<std::string> DemoFiles::removal() const { return {"rm -rf " + directory_}; }

void DemoFiles::fill() {
    for (const Side side : {Side::desktop, Side::cloud})
        sessions_.at(side).execute("make tables", tables_of(side));
    sessions_.at(Side::desktop).execute("fill tables", office_rows);
}

// People are slower than programs: two edits have different stamps, which count milliseconds.
std::string DemoFiles::query(Side side, const std::string& sql) {
    std::this_thread::sleep_for(Millis(3));
    sqlite::Statement statement(sessions_.at(side), "demo", sql);
    std::string out;
    while (statement.step()) {
        if (!out.empty()) out += '\n';
        for (int i = 0; i < statement.columns(); ++i) out += (i == 0 ? "" : "|") + statement.text(i);
    }
    return out;
}

}  // namespace tideway::cli
