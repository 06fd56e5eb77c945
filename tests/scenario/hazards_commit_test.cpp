// Hazards of commits whose answer was lost (H31).
#include <signal.h>

#include "scenario/live_pair.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::test {
namespace {

// ---- H31: commits whose answer was lost
// ---------------------------------------------------------------------

struct Cut {
    bool reaches_server;
    const char* failpoint;
    bool cloud;
};

TEST(Hazard, H31_ACommitWithoutAnswerIsNeitherLostNorRepeated) {
    for (const Cut& cut : {Cut{true, "M5a.before_commit", true},
                           {false, "M5a.before_commit", true},
                           {true, "M5b.before_commit", false},
                           {false, "M5b.before_commit", false},
                           {true, "M6a.before_commit", false},
                           {false, "M6a.before_commit", false},
                           {true, "M7.before_commit", false},
                           {false, "M7.before_commit", false}}) {
        SCOPED_TRACE(fmt::format("{}, COMMIT {}", cut.failpoint, cut.reaches_server ? "arrives" : "is lost"));
        LivePair pair("h31");
        TcpProxy proxy(cut.cloud ? shared_cloud().port() : shared_desktop().port());
        (cut.cloud ? pair.cloud_url : pair.desktop_url) =
            proxy.url(cut.cloud ? pair.cloud_database.name() : pair.desktop_database.name());
        twenty_notes(pair);
        pair.desktop.exec("update note set body = 'desktop' where id = 5");
        pair.cloud.exec("update note set body = 'mobile' where id = 6");
        PauseAt pause(cut.failpoint);
        const auto process = pair.start(pause.env());
        pause.wait_until_reached();
        cut.reaches_server ? proxy.cut_after_forwarding("COMMIT") : proxy.cut_before_forwarding("COMMIT");
        pause.release();
        const TidewayResult result = finish(*process);
        EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 1) << told(result);
        EXPECT_EXIT_CODE(0, pair.sync());
        EXPECT_EQ(journaled(pair.cloud, "5"), 2) << "one insert and one update";
        EXPECT_EQ(journaled(pair.desktop, "6"), 1) << "one update";
        EXPECT_ROWS(pair.cloud, "select body from note where id in (5, 6) order by id", "desktop\nmobile");
        EXPECT_EQ(pair.cloud.number("select count(*) from tideway.conflict") +
                      pair.desktop.number("select count(*) from tideway.conflict"),
                  0)
            << "an interrupted run looks like a conflict";
        pair.expect_equal(notes);
        expect_quiet(pair);
    }
}

pid_t backend_with_open_apply(Db& observer) {
    const Rows found = observer.query(
        "select pid from pg_stat_activity where application_name = 'tideway' and datname = "
        "current_database() "
        "and state = 'idle in transaction' and backend_xid is not null");
    if (found.size() != 1) throw std::runtime_error("no single transaction of tideway is open");
    return std::stoi(*found[0][0]);
}

// The server has the COMMIT in its socket but does not come to read it: the next run may not guess.
TEST(Hazard, H31_ACommitThatTheServerHasNotReadYetIsWaitedFor) {
    LivePair pair("h31s");
    TcpProxy proxy(shared_cloud().port());
    pair.cloud_url = proxy.url(pair.cloud_database.name());
    twenty_notes(pair);
    pair.desktop.exec("update note set body = 'desktop' where id = 5");
    PauseAt pause("M5a.before_commit");
    const auto first = pair.start(pause.env());
    pause.wait_until_reached();
    const pid_t backend = backend_with_open_apply(pair.cloud);
    ASSERT_EQ(kill(backend, SIGSTOP), 0);
    proxy.cut_after_forwarding("COMMIT");
    pause.release();
    const TidewayResult cut = finish(*first);
    EXPECT_TRUE(cut.exit_code == 1 || cut.exit_code == 6) << told(cut);
    const TidewayResult meanwhile = pair.sync();
    EXPECT_EXIT_CODE(6, meanwhile);
    EXPECT_ROWS(pair.cloud, "select body from note where id = 5", "note 5");
    ASSERT_EQ(kill(backend, SIGCONT), 0);
    proxy.wait_until_cut();
    const TidewayResult next = pair.sync();
    EXPECT_EXIT_CODE(0, next);
    EXPECT_EQ(next.json.value("receipts_booked", 0), 1) << next.out;
    EXPECT_EQ(journaled(pair.cloud, "5"), 2) << "one insert and one update";
    EXPECT_EQ(kept_in(pair.cloud, "conflict"), 0);
    pair.expect_equal(notes);
    expect_quiet(pair);
}

// The same with a whole server that stands still for a while, and a run that was killed before it could
// notice.
TEST(Hazard, H31_AFrozenServerCommitsWhenItWakesUp) {
    PgServer cloud_server;
    LivePair pair("h31f", shared_desktop(), cloud_server);
    twenty_notes(pair);
    pair.desktop.exec("update note set body = 'desktop' where id = 5");
    PauseAt pause("M5a.before_commit");
    const auto first = pair.start(pause.env());
    pause.wait_until_reached();
    cloud_server.pause();
    pause.release();
    std::this_thread::sleep_for(std::chrono::seconds(2));
    first->kill_tree();
    const auto second = pair.start();
    std::this_thread::sleep_for(std::chrono::seconds(8));
    cloud_server.resume();
    const TidewayResult result = finish(*second);
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 1 || result.exit_code == 6) << told(result);
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(journaled(pair.cloud, "5"), 2) << "one insert and one update";
    EXPECT_ROWS(pair.cloud, "select count(*) from tideway.conflict", "0");
    pair.expect_equal(notes);
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
