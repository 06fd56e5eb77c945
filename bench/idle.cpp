// Runs that find nothing to do.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cases.hpp"
#include "support/powerca.hpp"
#include "wide_table.hpp"

namespace tideway::bench {
namespace {

// Short runs are repeated more often: their medians are as noisy as one long run.
constexpr int kMoreOften = 3;

void measure_idle(Bench& bench, BenchPair& pair, Measurement& measurement, const std::string& desktop_sql,
                  const std::string& cloud_sql) {
    pair.settle();
    bench.repeat(measurement, kMoreOften * bench.options().repeat, [&] {
        const double floor = read_both(pair, desktop_sql, cloud_sql);
        const MeasuredRun run = pair.sync(0);
        measurement.peak_kib = std::max(measurement.peak_kib, run.peak_kib);
        return Sample{run.seconds, floor};
    });
}

Measurement idle(const std::string& capture, long long rows, Goal goal) {
    return {.name = {},
            .what = fmt::format("nothing changed, {} on the desktop", capture),
            .floor = "reading both sides once",
            .rows = rows,
            .goal = goal};
}

struct OfficeTable {
    const char *desktop, *cloud, *key;
};
constexpr std::array<OfficeTable, 15> office_tables = {{{"orgmaster", "orgmaster", "org_id"},
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

// The office's tables have no indexes on the desktop; where not even a column identifies a row, one is
// numbered.
constexpr const char* number_rows = R"(
alter table jobtasks disable trigger user;
update jobtasks t set jt_id = n from (select ctid as at, row_number() over () as n from jobtasks) r where r.at = t.ctid;
update taskchecklist t set tc_id = n from (select ctid as at, row_number() over () as n from taskchecklist) r where r.at = t.ctid;
update jobshead t set job_uid = 'J-' || n from (select ctid as at, row_number() over () as n from jobshead) r where r.at = t.ctid;
alter table jobtasks enable trigger user)";

std::string office_toml() {
    std::string toml = "[sync]\ncapture = { desktop = 'xmin', cloud = 'changelog' }\n";
    for (const OfficeTable& table : office_tables)
        toml += fmt::format(
            "[[table]]\ndesktop = '{}'\ncloud = '{}'\nkey = ['{}']\norigin = {{ column = 'source', desktop = "
            "'D', cloud = 'M' }}\n"
            "timestamps = {{ updated = 'updated_at', created = 'created_at', desktop_zone = 'Asia/Kolkata' "
            "}}\n{}",
            table.desktop, table.cloud, table.key,
            table.desktop == std::string_view("workdiary") ? "skip = ['timefrom', 'timeto']\n" : "");
    return toml;
}

std::string read_office(const char* OfficeTable::*name) {
    std::string sql;
    for (const OfficeTable& table : office_tables)
        sql += fmt::format("copy {} to '/dev/null' (format binary);", table.*name);
    return sql;
}

}  // namespace

Measurement idle_changelog(Bench& bench) {
    Measurement measurement = idle("changelog", bench.options().rows, {.milliseconds = 50});
    measure_idle(bench, bench.large_synced("changelog"), measurement, read_wide(), read_wide());
    return measurement;
}

Measurement idle_xmin(Bench& bench) {
    Measurement measurement = idle("xmin", bench.options().rows, {.ratio = 0.3});
    measure_idle(bench, bench.large_synced("xmin"), measurement, read_wide(), read_wide());
    return measurement;
}

Measurement idle_office(Bench& bench) {
    Measurement measurement = idle("xmin", 0, {.ratio = 0.3});
    measurement.what = "nothing changed, 15 tables of an office, xmin on the desktop";
    const auto pair = bench.pair("office");
    const double scale = static_cast<double>(bench.at_most(100'000)) / 100'000;
    test::powerca(pair->desktop_url(), "desktop", {.scale = scale});
    test::powerca(pair->cloud_url(), "cloud", {.fk = "none"});
    pair->desktop.exec(number_rows);
    for (const OfficeTable& table : office_tables)
        measurement.rows += pair->desktop.number(fmt::format("select count(*) from {}", table.desktop));
    pair->configure(office_toml());
    bench.say("  first sync of the office");
    pair->sync_until_quiet();
    pair->vacuum();
    measure_idle(bench, *pair, measurement, read_office(&OfficeTable::desktop),
                 read_office(&OfficeTable::cloud));
    return measurement;
}

}  // namespace tideway::bench
