// The service under load for a long time: users who write on both sides, servers that restart, links that break, a
// service that is killed. Nothing leaks, the lag goes back to normal after each fault, and the checker finds nothing
// lost. One minute; TIDEWAY_TEST_SOAK=SECONDS for another time, half an hour with TIDEWAY_TEST_LONG.
#include <dirent.h>
#include <signal.h>

#include <fstream>

#include "fault/random_scene.hpp"

namespace tideway::test {
namespace {

using std::chrono::steady_clock;

constexpr const char* roles[2] = {"office_sync", "office_sync"};
constexpr std::chrono::seconds interval{4};  // of the job

std::chrono::seconds soak_time() {
    if (const char* given = std::getenv("TIDEWAY_TEST_SOAK")) return std::chrono::seconds(std::stol(given));
    return std::chrono::seconds(std::getenv("TIDEWAY_TEST_LONG") != nullptr ? 1'800 : 60);
}

struct Held {  // by the service
    long kib = 0, files = 0, connections = 0;
};

long memory_kib(pid_t pid) {
    std::ifstream status(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    return 0;
}

long open_files(pid_t pid) {
    DIR* folder = ::opendir(fmt::format("/proc/{}/fd", pid).c_str());
    long count = 0;
    while (folder != nullptr && ::readdir(folder) != nullptr) ++count;
    if (folder != nullptr) ::closedir(folder);
    return count;
}

class Soak {
  public:
    Soak() : tables_(dice_), users_(dice_, {url(0), url(1)}) {
        history_.tables = tables_.rules();
        for (std::size_t side = 0; side < 2; ++side) {
            Db(server(side).url("postgres")).exec(fmt::format("create database {} template template0", databases[side]));
            Db db(url(side));
            db.exec(random_schema(checker::sides[side]));
            db.exec("create table pulse (id int primary key, beat int)");
            checker::install_audit(db, history_.tables, roles[side]);
        }
        write_config();
    }

    void live(std::chrono::seconds time) {
        start();
        const auto begin = steady_clock::now();
        const auto passed = [&] { return steady_clock::now() - begin; };
        int faults = 0;
        while (passed() < time) {
            const auto until = steady_clock::now() + time / 12;
            while (steady_clock::now() < until) write_a_little();
            // The second half begins with what the first has left, and its service lives to the end.
            if (!first_ && passed() > time / 2) first_ = held();
            strike(faults++, passed() > time / 2);
            expect_lag_back_to_normal();
        }
        users_.forget_sessions();
        last_ = held();
    }
    void expect_no_leak() const {
        ASSERT_TRUE(first_);
        fmt::print("service: {} -> {} KiB, {} -> {} files, {} -> {} connections; {} beats, lag at most {} ms\n",
                   first_->kib, last_.kib, first_->files, last_.files, first_->connections, last_.connections, beats_,
                   worst_.count());
        EXPECT_LT(last_.kib, first_->kib + 24 * 1024);
        EXPECT_LE(last_.files, first_->files + 4);
        EXPECT_LE(last_.connections, 8);
    }
    void expect_nothing_lost() {
        service_->signal(SIGTERM);
        EXPECT_EQ(service_->wait(std::chrono::seconds(12)), 0) << service_->err();
        for (int i = 0; i < 3; ++i) peaceful_run(i == 1 ? "full" : "incremental");
        for (const checker::Side side : checker::sides) {
            Db db(url(checker::index(side)));
            history_.quiet_since[checker::index(side)] = checker::last_audit_seq(db);
        }
        peaceful_run("incremental");
        Db desktop(url(0)), cloud(url(1));
        history_.users = users_.log();
        checker::collect(history_, desktop, cloud);
        checker::Verdict verdict = checker::judge(history_);
        std::erase_if(verdict, [](const checker::Violation& each) { return each.invariant == "I6"; });
        EXPECT_TRUE(verdict.empty()) << checker::describe(history_, verdict);
        fmt::print("{} user transactions, {} writes, {} violations\n", history_.users.size(), history_.writes.size(),
                   verdict.size());
    }

  private:
    // The servers come from one copy: only the names tell their databases apart.
    static constexpr const char* databases[2] = {"soak_desktop", "soak_cloud"};
    PgServer& server(std::size_t side) { return side == 0 ? world_.desktop : world_.cloud; }
    TcpProxy& proxy(std::size_t side) { return side == 0 ? world_.desktop_proxy : world_.cloud_proxy; }
    std::string url(std::size_t side) { return server(side).url(databases[side]); }

    void write_config() {
        config_.rewrite(fmt::format(
            "[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n"
            "max_shrinkage = '100%'\nstop_emptied = false\n[serve]\nlisten = ''\n[[serve.job]]\nevery = '{}s'\n"
            "{}[[table]]\nname = 'pulse'\ncapture = 'changelog'\n",
            proxy(0).url(databases[0], roles[0]), proxy(1).url(databases[1], roles[1]), interval.count(), tables_.toml()));
    }
    void start() { service_ = start_tideway(config_, {"serve"}); }

    void write_a_little() {
        for (int i = 1 + dice_.below(4); i > 0; --i) users_.act();
        std::this_thread::sleep_for(Millis(20 + dice_.below(80)));
    }

    void strike(int number, bool service_lives) {
        PgServer& server = dice_.one_in(2) ? world_.desktop : world_.cloud;
        TcpProxy& link = proxy(dice_.one_in(2) ? 0 : 1);
        switch (number % 5) {
            case 0:
                return link.drop_connections();
            case 1:
                return server.restart(StopMode::immediate);
            case 2:
                link.blackhole(true);
                for (int i = 0; i < 20; ++i) write_a_little();
                link.blackhole(false);
                return;
            case 3:
                if (service_lives) return link.drop_connections();
                service_->kill_tree();
                return start();
            default:
                return server.restart(StopMode::fast);
        }
    }

    // A row from each side to the other.
    void expect_lag_back_to_normal() {
        Db desktop(url(0)), cloud(url(1));
        const auto begin = steady_clock::now();
        ++beats_;
        desktop.exec(fmt::format("insert into pulse values ({}, 0)", 2 * beats_));
        cloud.exec(fmt::format("insert into pulse values ({}, 0)", 2 * beats_ + 1));
        const auto both = [&](Db& db) {
            return db.number(fmt::format("select count(*) from pulse where id in ({}, {})", 2 * beats_,
                                         2 * beats_ + 1)) == 2;
        };
        while (!both(desktop) || !both(cloud)) {
            std::this_thread::sleep_for(Millis(20));
            if (steady_clock::now() - begin > std::chrono::seconds(60))
                throw std::runtime_error("nothing crosses any more\n" + service_->err());
        }
        const auto took = std::chrono::duration_cast<Millis>(steady_clock::now() - begin);
        worst_ = std::max(worst_, took);
        EXPECT_LT(took, 2 * interval) << "after fault " << beats_ << "\n" << service_->err();
    }

    Held held() {
        Held held{memory_kib(service_->pid()), open_files(service_->pid()), 0};
        for (std::size_t side = 0; side < 2; ++side)
            held.connections = std::max<long>(
                held.connections, Db(server(side).url("postgres"))
                                      .number("select count(*) from pg_stat_activity where application_name = 'tideway'"));
        return held;
    }

    void peaceful_run(const std::string& mode) {
        const TidewayResult result = run_tideway(config_, {"sync", "--json", "--mode", mode});
        EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << result.out << result.err;
    }

    RandomWorld world_;
    Dice dice_{20261126};
    RandomTables tables_;
    RandomUsers users_;
    checker::History history_;
    ConfigFile config_{""};
    std::unique_ptr<Process> service_;
    std::optional<Held> first_;
    Held last_;
    int beats_ = 0;
    Millis worst_{0};
};

TEST(Soak, TheServiceLosesNothingLeaksNothingAndCatchesUpAfterEachFault) {
    Soak soak;
    soak.live(soak_time());
    soak.expect_no_leak();
    soak.expect_nothing_lost();
}

}  // namespace
}  // namespace tideway::test
