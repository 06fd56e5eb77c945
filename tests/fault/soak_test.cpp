// The service under load for a long time: users who write on both sides and look at the console, servers that
// restart, links that break, a service that is killed. Nothing leaks, the lag goes back to normal after each
// fault, and the checker finds nothing lost. Five minutes; half an hour with TIDEWAY_TEST_LONG (`./run-tests
// --long fault_soak`), or TIDEWAY_TEST_SOAK seconds.
#include <signal.h>

#include "fault/random_scene.hpp"
#include "support/free_port.hpp"
#include "support/http_client.hpp"
#include "support/process_usage.hpp"

namespace tideway::test {
namespace {

using std::chrono::steady_clock;

constexpr const char* roles[2] = {"office_sync", "office_sync"};
constexpr std::chrono::seconds interval{5};     // of the job
constexpr std::chrono::seconds from_fault{10};  // to the next one

std::chrono::seconds soak_time() {
    if (const char* given = std::getenv("TIDEWAY_TEST_SOAK")) return std::chrono::seconds(std::stol(given));
    return std::chrono::seconds(std::getenv("TIDEWAY_TEST_LONG") != nullptr ? 1'800 : 300);
}

struct Held {  // by the service
    ProcessUsage usage;
    long connections = 0, runs = 0;  // on one server; that the desktop database remembers
    std::string text() const {
        return fmt::format("{} KiB, {} threads, {} files, {} connections, {} runs remembered", usage.kib,
                           usage.threads, usage.files, connections, runs);
    }
};

class Soak {
  public:
    Soak() : tables_(dice_), users_(dice_, {url(0), url(1)}) {
        history_.tables = tables_.rules();
        for (std::size_t side = 0; side < 2; ++side) {
            Db(server(side).url("postgres"))
                .exec(fmt::format("create database {} template template0", databases[side]));
            Db db(url(side));
            db.exec(random_schema(checker::sides[side]));
            db.exec("create table pulse (id int primary key, beat int)");
            checker::install_audit(db, history_.tables, roles[side]);
        }
        write_config();
    }

    void live(std::chrono::seconds time) {
        start();
        for (int i = 0; i < 5; ++i) {
            write_a_little();
            normal_ = std::max(normal_, lag());
        }
        const auto begin = steady_clock::now();
        const auto passed = [&] { return steady_clock::now() - begin; };
        int faults = 0;
        while (passed() < time) {
            const auto until = steady_clock::now() + from_fault;
            while (steady_clock::now() < until) write_a_little();
            // The second half begins with what the first has left, and its service lives to the end.
            if (!first_ && passed() > time / 2) first_ = held();
            strike(faults++, passed() > time / 2);
            expect_lag_back_to_normal(faults);
            look_at_the_console();
            if (faults % 10 == 0) fmt::print("{:4} s: {}\n", seconds_of(passed()), held().text());
        }
        users_.forget_sessions();
        last_ = held();
    }
    void expect_no_leak() const {
        ASSERT_TRUE(first_);
        fmt::print("half time: {}\nend: {}\nlag at most {} ms without faults, {} ms after one\n",
                   first_->text(), last_.text(), normal_.count(), worst_.count());
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep what was freed
        EXPECT_LT(last_.usage.kib, first_->usage.kib + 16 * 1024);
#endif
        EXPECT_LE(last_.usage.threads, first_->usage.threads);
        EXPECT_LE(last_.usage.files, first_->usage.files + 4);
        EXPECT_LE(last_.connections, 8);
        EXPECT_LE(last_.runs, 1'000);
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
        fmt::print("{} user transactions, {} writes, {} violations\n", history_.users.size(),
                   history_.writes.size(), verdict.size());
    }

  private:
    // The servers come from one copy: only the names tell their databases apart.
    static constexpr const char* databases[2] = {"soak_desktop", "soak_cloud"};
    PgServer& server(std::size_t side) { return side == 0 ? world_.desktop : world_.cloud; }
    TcpProxy& proxy(std::size_t side) { return side == 0 ? world_.desktop_proxy : world_.cloud_proxy; }
    std::string url(std::size_t side) { return server(side).url(databases[side]); }

    void write_config() {
        config_.rewrite(fmt::format(
            "[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n[guard]\nmax_deletes = '100%'\nmax_updates = "
            "'100%'\n"
            "max_shrinkage = '100%'\nstop_emptied = false\n[serve]\nlisten = "
            "'127.0.0.1:{}'\n[[serve.job]]\nevery = '{}s'\n"
            "[[serve.job]]\nevery = '61s'\nmode = 'full'\n[[serve.job]]\nevery = '97s'\nrun = 'verify'\n"
            "{}[[table]]\nname = 'pulse'\ncapture = 'changelog'\n",
            proxy(0).url(databases[0], roles[0]), proxy(1).url(databases[1], roles[1]), port_.port(),
            interval.count(), tables_.toml()));
    }
    void start() { service_ = start_tideway(config_, {"serve"}); }
    static long seconds_of(steady_clock::duration time) {
        return static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(time).count());
    }

    void write_a_little() {
        for (int i = 1 + dice_.below(3); i > 0; --i) users_.act();
        std::this_thread::sleep_for(Millis(50 + dice_.below(200)));
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

    // Until a row from each side is on the other.
    Millis lag() {
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
            if (steady_clock::now() - begin > std::chrono::seconds(120))
                throw std::runtime_error("nothing crosses any more\n" + service_->err());
        }
        return std::chrono::duration_cast<Millis>(steady_clock::now() - begin);
    }
    // Within two intervals, and what a row needs on this machine without any fault.
    void expect_lag_back_to_normal(int fault) {
        const Millis took = lag();
        worst_ = std::max(worst_, took);
        EXPECT_LT(took, 2 * interval + normal_) << "after fault " << fault << "\n" << service_->err();
    }

    // As a person with the overview open, who comes and goes, and a Prometheus do.
    void look_at_the_console() {
        const std::string token =
            read_file(std::filesystem::path(config_.path()).replace_extension(".token"));
        const HttpHeaders headers = {{"Authorization", "Bearer " + token.substr(0, token.find('\n'))}};
        for (const std::string path :
             {"/api/v1/pairs", "/api/v1/pairs/main/status", "/metrics", "/api/v1/pairs/main/runs"}) {
            const HttpAnswer answer = ask_http(port_.port(), {"GET", path, headers});
            EXPECT_EQ(answer.status, 200) << path << answer.head << answer.body;
            for (const char* wrong : {"\"differs\"", "\"exit_code\":70"})
                EXPECT_EQ(answer.body.find(wrong), std::string::npos) << answer.body;
        }
        HttpConnection watcher(port_.port());
        watcher.say(fmt::format("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n{}: {}\r\n\r\n",
                                headers[0].first, headers[0].second));
        EXPECT_NE(watcher.hear("event: ").find("event: "), std::string::npos);
    }

    Held held() {
        Held held{usage_of(service_->pid()), 0, Db(url(0)).number("select count(*) from tideway.run")};
        for (std::size_t side = 0; side < 2; ++side)
            held.connections = std::max<long>(
                held.connections,
                Db(server(side).url("postgres"))
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
    PortLease port_;
    std::unique_ptr<Process> service_;
    std::optional<Held> first_;
    Held last_;
    int beats_ = 0;
    Millis normal_{0}, worst_{0};  // lags without faults, and after them
};

TEST(Soak, TheServiceLosesNothingLeaksNothingAndCatchesUpAfterEachFault) {
    Soak soak;
    soak.live(soak_time());
    soak.expect_no_leak();
    soak.expect_nothing_lost();
}

}  // namespace
}  // namespace tideway::test
