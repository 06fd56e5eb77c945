// A side that went back to an older state is told by plan and sync (H45, H46), and stops the run where the
// configuration asks for it. On files: putting an old copy back is a restore.
#include <filesystem>

#include "scenario/live_pair.hpp"
#include "support/sqlite_file.hpp"

namespace tideway::test {
namespace {

class GuardRestored : public testing::TestWithParam<bool> {
  protected:
    GuardRestored() {
        for (SqliteFile* side : {&desktop, &cloud})
            side->exec("create table note (id integer primary key, body text)");
        desktop.exec("insert into note values (1, 'a'), (2, 'b'), (3, 'c')");
        configure("");
        EXPECT_EXIT_CODE(0, sync());
        SqliteFile& side = restored();
        const std::string copy = side.path() + ".backup";
        side.close();
        std::filesystem::copy_file(side.path(), copy);
        desktop.exec("update note set body = 'later' where id = 2; delete from note where id = 3");
        EXPECT_EXIT_CODE(0, sync());
        side.close();
        for (const char* more : {"-wal", "-shm"}) std::filesystem::remove(side.path() + more);
        std::filesystem::rename(copy, side.path());
    }
    void configure(const std::string& guard) {
        config.rewrite(
            fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}[sync]\nconflict = "
                        "'{}'\n[[table]]\nname = 'note'\n",
                        desktop.url(), cloud.url(), guard, GetParam() ? "desktop" : "cloud"));
    }
    TidewayResult sync(Args more = {}) {
        more.insert(more.begin(), {"sync", "--json"});
        return run_tideway(config, more);
    }
    SqliteFile& restored() { return GetParam() ? cloud : desktop; }
    SqliteFile& untouched() { return GetParam() ? desktop : cloud; }
    void expect_told(const TidewayResult& result, bool stopped) {
        ASSERT_TRUE(result.json.is_object() && !result.json["guard"].empty()) << told(result);
        const auto& stop = result.json["guard"][0];
        EXPECT_EQ(stop["reason"], "restored");
        EXPECT_EQ(stop["stopped"], stopped);
        EXPECT_NE(stop["what"].get<std::string>().find(GetParam() ? "cloud" : "desktop"), std::string::npos)
            << stop;
    }
    SqliteFile desktop, cloud;
    ConfigFile config{""};
};
INSTANTIATE_TEST_SUITE_P(Side, GuardRestored, testing::Bool(),
                         [](const auto& side) { return side.param ? "cloud" : "desktop"; });

TEST_P(GuardRestored, H45_H46_is_told_by_plan_and_sync_and_takes_nothing_away) {
    expect_told(run_tideway(config, {"plan", "--json"}), false);
    const std::string before = untouched().dump("select * from note order by id");
    const TidewayResult result = sync();
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << told(result);
    expect_told(result, false);
    EXPECT_EQ(untouched().dump("select * from note where id < 3 order by id"), before);
    EXPECT_TRUE(sync().json["guard"].empty()) << "told once";
}

TEST_P(GuardRestored, H45_H46_stops_everything_where_that_is_configured) {
    configure("[guard]\nrestored = 'stop'\n");
    const std::string here = restored().dump("select * from note order by id");
    const std::string there = untouched().dump("select * from note order by id");
    const TidewayResult stopped = sync();
    EXPECT_EXIT_CODE(4, stopped);
    expect_told(stopped, true);
    const TidewayResult again = sync({"--confirm", "0123456789abcdef"});
    EXPECT_EXIT_CODE(4, again);
    EXPECT_EQ(again.json["plan_hash"], stopped.json["plan_hash"]);
    EXPECT_EQ(run_tideway(config, {"plan", "--json"}).json["plan_hash"], stopped.json["plan_hash"]);
    EXPECT_EQ(restored().dump("select * from note order by id"), here);
    EXPECT_EQ(untouched().dump("select * from note order by id"), there);
    const TidewayResult confirmed = sync({"--confirm", stopped.json["plan_hash"]});
    EXPECT_TRUE(confirmed.exit_code == 0 || confirmed.exit_code == 3) << told(confirmed);
    expect_told(confirmed, false);
}

}  // namespace
}  // namespace tideway::test
