#include "cli/demo_servers.hpp"

#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/world.hpp"

namespace tideway::cli {
namespace {

namespace fs = std::filesystem;

constexpr Millis patience{60'000};
constexpr Millis poll_interval{50};

bool has_programs(const fs::path& folder) {
    for (const char* program : {"initdb", "postgres", "psql"})
        if (access((folder / program).c_str(), X_OK) != 0) return false;
    return true;
}

// "15", "9.6", "17beta1" -> what the newest is chosen by.
double version_of(const fs::path& folder) { return std::atof(folder.filename().c_str()); }

std::vector<fs::path> candidates() {
    std::vector<fs::path> folders;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", missing))
        folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end(),
              [](const fs::path& a, const fs::path& b) { return version_of(a) > version_of(b); });
    for (fs::path& folder : folders) folder /= "bin";
    const char* path = std::getenv("PATH");
    std::string rest = path == nullptr ? "" : path;
    for (std::size_t end = 0; !rest.empty(); rest.erase(0, end == std::string::npos ? end : end + 1)) {
        end = rest.find(':');
        folders.emplace_back(rest.substr(0, end));
    }
    return folders;
}

// PostgreSQL refuses to run as root.
std::optional<OsUser> server_user() {
    if (geteuid() != 0) return std::nullopt;
    const passwd* found = getpwnam("postgres");
    if (found == nullptr)
        throw Error(Code::usage,
                    "PostgreSQL refuses to run as root, and this machine has no user \"postgres\"",
                    "run the demo as an ordinary user");
    return OsUser{found->pw_uid, found->pw_gid};
}

std::string new_directory(const std::optional<OsUser>& user) {
    std::string path = "/tmp/tideway-demo-XXXXXX";  // short: the path of a socket is limited
    if (mkdtemp(path.data()) == nullptr || (user && chown(path.c_str(), user->user, user->group) != 0))
        throw Error(Code::usage, "no directory can be made in /tmp");
    return path;
}

int port(Side side) { return side == Side::desktop ? 5432 : 5433; }
const char* database(Side side) { return side == Side::desktop ? "office" : "app"; }

void check_stop() {
    if (real_world().stop.requested())
        throw Error(Code::interrupted, "the demo was asked to stop", "its servers and files are gone");
}

}  // namespace

std::string find_postgres_programs() {
    for (const fs::path& folder : candidates())
        if (has_programs(folder)) return folder.string();
    return "";
}

DemoServers::DemoServers(bool keep, std::string fixture)
    : keep_(keep), fixture_(std::move(fixture)), bin_(find_postgres_programs()) {
    if (bin_.empty())
        throw Error(Code::usage, "the demo finds no PostgreSQL server programs (initdb, postgres, psql)",
                    "install PostgreSQL (Debian: apt install postgresql), or put its bin folder into PATH");
    user_ = server_user();
    directory_ = new_directory(user_);
    try {
        for (const Side side : {Side::desktop, Side::cloud}) make(side);
        for (const Side side : {Side::desktop, Side::cloud}) start(side);
        for (const Side side : {Side::desktop, Side::cloud}) {
            wait_until_ready(side);
            psql(url_of(side, "postgres"), {"-c", fmt::format("create database {}", database(side))});
        }
    } catch (...) {
        keep_ = false;
        stop();
        throw;
    }
}

DemoServers::~DemoServers() { stop(); }

std::string DemoServers::data(Side side) const { return directory_ + "/" + name(side); }

std::string DemoServers::url_of(Side side, const std::string& database) const {
    return fmt::format("host={} port={} dbname={} user=demo", directory_, port(side), database);
}

std::string DemoServers::url(Side side) const { return url_of(side, database(side)); }

// The owner of the socket's directory is the only one who can connect, so no password is needed.
void DemoServers::make(Side side) {
    check_stop();
    const Finished done = run_to_end({bin_ + "/initdb", "--pgdata=" + data(side), "--username=demo",
                                      "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"},
                                     {user_, log()});
    if (done.exit_code != 0)
        throw Error(Code::server_unreachable, "initdb made no database cluster: " + last_words("servers.log"),
                    "is there room in /tmp?");
}

void DemoServers::start(Side side) {
    check_stop();
    const std::vector<std::string> settings = {
        "listen_addresses=", "unix_socket_directories=" + directory_, fmt::format("port={}", port(side)),
        "fsync=off", "shared_buffers=32MB", "dynamic_shared_memory_type=mmap",
        // The office's clock has no zone: its server runs on local time, the cloud on UTC.
        side == Side::desktop ? "timezone=Asia/Kolkata" : "timezone=UTC"};
    std::vector<std::string> argv = {bin_ + "/postgres", "-D", data(side)};
    for (const std::string& setting : settings) {
        argv.emplace_back("-c");
        argv.push_back(setting);
    }
    running_[side] = start_server(argv, {user_, log()}, keep_);
}

void DemoServers::wait_until_ready(Side side) {
    const std::int64_t end = real_world().clock.monotonic_micros() + patience.count() * 1000;
    const std::vector<std::string> probe = {bin_ + "/psql",           "-X", "-q",      "-d",
                                            url_of(side, "postgres"), "-c", "select 1"};
    while (run_to_end(probe, {std::nullopt, "/dev/null"}).exit_code != 0) {
        check_stop();
        const bool gone = waitpid(running_.at(side), nullptr, WNOHANG) != 0;
        if (gone) running_.erase(side);
        if (gone || real_world().clock.monotonic_micros() > end)
            throw Error(Code::server_unreachable, "PostgreSQL does not start: " + last_words("servers.log"));
        real_world().sleeper.sleep(poll_interval);
    }
}

void DemoServers::stop() noexcept {
    if (keep_) return;
    for (const auto& [side, pid] : running_)
        kill(pid, SIGQUIT);  // at once: nothing in it is worth a checkpoint
    for (const auto& [side, pid] : running_) waitpid(pid, nullptr, 0);
    running_.clear();
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
}

std::string DemoServers::last_words(const char* file) const {
    std::ifstream in(directory_ + "/" + file);
    const std::string log{std::istreambuf_iterator<char>(in), {}};
    return log.substr(log.size() - std::min<std::size_t>(log.size(), 500));
}

std::string DemoServers::psql(const std::string& url, const std::vector<std::string>& arguments) const {
    check_stop();
    std::vector<std::string> argv = {bin_ + "/psql",    "-X", "-q", "-A", "-t", "-v",
                                     "ON_ERROR_STOP=1", "-d", url};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const Finished done = run_to_end(argv, {std::nullopt, directory_ + "/psql.log"});
    check_stop();
    if (done.exit_code != 0)
        throw Error(Code::statement_failed,
                    fmt::format("the demo's database ({}): {}", url, last_words("psql.log")));
    std::string out = done.out;
    if (out.ends_with('\n')) out.pop_back();
    return out;
}

std::string DemoServers::query(Side side, const std::string& sql) { return psql(url(side), {"-c", sql}); }

std::string DemoServers::opener(Side side) const { return fmt::format("psql '{}'", url(side)); }

void DemoServers::fill() {
    run_file(Side::desktop, fixture_, {{"side", "desktop"}, {"scale", "1"}});
    run_file(Side::cloud, fixture_, {{"side", "cloud"}});
}

void DemoServers::run_file(Side side, const std::string& file,
                           const std::map<std::string, std::string>& variables) const {
    std::vector<std::string> arguments = {"-f", file};
    for (const auto& [variable, value] : variables) {
        arguments.emplace_back("-v");
        arguments.push_back(variable + "=" + value);
    }
    psql(url(side), arguments);
}

std::vector<std::string> DemoServers::removal() const {
    std::vector<std::string> commands;
    for (const auto& [side, pid] : running_) commands.push_back(fmt::format("kill -QUIT {}", pid));
    commands.push_back(fmt::format("rm -rf {}", directory_));
    return commands;
}

}  // namespace tideway::cli
