// What the journal, the comparison of every table's counters with the plan, and the row guards add to an
// apply transaction: the same changed rows with all of them, and without. The cloud's server says in
// its log how long each statement took; without means: row guards off, and those statements left out of the
// sum.
#include <fmt/format.h>

#include <regex>
#include <stdexcept>

#include "cases.hpp"
#include "wide_table.hpp"

namespace tideway::bench {
namespace {

struct ApplyTime {
    double all = 0, safeguards = 0;  // seconds
};

bool is_safeguard(const std::string& statement) {
    for (const char* part : {"INTO tideway.journal", "tideway_before"})
        if (statement.find(part) != std::string::npos) return true;
    return false;
}

// Of the apply transactions that this part of a log tells of, from their work tables to their COMMIT.
ApplyTime apply_time(const std::string& log) {
    static const std::regex entry(R"(duration: ([0-9.]+) ms  (\w+)[^:]*: )");
    ApplyTime time;
    bool inside = false;
    const std::sregex_iterator end;
    for (std::sregex_iterator at(log.begin(), log.end(), entry); at != end; ++at) {
        const auto from = static_cast<std::size_t>(at->position() + at->length());
        const auto next = std::next(at);
        const std::string statement =
            log.substr(from, (next == end ? log.size() : static_cast<std::size_t>(next->position())) - from);
        if (statement.find("TABLE tideway_outcome") != std::string::npos) inside = true;
        if (!inside) continue;
        const double seconds = std::stod((*at)[1]) / 1000;
        time.all += seconds;
        if (is_safeguard(statement)) time.safeguards += seconds;
        if (statement.starts_with("COMMIT")) inside = false;
    }
    if (time.all == 0 || time.safeguards == 0) throw std::runtime_error("the server's log tells nothing");
    return time;
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
    const std::size_t before = pair.cloud_log().size();
    pair.sync(rows);
    return apply_time(pair.cloud_log().substr(before));
}

}  // namespace

Measurement guarded_apply(Bench& bench) {
    Measurement measurement{.name = {},
                            .what = "applying a tenth of these rows, changed, in the cloud",
                            .floor = "the same without journal, comparison with the plan and row guards",
                            .rows = bench.at_most(100'000),
                            .goal = {.ratio = 1.35}};
    const auto pair = bench.pair("guarded");
    pair->both(create_wide("wide"));
    pair->both(fill_wide("wide", measurement.rows));
    pair->both("create table changed (job_id bigint primary key)");
    pair->both(fmt::format("insert into changed select i from generate_series(1, {}, 10) i", measurement.rows));
    const long long changed = pair->desktop.number("select count(*) from changed");
    pair->cloud.exec(
        "do $$ begin execute format('alter database %I set log_min_duration_statement = 0', "
        "current_database()); end $$");
    use(*pair, true);
    pair->vacuum();
    bench.repeat(measurement, bench.options().repeat, [&] {
        use(*pair, false);
        const ApplyTime bare = apply_changes(*pair, changed);
        use(*pair, true);
        const ApplyTime guarded = apply_changes(*pair, changed);
        return Sample{{guarded.all, 0}, {bare.all - bare.safeguards - image_time(*pair), 0}};
    });
    return measurement;
}

}  // namespace tideway::bench
