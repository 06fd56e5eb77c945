// The threads of a service on sides that the test owns: they open when and how it says.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <new>
#include <thread>

#include "daemon/daemon.hpp"
#include "daemon/health.hpp"
#include "support/temp_dir.hpp"

namespace tideway::daemon {
namespace {

using Open = std::function<std::unique_ptr<Store>()>;

class OwnReach : public Reach {
  public:
    explicit OwnReach(Open open) : open_(std::move(open)) {}
    std::unique_ptr<Store> open(Side, WaitHook&) override { return open_(); }
    std::unique_ptr<Watch> watch(Side, WaitHook&) override { return nullptr; }
    std::string server(Side side) const override { return tideway::name(side); }
    void rest() override {}

  private:
    Open open_;
};

class PairThreads : public testing::Test {
  protected:
    // A pair whose sides open like that; it runs once at the start, and then every few minutes.
    Config pair(const std::string& name, Open open) {
        sides[name] = std::move(open);
        Config config;
        config.pair = name;
        config.path = folder / (name + ".toml");
        config.serve.memory = folder / (name + ".jobs");
        config.serve.jobs.resize(1);  // every five minutes
        return config;
    }
    void serve(std::vector<Config> configs) {
        Wiring wiring;
        wiring.reach = [this](const Config& config) { return std::make_unique<OwnReach>(sides.at(config.pair)); };
        wiring.run_json = [](const RunReport&) { return "{}"; };
        wiring.verify_json = [](const VerifyReport&) { return "{}"; };
        service = std::make_unique<Daemon>(wiring, real_world());
        service->reload({std::move(configs), {}});
    }
    PairState state(const std::string& name) {
        for (const PairState& each : service->pairs())
            if (each.name == name) return each;
        throw std::runtime_error("no pair " + name);
    }
    static void wait_until(const std::function<bool()>& holds) {
        for (int i = 0; i < 2'000 && !holds(); ++i) std::this_thread::sleep_for(Millis(10));
        ASSERT_TRUE(holds());
    }

    test::TempDir folder;
    std::map<std::string, Open> sides;
    std::unique_ptr<Daemon> service;
};

TEST_F(PairThreads, a_defect_in_one_pair_fails_its_run_and_no_other_pair) {
    std::atomic<int> others{0};
    Config broken = pair("broken", []() -> std::unique_ptr<Store> { throw std::bad_alloc(); });
    AlertSetting alert;
    alert.command = "cat > " + (folder / "told").string();
    alert.events = {AlertKind::run_failed};
    alert.memory = folder / "alerts";
    broken.alert = alert;
    serve({broken, pair("other", [&]() -> std::unique_ptr<Store> {
               ++others;
               throw Error(Code::no_rights, "it may not");
           })});
    wait_until([&] { return !service->history("broken", 1).empty() && others > 0; });
    const PastRun run = service->history("broken", 1).front();
    EXPECT_EQ(run.status, "failed");
    EXPECT_EQ(run.error_code, "TW901");
    EXPECT_EQ(run.exit_code, 70);
    wait_until([&] { return state("broken").phase == PairPhase::failed; });
    EXPECT_NE(test::read_file(folder / "told").find("TW901"), std::string::npos);
    const int before = others;
    service->request_run("other", {});
    wait_until([&] { return others > before; });
}

TEST_F(PairThreads, another_run_at_work_is_waited_for_and_is_no_failure) {
    std::atomic<int> tries{0};
    serve({pair("main", [&]() -> std::unique_ptr<Store> {
        if (++tries == 1) throw Error(Code::lease_held, "run 1 of another is at work");
        throw Error(Code::no_rights, "it may not");
    })});
    wait_until([&] { return tries > 0 && state("main").phase != PairPhase::running; });
    EXPECT_TRUE(ready(service->pairs()).good);
    EXPECT_TRUE(service->history("main", 9).empty());
    EXPECT_EQ(state("main").reason, "run 1 of another is at work");
    wait_until([&] { return !service->history("main", 9).empty(); });
    EXPECT_EQ(service->history("main", 9).size(), 1U);
    EXPECT_EQ(service->history("main", 9).front().error_code, "TW309");
}

// A table that is not there, for one: nothing is wrong with the pair.
TEST_F(PairThreads, what_somebody_asks_for_in_vain_is_no_trouble_of_the_pair) {
    Config config = pair("main", []() -> std::unique_ptr<Store> { throw Error(Code::usage, "no such table"); });
    config.serve.jobs.clear();
    serve({config});
    RunRequest request;
    request.sync.tables = {"nowhere"};
    request.sync.direction = Direction::forward;
    service->request_run("main", request);
    wait_until([&] { return !service->history("main", 1).empty() && state("main").phase != PairPhase::running; });
    EXPECT_TRUE(ready(service->pairs()).good);
    const PastRun run = service->history("main", 1).front();
    EXPECT_EQ(run.error_code, "TW106");
    EXPECT_EQ(run.tables, request.sync.tables);
    EXPECT_EQ(run.direction, Direction::forward);
}

// Else whoever watches would take the service for stuck and start it anew, again and again.
TEST_F(PairThreads, a_pair_that_waits_for_connections_shows_that_it_lives) {
    std::atomic<bool> go_on{false};
    std::atomic<int> opened{0};
    const Open slow = [&]() -> std::unique_ptr<Store> {
        for (++opened; !go_on;) std::this_thread::sleep_for(Millis(5));
        throw Error(Code::no_rights, "it may not");
    };
    Config one = pair("one", slow), other = pair("other", slow);
    one.serve.max_connections = other.serve.max_connections = 3;
    serve({one, other});
    const auto running = [&](const char* name) { return state(name).phase == PairPhase::running; };
    wait_until([&] { return opened == 1 && running("one") && running("other"); });
    const auto last_sign = [&] { return std::max(state("one").alive_at, state("other").alive_at); };
    const std::int64_t before = last_sign();
    for (int i = 0; i < 100 && last_sign() < before + 300'000; ++i) std::this_thread::sleep_for(Millis(20));
    EXPECT_GE(last_sign(), before + 300'000);
    EXPECT_EQ(opened, 1) << "it waits";
    go_on = true;
    wait_until([&] { return opened == 2; });
}

}  // namespace
}  // namespace tideway::daemon
