#include "bench_pair.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <stdexcept>

namespace tideway::bench {
namespace {

constexpr auto kDeadline = std::chrono::minutes(10);

long long writes_in(const nlohmann::json& report) {
    long long sum = 0;
    for (const auto& table : report.at("tables"))
        for (const char* direction : {"to_cloud", "to_desktop"})
            for (const char* kind : {"inserted", "updated", "deleted"})
                sum += table.at(direction).at(kind).get<long long>();
    return sum;
}

struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

void expect(test::Db& db, ExecStatusType wanted) {
    const Result result(PQgetResult(db.handle()));
    if (PQresultStatus(result.get()) != wanted) throw std::runtime_error(PQerrorMessage(db.handle()));
}

void start_copy(test::Db& db, const std::string& sql, ExecStatusType wanted) {
    if (PQsendQuery(db.handle(), sql.c_str()) == 0) throw std::runtime_error(PQerrorMessage(db.handle()));
    expect(db, wanted);
}

// COMMAND_OK, and the empty result that ends a command.
void finish_copy(test::Db& db) {
    expect(db, PGRES_COMMAND_OK);
    while (Result(PQgetResult(db.handle()))) continue;
}

}  // namespace

Databases::Databases(Servers& servers, const std::string& name) : servers_(servers), name_(name) {
    test::Db(servers.desktop.url("postgres")).exec(fmt::format("create database {}_desktop", name));
    test::Db(servers.cloud.url("postgres")).exec(fmt::format("create database {}_cloud", name));
}

Databases::~Databases() {
    try {
        test::Db(servers_.desktop.url("postgres"))
            .exec(fmt::format("drop database {}_desktop with (force)", name_));
        test::Db(servers_.cloud.url("postgres"))
            .exec(fmt::format("drop database {}_cloud with (force)", name_));
    } catch (const std::exception&) {  // the servers' directories are removed anyway
    }
}

BenchPair::BenchPair(Servers& servers, const std::string& name)
    : databases_(servers, name), desktop(databases_.desktop_url()), cloud(databases_.cloud_url()) {}

void BenchPair::both(const std::string& sql) {
    desktop.exec(sql);
    cloud.exec(sql);
}

void BenchPair::configure(const std::string& toml) { configure(toml, databases_.cloud_url()); }

void BenchPair::configure(const std::string& toml, const std::string& cloud_url) {
    config_.rewrite(fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}", databases_.desktop_url(),
                                cloud_url, toml));
}

long long BenchPair::cloud_wal() {
    return cloud.number("select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint");
}

MeasuredRun BenchPair::command(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv{test::tideway_binary(), "-c", config_.path()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    MeasuredRun run = measured_run(argv, kDeadline);
    if (run.exit_code != 0)
        throw std::runtime_error(fmt::format("tideway {} ended with exit code {}:\n{}{}", arguments.front(),
                                             run.exit_code, run.out, run.err));
    return run;
}

MeasuredRun BenchPair::sync(long long expected_writes) {
    MeasuredRun result = command({"sync", "--json"});
    const long long writes = writes_in(nlohmann::json::parse(result.out));
    if (writes != expected_writes)
        throw std::runtime_error(
            fmt::format("the run wrote {} rows instead of {}:\n{}", writes, expected_writes, result.out));
    return result;
}

void BenchPair::sync_until_quiet() {
    for (int i = 0; i < 2; ++i) command({"sync", "--json"});
    sync(0);
}

void BenchPair::forget() { both("drop schema if exists tideway cascade"); }
void BenchPair::settle() { both("checkpoint"); }
void BenchPair::vacuum() { both("vacuum (analyze)"); }

double timed(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void copy_through(test::Db& from, const std::string& copy_out, test::Db& to, const std::string& copy_in) {
    start_copy(from, copy_out, PGRES_COPY_OUT);
    start_copy(to, copy_in, PGRES_COPY_IN);
    char* row = nullptr;
    int size = 0;
    while ((size = PQgetCopyData(from.handle(), &row, 0)) > 0) {
        const int sent = PQputCopyData(to.handle(), row, size);
        PQfreemem(row);
        if (sent != 1) throw std::runtime_error(PQerrorMessage(to.handle()));
    }
    if (size != -1) throw std::runtime_error(PQerrorMessage(from.handle()));
    finish_copy(from);
    if (PQputCopyEnd(to.handle(), nullptr) != 1) throw std::runtime_error(PQerrorMessage(to.handle()));
    finish_copy(to);
}

double read_both(BenchPair& pair, const std::string& desktop_sql, const std::string& cloud_sql) {
    return timed([&] {
        pair.desktop.send(desktop_sql);
        pair.cloud.send(cloud_sql);
        pair.desktop.wait(kDeadline);
        pair.cloud.wait(kDeadline);
    });
}

}  // namespace tideway::bench
