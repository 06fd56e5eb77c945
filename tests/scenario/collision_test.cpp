// Two rows created under one key, one on each side (H17): both stay, their children stay with them, and with
// collision = "remap" the desktop's row gets another key and its children follow.
#include <memory>

#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

struct Keys {
    const char *name, *on_desktop, *in_cloud;
};
void PrintTo(const Keys& keys, std::ostream* out) { *out << keys.name; }

// Where the reference between the two tables is declared: the desktop of the first users has none.
const Keys kKeys[] = {
    {"references_in_the_cloud", "", "references job"},
    {"references_on_both_sides", "references job", "references job"},
};

struct Office {
    explicit Office(const Keys& keys, const std::string& collision,
                    const std::string& key_type = "numeric(10)") {
        const auto make = [&](Db& side, const char* reference) {
            side.exec(fmt::format(
                "create table job (job_id {0} primary key, title text, source char(1));"
                "create table task (task_id int primary key, job_id {0} {1}, note text, also {0} {1},"
                "source char(1))",
                key_type, reference));
        };
        make(pair.desktop, keys.on_desktop);
        make(pair.cloud, keys.in_cloud);
        pair.desktop.exec(
            "insert into job values (4999, 'old', 'D'); insert into task values (1, 4999, 'old', 4999, 'D')");
        pair.configure(fmt::format(tables, collision));
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    void both_create_5000() {
        pair.desktop.exec(
            "insert into job values (5000, 'office', 'D'); insert into task values (10, 5000, 'office task', "
            "4999, 'D'),"
            "(11, 4999, 'of the old job', 5000, 'D')");
        pair.cloud.exec(
            "insert into job values (5000, 'phone', 'M'); insert into task values (20, 5000, 'phone task', "
            "5000, 'M'),"
            "(21, 4999, 'also old', 4999, 'M')");
    }
    static std::string jobs(Db& db) { return dump(db, "select job_id, title from job order by 1"); }
    static std::string tasks(Db& db) {
        return dump(db, "select task_id, job_id, note, also from task order by 1");
    }

    static constexpr const char* tables =
        "[[table]]\nname = 'job'\norigin = {{ column = 'source' }}\nownership = 'shared'\ncollision = '{0}'\n"
        "[[table]]\nname = 'task'\norigin = {{ column = 'source' }}\nownership = 'shared'\n";
    LivePair pair{"collision"};
};

class Collision : public testing::TestWithParam<Keys> {
  public:
    void start(const std::string& collision, const std::string& key_type = "numeric(10)") {
        office = std::make_unique<Office>(GetParam(), collision, key_type);
    }
    std::unique_ptr<Office> office;
};
INSTANTIATE_TEST_SUITE_P(Keys, Collision, testing::ValuesIn(kKeys),
                         [](const auto& keys) { return std::string(keys.param.name); });

TEST_P(Collision, H17_protect_keeps_both_rows_and_their_children_apart) {
    start("protect");
    office->both_create_5000();
    const std::string jobs_d = Office::jobs(office->pair.desktop), jobs_c = Office::jobs(office->pair.cloud);
    for (int round = 0; round < 3; ++round) {
        const TidewayResult result = office->pair.sync();
        EXPECT_EXIT_CODE(3, result);
        EXPECT_EQ(reported(result, "open_conflicts"), 1) << told(result);
        EXPECT_EQ(reported(result, "held"), 3) << told(result);
    }
    EXPECT_EQ(Office::jobs(office->pair.desktop), jobs_d);
    EXPECT_EQ(Office::jobs(office->pair.cloud), jobs_c);
    EXPECT_EQ(office->pair.cloud.number("select count(*) from task where task_id in (10, 11)"), 0);
    EXPECT_EQ(office->pair.desktop.number("select count(*) from task where task_id = 20"), 0);
    EXPECT_EQ(office->pair.desktop.number("select count(*) from task where task_id = 21"), 1)
        << "others flow";
}

TEST_P(Collision, H17_protect_lets_the_children_go_when_a_person_has_decided) {
    start("protect");
    office->both_create_5000();
    EXPECT_EXIT_CODE(3, office->pair.sync());
    const TidewayResult list = office->pair.run({"conflicts", "list"});
    std::string id;
    for (const auto& entry : list.json["conflicts"])
        if (entry["kind"] == "conflict") id = std::to_string(entry["id"].get<long long>());
    ASSERT_NE(id, "") << told(list);
    EXPECT_EXIT_CODE(0, office->pair.run({"conflicts", "resolve", id, "--take", "cloud"}));
    EXPECT_EXIT_CODE(0, office->pair.sync());
    EXPECT_EQ(Office::tasks(office->pair.desktop), Office::tasks(office->pair.cloud));
    expect_quiet(office->pair);
    expect_accounted(office->pair, "job", "office");
}

TEST_P(Collision, H17_remap_gives_the_desktops_row_another_key_and_its_children_follow) {
    start("remap");
    office->both_create_5000();
    const TidewayResult result = office->pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "renumbered"), 1) << told(result);
    EXPECT_EQ(Office::jobs(office->pair.desktop), "4999|old\n5000|phone\n5001|office");
    EXPECT_EQ(Office::jobs(office->pair.cloud), Office::jobs(office->pair.desktop));
    EXPECT_EQ(
        Office::tasks(office->pair.desktop),
        "1|4999|old|4999\n10|5001|office task|4999\n11|4999|of the old job|5001\n20|5000|phone task|5000\n"
        "21|4999|also old|4999");
    EXPECT_EQ(Office::tasks(office->pair.cloud), Office::tasks(office->pair.desktop));
    expect_quiet(office->pair);
    expect_accounted(office->pair, "job", "office");
}

TEST_P(Collision, remap_leaves_a_range_that_is_used_up_and_takes_a_gap) {
    start("remap", "numeric(4)");
    office->both_create_5000();
    office->pair.desktop.exec("insert into job values (1, 'first', 'D'), (2, 'second', 'D')");
    office->pair.cloud.exec("insert into job values (3, 'third', 'M'), (9999, 'last', 'M')");
    EXPECT_EXIT_CODE(0, office->pair.sync());
    EXPECT_EQ(dump(office->pair.desktop, "select job_id from job where title = 'office'"), "4");
    EXPECT_EQ(Office::jobs(office->pair.cloud), Office::jobs(office->pair.desktop));
    EXPECT_EQ(Office::tasks(office->pair.cloud), Office::tasks(office->pair.desktop));
    expect_quiet(office->pair);
}

TEST_P(Collision, remap_waits_in_a_forward_run) {
    start("remap");
    office->both_create_5000();
    EXPECT_EXIT_CODE(3, office->pair.sync({"--direction", "forward"}));
    EXPECT_EQ(Office::jobs(office->pair.desktop), "4999|old\n5000|office");
    EXPECT_EXIT_CODE(0, office->pair.sync());
    EXPECT_EQ(Office::jobs(office->pair.desktop), "4999|old\n5000|phone\n5001|office");
}

TEST_P(Collision, plan_says_which_rows_would_get_another_key_and_changes_nothing) {
    start("remap");
    office->both_create_5000();
    const std::string before = Office::jobs(office->pair.desktop) + Office::tasks(office->pair.desktop);
    const TidewayResult plan = office->pair.run({"plan", "--rows"});
    EXPECT_NE(plan.out.find("another key"), std::string::npos) << told(plan);
    EXPECT_EQ(Office::jobs(office->pair.desktop) + Office::tasks(office->pair.desktop), before);
}

TEST_P(Collision, remap_killed_in_the_middle_goes_on_in_the_next_run) {
    for (const char* failpoint : {"M3.renumber", "M3.renumbered", "M5a.committed"}) {
        SCOPED_TRACE(failpoint);
        start("remap");
        office->both_create_5000();
        office->pair.sync({}, {{"TIDEWAY_FAILPOINTS", fmt::format("{}=kill9", failpoint)}});
        EXPECT_EXIT_CODE(0, office->pair.sync());
        EXPECT_EQ(Office::jobs(office->pair.desktop), "4999|old\n5000|phone\n5001|office");
        EXPECT_EQ(Office::tasks(office->pair.cloud), Office::tasks(office->pair.desktop));
        expect_quiet(office->pair);
    }
}

}  // namespace
}  // namespace tideway::test
