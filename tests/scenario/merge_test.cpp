// conflict = "merge": edits of different columns of one row come together, and nothing is lost or counted twice.
#include "scenario/merge_fixture.hpp"

namespace tideway::test {
namespace {

TEST(Merge, edits_of_different_columns_of_one_row_meet) {
    const MergePair pair("merge_disjoint");
    pair.edit(At::desktop, "title = 'by the office'");
    pair.edit(At::cloud, "place = 'by the phone'");
    const TidewayResult result = pair.sync();
    EXPECT_SYNC(result, 0);
    EXPECT_EQ(job_of(result)["merged"], 1);
    EXPECT_EQ(job_of(result)["conflicts"], 0) << "nobody lost anything";
    EXPECT_EQ(job_of(result)["to_cloud"]["updated"], 1);
    EXPECT_EQ(job_of(result)["to_desktop"]["updated"], 1);
    EXPECT_ROWS(pair.desktop, kValues, "by the office|by the phone|Open|10.00|note");
    expect_in_agreement(pair, kMerged);
    EXPECT_EQ(conflicts(pair), "");
    const std::string journal = "select before->>'title', before->>'place' from tideway.journal where op = 'U'";
    EXPECT_ROWS(pair.cloud, journal, "title|by the phone");
    EXPECT_ROWS(pair.desktop, journal, "by the office|place");
}

TEST(Merge, a_row_that_has_everything_goes_to_the_other_side_as_it_is) {
    const MergePair pair("merge_covers", merge_toml(), 2);
    pair.edit(At::desktop, "title = 'same', place = 'office'", 1);
    pair.edit(At::cloud, "title = 'same'", 1);
    pair.edit(At::desktop, "title = 'same'", 2);
    pair.edit(At::cloud, "title = 'same', place = 'phone'", 2);
    const TidewayResult result = pair.sync();
    EXPECT_SYNC(result, 0);
    EXPECT_EQ(job_of(result)["merged"], 2);
    EXPECT_EQ(job_of(result)["to_cloud"]["updated"], 1);
    EXPECT_EQ(job_of(result)["to_desktop"]["updated"], 1);
    EXPECT_ROWS(pair.cloud, kValues, "same|office|Open|10.00|note\nsame|phone|Open|10.00|note");
    expect_in_agreement(pair, kMerged);
}

TEST(Merge, P1_both_rows_are_kept_whole_when_a_value_is_left_out) {
    const MergePair pair("merge_loses");
    pair.edit(At::desktop, "title = 'office title', hours = hours + 2");
    pair.edit(At::cloud, "title = 'phone title', place = 'phone place'");
    const TidewayResult result = pair.sync();
    EXPECT_SYNC(result, 0);
    EXPECT_EQ(job_of(result)["conflicts"], 1);
    EXPECT_ROWS(pair.cloud, kValues, "phone title|phone place|Open|12.00|note");
    expect_in_agreement(pair, kMerged);
    EXPECT_ROWS(pair.cloud,
                "select kind, policy, winner, desktop_row->>'title', desktop_row->>'hours', cloud_row->>'title', "
                "cloud_row->>'hours' from tideway.conflict",
                "update_update|merge|merged|office title|12.00|phone title|10.00");
    expect_kept(pair, "office title");
}

TEST(Merge, what_cannot_be_settled_waits_for_a_person) {
    const MergePair pair("merge_waits");
    pair.edit(At::desktop, "note = 'rewritten', title = 'office'");
    pair.edit(At::cloud, "note = 'note and more', place = 'phone'");
    const std::string before = dump(pair.cloud, kMerged) + dump(pair.desktop, kMerged);
    EXPECT_SYNC(pair.sync(), 3);
    EXPECT_EQ(dump(pair.cloud, kMerged) + dump(pair.desktop, kMerged), before);
    const TidewayResult list = run_tideway(pair.config, {"conflicts", "list", "--json"});
    ASSERT_EQ(list.json["conflicts"].size(), 1u) << list.out;
    EXPECT_EQ(list.json["conflicts"][0]["status"], "open");
    const std::string id = list.json["conflicts"][0]["id"].dump();
    EXPECT_EQ(run_tideway(pair.config, {"conflicts", "resolve", id, "--take", "desktop"}).exit_code, 0);
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.cloud, kValues, "office|place|Open|10.00|rewritten");
    expect_in_agreement(pair, kMerged);
    expect_kept(pair, "note and more");
}

TEST(Merge, an_edit_that_goes_back_is_held_where_the_column_may_only_advance) {
    const MergePair pair("merge_back");
    pair.edit(At::desktop, "status = 'Done'");
    EXPECT_SYNC(pair.sync(), 0);
    pair.edit(At::cloud, "status = 'Open'");
    const TidewayResult held = pair.sync();
    EXPECT_SYNC(held, 3);
    EXPECT_EQ(job_of(held)["rules"]["R33"], 1);
    EXPECT_ROWS(pair.desktop, "select status from job", "Done");
    EXPECT_ROWS(pair.cloud, "select status from job", "Open");
    const TidewayResult list = run_tideway(pair.config, {"conflicts", "list", "--json"});
    const std::string id = list.json["conflicts"][0]["id"].dump();
    EXPECT_EQ(run_tideway(pair.config, {"conflicts", "resolve", id, "--take", "cloud"}).exit_code, 0);
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.desktop, "select status from job", "Open");
    expect_in_agreement(pair, kMerged);
}

TEST(Merge, one_direction_merges_in_the_cloud_and_the_other_brings_it_home) {
    const MergePair pair("merge_direction");
    const auto edit = [&] {
        pair.edit(At::desktop, "hours = hours + 2");
        pair.edit(At::cloud, "hours = hours - 1");
    };
    edit();
    const TidewayResult reverse = pair.sync({"--direction", "reverse"});
    EXPECT_SYNC(reverse, 0);
    EXPECT_EQ(job_of(reverse)["pending"], 1);
    EXPECT_ROWS(pair.desktop, "select hours from job", "12.00");
    EXPECT_SYNC(pair.sync({"--direction", "forward"}), 0);
    EXPECT_ROWS(pair.cloud, "select hours from job", "11.00");
    EXPECT_ROWS(pair.desktop, "select hours from job", "12.00");
    edit();  // while the desktop's row has not followed
    EXPECT_SYNC(pair.sync({"--direction", "forward"}), 0);
    EXPECT_ROWS(pair.cloud, "select hours from job", "12.00");
    EXPECT_SYNC(pair.sync({"--direction", "reverse"}), 0);
    EXPECT_ROWS(pair.desktop, "select hours from job", "12.00");
    expect_in_agreement(pair, kMerged);
}

// The changelog does not log our own writes: the list of waiting keys alone knows that the desktop's row follows.
TEST(Merge, the_row_that_follows_is_not_forgotten_whatever_the_marks_say) {
    const MergePair pair("merge_follows", merge_toml("merge", "capture = 'changelog'\n"));
    pair.edit(At::desktop, "hours = hours + 2");
    pair.edit(At::cloud, "place = 'phone'");
    EXPECT_SYNC(pair.sync({"--direction", "forward"}), 0);
    pair.open(At::cloud).exec("delete from tideway.changes_1_1");
    const TidewayResult result = pair.sync();
    EXPECT_SYNC(result, 0);
    EXPECT_ROWS(pair.desktop, kValues, "title|phone|Open|12.00|note");
    expect_in_agreement(pair, kMerged);
}

TEST(Merge, is_switched_on_for_rows_whose_past_is_known_and_never_guesses) {
    MergePair pair("merge_later", merge_toml("latest").substr(0, merge_toml("latest").find("[[table.column]]")), 2);
    pair.edit(At::desktop, "title = 'office'", 1);
    pair.edit(At::cloud, "place = 'phone'", 1);
    pair.config.rewrite(fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}", pair.desktop.url("postgres"),
                                    pair.cloud.url("postgres"), merge_toml()));
    const TidewayResult first = pair.sync();
    EXPECT_SYNC(first, 0);
    EXPECT_EQ(job_of(first)["rules"]["R11"], 1) << "edited before: the whole row is chosen";
    EXPECT_EQ(job_of(first)["conflicts"], 1);
    EXPECT_EQ(pair.values(At::desktop, 1), "title|phone|Open|10.00|note");
    expect_kept(pair, "office");
    for (const int id : {1, 2}) {
        pair.edit(At::desktop, "title = 'office again'", id);
        pair.edit(At::cloud, "place = 'phone again'", id);
    }
    const TidewayResult second = pair.sync();
    EXPECT_SYNC(second, 0);
    EXPECT_EQ(job_of(second)["merged"], 2);
    EXPECT_EQ(pair.values(At::cloud, 2), "office again|phone again|Open|10.00|note");
    expect_in_agreement(pair, kMerged);
}

// Turned off and on again, the base must not speak of rows from before.
TEST(Merge, forgets_the_columns_of_rows_that_were_agreed_on_without_it) {
    MergePair pair("merge_off_on");
    const auto configure = [&](const std::string& tables) {
        pair.config.rewrite(fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}", pair.desktop.url("postgres"),
                                        pair.cloud.url("postgres"), tables));
    };
    configure("[[table]]\nname = 'job'\ntimestamps = { updated = 'updated_at' }\n");
    pair.edit(At::desktop, "hours = 50");
    EXPECT_SYNC(pair.sync(), 0);
    pair.edit(At::desktop, "hours = 51");
    pair.edit(At::cloud, "hours = 49, place = 'phone'");
    configure(merge_toml());
    const TidewayResult result = pair.sync();
    EXPECT_SYNC(result, 0);
    EXPECT_EQ(job_of(result)["merged"], 0);
    EXPECT_ROWS(pair.desktop, "select hours from job", "49.00");
    expect_in_agreement(pair, kMerged);
}

TEST(Merge, rows_that_were_loaded_or_linked_at_once_can_be_merged) {
    const MergePair pair("merge_load", merge_toml(), 2'500);
    pair.edit(At::desktop, "title = 'office'", 2'499);
    pair.edit(At::cloud, "place = 'phone'", 2'499);
    const TidewayResult result = pair.sync();
    EXPECT_SYNC(result, 0);
    EXPECT_EQ(job_of(result)["merged"], 1);
    EXPECT_EQ(pair.values(At::desktop, 2'499), "office|phone|Open|10.00|note");
    expect_in_agreement(pair, kMerged);
}

// A trigger of the cloud rewrites what it is given: that is no edit of anybody. What a merge settled is kept as it was.
TEST(Merge, what_a_trigger_makes_of_a_value_is_no_change) {
    const MergePair pair("merge_trigger");
    pair.open(At::cloud).exec(
        "create function upper_title() returns trigger language plpgsql as $$ begin new.title = upper(new.title); "
        "return new; end $$; create trigger t before insert or update on job for each row execute function "
        "upper_title()");
    pair.edit(At::desktop, "title = 'Mixed'");
    EXPECT_SYNC(pair.sync(), 0);
    pair.edit(At::desktop, "title = 'Changed'");
    pair.edit(At::cloud, "place = 'phone'");
    const TidewayResult result = pair.sync();
    EXPECT_SYNC(result, 0);
    EXPECT_EQ(job_of(result)["conflicts"], 1);
    EXPECT_EQ(pair.values(At::cloud, 1), "CHANGED|phone|Open|10.00|note");
    expect_nothing_more_to_write(pair);
    expect_kept(pair, "Changed");
    // The merged values are there: nothing is lost, and nothing is kept.
    pair.edit(At::desktop, "hours = 11");
    pair.edit(At::cloud, "place = 'here'");
    EXPECT_EQ(job_of(pair.sync())["conflicts"], 0);
}

// No edit of a column vanishes without a record that people see.
TEST(Merge, P1_an_edit_that_a_trigger_of_the_cloud_takes_back_is_a_conflict_that_is_listed) {
    const MergePair pair("merge_taken_back");
    pair.open(At::cloud).exec(
        "create function fixed_title() returns trigger language plpgsql as $$ begin new.title = old.title; return new; end "
        "$$; create trigger t before update on job for each row execute function fixed_title()");
    pair.edit(At::desktop, "title = 'from the office', note = 'note, called'");
    pair.edit(At::cloud, "place = 'phone', hours = 12");
    const TidewayResult result = pair.sync();
    EXPECT_SYNC(result, 0);
    EXPECT_EQ(job_of(result)["merged"], 1);
    EXPECT_EQ(job_of(result)["conflicts"], 1);
    EXPECT_EQ(pair.values(At::cloud, 1), "title|phone|Open|12.00|note, called");
    EXPECT_EQ(pair.values(At::desktop, 1), pair.values(At::cloud, 1));
    const TidewayResult listed = run_tideway(pair.config, {"conflicts", "list", "--json"});
    ASSERT_EQ(listed.json["conflicts"].size(), 1U) << listed.out;
    const auto& conflict = listed.json["conflicts"][0];
    EXPECT_EQ(conflict["policy"], "merge");
    EXPECT_EQ(conflict["desktop"]["title"], "from the office");
    EXPECT_EQ(conflict["cloud"]["place"], "phone");
    expect_nothing_more_to_write(pair);
}

TEST(Merge, P3_a_row_of_mobile_origin_in_a_strict_table_is_not_merged) {
    const MergePair pair("merge_strict",
                         merge_toml("merge", "origin = { column = 'source', desktop = 'D', cloud = 'M' }\n"), 0,
                         "create table job (id int primary key, title text, place text, status text, hours "
                         "numeric(10,2), note text, updated_at timestamptz default now(), source char(1))");
    pair.open(At::cloud).exec("insert into job values (7, 'title', 'place', 'Open', 10, 'note', now() - interval '1 "
                              "hour', 'M')");
    EXPECT_SYNC(pair.sync(), 0);
    pair.edit(At::desktop, "title = 'office'", 7);
    pair.edit(At::cloud, "place = 'phone'", 7);
    const TidewayResult result = pair.sync();
    EXPECT_EQ(job_of(result)["rules"]["R12"], 1) << result.out;
    EXPECT_EQ(pair.values(At::cloud, 7), "title|phone|Open|10.00|note");
    expect_kept(pair, "office");
}

// A wall clock on one side, an instant on the other: the value that stays in the cloud is not converted twice.
TEST(Merge, a_value_of_another_type_stays_exactly_as_its_side_has_it) {
    const HazardPair pair(
        "merge_types",
        {.tables = "[[table]]\nname = 'job'\nconflict = 'merge'\ntimestamps = { updated = 'updated_at', desktop_zone = "
                   "'Asia/Kolkata' }\n",
         .schema = "create table job (id int primary key, title text, due timestamp, price numeric(10,2), updated_at "
                   "timestamp)",
         .cloud_schema = "create table job (id int primary key, title text, due timestamptz, price numeric, updated_at "
                         "timestamptz)"});
    pair.open(At::desktop).exec("insert into job values (1, 'title', '2026-01-01 10:00', 1, '2026-01-01 09:00')");
    EXPECT_SYNC(pair.sync(), 0);
    pair.open(At::desktop).exec("update job set title = 'office', updated_at = '2026-01-01 11:00'");
    pair.open(At::cloud).exec(
        "update job set due = '2026-02-02 00:00+00', price = 2.50, updated_at = '2026-01-01 05:45+00'");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(pair.cloud, "select title, due at time zone 'UTC', price from job", "office|2026-02-02 00:00:00|2.50");
    EXPECT_ROWS(pair.desktop, "select title, due, price from job", "office|2026-02-02 05:30:00|2.50");
    EXPECT_ROWS(pair.desktop, "select updated_at from job", "2026-01-01 11:15:00");
    expect_nothing_more_to_write(pair);
}

struct Refused {
    const char *column, *policy, *code;
};
class MergeRefusal : public testing::TestWithParam<Refused> {};

TEST_P(MergeRefusal, a_policy_that_cannot_serve_its_column_is_refused_before_anything_is_written) {
    const auto& [column, policy, code] = GetParam();
    const HazardPair pair(
        "merge_refused",
        {.tables = fmt::format("[[table]]\nname = 'job'\nconflict = 'merge'\ntimestamps = {{ updated = 'updated_at' }}\n"
                               "[[table.column]]\nname = '{}'\npolicy = '{}'\n",
                               column, policy),
         .schema = "create table job (id int primary key, title text, weight double precision, at time, done jsonb, "
                   "updated_at timestamptz)"});
    const TidewayResult result = pair.sync();
    EXPECT_EQ(result.exit_code, 2) << text_of(result);
    EXPECT_NE((result.out + result.err).find(code), std::string::npos) << text_of(result);
    EXPECT_ROWS(pair.desktop, "select to_regnamespace('tideway') is null", "t");
}

INSTANTIATE_TEST_SUITE_P(All, MergeRefusal,
                         testing::Values(Refused{"title", "sum", "TW440"}, Refused{"weight", "sum", "TW440"},
                                         Refused{"weight", "max", "TW440"}, Refused{"done", "append", "TW440"},
                                         Refused{"at", "union", "TW440"}, Refused{"id", "max", "TW440"},
                                         Refused{"updated_at", "max", "TW440"}, Refused{"title", "sql::other", "TW440"}));

}  // namespace
}  // namespace tideway::test
