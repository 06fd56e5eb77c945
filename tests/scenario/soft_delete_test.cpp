// deletes = "soft:column=value": a side with the column keeps its row, and a row with the mark is no row.
#include "scenario/merge_fixture.hpp"

namespace tideway::test {
namespace {

const std::string with_mark = "create table job (id int primary key, note text, updated_at timestamptz default now(), "
                              "is_deleted boolean not null default false)";
const std::string without_mark =
    "create table job (id int primary key, note text, updated_at timestamptz default now())";
const std::string soft_toml =
    "[[table]]\nname = 'job'\ndeletes = 'soft:is_deleted=true'\ntimestamps = { updated = 'updated_at' }\n";
const std::string marks = "select id, note, is_deleted from job order by id";
const std::string plain = "select id, note from job order by id";

// The phones mark; the office deletes.
struct SoftDelete : testing::Test {
    HazardPair pair{"soft", {.tables = soft_toml, .schema = without_mark, .cloud_schema = with_mark}};
    void SetUp() override { first_sync(pair, At::desktop, 3); }
    void at_desktop(const std::string& sql) const { pair.open(At::desktop).exec(sql); }
    void in_cloud(const std::string& sql) const { pair.open(At::cloud).exec(sql); }
};

TEST_F(SoftDelete, a_row_that_the_office_deletes_stays_in_the_cloud_with_its_mark) {
    at_desktop("delete from job where id = 2");
    const TidewayResult result = pair.sync();
    EXPECT_SYNC(result, 0);
    EXPECT_EQ(job_of(result)["to_cloud"]["deleted"], 1);
    EXPECT_ROWS(pair.cloud, marks, "1|first 1|f\n2|first 2|t\n3|first 3|f");
    EXPECT_ROWS(pair.cloud, "select op, before->>'is_deleted' from tideway.journal where key = '{2}' and op = 'D'",
                "D|false");
    expect_nothing_more_to_write(pair);
    EXPECT_ROWS(pair.desktop, plain, "1|first 1\n3|first 3") << "and does not come back";
    in_cloud("update job set note = 'edited' where id = 2");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.desktop, plain, "1|first 1\n3|first 3") << "whatever is done to it";
}

TEST_F(SoftDelete, a_row_that_the_phone_marks_is_deleted_at_the_office) {
    in_cloud("update job set is_deleted = true where id = 2");
    const TidewayResult result = pair.sync();
    EXPECT_SYNC(result, 0);
    EXPECT_EQ(job_of(result)["to_desktop"]["deleted"], 1);
    EXPECT_ROWS(pair.desktop, plain, "1|first 1\n3|first 3");
    EXPECT_ROWS(pair.desktop, "select before->>'note' from tideway.journal where op = 'D'", "first 2");
    expect_nothing_more_to_write(pair);
    EXPECT_ROWS(pair.cloud, marks, "1|first 1|f\n2|first 2|t\n3|first 3|f");
}

TEST_F(SoftDelete, a_mark_that_is_taken_away_brings_the_row_back) {
    at_desktop("delete from job where id = 2");
    EXPECT_SYNC(pair.sync(), 0);
    in_cloud("update job set is_deleted = false, updated_at = now() where id = 2");
    EXPECT_SYNC(pair.sync(), 0);
    expect_in_agreement(pair, plain);
    EXPECT_ROWS(pair.desktop, plain, "1|first 1\n2|first 2\n3|first 3");
}

TEST_F(SoftDelete, a_row_that_is_made_again_takes_the_mark_away) {
    at_desktop("delete from job where id = 2");
    EXPECT_SYNC(pair.sync(), 0);
    at_desktop("insert into job values (2, 'again', now())");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.cloud, marks, "1|first 1|f\n2|again|f\n3|first 3|f");
    expect_in_agreement(pair, plain);
}

TEST_F(SoftDelete, an_edit_wins_over_a_mark) {
    in_cloud("update job set is_deleted = true where id = 2");
    at_desktop("update job set note = 'edited', updated_at = now() where id = 2");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.cloud, marks, "1|first 1|f\n2|edited|f\n3|first 3|f");
    EXPECT_EQ(conflicts(pair), "2 update_delete kept");
    expect_in_agreement(pair, plain);
}

// Its hash says nothing of the mark.
TEST_F(SoftDelete, P4_a_mark_that_is_set_while_an_edit_arrives_is_not_wiped_away_unseen) {
    at_desktop("update job set note = 'edited', updated_at = now() where id = 2");
    const PauseAt pause("M5a.before");
    auto run = start_tideway(pair.config, {"sync", "--json"}, pause.env());
    pause.wait_until_reached(std::chrono::seconds(100));
    in_cloud("update job set is_deleted = true where id = 2");
    pause.release();
    EXPECT_EQ(run->wait(std::chrono::seconds(60)), 0) << run->out() << run->err();
    EXPECT_EQ(conflicts(pair), "2 update_delete kept") << "the edit wins, knowing of the delete";
    expect_in_agreement(pair, plain);
}

TEST_F(SoftDelete, children_of_a_marked_row_may_stay) {
    in_cloud("create table child (id int primary key, job int references job)");
    in_cloud("insert into child values (1, 2)");
    at_desktop("delete from job where id = 2");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.cloud, marks, "1|first 1|f\n2|first 2|t\n3|first 3|f");
    EXPECT_ROWS(pair.cloud, "select job from child", "2");
}

TEST_F(SoftDelete, P9_a_run_that_dies_after_marking_books_it_later) {
    at_desktop("delete from job where id = 2");
    pair.sync({}, {{"TIDEWAY_FAILPOINTS", "M5a.committed=kill9"}});
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.cloud, marks, "1|first 1|f\n2|first 2|t\n3|first 3|f");
    EXPECT_ROWS(pair.desktop, plain, "1|first 1\n3|first 3");
    expect_nothing_more_to_write(pair);
}

TEST(SoftDeleteOnBothSides, each_side_keeps_its_row_and_its_mark) {
    const HazardPair pair("soft_both", {.tables = soft_toml, .schema = with_mark});
    first_sync(pair, At::desktop, 3);
    pair.open(At::desktop).exec("update job set is_deleted = true where id = 1");
    pair.open(At::cloud).exec("update job set is_deleted = true where id = 2");
    pair.open(At::desktop).exec("delete from job where id = 3");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.desktop, marks, "1|first 1|t\n2|first 2|t");
    EXPECT_ROWS(pair.cloud, marks, "1|first 1|t\n2|first 2|t\n3|first 3|t");
    expect_nothing_more_to_write(pair);
    pair.open(At::cloud).exec("update job set is_deleted = false, note = 'back', updated_at = now() where id = 1");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.desktop, marks, "1|back|f\n2|first 2|t");
    expect_nothing_more_to_write(pair);
}

TEST(SoftDeleteOnBothSides, rows_that_are_marked_from_the_start_do_not_travel_and_bring_nothing_back) {
    const HazardPair pair("soft_first", {.tables = soft_toml, .schema = with_mark});
    pair.open(At::cloud).exec("insert into job values (1, 'gone', now(), true), (2, 'gone too', now(), true)");
    pair.open(At::desktop).exec("insert into job values (2, 'here', now(), false)");
    const TidewayResult result = pair.sync();
    EXPECT_SYNC(result, 3);
    EXPECT_EQ(job_of(result)["rules"]["R34"], 1);
    EXPECT_ROWS(pair.desktop, marks, "2|here|f");
    EXPECT_ROWS(pair.cloud, marks, "1|gone|t\n2|gone too|t");
}

TEST(SoftDeleteSetting, names_a_column_that_can_bear_the_mark) {
    const std::string schema = "create table job (id int primary key, note text, state char(1) not null, n int, "
                               "updated_at timestamptz)";
    for (const char* mark : {"lost=true", "state=D", "id=1", "n=x", "updated_at=now"}) {
        SCOPED_TRACE(mark);
        const HazardPair pair("soft_refused",
                              {.tables = fmt::format("[[table]]\nname = 'job'\ndeletes = 'soft:{}'\n", mark),
                               .schema = schema});
        const TidewayResult result = pair.sync();
        EXPECT_EQ(result.exit_code, 2) << text_of(result);
        EXPECT_NE((result.out + result.err).find("TW441"), std::string::npos) << text_of(result);
    }
}

TEST(SoftDeleteSetting, a_word_can_be_the_mark_where_the_column_may_be_empty) {
    const HazardPair pair("soft_word", {.tables = "[[table]]\nname = 'job'\ndeletes = 'soft:state=gone'\n",
                                        .schema = without_mark,
                                        .cloud_schema = "create table job (id int primary key, note text, updated_at "
                                                        "timestamptz, state text)"});
    first_sync(pair, At::desktop, 2);
    pair.open(At::desktop).exec("delete from job where id = 1");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.cloud, "select id, state from job order by id", "1|gone\n2|(null)");
    pair.open(At::desktop).exec("insert into job values (1, 'again', now())");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.cloud, "select id, note, state from job order by id", "1|again|(null)\n2|first 2|(null)");
    expect_nothing_more_to_write(pair);
}

}  // namespace
}  // namespace tideway::test
