#include "bucardo.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "support/process.hpp"

namespace tideway::bench {
namespace {

constexpr auto kDeadline = std::chrono::minutes(2);

int shell(const std::string& command, std::string& told) {
    test::Process process({"/bin/sh", "-c", command});
    const auto code = process.wait(kDeadline);
    told = process.out() + process.err();
    return code.value_or(-1);
}

std::string where(test::Db& side) {
    return fmt::format("host={} port={} user={}", side.scalar("show unix_socket_directories"), side.scalar("show port"),
                       side.scalar("select current_user"));
}

}  // namespace

// It needs PL/Perl in the server as well.
bool Bucardo::installed() {
    std::string told;
    return shell("command -v bucardo && ls /usr/lib/postgresql/15/lib/plperl.so", told) == 0;
}

// Its commands make paths lower case.
Bucardo::Bucardo(BenchPair& pair, const std::string& table)
    : pair_(pair), dir_(std::filesystem::temp_directory_path() / fmt::format("tideway_bucardo_{}", getpid())) {
    std::filesystem::create_directories(dir_);
    const std::string host = pair.desktop.scalar("show unix_socket_directories"), port = pair.desktop.scalar("show port"),
                      user = pair.desktop.scalar("select current_user");
    const auto client = [&](const std::string& database, const std::string& role) {
        return fmt::format("cd {0} && PGUSER={4} bucardo --db-host {1} --db-port {2} --db-name {3} --db-user {4} ",
                           dir_.string(), host, port, database, role);
    };
    client_ = client("postgres", user);
    run(fmt::format("install --batch --pid-dir {}", dir_.string()));
    client_ = client("bucardo", "bucardo");
    add_database("desktop", pair.desktop);
    add_database("cloud", pair.cloud);
    run(fmt::format("add table public.{} db=desktop relgroup=rows", table));
    run("add sync rows relgroup=rows dbs=desktop:source,cloud:target");
    run(fmt::format("start --log-destination {}", dir_.string()));
    wait_until_it_listens();
}

Bucardo::~Bucardo() {
    std::string told;
    shell(client_ + "stop", told);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const char* others = "select count(*) from pg_stat_activity where usename is not null and pid <> pg_backend_pid() and "
                         "application_name ilike '%bucardo%'";
    while (std::chrono::steady_clock::now() < end && pair_.desktop.number(others) + pair_.cloud.number(others) > 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
}

void Bucardo::run(const std::string& arguments) const {
    std::string told;
    if (shell(client_ + arguments, told) != 0) throw std::runtime_error(fmt::format("bucardo {} failed:\n{}", arguments, told));
}

void Bucardo::add_database(const std::string& name, test::Db& side) const {
    run(fmt::format("add db {} dbname={} {}", name, side.scalar("select current_database()"), where(side)));
}

// Its controller answers a ping once everything has started; the worker that copies starts with the first change.
void Bucardo::wait_until_it_listens() const { run("ping 60"); }

}  // namespace tideway::bench
