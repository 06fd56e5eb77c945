#include "bench_server.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <signal.h>

#include <fstream>
#include <stdexcept>
#include <thread>

#include "support/pg_binaries.hpp"

namespace tideway::bench {
namespace {

constexpr int kVersion = 15;
constexpr auto kPatience = std::chrono::seconds(60);

}  // namespace

BenchServer::BenchServer(const std::string& settings) : dir_("/var/tmp", true), socket_dir_("/tmp", true) {
    test::make_data_directory(kVersion, dir_ / "data");
    // mmap keeps the shared memory of parallel queries inside the data directory: nothing is left after
    // SIGKILL.
    std::ofstream(dir_ / "data/postgresql.conf", std::ios::app) << fmt::format(
        "\nlisten_addresses = '127.0.0.1'\nwal_level = logical\nport = {}\nunix_socket_directories = '{}'\ndynamic_shared_memory_type = "
        "mmap\n{}\n",
        port_.port(), socket_dir_.path().string(), settings);
    start();
}

BenchServer::~BenchServer() {
    process_->signal(SIGQUIT);
    process_->wait(std::chrono::seconds(10));
}

std::string BenchServer::url(const std::string& database) const {
    return fmt::format("postgresql:///{}?host={}&port={}&user=postgres", database,
                       socket_dir_.path().string(), port_.port());
}

void BenchServer::start() {
    const std::string log = dir_ / "server.log";
    process_ = std::make_unique<test::Process>(
        std::vector<std::string>{test::pg_bin(kVersion) / "postgres", "-D", dir_ / "data"},
        test::ProcessOptions{.as_postgres = true, .append_to = log});
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (PQping(url("postgres").c_str()) != PQPING_OK) {
        if (!process_->running() || std::chrono::steady_clock::now() > end)
            throw std::runtime_error("PostgreSQL does not start:\n" + test::read_file(log));
        std::this_thread::sleep_for(test::Millis(10));
    }
}

}  // namespace tideway::bench
