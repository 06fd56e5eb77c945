#include "bench_pair.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "cpu_time.hpp"

namespace tideway::bench {
namespace {

constexpr auto kDeadline = std::chrono::minutes(10);
constexpr int kSomethingWaits = 3;

std::runtime_error failed(const std::string& command, const MeasuredRun& run) {
    return std::runtime_error(
        fmt::format("tideway {} ended with exit code {}: {}{}", command, run.exit_code, run.err, run.out));
}

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

// A session's process counts once it has ended and its parent knows.
double cpu_since(pid_t server, const TreeTime& before) {
    TreeTime now = cpu_of_tree(server);
    for (int i = 0; i < 50 && now.children > before.children; ++i) {
        std::this_thread::sleep_for(test::Millis(10));
        now = cpu_of_tree(server);
    }
    return now.seconds - before.seconds;
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

MeasuredRun BenchPair::run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv{test::tideway_binary(), "-c", config_.path()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return measured_run(argv, kDeadline);
}

MeasuredRun BenchPair::command(const std::vector<std::string>& arguments) {
    MeasuredRun ended = run(arguments);
    if (ended.exit_code != 0) throw failed(arguments.front(), ended);
    return ended;
}

MeasuredRun BenchPair::sync(long long expected_writes, const std::string& mode) {
    MeasuredRun result = run({"sync", "--json", "--mode", mode});
    if (result.exit_code != 0 && result.exit_code != kSomethingWaits) throw failed("sync", result);
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

void BenchPair::sync_whatever_waits() {
    for (int i = 0; i < 2; ++i)
        if (const MeasuredRun ended = run({"sync", "--json"}); ended.exit_code != 0 && ended.exit_code != kSomethingWaits)
            throw failed("sync", ended);
}

void BenchPair::forget() { both("drop schema if exists tideway cascade"); }
void BenchPair::settle() { both("checkpoint"); }
void BenchPair::vacuum() { both("vacuum (analyze)"); }

Cost BenchPair::cost_of(const std::function<void()>& work) {
    const Servers& servers = databases_.servers();
    const TreeTime desktop_before = cpu_of_tree(servers.desktop.pid()), cloud_before = cpu_of_tree(servers.cloud.pid());
    const double own_before = cpu_of_us();
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    const double own = cpu_of_us() - own_before;
    return {elapsed.count(), own + cpu_since(servers.desktop.pid(), desktop_before) +
                                 cpu_since(servers.cloud.pid(), cloud_before)};
}

Sample BenchPair::compare(const std::function<void()>& floor, const std::function<void()>& own) {
    settle();
    const Cost least = cost_of(floor);
    settle();
    return {cost_of(own), least};
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

void on_both_at_once(BenchPair& pair, const std::string& desktop_sql, const std::string& cloud_sql) {
    pair.desktop.send(desktop_sql);
    pair.cloud.send(cloud_sql);
    pair.desktop.wait(kDeadline);
    pair.cloud.wait(kDeadline);
}

}  // namespace tideway::bench
