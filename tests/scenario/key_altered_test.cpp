// A key column that is altered under a running synchronisation: users write on, and their rows travel.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr const char* every_note = "select * from note order by id";

struct Widening {
    const char *name, *capture, *from, *to;
    const char *narrow, *wide[3];  // keys that the old type holds, and ones that only the new one holds
};
void PrintTo(const Widening& shown, std::ostream* out) { *out << shown.name; }
constexpr Widening widenings[] = {
    {"varchar",
     "auto",
     "varchar(5)",
     "varchar(30)",
     "'n-1'",
     {"'a-longer-key'", "'another-long-key'", "'third-longer'"}},
    {"varchar_to_text",
     "changelog",
     "varchar(5)",
     "text",
     "'n-1'",
     {"'a-longer-key'", "'another-long-key'", "'third-longer'"}},
    {"int_to_bigint", "changelog", "int", "bigint", "101", {"4000000000", "5000000000", "6000000000"}},
    {"smallint_to_int", "auto", "smallint", "int", "101", {"70000", "80000", "90000"}},
    {"numeric", "changelog", "numeric(5)", "numeric(12)", "101", {"4000000000", "5000000000", "6000000000"}}};

class WidenedKey : public testing::TestWithParam<Widening> {
  public:
    void SetUp() override {
        pair.both(fmt::format("create table note (id {} primary key, body text)", widening.from));
        pair.desktop.exec("insert into note values ('1', 'x'), ('2', 'y')");
        pair.configure(fmt::format("[sync]\ncapture = '{}'\n{}", widening.capture, note_config));
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    std::string widen() const { return fmt::format("alter table note alter id type {}", widening.to); }
    static std::string insert(const std::string& key, const std::string& body) {
        return fmt::format("insert into note values ({}, '{}')", key, body);
    }
    // Whatever a user does to a row with this key succeeds.
    static void expect_writable(Db& side, const std::string& key) {
        EXPECT_EQ(side.try_exec(insert(key, "user")), "00000") << key;
        EXPECT_EQ(side.try_exec(fmt::format("update note set body = 'again' where id = {}", key)), "00000");
        EXPECT_EQ(side.try_exec(fmt::format("delete from note where id = {}", key)), "00000");
        EXPECT_EQ(side.try_exec(insert(key, "kept")), "00000") << key;
    }
    void expect_travelled(long long rows) {
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.expect_equal(every_note);
        EXPECT_EQ(pair.cloud.number("select count(*) from note"), rows);
        expect_quiet(pair);
    }
    const Widening widening = GetParam();
    LivePair pair{"widened"};
};
INSTANTIATE_TEST_SUITE_P(From, WidenedKey, testing::ValuesIn(widenings),
                         [](const auto& w) { return std::string(w.param.name); });

TEST_P(WidenedKey, OnBothSidesLetsUsersWriteAndRowsTravelBeforeAnyRunSawIt) {
    pair.both(widen());
    expect_writable(pair.cloud, widening.wide[0]);
    expect_writable(pair.desktop, widening.wide[1]);
    expect_travelled(4);
    expect_writable(pair.cloud, widening.wide[2]);
    expect_travelled(5);
    pair.desktop.exec(fmt::format("update note set body = 'edited' where id = {}", widening.wide[2]));
    pair.cloud.exec(fmt::format("delete from note where id = {}", widening.wide[1]));
    expect_travelled(4);
}

TEST_P(WidenedKey, OnOneSideLetsUsersWriteThereAndRowsThatFitTravel) {
    for (Db* widened : {&pair.cloud, &pair.desktop}) {
        widened->exec(widen());
        expect_writable(*widened, widening.wide[0]);
        widened->exec(fmt::format("delete from note where id = {}", widening.wide[0]));
        if (widened == &pair.cloud) {  // the desktop still has the old type
            pair.cloud.exec(insert(widening.narrow, "mobile"));
            expect_travelled(3);
        }
    }
    expect_writable(pair.desktop, widening.wide[1]);
    expect_travelled(4);
}

class RenamedKey : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(On, RenamedKey, testing::Bool(),
                         [](const auto& cloud) { return std::string(cloud.param ? "cloud" : "desktop"); });

TEST_P(RenamedKey, LetsUsersWriteWhileTheRunNamesTheMissingColumn) {
    for (const char* capture : {"auto", "changelog"}) {
        SCOPED_TRACE(capture);
        LivePair pair("renamed");
        pair.both(note_table);
        pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 20) i");
        const std::string toml = fmt::format("[sync]\ncapture = '{}'\nconflict = '{}'\n{}", capture,
                                             GetParam() ? "cloud" : "desktop", note_config);
        pair.configure(toml);
        EXPECT_EXIT_CODE(0, pair.sync());
        Db& renamed = GetParam() ? pair.cloud : pair.desktop;
        renamed.exec("alter table note rename id to uid");
        EXPECT_EQ(renamed.try_exec("insert into note values (77, 'user')"), "00000");
        EXPECT_EQ(renamed.try_exec("update note set body = 'edited' where uid = 3"), "00000");
        EXPECT_EQ(renamed.try_exec("delete from note where uid = 4; insert into note values (4, 'anew')"),
                  "00000");
        const std::string before = row_versions(pair.desktop) + row_versions(pair.cloud);
        const TidewayResult named = pair.sync();
        EXPECT_TRUE(named.exit_code == 2 || named.exit_code == 4) << told(named);
        EXPECT_TRUE(error_code(named) == "TW302" || error_code(named) == "TW303" ||
                    error_code(named) == "TW311")
            << told(named);
        EXPECT_EQ(row_versions(pair.desktop) + row_versions(pair.cloud), before);
        // The configuration follows, and so do the rows.
        pair.configure(toml + (GetParam() ? "rename = { id = 'uid' }\n" : "rename = { uid = 'id' }\n"));
        EXPECT_EXIT_CODE(0, pair.sync());
        for (Db* side : {&pair.desktop, &pair.cloud})
            EXPECT_ROWS(*side, "select body from note where body !~ '^note' order by body",
                        "anew\nedited\nuser");
        EXPECT_EQ(renamed.try_exec("insert into note values (78, 'later')"), "00000");
        EXPECT_EXIT_CODE(0, pair.sync());
        EXPECT_EQ(dump(pair.desktop, "select * from note order by 1"),
                  dump(pair.cloud, "select * from note order by 1"));
        expect_quiet(pair);
    }
}

}  // namespace
}  // namespace tideway::test
