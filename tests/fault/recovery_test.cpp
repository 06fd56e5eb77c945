// What a killed run had already written is booked by the next one, before anything else.
#include <signal.h>

#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

void kill_behind_the_cloud_commit(LivePair& pair) {
    EXPECT_EXIT_CODE(-SIGKILL, pair.sync({}, {{"TIDEWAY_FAILPOINTS", "M5a.committed=kill9"}}));
}

TEST(Recovery, LetsALaterEditBeNoConflict) {
    LivePair pair("recovery_edit");
    twenty_notes(pair);
    pair.desktop.exec("update note set body = 'first' where id = 3");
    kill_behind_the_cloud_commit(pair);
    EXPECT_ROWS(pair.cloud, "select body from note where id = 3", "first");
    pair.desktop.exec("update note set body = 'second' where id = 3");
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "conflicts"), 0);
    pair.expect_equal(notes);
    expect_quiet(pair);
}

TEST(Recovery, KnowsWhatATriggerOfTheTargetMadeOfTheRow) {
    LivePair pair("recovery_hash");
    twenty_notes(pair);
    pair.cloud.exec(
        "create function act() returns trigger language plpgsql as $$ begin new.body := upper(new.body); "
        "return "
        "new; end $$; create trigger act before update on note for each row execute function act()");
    pair.desktop.exec("update note set body = 'edited' where id = 3");
    kill_behind_the_cloud_commit(pair);
    for (int i = 0; i < 2; ++i) expect_quiet(pair);
    EXPECT_ROWS(pair.cloud, "select body from note where id = 3", "EDITED");
    EXPECT_ROWS(pair.desktop, "select body from note where id = 3", "edited");
}

TEST(Recovery, HasNothingToDoBehindARunThatEnded) {
    LivePair pair("recovery_none");
    twenty_notes(pair);
    pair.desktop.exec("update note set body = 'edited' where id = 3");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select count(*) from tideway.inbox", "0");
    const std::string before = pair.cloud.scalar("select seq from tideway.lease");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select seq from tideway.lease", before);
}

}  // namespace
}  // namespace tideway::test
