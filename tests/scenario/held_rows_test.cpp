// What a user's open transaction holds waits alone, for as long as it is held, and is found again afterwards.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

using Clock = std::chrono::steady_clock;

long long seconds_since(Clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - start).count();
}

struct Clash {
    const char *name, *users_row;
    bool to_cloud;
};
void PrintTo(const Clash& shown, std::ostream* out) { *out << shown.name; }
constexpr Clash clashes[] = {{"the_same_key_in_the_cloud", "(77, 'mine', 'zz')", true},
                             {"the_same_unique_value_on_the_desktop", "(500, 'mine', 'c77')", false}};

class OpenInsert : public testing::TestWithParam<Clash> {
  public:
    void SetUp() override {
        pair.both("create table note (id int primary key, body text, code text unique)");
        pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 20) i");
        pair.configure(note_config);
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    Db& source() { return GetParam().to_cloud ? pair.desktop : pair.cloud; }
    Db& target() { return GetParam().to_cloud ? pair.cloud : pair.desktop; }
    LivePair pair{"open"};
};
INSTANTIATE_TEST_SUITE_P(Of, OpenInsert, testing::ValuesIn(clashes),
                         [](const auto& clash) { return std::string(clash.param.name); });

TEST_P(OpenInsert, HoldsUpItsOwnRowAlone) {
    Db user(GetParam().to_cloud ? pair.cloud_database : pair.desktop_database);
    user.exec(fmt::format("begin; insert into note values {}", GetParam().users_row));
    source().exec(
        "insert into note values (77, 'clash', 'c77'), (78, 'free', 'c78');"
        "update note set body = 'edited' where id < 5");
    const auto start = Clock::now();
    const TidewayResult held_up = pair.sync();
    EXPECT_LT(seconds_since(start), 20);
    EXPECT_EXIT_CODE(3, held_up);
    EXPECT_EQ(reported(held_up, "pending"), 1) << told(held_up);
    EXPECT_ROWS(target(), "select body from note where id = 78", "free");
    EXPECT_ROWS(target(), "select count(*) from note where body = 'edited'", "4");
    user.exec("rollback");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from note order by id");
    EXPECT_ROWS(target(), "select body from note where id = 77", "clash");
    expect_quiet(pair);
}

// Users' own writes wait for at most one attempt, never for the whole run.
TEST(OpenInserts, DoNotHoldUpTheWritesOfOtherUsers) {
    LivePair pair("open_users");
    twenty_notes(pair, "conflict = 'cloud'\n");
    Db holder(pair.cloud_database), user(pair.cloud_database);
    holder.exec("begin; insert into note values (77, 'mine')");
    pair.desktop.exec("insert into note values (77, 'clash'); update note set body = 'edited' where id < 15");
    const auto process = pair.start();
    wait_until_tideway_blocks(pair.cloud);
    long long worst = 0;
    for (int i = 0; i < 5; ++i) {
        const auto start = Clock::now();
        user.exec("update note set n = n + 1 where id = 3");
        worst = std::max(worst, seconds_since(start));
    }
    EXPECT_LE(worst, 6);
    holder.exec("rollback");
    const TidewayResult result = finish(*process);
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << told(result);
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
    EXPECT_ROWS(pair.cloud, "select body from note where id = 77", "clash");
    expect_quiet(pair);
}

// Row 7 is held in the first round, and before the second one its table gets a duplicate key.
TEST(HeldRows, OfATableThatALaterRoundLeavesOutAreFoundByTheNextRun) {
    LivePair pair("held_out");
    for (const char* name : {"note", "other"}) {
        pair.desktop.exec(fmt::format("create table {} (id int primary key, body text)", name));
        pair.cloud.exec(fmt::format("create table {} (id int, body text)", name));
        pair.desktop.exec(
            fmt::format("insert into {} select i, 'row ' || i from generate_series(1, 20) i", name));
    }
    pair.configure("[[table]]\nname = 'note'\nkey = ['id']\n[[table]]\nname = 'other'\nkey = ['id']\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    for (const char* name : {"note", "other"})
        pair.desktop.exec(fmt::format("update {} set body = 'precious' where id = 7", name));
    Db user(pair.cloud_database);
    EXPECT_EXIT_CODE(3, pair.sync_while("M5a.before", [&] {
        user.exec("begin; select * from note where id = 7 for update");
        pair.cloud.exec("insert into note values (3, 'duplicate')");
    }));
    EXPECT_ROWS(pair.cloud, "select body from other where id = 7", "precious");
    user.exec("commit");
    pair.cloud.exec("delete from note where body = 'duplicate'");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select body from note where id = 7", "precious");
    pair.expect_equal("select * from note order by id");
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
