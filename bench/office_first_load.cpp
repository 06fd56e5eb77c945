// The first sync of the 15 tables, against what a program does that sends rows.
#include <fmt/format.h>

#include "cases.hpp"
#include "office.hpp"
#include "support/powerca.hpp"
#include "upserts.hpp"

namespace tideway::bench {

Measurement office_first_load(Bench& bench) {
    Measurement measurement{.name = {},
                            .what = "first forward sync of an office's 15 tables",
                            .floor = "1000-row INSERT .. ON CONFLICT through libpq",
                            .goal = {.ratio = 0.2}};
    const auto pair = office(bench, "new_office");
    number_office_rows(*pair);
    measurement.rows = office_rows(*pair);
    pair->configure(office_toml());
    const auto empty_cloud = [&] {
        pair->cloud.exec("drop schema public cascade; create schema public");
        test::powerca(pair->cloud_url(), "cloud", {.fk = "none"});
        pair->cloud.exec("alter table jobshead add unique (job_uid)");  // or nothing could be upserted there
        pair->settle();
    };
    bench.repeat(measurement, bench.options().repeat, [&] {
        pair->forget();
        empty_cloud();
        const Cost floor = pair->cost_of([&] {
            for (const OfficeTable& table : office_tables())
                upsert_rows(*pair, {table.desktop, table.cloud, table.key,
                                    table.desktop == std::string_view("workdiary")});
        });
        empty_cloud();
        return Sample{pair->cost_of([&] { measurement.note(pair->sync(measurement.rows)); }), floor};
    });
    return measurement;
}

}  // namespace tideway::bench
