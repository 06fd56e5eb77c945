// An office and its staff's phones as the first users have them, in small: tables without keys and with local
// time at the desktop, with keys, UTC and columns of the app's own in the cloud. A test takes the tables that
// its failure needs.
#pragma once
#include "scenario/live_pair.hpp"

namespace tideway::test {

// One table of both sides. Every one of them has `source`, `created_at` and `updated_at` besides.
struct OfficeTable {
    std::string desktop, cloud;                  // names
    std::string desktop_columns, cloud_columns;  // as CREATE TABLE takes them
    std::string compared;                        // what must be equal when all is quiet
    std::string settings = {};                   // lines of its [[table]]
    std::string columns = {};                    // its [[table.column]] sections

    OfficeTable with(const std::string& more) const {
        OfficeTable changed = *this;
        changed.settings += more + "\n";
        return changed;
    }
};

inline const OfficeTable climaster{
    .desktop = "climaster",
    .cloud = "climaster",
    .desktop_columns =
        "client_id numeric(7), con_id int, loc_id numeric(3), clientname varchar(80), "
        "clientphone varchar(25)",
    .cloud_columns =
        "client_id numeric(7) primary key, con_id int, loc_id numeric(3), clientname "
        "varchar(80), clientphone varchar(25)",
    .compared = "client_id, con_id, loc_id, clientname, clientphone"};

inline const OfficeTable mbstaff{
    .desktop = "mbstaff",
    .cloud = "mbstaff",
    .desktop_columns = "staff_id numeric(8), name varchar(50), desc_id numeric(5)",
    .cloud_columns = "staff_id numeric(8) primary key, name varchar(50), desc_id numeric(8)",
    .compared = "staff_id, name, desc_id"};

// One row per job and assigned person, on both sides without any key.
inline const OfficeTable jobshead{
    .desktop = "jobshead",
    .cloud = "jobshead",
    .desktop_columns =
        "job_id numeric(10), sporg_id numeric(8), client_id numeric(7), work_desc "
        "varchar(100), job_status char(1), jctincharge char(1)",
    .cloud_columns =
        "job_id numeric(10) not null, sporg_id numeric(8), client_id numeric(7) not null, "
        "work_desc varchar(100), job_status char(1)",
    .compared = "job_id, sporg_id, client_id, work_desc, job_status",
    .settings = "key = ['job_id', 'sporg_id']\nidentity = 'business_key+ordinal'\n"};

// The cloud numbers these two itself.
inline const OfficeTable jobtasks{
    .desktop = "jobtasks",
    .cloud = "jobtasks",
    .desktop_columns =
        "job_id numeric(10), task_id numeric(7), task_desc varchar(40), actual_man_min "
        "numeric(10), jt_id numeric(10)",
    .cloud_columns =
        "jt_id bigserial primary key, job_id numeric(10), task_id numeric(7), task_desc "
        "varchar(40), actual_man_min numeric(10), client_id numeric(7)",
    .compared = "job_id, task_id, task_desc, actual_man_min",
    .settings = "key = ['job_id', 'task_id']\nidentity = 'business_key'\nskip = ['jt_id']\n"};
inline const OfficeTable taskchecklist{
    .desktop = "taskchecklist",
    .cloud = "taskchecklist",
    .desktop_columns =
        "task_id numeric(7), checklistdesc varchar(100), checkliststatus numeric(1), tc_id "
        "numeric(10)",
    .cloud_columns =
        "tc_id bigserial primary key, task_id numeric(7), checklistdesc varchar(100), "
        "checkliststatus numeric(1)",
    .compared = "task_id, checklistdesc, checkliststatus",
    .settings = "key = ['task_id', 'checklistdesc']\nidentity = 'business_key+ordinal'\nskip = ['tc_id']\n"};

// Born on phones. The cloud has a time of day where the desktop has a timestamp, and longer texts.
inline const OfficeTable workdiary{
    .desktop = "workdiary",
    .cloud = "workdiary",
    .desktop_columns =
        "wd_id numeric(10), staff_id numeric(8), job_id numeric(10), task_id numeric(7), date "
        "date, timefrom timestamp, timeto timestamp, minutes numeric(4), tasknotes "
        "varchar(50), doc_ref varchar(15)",
    .cloud_columns =
        "wd_id bigserial primary key, staff_id numeric(8), job_id numeric(10), task_id "
        "numeric(7), date date, timefrom time, timeto time, minutes numeric(4), tasknotes text, "
        "doc_ref text, client_id numeric(7), cma_id numeric(5), recper_id int",
    .compared =
        "wd_id, staff_id, job_id, task_id, date, timefrom::time, timeto::time, minutes, tasknotes, "
        "doc_ref",
    .settings = "key = ['wd_id']\n",
    .columns =
        "[[table.column]]\nname = 'timefrom'\ndate = 'date'\n[[table.column]]\nname = 'timeto'\ndate "
        "= 'date'\n"};

inline const OfficeTable learequest{
    .desktop = "learequest",
    .cloud = "learequest",
    .desktop_columns =
        "learequest_id numeric(5), staff_id numeric(8), fromdate date, todate date, "
        "leaveremarks varchar(50), approval_status char(1), approvedby varchar(30)",
    .cloud_columns =
        "learequest_id numeric(5) primary key, staff_id numeric(8), fromdate date, todate date, "
        "leaveremarks varchar(50), approval_status char(1), approvedby varchar(30)",
    .compared = "learequest_id, staff_id, fromdate, todate, leaveremarks, approval_status, approvedby"};

inline const OfficeTable reminder{
    .desktop = "mbreminder",
    .cloud = "reminder",
    .desktop_columns = "rem_id numeric(8), staff_id numeric(8), remtitle varchar(100), remstatus numeric(1)",
    .cloud_columns =
        "rem_id numeric(8) primary key, staff_id numeric(8) not null, remtitle varchar(100), "
        "remstatus numeric(1)",
    .compared = "rem_id, staff_id, remtitle, remstatus"};
inline const OfficeTable remdetail{
    .desktop = "mbremdetail",
    .cloud = "remdetail",
    .desktop_columns =
        "remdetid numeric(8), rem_id numeric(8), staff_id numeric(8), remresponse "
        "varchar(150)",
    .cloud_columns =
        "remdetid numeric(8) primary key, rem_id numeric(8) not null, staff_id numeric(8), "
        "remresponse varchar(150)",
    .compared = "remdetid, rem_id, staff_id, remresponse"};

inline const OfficeTable cliunimaster{
    .desktop = "cliunimaster",
    .cloud = "cliunimaster",
    .desktop_columns = "cliunit_id numeric(7), client_id numeric(7), cliunitname varchar(80)",
    .cloud_columns = "cliunit_id numeric(7) primary key, client_id numeric(7), cliunitname varchar(80)",
    .compared = "cliunit_id, client_id, cliunitname"};

inline const OfficeTable mbjobreviewnotes{
    .desktop = "mbjobreviewnotes",
    .cloud = "mbjobreviewnotes",
    .desktop_columns = "rn_id numeric(8), job_id numeric(10), note varchar(200)",
    .cloud_columns = "rn_id numeric(8) primary key, job_id numeric(10), note varchar(200)",
    .compared = "rn_id, job_id, note"};

inline constexpr const char* touch_function =
    "create function touch() returns trigger language plpgsql as $$ begin new.updated_at := now(); return "
    "new; end $$";

class OfficeAndPhones : public testing::Test {
  protected:
    // The desktop's sessions keep the office's time, as its server does.
    OfficeAndPhones() {
        pair.desktop.exec(fmt::format("alter database {} set timezone = 'Asia/Kolkata'",
                                      quote_identifier(pair.desktop_database.name())));
        pair.desktop.exec("set timezone = 'Asia/Kolkata'");
        pair.both(touch_function);
    }

    // Creates the tables on both sides and configures them, `more` before their sections.
    void use(const std::vector<OfficeTable>& tables, const std::string& more = "") {
        std::string toml = more;
        for (const OfficeTable& table : tables) {
            create(pair.desktop, table.desktop, table.desktop_columns, "timestamp");
            create(pair.cloud, table.cloud, table.cloud_columns, "timestamptz");
            toml += section(table);
        }
        used = tables;
        pair.configure(toml);
    }
    static std::string section(const OfficeTable& table) {
        return fmt::format(
            "[[table]]\ndesktop = '{}'\ncloud = '{}'\n{}{}origin = {{ column = 'source' }}\n"
            "ownership = 'shared'\ntimestamps = {{ updated = 'updated_at', created = 'created_at', "
            "desktop_zone = 'Asia/Kolkata' }}\n{}",
            table.desktop, table.cloud, table.settings, key_of(table), table.columns);
    }

    TidewayResult sync(int exit_code = 0, const Args& more = {}, const Environment& env = {}) {
        TidewayResult result = pair.sync(more, env);
        EXPECT_EXIT_CODE(exit_code, result);
        return result;
    }
    TidewayResult forward(int exit_code = 0) { return sync(exit_code, {"--direction", "forward"}); }
    TidewayResult reverse(int exit_code = 0) { return sync(exit_code, {"--direction", "reverse"}); }

    void expect_same() {
        for (const OfficeTable& table : used)
            EXPECT_EQ(rows(pair.desktop, table.desktop, table), rows(pair.cloud, table.cloud, table))
                << table.desktop << ", first: desktop, second: cloud";
    }
    // Both sides hold the same, and a further run that looks at everything finds nothing to write.
    void expect_settled() {
        expect_same();
        expect_quiet(pair, 0, {"--mode", "full"});
    }
    long long at_office(const std::string& from) {
        return pair.desktop.number("select count(*) from " + from);
    }
    long long in_cloud(const std::string& from) { return pair.cloud.number("select count(*) from " + from); }

    // `kind` ("parked", "conflicts") as its command lists them, one JSON text each.
    std::string listed(const std::string& kind) {
        const TidewayResult list = pair.run({kind, "list"});
        EXPECT_EXIT_CODE(0, list);
        return list.json.is_object() ? list.json[kind].dump() : "";
    }
    std::size_t count_listed(const std::string& kind) { return nlohmann::json::parse(listed(kind)).size(); }

    LivePair pair{"first_users"};
    std::vector<OfficeTable> used;

  private:
    static void create(Db& side, const std::string& name, const std::string& columns,
                       const std::string& stamp) {
        side.exec(fmt::format(
            "create table {0} ({1}, source char(1) default 'D', created_at {2} default now(), updated_at "
            "{2} default now()); create trigger touch before update on {0} for each row execute function "
            "touch()",
            name, columns, stamp));
    }
    // The desktop has no primary keys, so the key is said: the first column, unless the table says another.
    static std::string key_of(const OfficeTable& table) {
        if (table.settings.find("key = ") != std::string::npos) return "";
        return fmt::format("key = ['{}']\n",
                           table.desktop_columns.substr(0, table.desktop_columns.find(' ')));
    }
    static std::string rows(Db& side, const std::string& name, const OfficeTable& table) {
        return dump(side, fmt::format("select row({1})::text from {0} order by 1", name, table.compared));
    }
};

inline constexpr const char* ten_jobs =
    "insert into jobshead (job_id, sporg_id, client_id, work_desc, job_status) select i, 1, i % 3, 'Job ' || "
    "i, 'O' from generate_series(1, 10) i";
inline constexpr const char* ten_clients =
    "insert into climaster (client_id, con_id, loc_id, clientname, clientphone) select i, 1, 1, 'Client ' || "
    "i, '044 ' || i from generate_series(1, 10) i";
inline constexpr const char* ten_tasks =
    "insert into jobtasks (job_id, task_id, task_desc, actual_man_min) select i, 1, 'Task of ' || i, 0 from "
    "generate_series(1, 10) i";
inline constexpr const char* ten_checks =
    "insert into taskchecklist (task_id, checklistdesc, checkliststatus) select 1, 'Check ' || i, 0 from "
    "generate_series(1, 10) i";

}  // namespace tideway::test
