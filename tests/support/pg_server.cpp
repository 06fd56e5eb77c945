#include "support/pg_server.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/shm.h>

#include <fstream>
#include <stdexcept>
#include <thread>

#include "support/os_user.hpp"
#include "support/pg_binaries.hpp"

namespace tideway::test {
namespace fs = std::filesystem;
namespace {

constexpr auto kPatience = std::chrono::seconds(60);

fs::path roomy_directory() {
    std::error_code error;
    const fs::space_info shm = fs::space("/dev/shm", error);
    return !error && shm.available > (2ULL << 30) ? "/dev/shm" : "/var/tmp";
}

Settings default_settings() {
    return {{"shared_buffers", "64MB"},
            {"max_connections", "60"},
            {"dynamic_shared_memory_type", "mmap"},  // inside the data directory: nothing left after SIGKILL
            {"max_wal_size", "1GB"},
            {"timezone", "UTC"},
            {"log_timezone", "UTC"},
            {"lc_messages", "C.UTF-8"},
            {"log_line_prefix", "%m [%p] %q%u@%d "}};
}

std::string quoted(const std::string& value) {
    std::string text = "'";
    for (const char c : value) text += c == '\'' ? "''" : std::string(1, c);
    return text + "'";
}

// A killed server leaves its small System V segment behind; line 7 of postmaster.pid names it.
void remove_shared_memory(const fs::path& data) {
    std::ifstream file(data / "postmaster.pid");
    std::string line;
    for (int number = 1; number < 7; ++number) std::getline(file, line);
    unsigned long key = 0;
    int segment = 0;
    if (file >> key >> segment) shmctl(segment, IPC_RMID, nullptr);
}

}  // namespace

PgServer::PgServer(PgServerOptions options)
    : options_(std::move(options)), dir_(roomy_directory(), true), socket_dir_("/tmp", true) {
    make_data_directory(options_.version, data_directory());
    start();
}

PgServer::~PgServer() {
    if (process_) process_->kill_tree();
    remove_shared_memory(data_directory());
}

fs::path PgServer::data_directory() const { return dir_ / "data"; }
std::string PgServer::log() const { return read_file(dir_ / "server.log"); }

std::string PgServer::url(const std::string& dbname, const std::string& user) const {
    return fmt::format("postgresql://{}@127.0.0.1:{}/{}", user, port(), dbname);
}

std::string PgServer::socket_url(const std::string& dbname, const std::string& user) const {
    return fmt::format("postgresql:///{}?host={}&port={}&user={}", dbname, socket_directory(), port(), user);
}

void PgServer::configure(const Settings& settings) {
    for (const auto& [name, value] : settings) options_.settings[name] = value;
}

void PgServer::set_clock(const std::string& offset) { options_.clock = offset; }

void PgServer::write_configuration() const {
    Settings settings = default_settings();
    settings["fsync"] = options_.fsync ? "on" : "off";
    settings["listen_addresses"] = "127.0.0.1";
    settings["port"] = std::to_string(port());
    settings["unix_socket_directories"] = socket_directory();
    for (const auto& [name, value] : options_.settings) settings[name] = value;
    std::string conf;
    for (const auto& [name, value] : settings) conf += fmt::format("{} = {}\n", name, quoted(value));

    const char* others = options_.passwords ? "scram-sha-256" : "trust";
    const std::string hba = fmt::format(
        "local all,replication postgres trust\nhost all,replication postgres 127.0.0.1/32 trust\n"
        "local all all {0}\nhost all all 127.0.0.1/32 {0}\n",
        others);
    write_file(data_directory() / "postgresql.conf", conf);
    write_file(data_directory() / "pg_hba.conf", hba);
    give_to_postgres(data_directory() / "postgresql.conf");
    give_to_postgres(data_directory() / "pg_hba.conf");
}

Environment PgServer::environment() const {
    Environment env = options_.env;
    if (!options_.clock.empty()) {
        env["LD_PRELOAD"] = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
        env["FAKETIME"] = options_.clock;
        env["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
        env["FAKETIME_DISABLE_SHM"] = "1";
    }
    return env;
}

void PgServer::start() {
    require_stopped();
    write_configuration();
    process_ = std::make_unique<Process>(
        std::vector<std::string>{(pg_bin(options_.version) / "postgres").string(), "-D", data_directory()},
        ProcessOptions{.env = environment(), .as_postgres = true, .append_to = dir_ / "server.log"});
    wait_until_ready();
}

void PgServer::wait_until_ready() {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    const std::string probe = url("postgres") + "?connect_timeout=5";
    while (PQping(probe.c_str()) != PQPING_OK) {
        if (!process_->running() || std::chrono::steady_clock::now() > end)
            throw std::runtime_error("PostgreSQL does not start:\n" + log());
        std::this_thread::sleep_for(Millis(10));
    }
}

void PgServer::stop(StopMode mode) {
    if (!running()) return;
    process_->signal(mode == StopMode::fast ? SIGINT : SIGQUIT);
    if (!process_->wait(kPatience)) throw std::runtime_error("PostgreSQL does not stop:\n" + log());
}

void PgServer::restart(StopMode mode) {
    stop(mode);
    start();
}

void PgServer::kill9() {
    if (process_) process_->kill_tree();
}

void PgServer::pause() { process_->signal_tree(SIGSTOP); }
void PgServer::resume() { process_->signal_tree(SIGCONT); }

void PgServer::require_stopped() const {
    if (process_ && process_->running()) throw std::logic_error("stop the PostgreSQL server first");
}

void PgServer::copy_data_dir_to(const fs::path& copy) {
    require_stopped();
    run_checked({"cp", "-a", "--reflink=auto", data_directory(), copy});
}

void PgServer::copy_running_data_dir_to(const fs::path& copy) {
    pause();
    run_checked({"cp", "-a", "--reflink=auto", data_directory(), copy});
    resume();
    fs::remove(copy / "postmaster.pid");
}

void PgServer::restore_from(const fs::path& copy) {
    require_stopped();
    fs::remove_all(data_directory());
    run_checked({"cp", "-a", "--reflink=auto", copy, data_directory()});
}

}  // namespace tideway::test
