// Jobs and times of the service: pure parts, on a clock that the test owns.
#include <gtest/gtest.h>

#include <chrono>

#include "daemon/back_off.hpp"
#include "daemon/cron_time.hpp"
#include "daemon/schedule.hpp"

namespace tideway::daemon {
namespace {

using namespace std::chrono;

constexpr std::int64_t second = 1'000'000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

std::int64_t utc(int y, unsigned m, unsigned d, int h = 0, int min = 0) {
    const sys_days date = year(y) / month(m) / std::chrono::day(d);
    return duration_cast<microseconds>(date.time_since_epoch()).count() + h * hour + min * minute;
}

std::string shown(std::optional<std::int64_t> micros) {
    if (!micros) return "never";
    const sys_seconds at{seconds(*micros / second)};
    const year_month_day date(floor<days>(at));
    const hh_mm_ss time(at - floor<days>(at));
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()));
    return text;
}

TimeZone zone(const std::string& name) {
    const auto found = TimeZone::named(name);
    EXPECT_TRUE(found) << "no zone file of " << name;
    return found.value_or(TimeZone::utc());
}

std::string next(const std::string& cron, const std::string& in, std::int64_t after) {
    const auto parsed = config::parse_cron(cron);
    EXPECT_TRUE(parsed) << cron;
    return shown(next_time(*parsed, zone(in), after));
}

TEST(CronText, says_what_it_takes_and_refuses_the_rest) {
    for (const char* good : {"* * * * *", "*/15 8-18 * * mon-fri", "0 0 29 2 *", "5,10,20-30/2 0 1 jan,JUL *",
                             "0 0 * * 7", "0 0 30 2 sun"})
        EXPECT_TRUE(config::parse_cron(good)) << good;
    for (const char* bad : {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 30 2 *",
                            "*/0 * * * *", "5-1 * * * *", "a * * * *", "1, * * * *", "-1 * * * *", "* * * 13 *",
                            "* * * * 8"})
        EXPECT_FALSE(config::parse_cron(bad)) << bad;
}

TEST(CronTime, comes_at_local_times) {
    EXPECT_EQ(next("0 2 * * *", "UTC", utc(2026, 11, 26, 1)), "2026-11-26 02:00");
    EXPECT_EQ(next("0 2 * * *", "UTC", utc(2026, 11, 26, 2)), "2026-11-27 02:00");
    EXPECT_EQ(next("0 2 * * *", "Asia/Kolkata", utc(2026, 11, 26, 1)), "2026-11-26 20:30");
    EXPECT_EQ(next("*/15 8-18 * * mon-fri", "UTC", utc(2026, 11, 27, 18, 50)), "2026-11-30 08:00");
    EXPECT_EQ(next("0 3 * * 7", "UTC", utc(2026, 11, 26)), "2026-11-29 03:00");
    EXPECT_EQ(next("0 0 29 2 *", "UTC", utc(2026, 11, 26)), "2028-02-29 00:00");
}

TEST(CronTime, a_day_of_the_month_or_of_the_week_is_enough_where_both_are_given) {
    EXPECT_EQ(next("0 0 13 * fri", "UTC", utc(2026, 11, 25)), "2026-11-27 00:00");
    EXPECT_EQ(next("0 0 13 * fri", "UTC", utc(2026, 12, 12)), "2026-12-13 00:00");
}

// Berlin: 2026-03-29 02:00 becomes 03:00 at 01:00 UTC.
TEST(CronTime, a_time_that_the_clock_leaves_out_comes_at_once_after_the_gap) {
    EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", utc(2026, 3, 28, 12)), "2026-03-29 01:00");
    EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", utc(2026, 3, 29, 1)), "2026-03-30 00:30");
}

// Berlin: 2026-10-25 03:00 becomes 02:00 at 01:00 UTC.
TEST(CronTime, a_time_that_comes_twice_counts_once) {
    EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", utc(2026, 10, 24, 12)), "2026-10-25 00:30");
    EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", utc(2026, 10, 25, 0, 30)), "2026-10-26 01:30");
}

TEST(CronTime, what_comes_every_few_minutes_follows_the_clock_through_the_hour_that_comes_twice) {
    EXPECT_EQ(next("*/30 * * * *", "Europe/Berlin", utc(2026, 10, 25, 0, 30)), "2026-10-25 01:00");
    EXPECT_EQ(next("*/30 * * * *", "Europe/Berlin", utc(2026, 10, 25, 1, 0)), "2026-10-25 01:30");
}

TEST(CronTime, knows_the_rules_after_the_last_change_that_a_zone_file_lists) {
    EXPECT_EQ(next("0 12 1 7 *", "Europe/Berlin", utc(2059, 1, 1)), "2059-07-01 10:00");
    EXPECT_EQ(next("0 12 1 1 *", "America/New_York", utc(2059, 2, 1)), "2060-01-01 17:00");
    EXPECT_EQ(next("0 12 1 1 *", "Australia/Sydney", utc(2059, 2, 1)), "2060-01-01 01:00");
}

TEST(Zone, a_rule_of_its_own_is_understood) {
    const auto berlin = PosixZone::parse("CET-1CEST,M3.5.0,M10.5.0/3");
    ASSERT_TRUE(berlin);
    EXPECT_EQ(berlin->offset_at(utc(2026, 7, 1) / second), 7'200);
    EXPECT_EQ(berlin->offset_at(utc(2026, 12, 1) / second), 3'600);
    EXPECT_EQ(PosixZone::parse("<+0530>-5:30")->offset_at(0), 19'800);
    EXPECT_FALSE(PosixZone::parse("Nowhere"));
}

JobSetting every(seconds interval, Mode mode = Mode::incremental) {
    JobSetting job;
    job.every = interval;
    job.mode = mode;
    return job;
}
JobSetting nightly(bool verify = false) {
    JobSetting job;
    job.cron = "0 2 * * *";
    job.zone = "UTC";
    job.mode = verify ? Mode::incremental : Mode::full;
    job.verify = verify;
    return job;
}
Task asked(Mode mode, const std::vector<std::string>& tables = {}) {
    Task task;
    task.why = "console";
    task.request.sync.mode = mode;
    task.request.sync.tables = tables;
    return task;
}

Task asked_by_a_change() {
    Task task;
    task.why = "change";
    task.request.sync.on_change = true;
    return task;
}

const std::int64_t noon = utc(2026, 11, 26, 12);

// Where nobody has set the clock both go alike.
Moment at(std::int64_t time) { return {time, time - noon}; }

TEST(Jobs, an_interval_begins_at_once_and_a_time_of_day_waits_for_it) {
    Schedule schedule({every(minutes(5)), nightly()}, {}, at(noon));
    const auto first = schedule.take(at(noon));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->job, "every 5m");
    EXPECT_FALSE(schedule.take(at(noon)));
    EXPECT_EQ(schedule.jobs(at(noon))[0].next_at, noon + 5 * minute);
    EXPECT_EQ(schedule.jobs(at(noon))[1].next_at, noon + 14 * hour);
}

TEST(Jobs, what_was_missed_runs_once_at_the_start) {
    Schedule schedule({every(minutes(5)), nightly()},
                      {{"every 5m", noon - minute}, {"cron 0 2 * * *", noon - 3 * day}}, at(noon));
    const auto missed = schedule.take(at(noon));
    ASSERT_TRUE(missed);
    EXPECT_EQ(missed->job, "cron 0 2 * * *");
    EXPECT_EQ(missed->why, "missed");
    EXPECT_FALSE(schedule.take(at(noon)));
    EXPECT_EQ(schedule.jobs(at(noon))[0].next_at, noon + 4 * minute);
}

TEST(Jobs, a_machine_that_slept_runs_what_it_missed_once) {
    Schedule schedule({every(minutes(5))}, {{"every 5m", noon - minute}}, at(noon));
    const auto late = schedule.take(at(noon + 6 * hour));
    ASSERT_TRUE(late);
    EXPECT_EQ(late->why, "missed");
    EXPECT_FALSE(schedule.take(at(noon + 6 * hour)));
}

TEST(Jobs, a_time_in_the_future_says_nothing) {
    Schedule schedule({every(minutes(5))}, {{"every 5m", noon + day}}, at(noon));
    EXPECT_TRUE(schedule.take(at(noon)));
}

TEST(Jobs, a_wider_run_takes_the_narrower_ones_along) {
    const std::int64_t two = utc(2026, 11, 27, 2);
    Schedule schedule({every(minutes(5)), nightly(), nightly(true)}, {{"every 5m", two - 5 * minute}},
                      at(two - minute));
    schedule.ask(asked(Mode::incremental, {"jobs"}));
    const auto widest = schedule.take(at(two));
    ASSERT_TRUE(widest);
    EXPECT_EQ(widest->request.sync.mode, Mode::full);
    EXPECT_EQ(widest->jobs.size(), 2U);
    const auto proof = schedule.take(at(two));
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->request.command, "verify");
    EXPECT_EQ(proof->job, "cron 0 2 * * * (2)");
    EXPECT_FALSE(schedule.take(at(two)));
}

TEST(Jobs, what_waits_already_is_not_doubled) {
    Schedule schedule({}, {}, at(noon));
    schedule.ask(asked(Mode::incremental));
    schedule.ask(asked(Mode::incremental, {"jobs"}));
    EXPECT_TRUE(schedule.take(at(noon)));
    EXPECT_FALSE(schedule.take(at(noon)));
}

TEST(Jobs, a_confirmation_is_never_dropped_for_a_run_without_it) {
    Schedule schedule({}, {}, at(noon));
    Task confirmed = asked(Mode::incremental);
    confirmed.request.sync.confirm = "abc";
    schedule.ask(asked(Mode::full));
    schedule.ask(confirmed);
    EXPECT_FALSE(schedule.take(at(noon))->request.sync.confirm);
    EXPECT_EQ(schedule.take(at(noon))->request.sync.confirm, "abc");
}

TEST(Jobs, a_look_at_what_changed_is_no_run_that_was_asked_for) {
    Schedule schedule({}, {}, at(noon));
    schedule.ask(asked_by_a_change());
    schedule.ask(asked(Mode::incremental));
    const auto first = schedule.take(at(noon));
    EXPECT_EQ(first->why, "console");
    EXPECT_FALSE(first->request.sync.on_change);
    EXPECT_FALSE(schedule.take(at(noon))) << "it is done along with the wider run";
}

TEST(Jobs, a_proof_comes_to_its_turn_however_steadily_users_write) {
    Schedule schedule({nightly(true)}, {}, at(noon));
    int changes = 0;
    for (std::int64_t now = utc(2026, 11, 27, 2);; now += second, ++changes) {
        ASSERT_LT(changes, 3);
        schedule.ask(asked_by_a_change());
        if (schedule.take(at(now))->request.command == "verify") break;
    }
    EXPECT_EQ(schedule.take(at(utc(2026, 11, 27, 2, 1)))->why, "change");
}

TEST(Jobs, a_clock_that_is_set_back_stretches_no_interval) {
    Schedule schedule({every(minutes(5)), nightly()}, {}, at(noon));
    EXPECT_TRUE(schedule.take(at(noon)));
    const Moment later = {noon - day, at(noon).steady + 5 * minute};
    EXPECT_EQ(schedule.jobs(later)[0].next_at, noon - day) << "as people see it";
    EXPECT_TRUE(schedule.take(later));
    EXPECT_FALSE(schedule.take(later));
    EXPECT_EQ(schedule.jobs(later)[1].next_at, noon + 14 * hour) << "a time of day is what the clock says";
}

TEST(Jobs, a_new_configuration_keeps_the_times_of_jobs_that_stay) {
    Schedule schedule({every(minutes(5))}, {{"every 5m", noon - minute}}, at(noon));
    schedule.use({every(minutes(5)), every(minutes(10), Mode::full)}, at(noon));
    EXPECT_EQ(schedule.jobs(at(noon))[0].next_at, noon + 4 * minute);
    EXPECT_EQ(schedule.jobs(at(noon))[1].next_at, noon + 10 * minute);
}

class Fixed : public Random {
  public:
    explicit Fixed(std::uint64_t value) : value_(value) {}
    std::uint64_t next() override { return value_; }

  private:
    std::uint64_t value_;
};

TEST(BackingOff, waits_longer_each_time_up_to_a_limit_and_begins_anew_after_success) {
    Fixed low(0);
    BackOff back_off(Millis(1000), Millis(5000));
    EXPECT_EQ(back_off.wait(low), Millis(500));
    EXPECT_EQ(back_off.wait(low), Millis(1000));
    EXPECT_EQ(back_off.wait(low), Millis(2000));
    EXPECT_EQ(back_off.wait(low), Millis(2500));
    EXPECT_EQ(back_off.wait(low), Millis(2500));
    back_off.succeeded();
    Fixed high(500);
    EXPECT_EQ(back_off.wait(high), Millis(1000));
}

}  // namespace
}  // namespace tideway::daemon
