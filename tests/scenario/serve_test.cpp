// The service on real servers: jobs, changes that start a run, servers that go and come, its end.
#include "scenario/serving.hpp"

#include <libpq-fe.h>

#include "support/pgbouncer.hpp"

namespace tideway::test {
namespace {

const std::string by_log = "[sync]\ncapture = 'changelog'\n";

// For a change to cross while other tests are at work: 1.1 s, on a busier machine twice what a run by hand takes there.
Millis soon_enough(LivePair& pair) {
    std::vector<Millis> runs;
    for (int i = 0; i < 3; ++i) {
        pair.desktop.exec(fmt::format("update note set n = n + 1 where id = {}", i + 1));
        runs.push_back(pair.sync().duration);
    }
    return std::max(Millis(1'100), 2 * median(runs));
}

// Single changes, as people make them: the next one does not meet the end of the run before.
void let_it_rest() { std::this_thread::sleep_for(Millis(150)); }

class Served : public testing::Test {
  protected:
    // Twenty notes on both sides that agree; what follows is the service's part of the configuration.
    void agree(LivePair& pair, const std::string& serve, const std::string& sync = by_log) {
        pair.both(note_table);
        pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 20) i");
        pair.configure(sync + no_console + serve + note_config);
        ASSERT_EXIT_CODE(0, pair.sync());
    }
};

TEST_F(Served, AJobRunsInItsInterval) {
    LivePair pair("serve");
    agree(pair, "push = false\n[[serve.job]]\nevery = '1s'\n");
    Serving service(pair);
    crossing(pair.desktop, pair.cloud, 21, "office");
    crossing(pair.cloud, pair.desktop, 22, "phone");
    EXPECT_EQ(service.stop().first, 0);
    expect_quiet(pair);
}

TEST_F(Served, AJobRunsInItsDirectionAndOverItsTables) {
    LivePair pair("serve");
    pair.both("create table another (id int primary key)");
    agree(pair, "push = false\n[[serve.job]]\nevery = '1s'\ndirection = 'forward'\ntables = ['note']\n"
                "[[table]]\nname = 'another'\n");
    pair.cloud.exec("insert into note values (30, 'phone')");
    pair.desktop.exec("insert into another values (1)");
    Serving service(pair);
    crossing(pair.desktop, pair.cloud, 21, "by the first run");
    crossing(pair.desktop, pair.cloud, 22, "by another one");
    EXPECT_EQ(service.stop().first, 0);
    EXPECT_FALSE(shows(pair.desktop, 30, "phone"));
    EXPECT_EQ(pair.cloud.number("select count(*) from another"), 0);
}

// Where the triggers of the changelog tell the service, on both sides.
TEST_F(Served, AChangeCrossesAtOnceWhereTheServersTellOfIt) {
    LivePair pair("serve");
    agree(pair, seldom);
    const Millis soon = soon_enough(pair);
    Serving service(pair);
    crossing(pair.desktop, pair.cloud, 20, "warm");
    crossing(pair.cloud, pair.desktop, 20, "warmer");
    std::vector<Millis> forward, reverse;
    for (int i = 0; i < 7; ++i) {
        let_it_rest();
        forward.push_back(crossing(pair.desktop, pair.cloud, 1, fmt::format("office {}", i)));
        let_it_rest();
        reverse.push_back(crossing(pair.cloud, pair.desktop, 2, fmt::format("phone {}", i)));
    }
    fmt::print("one row, commit to visible on the other side, told by the server: p50 {} ms forward, {} ms reverse\n",
               median(forward).count(), median(reverse).count());
    EXPECT_LT(median(forward), soon);
    EXPECT_LT(median(reverse), soon);
}

TEST_F(Served, AChangeCrossesWithinASecondWhereTheServerIsAsked) {
    PgServer server;
    Pgbouncer pooler(server);
    LivePair pair("serve", shared_desktop(), server);
    pair.cloud_url = pooler.url(pair.cloud_database.name());
    agree(pair, seldom, "[sync]\ncapture = { desktop = 'xmin', cloud = 'changelog' }\n");
    const Millis soon = soon_enough(pair);
    Serving service(pair);
    crossing(pair.cloud, pair.desktop, 20, "warm");
    std::vector<Millis> forward, reverse;
    for (int i = 0; i < 4; ++i) {
        let_it_rest();
        forward.push_back(crossing(pair.desktop, pair.cloud, 1, fmt::format("office {}", i)));
        let_it_rest();
        reverse.push_back(crossing(pair.cloud, pair.desktop, 2, fmt::format("phone {}", i)));
    }
    fmt::print("the same where nothing tells: p50 {} ms forward (xmin), {} ms reverse (through a pooler)\n",
               median(forward).count(), median(reverse).count());
    EXPECT_LT(median(forward), soon);
    EXPECT_LT(median(reverse), soon);
}

// Otherwise every write of a user would commit alone in the whole server.
TEST_F(Served, OnlyTheFirstChangeSinceARunTellsOfItself) {
    LivePair pair("serve");
    agree(pair, seldom);
    Db listener(pair.desktop_database);
    listener.exec("listen tideway_1");
    for (int i = 1; i <= 5; ++i) pair.desktop.exec(fmt::format("update note set n = n + 1 where id = {}", i));
    EXPECT_EQ(listener.number("select count(*) from tideway.changes_1_1"), 5);
    int told = 0;
    listener.exec("select 1");
    for (PGnotify* notify; (notify = PQnotifies(listener.handle())) != nullptr; ++told) PQfreemem(notify);
    EXPECT_EQ(told, 1);
}

// xmin cannot tell whose write it was before it has looked; the look itself is no write that starts another one.
TEST_F(Served, AWriteThatIsNothingToThePairLeavesNoTrace) {
    LivePair pair("serve");
    agree(pair, seldom, "[sync]\ncapture = { desktop = 'xmin', cloud = 'changelog' }\n");
    Serving service(pair);
    crossing(pair.desktop, pair.cloud, 21, "office");
    const auto traces = [&] {
        return dump(pair.desktop, "select idle_forward from tideway.pair") +
               dump(pair.desktop, "select count(*) from tideway.run") +
               dump(pair.desktop, "select seq from tideway.lease");
    };
    std::this_thread::sleep_for(std::chrono::seconds(2));  // what the run itself has written was looked at
    const std::string before = traces();
    pair.desktop.exec("create table elsewhere (id int); insert into elsewhere values (1)");
    std::this_thread::sleep_for(std::chrono::seconds(2));
    EXPECT_EQ(traces(), before);
    crossing(pair.desktop, pair.cloud, 22, "still watched");
}

TEST_F(Served, ASignalEndsItInTheMiddleOfABatchAndNothingIsHalfDone) {
    LivePair pair("serve");
    agree(pair, seldom);
    const PauseAt pause("M5a.before");
    Serving service(pair, pause.env());
    pair.desktop.exec("update note set body = 'edited ' || id");
    pause.wait_until_reached();
    service.process().signal(SIGTERM);
    pause.release();
    const auto code = service.process().wait(std::chrono::seconds(10));
    EXPECT_EQ(code, 0) << service.process().err();
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
    EXPECT_EQ(pair.cloud.number("select count(*) from note where body like 'edited %'"), 20);
    expect_quiet(pair);
}

TEST_F(Served, AHangupTakesOverAGoodConfigurationAndNoBadOne) {
    LivePair pair("serve");
    agree(pair, "push = false\n[[serve.job]]\nevery = '1h'\n");
    NotifySocket systemd;
    Serving service(pair, systemd.env());
    const auto holds_its_place = [&] { return pair.desktop.number("select count(*) from tideway.service") == 1; };
    systemd.wait_until_told("READY=1");  // it serves; that it reached its servers is not said by that
    wait_for("it has its place", holds_its_place);
    const auto hang_up = [&] {
        systemd.forget();
        service.process().signal(SIGHUP);
        systemd.wait_until_told("READY=1");
    };
    pair.configure("nonsense = 1\n" + by_log + no_console + "push = true\n" + seldom + note_config);
    hang_up();
    EXPECT_TRUE(service.process().running());
    EXPECT_TRUE(holds_its_place()) << "the pair is served on";
    pair.configure(by_log + no_console + "push = true\n" + seldom + note_config);
    hang_up();
    crossing(pair.cloud, pair.desktop, 21, "phone");
    EXPECT_EQ(service.stop().first, 0);
    systemd.wait_until_told("STOPPING=1");
}

TEST_F(Served, OfTwoServicesOneWorksAndTheOtherTakesOverWhenItDies) {
    LivePair pair("serve");
    agree(pair, seldom);
    const std::string holder = "select holder from tideway.service";
    Serving first(pair);
    wait_for("the first one has the place",
             [&] { return pair.desktop.number("select count(*) from tideway.service") == 1; });
    const std::string its = pair.desktop.scalar(holder);
    Serving second(pair);
    crossing(pair.desktop, pair.cloud, 21, "by the first");
    std::this_thread::sleep_for(std::chrono::seconds(6));  // longer than the second one takes to ask
    EXPECT_EQ(pair.desktop.scalar(holder), its);
    first.process().kill_tree();
    const Millis took = wait_for("the second one has it", [&] { return pair.desktop.scalar(holder) != its; });
    EXPECT_LT(took, std::chrono::seconds(30));
    crossing(pair.cloud, pair.desktop, 22, "by the second");
    EXPECT_EQ(second.stop().first, 0);
    EXPECT_EQ(pair.desktop.number("select count(*) from tideway.service"), 0);
}

// Its process lives, but another machine could not tell that: what counts is that it no longer renews its place.
TEST_F(Served, AServiceThatIsSilentForTwentySecondsLosesItsPlaceAndStandsByWhenItWakes) {
    LivePair pair("serve");
    agree(pair, seldom);
    const std::string holder = "select coalesce(max(holder), '') from tideway.service";
    Serving first(pair);
    wait_for("the first one has the place", [&] { return !pair.desktop.scalar(holder).empty(); });
    const std::string its = pair.desktop.scalar(holder);
    first.process().signal(SIGSTOP);
    Serving second(pair);
    const Millis took =
        wait_for("the second one has it", [&] { return pair.desktop.scalar(holder) != its; }, std::chrono::seconds(40));
    EXPECT_LT(took, std::chrono::seconds(30));
    crossing(pair.cloud, pair.desktop, 21, "by the second");
    first.process().signal(SIGCONT);
    std::this_thread::sleep_for(std::chrono::seconds(6));
    EXPECT_NE(pair.desktop.scalar(holder), its);
    EXPECT_EQ(first.stop().first, 0);
    crossing(pair.cloud, pair.desktop, 22, "still by the second");
}

TEST_F(Served, OfManyPairsOneThatFailsTouchesNoOther) {
    LivePair good("serve"), other("serve");
    agree(good, seldom);
    agree(other, seldom);
    TempDir folder;
    const auto file = [&](LivePair& pair, const std::string& name, const std::string& cloud_url) {
        write_file(folder / (name + ".toml"),
                   fmt::format("pair = 'main'\n[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}{}max_connections = 8\n{}{}",
                               pair.desktop_url, cloud_url, by_log, no_console, seldom, note_config));
    };
    file(good, "good", good.cloud_url);
    write_file(folder / "unreadable.toml", "pair = \n");
    write_file(folder / "down.toml",
               fmt::format("pair = 'down'\n[desktop]\nurl = '{}'\n[cloud]\nurl = 'host=127.0.0.1 port=1 dbname=x'\n{}{}{}",
                           other.desktop_url, no_console, seldom, note_config));
    Serving service(folder.path());
    crossing(good.desktop, good.cloud, 21, "office");
    crossing(good.cloud, good.desktop, 22, "phone");
    EXPECT_EQ(service.stop().first, 0);
}

TEST_F(Served, WithoutAnyConfigurationThatCanBeUsedItDoesNotBegin) {
    TempDir folder;
    EXPECT_EXIT_CODE(2, run_tideway({"-c", folder.path(), "serve"}));
    write_file(folder / "bad.toml", "pair = \n");
    const TidewayResult bad = run_tideway({"-c", folder.path(), "serve"});
    EXPECT_EQ(bad.exit_code, 2);
    EXPECT_NE(bad.err.find("TW101"), std::string::npos) << bad.err;
}

TEST_F(Served, TheLogIsAnObjectALineWhereThatIsWanted) {
    LivePair pair("serve");
    agree(pair, seldom);
    TempDir folder;
    NotifySocket systemd;
    Serving service(pair.config.path(), systemd.env(), {"--log-format", "json", "--log-file", folder / "log"});
    systemd.wait_until_told("READY=1");
    EXPECT_EQ(service.stop().first, 0);
    std::istringstream lines(read_file(folder / "log"));
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        const auto json = nlohmann::json::parse(line, nullptr, false);
        ASSERT_TRUE(json.is_object()) << line;
        EXPECT_TRUE(json.contains("time") && json.contains("level") && json.contains("message")) << line;
    }
    EXPECT_GT(count, 1);
}

}  // namespace
}  // namespace tideway::test
