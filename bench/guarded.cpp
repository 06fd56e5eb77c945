// What the journal, the comparison of every table's counters with the plan, and the row guards add to an
// apply transaction: the same changed rows with all of them, and without. The cloud's server adds up how long
// each statement took (pg_stat_statements), also of those that travel together; without means: row guards off, and the
// other statements left out of the sum.
#include <fmt/format.h>

#include "cases.hpp"
#include "wide_table.hpp"

namespace tideway::bench {
namespace {

struct ApplyTime {
    double all = 0, safeguards = 0;  // seconds
};

// Of the statements of apply transactions since the last reset.
ApplyTime apply_time(BenchPair& pair) {
    const auto sum_of = [&](const char* statements) {
        return static_cast<double>(pair.cloud.number(fmt::format(
                   "select coalesce(round(sum(1000 * (total_plan_time + total_exec_time))), 0)::bigint from pg_stat_statements where dbid = "
                   "(select oid from pg_database where datname = current_database()) and query ~ '{}'",
                   statements))) /
               1e6;
    };
    return {sum_of("tideway_(stage|outcome|found|before)|pg_stat_xact|^COMMIT$"),
            sum_of("INSERT INTO tideway.journal|tideway_before|pg_stat_xact")};
}

void use(BenchPair& pair, bool triggers) {
    pair.configure(
        wide_toml("changelog", fmt::format("max_updates = '100%'\ntriggers = {}\n", triggers)) +
        "origin = { column = 'source' }\n");
    pair.sync_until_quiet();
}

// The old images are made where the rows are locked, in a statement that is needed anyway.
double image_time(BenchPair& pair) {
    const auto read = [&](const char* what) {
        return pair
            .cost_of([&] {
                pair.cloud.exec(fmt::format("select count({}) from wide t join changed using (job_id)", what));
            })
            .seconds;
    };
    const double rows = read("t.job_id");
    return read("to_jsonb(t.*)") - rows;
}

ApplyTime apply_changes(BenchPair& pair, long long rows) {
    pair.desktop.exec(edit_wide("wide"));
    pair.settle();
    pair.cloud.exec("select pg_stat_statements_reset()");
    pair.sync(rows);
    return apply_time(pair);
}

}  // namespace

Measurement guarded_apply(Bench& bench) {
    Measurement measurement{.name = {},
                            .what = "applying a tenth of these rows, changed, in the cloud",
                            .floor = "the same without journal, comparison with the plan and row guards",
                            .rows = bench.at_most(100'000),
                            .goal = {.ratio = 1.35}};
    Servers servers{BenchServer(), BenchServer("shared_preload_libraries = 'pg_stat_statements'")};
    BenchPair pair(servers, "guarded");
    pair.cloud.exec("create extension pg_stat_statements");
    pair.both(create_wide("wide"));
    pair.both(fill_wide("wide", measurement.rows));
    pair.both("create table changed (job_id bigint primary key)");
    pair.both(fmt::format("insert into changed select i from generate_series(1, {}, 10) i", measurement.rows));
    const long long changed = pair.desktop.number("select count(*) from changed");
    use(pair, true);
    pair.vacuum();
    bench.repeat(measurement, bench.options().repeat, [&] {
        use(pair, false);
        const ApplyTime bare = apply_changes(pair, changed);
        use(pair, true);
        const ApplyTime guarded = apply_changes(pair, changed);
        return Sample{{guarded.all, 0}, {bare.all - bare.safeguards - image_time(pair), 0}};
    });
    return measurement;
}

}  // namespace tideway::bench
