// A cascade may take rows along that both sides agreed to delete, and never a row that only one side knows.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

struct Declared {
    const char *name, *toml;
};
void PrintTo(const Declared& shown, std::ostream* out) { *out << shown.name; }
constexpr Declared settings[] = {{"undeclared", ""}, {"declared", "side_effects = ['step']\n"}};

class CascadeIntoASyncedTable : public testing::TestWithParam<Declared> {
  public:
    void SetUp() override {
        pair.both(
            "create table job (id int primary key, body text);"
            "create table step (id int primary key, job int references job on delete cascade, body text)");
        pair.desktop.exec(
            "insert into job values (1, 'j'), (2, 'k');"
            "insert into step values (10, 1, 's'), (12, 1, 's'), (20, 2, 't')");
        pair.configure(fmt::format("[[table]]\nname = 'job'\n{}[[table]]\nname = 'step'\n", GetParam().toml));
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    // The delete of job 1 waits with its reason, and says which table it would have taken rows from.
    void expect_refused(const TidewayResult& result) {
        EXPECT_EXIT_CODE(4, result);
        ASSERT_TRUE(result.json.is_object() && !result.json["guard"].empty()) << told(result);
        EXPECT_EQ(result.json["guard"][0]["table"], "job");
        EXPECT_NE(result.json["guard"][0]["what"].get<std::string>().find("step"), std::string::npos);
        EXPECT_ROWS(pair.desktop, "select key, sqlstate from tideway.waiting where rule = 'R13'",
                    "{1}|TW408");
        EXPECT_ROWS(pair.cloud, "select id from job order by id", "1\n2");
    }
    void expect_settled() {
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.expect_equal("select * from job order by id");
        pair.expect_equal("select * from step order by id");
        expect_quiet(pair);
    }
    LivePair pair{"effects"};
};
INSTANTIATE_TEST_SUITE_P(Setting, CascadeIntoASyncedTable, testing::ValuesIn(settings),
                         [](const auto& setting) { return std::string(setting.param.name); });

TEST_P(CascadeIntoASyncedTable, IsNoExcuseToDeleteAChildThatMobileAdded) {
    pair.desktop.exec("delete from job where id = 1");
    pair.cloud.exec("insert into step values (11, 1, 'mobile work')");
    for (int run = 1; run <= 2; ++run) {
        SCOPED_TRACE(fmt::format("run {}", run));
        expect_refused(pair.sync());
        EXPECT_ROWS(pair.cloud, "select body from step where id = 11", "mobile work");
    }
    // Once mobile lets its child go, the delete goes through.
    pair.cloud.exec("delete from step where id = 11");
    expect_settled();
    EXPECT_ROWS(pair.cloud, "select id from job", "2");
}

TEST_P(CascadeIntoASyncedTable, IsNoExcuseToDeleteAChildThatMobileEdited) {
    pair.desktop.exec("delete from job where id = 1");
    pair.cloud.exec("update step set body = 'mobile edit' where id = 10");
    for (int run = 1; run <= 2; ++run) {
        SCOPED_TRACE(fmt::format("run {}", run));
        expect_refused(pair.sync());
        EXPECT_ROWS(pair.cloud, "select body from step where id = 10", "mobile edit");
    }
    pair.cloud.exec("delete from step where id = 10");
    expect_settled();
    EXPECT_ROWS(pair.cloud, "select id from job", "2");
}

// The same whichever side holds the child that nobody else knows.
TEST_P(CascadeIntoASyncedTable, IsNoExcuseToDeleteAChildThatTheDesktopAdded) {
    pair.cloud.exec("delete from job where id = 1");
    pair.desktop.exec("insert into step values (11, 1, 'office work')");
    EXPECT_EXIT_CODE(4, pair.sync());
    EXPECT_ROWS(pair.desktop, "select body from step where id = 11", "office work");
    EXPECT_ROWS(pair.desktop, "select id from job order by id", "1\n2");
    pair.desktop.exec("delete from step where id = 11");
    expect_settled();
}

TEST_P(CascadeIntoASyncedTable, GoesThroughWhereAllItsChildrenWereDeletedToo) {
    pair.desktop.exec("delete from job where id = 1");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select id from step", "20");
    expect_settled();
}

TEST_P(CascadeIntoASyncedTable, HoldsUpNoOtherRow) {
    pair.desktop.exec("delete from job where id = 1; update job set body = 'edited' where id = 2");
    pair.cloud.exec("insert into step values (11, 1, 'mobile work'), (21, 2, 'mobile too')");
    expect_refused(pair.sync());
    EXPECT_ROWS(pair.cloud, "select body from job where id = 2", "edited");
    EXPECT_ROWS(pair.desktop, "select body from step where id = 21", "mobile too");
}

}  // namespace
}  // namespace tideway::test
