// tideway verify --repair: what differs is decided like any change, and no version is lost (P1).
#include "scenario/verify_fixture.hpp"

namespace tideway::test {
namespace {

std::string base_of(Db& desktop) {
    return desktop.scalar("select 'tideway.' || relname from pg_class where relname ~ '^base_' and relkind = 'r'");
}

// The base agrees with both rows, and they are not the same.
void spoil_base(const HazardPair& pair, int id, const std::string& cloud_note) {
    behind_the_triggers(pair, At::cloud, fmt::format("update job set note = '{}' where id = {}", cloud_note, id));
    Db desktop(pair.desktop);
    const std::string before = desktop.scalar(fmt::format("select hd_a || ',' || hd_b from {} where k1 = {}", base_of(desktop), id));
    EXPECT_SYNC(pair.sync({"--mode", "full"}), 0);
    behind_the_triggers(pair, At::desktop, fmt::format("update job set note = 'first {}' where id = {}", id, id));
    desktop.exec(fmt::format("update {0} set (hd_a, hd_b) = (select {1}) where k1 = {2}", base_of(desktop), before, id));
}

TEST(VerifyRepair, P1_AWrongBaseIsForgottenAndBothVersionsAreKept) {
    HazardPair pair("repair", kLogged);
    first_sync(pair, At::desktop, 20);
    spoil_base(pair, 4, "cloud says");
    EXPECT_SYNC(pair.sync({"--mode", "full"}), 0);  // no run sees it
    const TidewayResult found = verify(pair);
    EXPECT_SYNC(found, 5);
    EXPECT_EQ(found_in(found), "4 differs R6");
    const TidewayResult repaired = verify(pair, {"--repair"});
    EXPECT_SYNC(repaired, 0);
    EXPECT_EQ(repaired.json["sent_to_repair"], 1);
    EXPECT_EQ(table_of_repair(repaired)["rules"]["R23"], 1);
    expect_equal_sides(pair);
    expect_kept(pair, "first 4");
    expect_kept(pair, "cloud says");
    EXPECT_SYNC(verify(pair), 0);
    expect_nothing_more_to_write(pair);
}

TEST(VerifyRepair, MissedChangesGoTheWayTheyWouldHaveGone) {
    HazardPair pair("repair", kLogged);
    first_sync(pair, At::desktop, 200);
    behind_the_triggers(pair, At::desktop, "update job set note = 'office' where id = 1; delete from job where id = 2");
    behind_the_triggers(pair, At::cloud, "update job set note = 'mobile' where id = 3; insert into job values (500, 'stray', now())");
    EXPECT_SYNC(verify(pair), 5);
    const TidewayResult repaired = verify(pair, {"--repair"});
    EXPECT_SYNC(repaired, 0);
    EXPECT_EQ(table_of_repair(repaired)["to_cloud"], json({{"inserted", 0}, {"updated", 1}, {"deleted", 1}}));
    EXPECT_EQ(table_of_repair(repaired)["to_desktop"], json({{"inserted", 1}, {"updated", 1}, {"deleted", 0}}));
    expect_in_agreement(pair);
    EXPECT_SYNC(verify(pair), 0);
}

TEST(VerifyRepair, TheGuardStopsARepairThatWouldDeleteTooMuchAndConfirmLetsItThrough) {
    HazardPair pair("repair", kLogged);
    first_sync(pair, At::desktop, 100);
    behind_the_triggers(pair, At::desktop, "delete from job where id <= 50");
    const TidewayResult stopped = verify(pair, {"--repair"});
    EXPECT_SYNC(stopped, 4);
    EXPECT_ROWS(pair.cloud, "select count(*) from job", "100");
    const std::string hash = stopped.json["repair"]["plan_hash"];
    EXPECT_SYNC(pair.sync({"--confirm", hash}), 0);
    EXPECT_ROWS(pair.cloud, "select count(*) from job", "50");
    EXPECT_SYNC(verify(pair), 0);
}

TEST(VerifyRepair, RowsWithoutAKeyOfTheirOwnAreRepairedAsAMultiset) {
    PairOptions options = kLogged;
    options.schema = "create table job (client int, note text)";
    options.tables = "[[table]]\nname = 'job'\nkey = ['client']\nidentity = 'business_key+ordinal'\n";
    HazardPair pair("repair", options);
    pair.open(At::desktop).exec("insert into job select i % 5, 'n' || i % 10 from generate_series(1, 50) i");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_SYNC(verify(pair), 0);
    behind_the_triggers(pair, At::cloud, "delete from job where ctid = (select min(ctid) from job where client = 2)");
    EXPECT_SYNC(verify(pair), 5);
    EXPECT_SYNC(verify(pair, {"--repair"}), 0);
    EXPECT_EQ(dump(pair.desktop, "select * from job order by 1, 2"), dump(pair.cloud, "select * from job order by 1, 2"));
    EXPECT_SYNC(verify(pair), 0);
}

TEST(VerifyRepair, NothingIsRunWhereNothingDiffers) {
    HazardPair pair("repair", kLogged);
    first_sync(pair, At::desktop, 10);
    const TidewayResult result = verify(pair, {"--repair"});
    EXPECT_SYNC(result, 0);
    EXPECT_TRUE(result.json["repair"].is_null());
}

}  // namespace
}  // namespace tideway::test
