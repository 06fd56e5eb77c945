#include "support/pgbouncer.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <stdexcept>
#include <thread>

#include "support/os_user.hpp"

namespace tideway::test {
namespace {

Settings settings_of(const PgbouncerOptions& options, std::uint16_t port, const std::string& dir) {
    Settings settings{{"listen_addr", "127.0.0.1"},
                      {"listen_port", std::to_string(port)},
                      {"unix_socket_dir", ""},
                      {"pool_mode", options.pool_mode},
                      {"default_pool_size", std::to_string(options.pool_size)},
                      {"max_client_conn", "200"},
                      {"auth_type", "hba"},
                      {"auth_hba_file", dir + "/hba.conf"},
                      {"auth_file", dir + "/users.txt"},
                      {"admin_users", "postgres"},
                      {"ignore_startup_parameters", "extra_float_digits"}};
    for (const auto& [name, value] : options.settings) settings[name] = value;
    return settings;
}

}  // namespace

Pgbouncer::Pgbouncer(const PgServer& server, const PgbouncerOptions& options) : dir_("/tmp", true) {
    std::string ini = fmt::format("[databases]\n* = host=127.0.0.1 port={} auth_user=postgres\n[pgbouncer]\n",
                                  server.port());
    for (const auto& [name, value] : settings_of(options, port(), dir_.path()))
        ini += fmt::format("{} = {}\n", name, value);
    write_file(dir_ / "pgbouncer.ini", ini, 0644);
    write_file(dir_ / "users.txt", "\"postgres\" \"\"\n", 0644);
    write_file(dir_ / "hba.conf",
               fmt::format("host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 {}\n",
                           server.passwords() ? "scram-sha-256" : "trust"),
               0644);
    start();
}

void Pgbouncer::start() {
    process_ =
        std::make_unique<Process>(std::vector<std::string>{"/usr/sbin/pgbouncer", dir_ / "pgbouncer.ini"},
                                  ProcessOptions{.as_postgres = true, .append_to = dir_ / "pgbouncer.log"});
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const std::string probe = admin_url();
    while (PQping(probe.c_str()) != PQPING_OK) {
        if (!process_->running() || std::chrono::steady_clock::now() > end)
            throw std::runtime_error("pgbouncer does not start:\n" + log());
        std::this_thread::sleep_for(Millis(10));
    }
}

std::string Pgbouncer::url(const std::string& dbname, const std::string& user) const {
    return fmt::format("postgresql://{}@127.0.0.1:{}/{}", user, port(), dbname);
}

std::string Pgbouncer::log() const { return read_file(dir_ / "pgbouncer.log"); }

}  // namespace tideway::test
