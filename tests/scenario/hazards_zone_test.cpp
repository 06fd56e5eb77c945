// Hazard H14 of correctness.md 4: time stamps without a zone on one side.
#include "scenario/hazard_pair.hpp"

namespace tideway::test {
namespace {

// ---- H14 -------------------------------------------------------------------------------------------------

const std::string kZonelessJob = "create table job (id int primary key, note text, updated_at timestamp)";

// `zone`: of the desktop's wall clock. Row 1 was edited later in the cloud, row 2 later on the desktop.
void compare_wall_clock_with_instant(const std::string& zone) {
    const HazardPair pair(
        "h14",
        {.tables = fmt::format(
             "[[table]]\nname = 'job'\ntimestamps = {{ updated = 'updated_at', desktop_zone = '{}' }}\n",
             zone),
         .schema = kZonelessJob,
         .cloud_schema = kJob});
    Db desktop = pair.open(At::desktop), cloud = pair.open(At::cloud);
    desktop.exec(
        fmt::format("set timezone = '{}'; insert into job select i, 'first', localtimestamp - interval '1 "
                    "day' from generate_series(1, 2) i",
                    zone));
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(cloud,
                "select count(*) from job where updated_at between now() - interval '25 hours' and now() - "
                "interval '23 hours'",
                "2");
    desktop.exec(
        "update job set note = 'desktop', updated_at = localtimestamp - case id when 1 then interval '2 h' "
        "else interval '1 h' end");
    cloud.exec(
        "update job set note = 'cloud', updated_at = now() - case id when 1 then interval '1 h' else "
        "interval '2 h' end");
    EXPECT_SYNC(pair.sync(), 0);
    for (Db* side : {&desktop, &cloud})
        EXPECT_ROWS(*side, "select id, note from job order by id", "1|cloud\n2|desktop");
    EXPECT_EQ(conflicts(pair), "1 update_update kept\n2 update_update kept");
    expect_in_agreement(
        pair, fmt::format("set timezone = '{}'; select id, note, updated_at::timestamp from job order by id",
                          zone));
}

TEST(Hazard, H14_a_wall_clock_east_of_utc_is_compared_as_an_instant) {
    compare_wall_clock_with_instant("Asia/Kolkata");
}
TEST(Hazard, H14_a_wall_clock_west_of_utc_is_compared_as_an_instant) {
    compare_wall_clock_with_instant("America/New_York");
}

// A new row whose own stamp is old (a form filled in offline) is found by when it was created, whichever of
// the two columns has a zone.
TEST(Hazard, H14_timestamp_capture_reads_each_stamp_column_in_its_own_way) {
    const char* const columns[] = {
        "updated_at timestamp, created_at timestamptz default now()",
        "updated_at timestamptz, created_at timestamp default (now() at time zone '{}')"};
    for (const std::string zone : {"Asia/Kolkata", "America/New_York"})
        for (const char* each : columns) {
            const HazardPair pair(
                "h14_mixed",
                {.sync = "capture = { desktop = 'timestamp', cloud = 'changelog' }\n",
                 .tables =
                     fmt::format("[[table]]\nname = 'job'\ntimestamps = {{ updated = 'updated_at', created = "
                                 "'created_at', desktop_zone = '{}' }}\n",
                                 zone),
                 .schema = fmt::format("create table job (id int primary key, note text, {})",
                                       fmt::format(fmt::runtime(each), zone)),
                 .cloud_schema = "create table job (id int primary key, note text, updated_at timestamptz, "
                                 "created_at timestamptz)"});
            EXPECT_SYNC(pair.sync(), 0);
            pair.open(At::desktop)
                .exec("insert into job values (11, 'from a form', now() - interval '3 days')");
            EXPECT_SYNC(pair.sync(), 0);
            EXPECT_ROWS(pair.cloud, "select id, note from job", "11|from a form") << zone << ": " << each;
            expect_nothing_more_to_write(pair);
        }
}

// Moments that the wall clock of Europe/London skips (gap) or passes twice (overlap).
const char* const kLondonToml =
    "[[table]]\nname = 'visit'\nkey = ['id']\ntimestamps = { desktop_zone = 'Europe/London' }\n";
const PairOptions kLondon{
    .tables = kLondonToml,
    .schema = "create table visit (id int primary key, note text, due timestamp)",
    .cloud_schema = "create table visit (id int primary key, note text, due timestamptz)"};

TEST(Hazard, H14_wall_clock_values_around_a_clock_change_come_back_unaltered) {
    const HazardPair pair("h14_dst_d", kLondon);
    Db desktop = pair.open(At::desktop), cloud = pair.open(At::cloud);
    desktop.exec(
        "insert into visit values (1, 'gap', '2024-03-31 01:30'), (2, 'overlap', '2024-10-27 01:30'), "
        "(3, 'winter', '2024-01-15 09:00'), (4, 'summer', '2024-07-15 09:00')");
    const std::string values = dump(desktop, "select id, due from visit order by id");
    EXPECT_SYNC(pair.sync(), 0);
    expect_nothing_more_to_write(pair);
    cloud.exec("update visit set note = note || ' seen'");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(desktop, "select id, due from visit order by id", values);
    EXPECT_ROWS(desktop, "select count(*) from visit where note like '% seen'", "4");
    expect_nothing_more_to_write(pair);
}

TEST(Hazard, H14_instants_around_a_clock_change_come_back_unaltered) {
    const HazardPair pair("h14_dst_c", kLondon);
    Db desktop = pair.open(At::desktop), cloud = pair.open(At::cloud);
    cloud.exec(
        "insert into visit values (1, 'first 01:30', '2024-10-27 00:30+00'), (2, 'second 01:30', '2024-10-27 "
        "01:30+00'), "
        "(3, 'after the gap', '2024-03-31 01:30+00'), (4, 'summer', '2024-07-15 08:00+00')");
    const std::string values = dump(cloud, "set timezone = 'UTC'; select id, due from visit order by id");
    EXPECT_SYNC(pair.sync(), 0);
    expect_nothing_more_to_write(pair);
    desktop.exec("update visit set note = note || ' seen'");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_ROWS(cloud, "set timezone = 'UTC'; select id, due from visit order by id", values);
    EXPECT_ROWS(cloud, "select count(*) from visit where note like '% seen'", "4");
    expect_nothing_more_to_write(pair);
}

}  // namespace
}  // namespace tideway::test
