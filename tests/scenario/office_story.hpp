// The main scenario: what an office and its staff's phones do in some days, with every command in between.
#pragma once
#include "scenario/live_pair.hpp"

namespace tideway::test {

inline constexpr const char* office_tables = R"(
create table job (job_id int primary key, job_name text, status text, source text, updated_at timestamptz);
create table task (task_id int primary key, job_id int not null references job, what text, hours numeric(6,2));
create table note (id int primary key, body text, n int default 0);
)";
inline constexpr const char* office_config = R"(
[[table]]
name = 'job'
origin = { column = 'source', desktop = 'D', cloud = 'M' }
timestamps = { updated = 'updated_at' }
[[table]]
name = 'task'
[[table]]
name = 'note'
conflict = 'cloud'
)";
inline constexpr const char* office_rows =
    "select 'job', job_id, job_name, status, source from job union all "
    "select 'task', task_id, job_id::text, what, hours::text from task union all "
    "select 'note', id, body, n::text, '' from note order by 1, 2";

inline void fill_office(LivePair& pair) {
    pair.desktop.exec(
        "insert into job select i, 'Job ' || i, 'Open', 'D', now() - interval '1 day' from "
        "generate_series(1, 300) i; "
        "insert into task select i, 1 + i % 300, 'task ' || i, i / 4.0 from generate_series(1, 400) i; "
        "insert into note select i, 'note ' || i from generate_series(1, 50) i");
}

inline void open_office(LivePair& pair) {
    pair.both(office_tables);
    fill_office(pair);
}

inline void a_day_in_the_office(LivePair& pair, int day) {
    pair.desktop.exec(
        fmt::format("update job set status = 'Billed {0}', updated_at = now() where job_id between {0} * 10 "
                    "and {0} * 10 + 4; "
                    "insert into job values (1000 + {0}, 'new job', 'Open', 'D', now()); insert into task "
                    "values (1000 + {0}, 1000 + {0}, 'new', 1.50); "
                    "update note set body = 'desktop {0}' where id in ({0}, 20 + {0}); delete from note "
                    "where id = 40 + {0}; delete from task where task_id = {0}",
                    day));
    pair.cloud.exec(
        fmt::format("update job set status = 'Completed {0}', updated_at = now() where job_id between {0} * "
                    "10 + 5 and {0} * 10 + 9; "
                    "insert into job values (9000 + {0}, 'from the phone', 'New', 'M', now()); insert into "
                    "task values (9000 + {0}, 9000 + {0}, 'phone', 0.25); "
                    "update note set body = 'phone {0}' where id in ({0}, 30 + {0}); insert into note values "
                    "(900 + {0}, 'phone note'); "
                    "delete from task where task_id = 100 + {0}",
                    day));
}

inline void expect_story_so_far(LivePair& pair, int days) {
    pair.expect_equal(office_rows);
    EXPECT_ROWS(pair.cloud,
                "select count(*), count(*) filter (where status like 'Billed%'), count(*) filter (where "
                "status like 'Completed%'), "
                "count(*) filter (where source = 'M') from job",
                fmt::format("{}|{}|{}|{}", 300 + 2 * days, 5 * days, 5 * days, days));
    EXPECT_ROWS(pair.desktop, "select count(*) from task", std::to_string(400));
    EXPECT_ROWS(pair.desktop,
                "select count(*), count(*) filter (where body like 'desktop%'), count(*) filter (where body "
                "like 'phone _') from note",
                fmt::format("50|{}|{}", days, 2 * days));
    for (int day = 1; day <= days; ++day) expect_accounted(pair, "note", fmt::format("desktop {}", day));
}

// The first sync, three days with different commands, two runs at once, and rest. The tables are there, and
// empty.
inline void play_office_story_in(LivePair& pair) {
    fill_office(pair);
    EXPECT_EXIT_CODE(0, pair.run({"plan"}));
    ASSERT_EXIT_CODE(0, pair.sync());
    expect_story_so_far(pair, 0);
    a_day_in_the_office(pair, 1);
    EXPECT_EXIT_CODE(0, pair.sync({"--direction", "forward"}));
    EXPECT_EXIT_CODE(0, pair.sync({"--direction", "reverse"}));
    expect_story_so_far(pair, 1);
    a_day_in_the_office(pair, 2);
    EXPECT_EXIT_CODE(0, pair.sync({"--mode", "full"}));
    expect_story_so_far(pair, 2);
    a_day_in_the_office(pair, 3);
    std::vector<std::unique_ptr<Process>> runs;
    for (int i = 0; i < 2; ++i) runs.push_back(pair.start());
    for (const auto& process : runs) {
        const TidewayResult result = finish(*process);
        EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 6) << told(result);
    }
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_story_so_far(pair, 3);
    EXPECT_EXIT_CODE(0, pair.run({"status"}));
    EXPECT_EXIT_CODE(0, pair.run({"conflicts", "list"}));
    expect_quiet(pair);
    expect_quiet(pair, 0, {"--mode", "full"});
}

inline void play_office_story(LivePair& pair) {
    pair.both(office_tables);
    play_office_story_in(pair);
}

}  // namespace tideway::test
