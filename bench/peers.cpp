// What others need to fill the same empty table, against the same floor. None of them keeps a base, a journal
// or receipts.
#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "cases.hpp"
#include "support/pg_binaries.hpp"
#include "support/process.hpp"
#include "upserts.hpp"
#include "wide_table.hpp"

namespace tideway::bench {
namespace {

constexpr auto kDeadline = std::chrono::minutes(20);
constexpr int kVersion = 15;

void shell(const std::string& command) {
    test::Process process({"/bin/sh", "-c", command});
    const auto code = process.wait(kDeadline);
    if (code != 0) throw std::runtime_error(fmt::format("{} failed:\n{}", command, process.err()));
}

bool installed(const std::string& program) {
    return test::Process({"/bin/sh", "-c", "command -v " + program}).wait(kDeadline) == 0;
}

template <typename Fill>
Measurement fill_by(Bench& bench, const std::string& what, const Fill& fill) {
    Measurement measurement{.name = {},
                            .what = what + " fills an empty table",
                            .floor = "COPY to COPY through one client",
                            .rows = bench.at_most(200'000)};
    const auto pair = bench.pair("peer");
    pair->both(create_wide("wide"));
    pair->desktop.exec(fill_wide("wide", measurement.rows));
    pair->desktop.exec("vacuum (analyze) wide");
    bench.repeat(measurement, bench.options().repeat, [&] {
        pair->cloud.exec("drop table if exists wide, wide_floor");
        pair->cloud.exec(create_wide("wide_floor"));
        pair->cloud.exec(create_wide("wide"));
        long long wal = 0;
        const Sample sample = pair->compare(
            [&] { copy_through(pair->desktop, "copy wide to stdout", pair->cloud, "copy wide_floor from stdin"); },
            [&] {
                wal = pair->cloud_wal();
                fill(*pair);
            });
        measurement.wal_bytes = pair->cloud_wal() - wal;
        if (pair->cloud.number("select count(*) from wide") != measurement.rows)
            throw std::runtime_error("not all rows have arrived");
        return sample;
    });
    return measurement;
}

void replicate(BenchPair& pair) {
    pair.desktop.exec("drop publication if exists peer");
    pair.desktop.exec("create publication peer for table wide");
    pair.cloud.exec(
        fmt::format("create subscription peer connection '{}' publication peer", pair.desktop_url()));
    while (pair.cloud.number("select count(*) from pg_subscription_rel where srsubstate = 'r'") == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    pair.cloud.exec("drop subscription peer");
}

std::string program(const char* name) { return (test::pg_bin(kVersion) / name).string(); }

}  // namespace

Measurement peer_dump(Bench& bench) {
    return fill_by(bench, "pg_dump | psql", [](BenchPair& pair) {
        shell(fmt::format("{} -a -t wide '{}' | {} -q -v ON_ERROR_STOP=1 '{}' >/dev/null", program("pg_dump"),
                          pair.desktop_url(), program("psql"), pair.cloud_url()));
    });
}

Measurement peer_upserts(Bench& bench) {
    return fill_by(bench, "INSERT .. ON CONFLICT, 1000 rows a statement,",
                   [](BenchPair& pair) { upsert_rows(pair, {"wide", "wide", "job_id"}); });
}

Measurement peer_replication(Bench& bench) { return fill_by(bench, "logical replication", replicate); }

Measurement peer_pgcopydb(Bench& bench) {
    if (!installed("pgcopydb"))
        throw NotHere("pgcopydb is not installed (tools/install-packages bench)");
    return fill_by(bench, "pgcopydb", [](BenchPair& pair) {
        shell(fmt::format(
            "dir=$(mktemp -d) && pgcopydb copy table-data --dir $dir/work --source '{}' --target '{}' "
            ">$dir/log 2>&1; code=$?; rm -rf $dir; exit $code",
            pair.desktop_url(), pair.cloud_url()));
    });
}

}  // namespace tideway::bench
