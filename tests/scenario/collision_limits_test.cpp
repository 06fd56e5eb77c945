// Colliding keys in the company of everything else: users who write meanwhile, filters, odd keys, rows that
// refer to them in roundabout ways (H17).
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr const char* no_reference = "";

// Jobs and their tasks. The desktop checks no references unless a test says so.
struct Jobs {
    explicit Jobs(const std::string& collision, const std::string& cloud_reference = "references job",
                  const std::string& key = "int", const std::string& more = "") {
        const auto make = [&](Db& side, const std::string& reference) {
            side.exec(
                fmt::format("create table job (job_id {0} primary key, title text, source char(1));"
                            "create table task (task_id int primary key, job_id {0} {1}, note text)",
                            key, reference));
        };
        make(pair.desktop, no_reference);
        make(pair.cloud, cloud_reference);
        pair.desktop.exec(
            "insert into job values (4999, 'old', 'D'); insert into task values (1, 4999, 'old')");
        pair.configure(
            fmt::format("[[table]]\nname = 'job'\norigin = {{ column = 'source' }}\nownership = "
                        "'shared'\ncollision = '{}'\n{}[[table]]\nname = 'task'\n",
                        collision, more));
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    void both_create_5000() {
        pair.desktop.exec(
            "insert into job values (5000, 'office', 'D'); insert into task values (10, 5000, 'office "
            "task')");
        pair.cloud.exec(
            "insert into job values (5000, 'phone', 'M'); insert into task values (20, 5000, 'phone task')");
    }
    // Each task with the title of the job that it belongs to there.
    static std::string tasks(Db& db) {
        return dump(db, "select task_id, title from task left join job using (job_id) order by 1");
    }
    void expect_settled(const std::string& tasks_wanted) {
        EXPECT_EQ(tasks(pair.desktop), tasks_wanted);
        EXPECT_EQ(tasks(pair.cloud), tasks_wanted);
        pair.expect_equal("select job_id, title from job order by 1");
        pair.expect_equal("select task_id, job_id, note from task order by 1");
        expect_quiet(pair);
    }

    LivePair pair{"collision_limits"};
};

constexpr const char* settled = "1|old\n10|office\n20|phone";

TEST(CollisionLimits, a_key_that_is_taken_between_reading_and_writing_takes_no_child_of_the_other_side) {
    for (const char* collision : {"protect", "remap"}) {
        SCOPED_TRACE(collision);
        Jobs office(collision);
        office.pair.cloud.exec(
            "insert into job values (5000, 'phone', 'M'); insert into task values (20, 5000, 'phone task')");
        const TidewayResult result = office.pair.sync_while("M3.before", [&] {
            office.pair.desktop.exec(
                "insert into job values (5000, 'office', 'D'); insert into task values (10, 5000, 'office "
                "task')");
        });
        EXPECT_EXIT_CODE(3, result);
        EXPECT_EQ(office.pair.desktop.number("select count(*) from task where task_id = 20"), 0);
        if (std::string(collision) == "protect") continue;
        EXPECT_EXIT_CODE(0, office.pair.sync());
        office.expect_settled(settled);
    }
}

TEST(CollisionLimits, remap_leaves_rows_that_came_from_the_phone_under_the_phones_key) {
    Jobs office("remap");
    office.pair.desktop.exec("alter table job add check (title <> 'phone')");
    office.pair.cloud.exec(
        "insert into job values (5000, 'phone', 'M'); insert into task values (20, 5000, 'phone task')");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    office.pair.desktop.exec(
        "alter table job drop constraint job_title_check; insert into job values (5000, 'office', 'D'); "
        "insert "
        "into task values (10, 5000, 'office task')");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.expect_settled(settled);
}

TEST(CollisionLimits, what_users_delete_while_keys_are_changed_still_meets_the_guard) {
    Jobs office("remap");
    office.pair.desktop.exec("insert into task select i, 4999, 'many' from generate_series(100, 199) i");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.both_create_5000();
    const TidewayResult result = office.pair.sync_while(
        "M3.renumber", [&] { office.pair.desktop.exec("delete from task where task_id >= 100"); });
    EXPECT_EXIT_CODE(4, result);
    EXPECT_EQ(office.pair.cloud.number("select count(*) from task where task_id >= 100"), 100);
}

TEST(CollisionLimits, a_reference_that_is_checked_late_counts_as_well) {
    const char* late = "references job deferrable initially deferred";
    Jobs kept("protect", late);
    kept.both_create_5000();
    EXPECT_EXIT_CODE(3, kept.pair.sync());
    EXPECT_EQ(kept.pair.cloud.number("select count(*) from task where task_id = 10"), 0);
    Jobs changed("remap", late);
    changed.both_create_5000();
    EXPECT_EXIT_CODE(0, changed.pair.sync());
    changed.expect_settled(settled);
}

TEST(CollisionLimits, rows_that_refer_to_rows_that_refer_to_the_key_follow_as_well) {
    LivePair pair("collision_chain");
    const auto make = [](Db& side, const char* to_job, const char* to_unit) {
        side.exec(
            fmt::format("create table job (job_id int primary key, title text, source char(1));"
                        "create table unit (job_id int {}, no int, primary key (job_id, no));"
                        "create table part (part_id int primary key, job_id int, no int, note text {})",
                        to_job, to_unit));
    };
    make(pair.desktop, "", "");
    make(pair.cloud, "references job", ", foreign key (job_id, no) references unit");
    pair.configure(
        "[[table]]\nname = 'job'\norigin = { column = 'source' }\nownership = 'shared'\ncollision = 'remap'\n"
        "[[table]]\nname = 'unit'\n[[table]]\nname = 'part'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec(
        "insert into job values (5, 'office', 'D'); insert into unit values (5, 1); insert into part values "
        "(1, 5, "
        "1, 'office')");
    pair.cloud.exec(
        "insert into job values (5, 'phone', 'M'); insert into unit values (5, 1); insert into part values "
        "(2, 5, 1, "
        "'phone')");
    EXPECT_EXIT_CODE(0, pair.sync());
    for (Db* side : {&pair.desktop, &pair.cloud}) {
        EXPECT_EQ(dump(*side, "select part_id, title from part join job using (job_id) order by 1"),
                  "1|office\n2|phone");
        EXPECT_EQ(dump(*side, "select job_id, no from unit order by 1"), "5|1\n6|1");
    }
    expect_quiet(pair);
}

TEST(CollisionLimits, the_largest_number_that_there_is_stops_nobody) {
    Jobs office("remap", "references job", "bigint");
    office.both_create_5000();
    office.pair.cloud.exec("insert into job values (9223372036854775807, 'special', 'M')");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.expect_settled(settled);
}

TEST(CollisionLimits, a_sequence_at_its_end_leaves_the_gaps) {
    Jobs office("remap", "references job", "smallint");
    office.pair.desktop.exec(
        "create sequence job_seq as smallint start 32767 owned by job.job_id; alter table job alter job_id "
        "set "
        "default nextval('job_seq'); select nextval('job_seq')");
    office.both_create_5000();
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.expect_settled(settled);
}

TEST(CollisionLimits, a_key_that_orphans_refer_to_is_not_free) {
    Jobs office("remap", no_reference);
    office.pair.configure(
        "[[table]]\nname = 'job'\norigin = { column = 'source' }\nownership = 'shared'\ncollision = 'remap'\n"
        "[[table]]\nname = 'task'\n[[table.column]]\nname = 'job_id'\nrefers_to = 'job'\n");
    office.both_create_5000();
    office.pair.desktop.exec("insert into task values (30, 5001, 'of a job that is gone')");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(Jobs::tasks(office.pair.desktop), "1|old\n10|office\n20|phone\n30|(null)");
    EXPECT_EQ(Jobs::tasks(office.pair.cloud), settled);
}

TEST(CollisionLimits, a_text_that_refers_to_a_number_follows) {
    Jobs office("remap", no_reference);
    office.pair.both("alter table task alter job_id type varchar(10)");
    office.pair.configure(
        "[[table]]\nname = 'job'\norigin = { column = 'source' }\nownership = 'shared'\ncollision = 'remap'\n"
        "[[table]]\nname = 'task'\n[[table.column]]\nname = 'job_id'\nrefers_to = 'job'\norphans = "
        "'allow'\n");
    office.both_create_5000();
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(dump(office.pair.cloud, "select task_id, job_id from task order by 1"),
              "1|4999\n10|5001\n20|5000");
    office.pair.expect_equal("select * from task order by 1");
    expect_quiet(office.pair);
}

TEST(CollisionLimits, a_number_that_is_spelled_otherwise_is_the_same_key) {
    Jobs office("protect", "references job", "numeric(10)");
    office.pair.both("alter table task alter job_id type numeric(12,2)");
    office.both_create_5000();
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(office.pair.cloud.number("select count(*) from task where task_id = 10"), 0);
    EXPECT_EQ(office.pair.desktop.number("select count(*) from task where task_id = 20"), 0);
}

TEST(CollisionLimits, a_key_of_another_office_takes_no_children) {
    Jobs office("protect", "references job", "int");
    office.pair.both("alter table job add org int not null default 7");
    office.pair.configure(
        "[[table]]\nname = 'job'\norigin = { column = 'source' }\nownership = 'shared'\nwhere = 'org = 7'\n"
        "[[table]]\nname = 'task'\n");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.pair.cloud.exec("insert into job values (5000, 'elsewhere', 'M', 8)");
    office.pair.desktop.exec(
        "insert into job values (5000, 'office', 'D', 7); insert into task values (10, 5000, 'office task')");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(office.pair.cloud.number("select count(*) from task where task_id = 10"), 0);
    expect_quiet(office.pair, 3);
}

TEST(CollisionLimits, a_child_that_both_sides_edited_does_not_cross_either) {
    Jobs office("protect");
    office.both_create_5000();
    office.pair.desktop.exec("update task set job_id = 5000 where task_id = 1");
    office.pair.cloud.exec("update task set note = 'edited' where task_id = 1");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(dump(office.pair.cloud, "select job_id from task where task_id = 1"), "4999");
    office.pair.desktop.exec("delete from task where task_id = 1");
    office.pair.cloud.exec("update task set job_id = 5000 where task_id = 1");
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EQ(office.pair.desktop.number("select count(*) from task where task_id = 1"), 0);
}

TEST(CollisionLimits, children_that_are_found_by_their_time_stamps_follow_too) {
    LivePair pair("collision_stamps");
    const auto make = [](Db& side, const char* to_job) {
        side.exec(
            fmt::format("create table job (job_id int primary key, title text, source char(1));"
                        "create table unit (job_id int {}, no int, at timestamptz default now(), primary key "
                        "(job_id, no))",
                        to_job));
    };
    make(pair.desktop, "");
    make(pair.cloud, "references job");
    pair.configure(
        "[[table]]\nname = 'job'\norigin = { column = 'source' }\nownership = 'shared'\ncollision = 'remap'\n"
        "[[table]]\nname = 'unit'\ncapture = { desktop = 'timestamp', cloud = 'changelog' }\ntimestamps = { "
        "updated "
        "= 'at' }\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("insert into job values (5, 'office', 'D'); insert into unit values (5, 1), (5, 2)");
    pair.cloud.exec("insert into job values (5, 'phone', 'M'); insert into unit values (5, 7)");
    EXPECT_EXIT_CODE(3, pair.sync({"--direction", "forward"}));
    EXPECT_EXIT_CODE(3, pair.sync({"--direction", "forward"}));
    pair.sync();
    EXPECT_EXIT_CODE(0, pair.sync());
    for (Db* side : {&pair.desktop, &pair.cloud})
        EXPECT_EQ(dump(*side, "select title, no from unit join job using (job_id) order by 1, 2"),
                  "office|1\noffice|2\nphone|7");
}

TEST(CollisionLimits, remap_is_no_use_where_a_refill_brings_the_old_key_back) {
    Jobs office("remap");
    office.pair.configure(
        "[[table]]\nname = 'job'\norigin = { column = 'source' }\nownership = 'shared'\ncollision = "
        "'remap'\nrefill = "
        "true\n[[table]]\nname = 'task'\n");
    EXPECT_EXIT_CODE(2, office.pair.sync());
}

TEST(CollisionLimits, a_table_that_is_left_out_and_refers_to_the_key_keeps_it_where_it_is) {
    Jobs office("remap");
    office.both_create_5000();
    office.pair.desktop.exec(
        "create table \"Odd \"\"note\" (job_id int references job); insert into \"Odd \"\"note\" values "
        "(5000)");
    for (int round = 0; round < 2; ++round) {
        EXPECT_EXIT_CODE(3, office.pair.sync());
        EXPECT_EQ(dump(office.pair.desktop, "select title from job where job_id = 5000"), "office");
        EXPECT_EQ(office.pair.cloud.number("select count(*) from task where task_id = 10"), 0);
    }
    expect_quiet(office.pair, 3);
    office.pair.desktop.exec("drop table \"Odd \"\"note\"");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    office.expect_settled(settled);
}

TEST(CollisionLimits, children_stay_apart_in_runs_of_their_table_alone) {
    Jobs office("protect");
    office.both_create_5000();
    EXPECT_EXIT_CODE(3, office.pair.sync());
    EXPECT_EXIT_CODE(3, office.pair.sync({"--table", "task"}));
    EXPECT_EQ(office.pair.cloud.number("select count(*) from task where task_id = 10"), 0);
    EXPECT_EQ(office.pair.desktop.number("select count(*) from task where task_id = 20"), 0);
}

TEST(CollisionLimits, many_children_follow_in_a_run_of_several_batches) {
    Jobs office("remap");
    office.both_create_5000();
    office.pair.desktop.exec("insert into task select i, 5000, 'many' from generate_series(1000, 7999) i");
    EXPECT_EXIT_CODE(0, office.pair.sync());
    EXPECT_EQ(office.pair.cloud.number("select count(*) from task where job_id = 5001"), 7001);
    office.pair.expect_equal("select * from task order by 1");
    expect_quiet(office.pair);
}

TEST(CollisionLimits, rows_that_refer_to_their_own_table_follow_where_sequences_number_them) {
    LivePair pair("collision_self");
    pair.both(
        "create table \"a \"\"job\" (\"the id\" serial primary key, \"its \"\"boss\" int references \"a "
        "\"\"job\", title text, "
        "source char(1))");
    pair.configure(
        "[[table]]\nname = '\"a \"\"job\"'\norigin = { column = 'source' }\nownership = 'shared'\ncollision "
        "= 'remap'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec(
        "insert into \"a \"\"job\" (\"its \"\"boss\", title, source) values (1, 'office', 'D'), (1, 'office "
        "2', 'D'), (2, "
        "'office 3', 'D')");
    pair.cloud.exec(
        "insert into \"a \"\"job\" (\"its \"\"boss\", title, source) values (1, 'phone', 'M'), (1, 'phone "
        "2', 'M')");
    pair.sync();  // the second row has changed with the first one's key: it is the next run's
    EXPECT_EXIT_CODE(0, pair.sync());
    const char* tree =
        "select j.title, b.title from \"a \"\"job\" j join \"a \"\"job\" b on b.\"the id\" = j.\"its "
        "\"\"boss\" order by 1";
    for (Db* side : {&pair.desktop, &pair.cloud})
        EXPECT_EQ(dump(*side, tree),
                  "office|office\noffice 2|office\noffice 3|office 2\nphone|phone\nphone 2|phone");
    pair.expect_equal("select * from \"a \"\"job\" order by 1");
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
