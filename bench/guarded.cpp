// What the journal, the comparison of every table's counters with the plan, and the row guards add to an
// apply transaction. The cloud's server adds up how long each statement took (pg_stat_statements), also of those that
// travel together.
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

class GuardedPair {
  public:
    explicit GuardedPair(long long rows) {
        pair.cloud.exec("create extension pg_stat_statements");
        pair.both(create_wide("wide"));
        pair.both(fill_wide("wide", rows));
        pair.both("create table changed (job_id bigint primary key)");
        pair.both(fmt::format("insert into changed select i from generate_series(1, {}, 10) i", rows));
        changed_ = pair.desktop.number("select count(*) from changed");
        use(true);
        pair.vacuum();
    }

    void use(bool row_guards) {
        pair.configure(wide_toml("changelog", fmt::format("max_updates = '100%'\ntriggers = {}\n", row_guards)) +
                       "origin = { column = 'source' }\n");
        pair.sync_until_quiet();
    }

    ApplyTime apply() {
        pair.desktop.exec(edit_wide("wide"));
        pair.settle();
        pair.cloud.exec("select pg_stat_statements_reset()");
        pair.sync(changed_);
        return apply_time(pair);
    }

  private:
    Servers servers_{BenchServer(), BenchServer("shared_preload_libraries = 'pg_stat_statements'")};

  public:
    BenchPair pair{servers_, "guarded"};

  private:
    long long changed_ = 0;
};

}  // namespace

// In one run: the statements of the journal and of the comparison, and the old images, against all that is left.
Measurement guarded_apply(Bench& bench) {
    Measurement measurement{.name = {},
                            .what = "applying a tenth of these rows, changed, in the cloud",
                            .floor = "the same without journal and comparison with the plan",
                            .rows = bench.at_most(100'000),
                            .goal = {.ratio = 1.35}};
    GuardedPair guarded(measurement.rows);
    guarded.use(false);
    guarded.apply();
    bench.repeat(measurement, bench.options().repeat, [&] {
        const ApplyTime time = guarded.apply();
        return Sample{{time.all, 0}, {time.all - time.safeguards - image_time(guarded.pair), 0}};
    });
    return measurement;
}

Measurement row_guards(Bench& bench) {
    Measurement measurement{.name = {},
                            .what = "the same with row guards on the cloud's own rows",
                            .floor = "without them",
                            .rows = bench.at_most(100'000)};
    GuardedPair guarded(measurement.rows);
    bench.repeat(measurement, bench.options().repeat, [&] {
        guarded.use(false);
        const ApplyTime without = guarded.apply();
        guarded.use(true);
        return Sample{{guarded.apply().all, 0}, {without.all, 0}};
    });
    return measurement;
}

}  // namespace tideway::bench
