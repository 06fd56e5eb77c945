// The configured key changes between runs, and keys that are null come and go between them.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

std::string keyed(const std::string& columns, const std::string& more = "conflict = 'manual'\n") {
    return fmt::format("{}key = [{}]\n{}", note_config, columns, more);
}

class KeySetting : public testing::Test {
  public:
    void SetUp() override {
        pair.both("create table note (id int primary key, code text not null unique, body text)");
        pair.desktop.exec("insert into note values (1, 'a', 'x'), (2, 'b', 'y'), (3, 'c', 'z')");
        pair.configure(keyed("'id'"));
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    // Both sides edit row 1, and nobody is to decide: it waits.
    void let_a_row_wait() {
        pair.desktop.exec("update note set body = 'office' where id = 1");
        pair.cloud.exec("update note set body = 'mobile' where id = 1");
        const TidewayResult result = pair.sync();
        EXPECT_EXIT_CODE(3, result);
        EXPECT_EQ(reported(result, "open_conflicts"), 1) << told(result);
    }
    void expect_still_waiting() {
        const TidewayResult result = pair.sync();
        EXPECT_EXIT_CODE(3, result);
        EXPECT_EQ(reported(result, "open_conflicts"), 1) << told(result);
        EXPECT_ROWS(pair.desktop, "select body from note where id = 1", "office");
        EXPECT_ROWS(pair.cloud, "select body from note where id = 1", "mobile");
    }
    LivePair pair{"keyset"};
};

TEST_F(KeySetting, MayChangeWhileARowWaits) {
    let_a_row_wait();
    for (const char* key : {"'code'", "'code', 'id'", "'id'"}) {
        SCOPED_TRACE(key);
        pair.configure(keyed(key));
        expect_still_waiting();
        pair.desktop.exec("update note set body = body || '+' where id = 2");
        expect_still_waiting();
        pair.expect_equal("select * from note where id <> 1 order by id");
    }
    EXPECT_ROWS(pair.cloud, "select body from note where id = 2", "y+++");
    pair.configure(keyed("'id'", "conflict = 'cloud'\n"));
    pair.cloud.exec("update note set body = 'mobile again' where id = 1");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from note order by id");
    expect_accounted(pair, "note", "office");
    expect_quiet(pair);
}

TEST_F(KeySetting, MayChangeWhileAParkedRowWaits) {
    pair.cloud.exec("alter table note add check (body <> 'bad')");
    pair.desktop.exec("update note set body = 'bad' where id = 1");
    EXPECT_EXIT_CODE(3, pair.sync());
    for (const char* key : {"'code'", "'code', 'id'"}) {
        SCOPED_TRACE(key);
        pair.configure(keyed(key, "conflict = 'desktop'\n"));
        const TidewayResult result = pair.sync();
        EXPECT_EXIT_CODE(3, result);
        EXPECT_EQ(reported(result, "parked"), 1) << told(result);
    }
    pair.desktop.exec("update note set body = 'good' where id = 1");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from note order by id");
    expect_quiet(pair);
}

TEST_F(KeySetting, MayChangeWhileNothingWaits) {
    for (const char* key : {"'code'", "'code', 'id'", "'id'"}) {
        SCOPED_TRACE(key);
        pair.configure(keyed(key));
        expect_quiet(pair);
        pair.cloud.exec("update note set body = body || '+' where id = 2");
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.expect_equal("select * from note order by id");
    }
}

TEST(NullKeys, LeaveTheirTableOutAndTheOthersFlow) {
    for (const char* capture : {"auto", "changelog", "digest"})
        for (const bool office : {true, false}) {
            SCOPED_TRACE(fmt::format("{} {}", capture, office ? "desktop" : "cloud"));
            LivePair pair("nullkey");
            pair.both("create table note (code text unique, body text); create table other (id int primary key, body text);"
                      "insert into note values ('a', 'x')");
            pair.configure(fmt::format("[sync]\ncapture = '{}'\n{}key = ['code']\n[[table]]\nname = 'other'\n", capture, note_config));
            EXPECT_EXIT_CODE(0, pair.sync());
            Db& db = office ? pair.desktop : pair.cloud;
            db.exec("insert into note values (null, 'nameless')");
            pair.desktop.exec("insert into other values (1, 'office')");
            for (const char* mode : {"incremental", "full"}) {
                const TidewayResult result = pair.sync({"--mode", mode});
                EXPECT_EXIT_CODE(3, result);
                EXPECT_NE(told(result).find("TW304"), std::string::npos) << told(result);
            }
            EXPECT_ROWS(pair.cloud, "select * from other", "1|office");
            db.exec("update note set code = 'b' where code is null");
            EXPECT_EXIT_CODE(0, pair.sync());
            pair.expect_equal("select * from note order by code");
        }
}

TEST(NullKeys, ThatCameAndWentBetweenTwoRunsAreNoMatter) {
    for (const char* capture : {"auto", "changelog"}) {
        SCOPED_TRACE(capture);
        LivePair pair("nullkey");
        pair.both("create table note (code text unique, body text)");
        pair.desktop.exec("insert into note values ('a', 'x')");
        pair.configure(fmt::format("[sync]\ncapture = '{}'\n{}key = ['code']\n", capture, note_config));
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.cloud.exec(
            "insert into note values (null, 'draft'); update note set code = 'c' where code is null");
        pair.desktop.exec(
            "insert into note values (null, 'draft2'); update note set code = 'd' where code is null");
        EXPECT_EXIT_CODE(0, pair.sync());
        EXPECT_ROWS(pair.cloud, "select * from note order by code", "a|x\nc|draft\nd|draft2");
        pair.expect_equal("select * from note order by code");
        expect_quiet(pair);
    }
}

}  // namespace
}  // namespace tideway::test
