#include "office.hpp"

#include <fmt/format.h>

#include "paths.hpp"
#include "support/powerca.hpp"
#include "support/temp_dir.hpp"

namespace tideway::bench {
namespace {

constexpr double kRowsAtScaleOne = 100'000;

constexpr const char* number_rows = R"(
alter table jobtasks disable trigger user;
update jobtasks t set jt_id = n from (select ctid as at, row_number() over () as n from jobtasks) r where r.at = t.ctid;
update taskchecklist t set tc_id = n from (select ctid as at, row_number() over () as n from taskchecklist) r where r.at = t.ctid;
update jobshead t set job_uid = 'J-' || n from (select ctid as at, row_number() over () as n from jobshead) r where r.at = t.ctid;
alter table jobtasks enable trigger user)";

}  // namespace

const std::array<OfficeTable, 15>& office_tables() {
    static constexpr std::array<OfficeTable, 15> tables = {{{"orgmaster", "orgmaster", "org_id"},
                                                            {"locmaster", "locmaster", "loc_id"},
                                                            {"conmaster", "conmaster", "con_id"},
                                                            {"climaster", "climaster", "client_id"},
                                                            {"cliunimaster", "cliunimaster", "cliunit_id"},
                                                            {"taskmaster", "taskmaster", "task_id"},
                                                            {"jobmaster", "jobmaster", "job_id"},
                                                            {"mbstaff", "mbstaff", "staff_id"},
                                                            {"jobshead", "jobshead", "job_uid"},
                                                            {"jobtasks", "jobtasks", "jt_id"},
                                                            {"taskchecklist", "taskchecklist", "tc_id"},
                                                            {"workdiary", "workdiary", "wd_id"},
                                                            {"mbreminder", "reminder", "rem_id"},
                                                            {"mbremdetail", "remdetail", "remdetid"},
                                                            {"learequest", "learequest", "learequest_id"}}};
    return tables;
}

std::unique_ptr<BenchPair> office(Bench& bench, const std::string& name) {
    auto pair = bench.pair(name);
    const double scale = static_cast<double>(bench.at_most(100'000)) / kRowsAtScaleOne;
    test::powerca(pair->desktop_url(), "desktop", {.scale = scale});
    test::powerca(pair->cloud_url(), "cloud", {.fk = "none"});
    return pair;
}

void number_office_rows(BenchPair& pair) { pair.desktop.exec(number_rows); }

std::string office_toml() {
    std::string toml = "[sync]\ncapture = { desktop = 'xmin', cloud = 'changelog' }\n";
    for (const OfficeTable& table : office_tables())
        toml += fmt::format(
            "[[table]]\ndesktop = '{}'\ncloud = '{}'\nkey = ['{}']\norigin = {{ column = 'source', desktop = "
            "'D', cloud = 'M' }}\n"
            "timestamps = {{ updated = 'updated_at', created = 'created_at', desktop_zone = 'Asia/Kolkata' "
            "}}\n{}",
            table.desktop, table.cloud, table.key,
            table.desktop == std::string_view("workdiary") ? "skip = ['timefrom', 'timeto']\n" : "");
    return toml;
}

std::string office_example_toml() {
    const std::string text = test::read_file(TIDEWAY_SOURCE_DIR "/examples/powerca/tideway.toml");
    return "[guard]\nmax_updates = '100%'\nmax_deletes = '100%'\n" + text.substr(text.find("[sync]"));
}

std::string read_office(const char* OfficeTable::*name) {
    std::string sql;
    for (const OfficeTable& table : office_tables())
        sql += fmt::format("copy {} to '/dev/null' (format binary);", table.*name);
    return sql;
}

long long office_rows(BenchPair& pair) {
    long long rows = 0;
    for (const OfficeTable& table : office_tables())
        rows += pair.desktop.number(fmt::format("select count(*) from {}", table.desktop));
    return rows;
}

}  // namespace tideway::bench
