// What users did since the last run: rows changed, deleted, or changed on both sides; in small and large tables.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "bucardo.hpp"
#include "cases.hpp"
#include "wide_table.hpp"

namespace tideway::bench {
namespace {

// Table `changed` on both sides: keys of this repetition, evenly spread. Returns how many there are.
long long choose_rows(BenchPair& pair, long long of, long long wanted, int repetition) {
    const long long step = std::max(1LL, of / wanted);
    pair.both("create table if not exists changed (job_id bigint primary key)");
    pair.both("truncate changed");
    pair.both(fmt::format("insert into changed select i from generate_series({}, {}, {}) i", 1 + 37 * repetition % step,
                          of, step));
    pair.both("analyze changed");
    return pair.desktop.number("select count(*) from changed");
}

// In the cloud, for the floors: the same table once more, without us.
void make_twin(BenchPair& pair) {
    pair.cloud.exec("drop table if exists wide_floor");
    pair.cloud.exec(create_wide("wide_floor"));
    pair.cloud.exec("insert into wide_floor select * from wide");
    pair.cloud.exec("vacuum (analyze) wide_floor");
}

void read_chosen(test::Db& db) {
    db.exec("copy (select t.* from changed c join wide t using (job_id)) to '/dev/null' (format binary)");
}

Measurement changed_of_large(Bench& bench, long long wanted, Goal goal) {
    const long long all = bench.options().rows;
    Measurement measurement{.name = {},
                            .what = fmt::format("rows changed on the desktop, scattered over {}, to the cloud", all),
                            .floor = "reading them by key + updating them in the server",
                            .rows = std::min(wanted, all / 10),
                            .goal = goal};
    BenchPair& pair = bench.large_synced("changelog");
    make_twin(pair);
    int repetition = 0;
    bench.repeat(measurement, bench.options().repeat, [&] {
        const long long rows = choose_rows(pair, all, measurement.rows, repetition++);
        pair.desktop.exec(edit_wide("wide"));
        return pair.compare(
            [&] {
                read_chosen(pair.desktop);
                pair.cloud.exec(edit_wide("wide_floor"));
            },
            [&] { measurement.note(pair.sync(rows)); });
    });
    return measurement;
}

// A table of its own, equal and quiet on both sides, of which some rows are then touched.
std::unique_ptr<BenchPair> quiet_pair(Bench& bench, const std::string& name, long long rows) {
    auto pair = bench.pair(name);
    pair->both(create_wide("wide"));
    pair->both(fill_wide("wide", rows));
    pair->configure(wide_toml("changelog"));
    bench.say("  first sync");
    pair->sync_until_quiet();
    pair->vacuum();
    return pair;
}

// Of one run after the same thousand changes in a table of this size.
Cost run_after_changes(BenchPair& pair, Measurement& measurement, long long of, int repetition) {
    const long long rows = choose_rows(pair, of, measurement.rows, repetition);
    pair.desktop.exec(edit_wide("wide"));
    pair.settle();
    return pair.cost_of([&] { measurement.note(pair.sync(rows)); });
}

Measurement growth(Bench& bench, BenchPair& small, long long small_rows, BenchPair& large, long long large_rows,
                   double goal) {
    Measurement measurement{.name = {},
                            .what = fmt::format("the same scattered changes in a table of {} rows", large_rows),
                            .floor = fmt::format("in a table of {} rows", small_rows),
                            .rows = std::min(1'000LL, small_rows / 10),
                            .goal = {.ratio = goal}};
    int repetition = 0;
    bench.repeat(measurement, bench.options().repeat, [&] {
        const Cost floor = run_after_changes(small, measurement, small_rows, repetition);
        return Sample{run_after_changes(large, measurement, large_rows, repetition++), floor};
    });
    return measurement;
}

}  // namespace

Measurement changed_100(Bench& bench) { return changed_of_large(bench, 100, {.milliseconds = 150}); }
Measurement changed_1k(Bench& bench) { return changed_of_large(bench, 1'000, {}); }
Measurement changed_10k(Bench& bench) { return changed_of_large(bench, 10'000, {.ratio = 2.5}); }
Measurement changed_100k(Bench& bench) { return changed_of_large(bench, 100'000, {}); }

namespace {

class Replica {
  public:
    explicit Replica(BenchPair& pair) : pair_(pair) {
        pair.desktop.exec("create publication peer for table wide");
        pair.cloud.exec(fmt::format("create subscription peer connection '{}' publication peer with (copy_data = false)", pair.desktop_url()));
    }
    ~Replica() { pair_.cloud.exec("drop subscription peer"); }

  private:
    BenchPair& pair_;
};

class BucardoOfWide : public Bucardo {
  public:
    explicit BucardoOfWide(BenchPair& pair) : Bucardo(pair, "wide") {}
};

// The transaction arrives whole: so its last row tells of all.
void wait_for_last(BenchPair& pair) {
    const std::string last = pair.desktop.scalar("select max(job_id) from changed"),
                      seen = pair.desktop.scalar("select quote_literal(remarks) from wide where job_id = " + last);
    const std::string arrived = fmt::format("select count(*) from wide where job_id = {} and remarks = {}", last, seen);
    while (pair.cloud.number(arrived) != 1) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

}  // namespace

namespace {

// From the COMMIT on the desktop until all rows are there, against the same floor as changed_10k.
template <typename Peer>
Measurement carried_by(Bench& bench, const std::string& what) {
    const long long all = bench.options().rows;
    Measurement measurement{.name = {},
                            .what = fmt::format("{} carries changed rows, scattered over {}", what, all),
                            .floor = "reading them by key + updating them in the server",
                            .rows = std::min(10'000LL, all / 10)};
    const auto pair = bench.pair("replica");
    pair->both(create_wide("wide"));
    pair->both(fill_wide("wide", all));
    pair->vacuum();
    make_twin(*pair);
    const Peer peer(*pair);
    int repetition = 0;
    bench.repeat(measurement, bench.options().repeat, [&] {
        choose_rows(*pair, all, measurement.rows, repetition++);
        pair->settle();
        const Cost floor = pair->cost_of([&] {
            read_chosen(pair->desktop);
            pair->cloud.exec(edit_wide("wide_floor"));
        });
        pair->settle();
        pair->desktop.exec(edit_wide("wide"));
        return Sample{pair->cost_of([&] { wait_for_last(*pair); }), floor};
    });
    return measurement;
}

}  // namespace

Measurement peer_replication_changed(Bench& bench) { return carried_by<Replica>(bench, "logical replication"); }

Measurement peer_bucardo_changed(Bench& bench) {
    if (!Bucardo::installed()) throw NotHere("Bucardo is not installed (tools/install-packages bench)");
    return carried_by<BucardoOfWide>(bench, "Bucardo");
}

Measurement growth_to_large(Bench& bench) {
    const long long few = bench.at_most(10'000);
    const auto small = quiet_pair(bench, "growing", few);
    return growth(bench, *small, few, bench.large_synced("changelog"), bench.options().rows, 2.5);
}

Measurement growth_to_ten_million(Bench& bench) {
    if (!bench.options().ten_million) throw NotHere("asked for by --ten-million");
    const long long most = 10 * bench.options().rows;
    const auto huge = quiet_pair(bench, "growing", most);
    return growth(bench, bench.large_synced("changelog"), bench.options().rows, *huge, most, 1.3);
}

Measurement deleted_rows(Bench& bench) {
    const long long all = bench.at_most(200'000);
    Measurement measurement{.name = {},
                            .what = "rows deleted on the desktop, scattered, to the cloud",
                            .floor = "deleting them by key in the server",
                            .rows = all / 20};
    const auto pair = quiet_pair(bench, "deleting", all);
    make_twin(*pair);
    int repetition = 0;
    bench.repeat(measurement, bench.options().repeat, [&] {
        const long long rows = choose_rows(*pair, all, measurement.rows, repetition++);
        pair->desktop.exec("delete from wide t using changed c where t.job_id = c.job_id");
        return pair->compare(
            [&] { pair->cloud.exec("delete from wide_floor t using changed c where t.job_id = c.job_id"); },
            [&] { measurement.note(pair->sync(rows)); });
    });
    return measurement;
}

Measurement conflicting_rows(Bench& bench) {
    const long long all = bench.at_most(100'000);
    Measurement measurement{.name = {},
                            .what = "rows changed on both sides, the later edit wins",
                            .floor = "reading them by key on both sides + updating them on one",
                            .rows = std::min(1'000LL, all / 10)};
    const auto pair = quiet_pair(bench, "conflicts", all);
    make_twin(*pair);
    int repetition = 0;
    bench.repeat(measurement, bench.options().repeat, [&] {
        const long long rows = choose_rows(*pair, all, measurement.rows, repetition++);
        pair->cloud.exec(edit_wide("wide"));
        pair->desktop.exec(edit_wide("wide"));
        return pair->compare(
            [&] {
                read_chosen(pair->desktop);
                read_chosen(pair->cloud);
                pair->cloud.exec(edit_wide("wide_floor"));
            },
            [&] { measurement.note(pair->sync(rows)); });
    });
    return measurement;
}

}  // namespace tideway::bench
