// Hazard of a cloud that takes no more writes (H66): above its quota a hosted database becomes read-only.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

void read_only(LivePair& pair, bool on) {
    Db admin(pair.cloud_database.server().url("postgres"));
    admin.exec(fmt::format("alter database {} set default_transaction_read_only = {}",
                           quote_identifier(pair.cloud_database.name()), on ? "on" : "off"));
}

void edit_both(LivePair& pair, const std::string& text) {
    Db user(pair.cloud_database);
    user.exec("set default_transaction_read_only = off");
    user.exec("update note set body = 'phone " + text + "' where id = 2");
    pair.desktop.exec("update note set body = 'office " + text + "' where id = 1");
}

TEST(Hazard, H66_a_cloud_above_its_quota_stops_the_run_cleanly_and_it_resumes_by_itself) {
    LivePair pair("h66");
    twenty_notes(pair);
    read_only(pair, true);
    EXPECT_EXIT_CODE(0, pair.run({"verify"}));  // equal sides are still proven so
    edit_both(pair, "first");
    const std::string desktop = row_versions(pair.desktop), cloud = row_versions(pair.cloud);
    for (const char* direction : {"both", "forward", "reverse"}) {
        const TidewayResult stopped = pair.sync({"--direction", direction});
        EXPECT_NE(stopped.exit_code, 0);
        EXPECT_NE(stopped.exit_code, 70) << told(stopped);
        EXPECT_NE(error_code(stopped), "") << told(stopped);
        EXPECT_EQ(row_versions(pair.desktop), desktop);
        EXPECT_EQ(row_versions(pair.cloud), cloud);
    }
    read_only(pair, false);
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
    EXPECT_ROWS(pair.desktop, "select body from note where id in (1, 2) order by id",
                "office first\nphone first");
    expect_quiet(pair);
}

// The disk is full while the batch is written: nothing of it is there, and the next run brings all of it.
TEST(Hazard, H66_a_write_that_fails_for_want_of_space_leaves_nothing_behind) {
    LivePair pair("h66d");
    twenty_notes(pair);
    pair.cloud.exec(
        "create function full_disk() returns trigger language plpgsql as $$ begin raise exception 'no space "
        "left' "
        "using errcode = '53100'; end $$; create trigger full_disk before insert on tideway.journal for each "
        "row "
        "execute function full_disk()");
    edit_both(pair, "second");
    const TidewayResult stopped = pair.sync();
    EXPECT_NE(stopped.exit_code, 0) << told(stopped);
    EXPECT_NE(stopped.exit_code, 70) << told(stopped);
    EXPECT_ROWS(pair.cloud, "select body from note where id = 1", "note 1");
    pair.cloud.exec("drop function full_disk() cascade");
    const TidewayResult resumed = pair.sync();
    EXPECT_EXIT_CODE(0, resumed);
    pair.expect_equal(notes);
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
