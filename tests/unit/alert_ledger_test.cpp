// Who is told what, and when again: on plain values, with a clock of our own.
#include <gtest/gtest.h>

#include "alert/ledger.hpp"
#include "alert/message.hpp"
#include "alert/texts.hpp"
#include "config/duration.hpp"
#include "config/hidden_url.hpp"

namespace tideway::alert {
namespace {

constexpr std::int64_t hour = 3'600'000'000, day = 24 * hour;
const std::set<AlertKind> everything(all_alert_kinds().begin(), all_alert_kinds().end());

Observation counted(AlertKind kind, std::int64_t rows) {
    Observation seen;
    seen.judged = {{kind, "jobs"}};
    if (rows > 0) seen.present = {{{kind, "jobs"}, rows, {}}};
    return seen;
}

Observation held(std::int64_t rows) { return counted(AlertKind::held, rows); }

class Ledgers : public testing::Test {
  protected:
    // What the channel is told about this observation; it takes it unless `down`.
    std::vector<State> told(const Observation& seen, std::int64_t now, const std::string& channel = "webhook",
                            bool down = false) {
        note(ledger, seen, {"jobs"}, now);
        const auto items = due(ledger, channel, seen, everything, now, day);
        down ? note_owed(ledger, channel, items, now) : note_sent(ledger, channel, items, now);
        prune(ledger, {"webhook", "email"}, now, day);
        std::vector<State> states;
        for (const Item& item : items) states.push_back(item.state);
        return states;
    }
    using States = std::vector<State>;
    Ledger ledger;
};

TEST_F(Ledgers, a_condition_is_told_once_and_again_after_a_day) {
    EXPECT_EQ(told(held(2), 0), States{State::begun});
    EXPECT_EQ(told(held(2), hour), States{});
    EXPECT_EQ(told(held(9), day - 1), States{});
    EXPECT_EQ(told(held(2), day), States{State::again});
    EXPECT_EQ(told(held(2), day + hour), States{});
}

TEST_F(Ledgers, the_end_is_told_once_and_the_beginning_with_it_where_that_is_not_known_yet) {
    told(held(2), 0, "webhook");
    told(held(2), 0, "email", true);
    EXPECT_EQ(told(held(0), hour, "email"), (States{State::begun, State::over}));
    EXPECT_EQ(told(held(0), hour, "webhook"), States{State::over});
    for (const char* channel : {"webhook", "email"})
        EXPECT_EQ(told(held(0), 2 * hour, channel), States{}) << channel;
    EXPECT_TRUE(ledger.told.empty());
    EXPECT_TRUE(ledger.owed.empty());
    EXPECT_EQ(told(held(1), 3 * hour), States{State::begun}) << "it began anew";
}

TEST_F(Ledgers, a_channel_that_was_down_is_told_later) {
    EXPECT_EQ(told(held(2), 0, "webhook", true), States{State::begun});
    EXPECT_EQ(told(held(2), 1), States{State::begun});
    EXPECT_EQ(told(held(0), 2, "webhook", true), States{State::over});
    EXPECT_EQ(told(held(0), 3), States{State::over});
}

TEST_F(Ledgers, what_is_over_before_a_channel_works_again_is_told_all_the_same) {
    const Observation lost = counted(AlertKind::loss, 3), settled = counted(AlertKind::settled, 1);
    told(lost, 0, "webhook", true);
    told(settled, 1, "webhook", true);
    told(counted(AlertKind::loss, 0), 2, "webhook", true);
    EXPECT_EQ(told(held(0), 9 * day), (States{State::begun, State::over, State::begun}));
    EXPECT_EQ(told(held(0), 10 * day), States{});
}

TEST_F(Ledgers, what_is_told_late_has_the_time_at_which_it_began_and_the_number_of_now) {
    told(held(2), hour, "webhook", true);
    note(ledger, held(5), {"jobs"}, 2 * hour);
    const std::vector<Item> items = due(ledger, "webhook", held(5), everything, 2 * hour, day);
    ASSERT_EQ(items.size(), 1U);
    EXPECT_TRUE(items[0].late);
    EXPECT_EQ(items[0].since, hour);
    EXPECT_EQ(items[0].condition.count, 5);
}

TEST_F(Ledgers, a_channel_that_is_down_for_weeks_is_owed_the_latest_hundred_and_the_number_of_the_others) {
    for (std::int64_t i = 0; i < 60; ++i) {
        told(held(1), 2 * i * hour, "webhook", true);
        told(held(0), (2 * i + 1) * hour, "webhook", true);
    }
    ASSERT_EQ(ledger.owed.size(), 1U);
    EXPECT_EQ(ledger.owed[0].items.size(), owed_at_most);
    EXPECT_EQ(dropped(ledger, "webhook"), 20);
    EXPECT_EQ(ledger.owed[0].items.back().since, 118 * hour);
    EXPECT_EQ(told(held(0), 200 * hour).size(), owed_at_most);
    EXPECT_EQ(dropped(ledger, "webhook"), 0);
}

TEST_F(Ledgers, another_event_at_the_same_place_is_told_within_the_day) {
    const auto failed = [](Code code) { return observe(Error(code, "x")); };
    EXPECT_EQ(told(failed(Code::server_unreachable), 0), States{State::begun});
    EXPECT_EQ(told(failed(Code::server_unreachable), hour), States{});
    EXPECT_EQ(told(failed(Code::statement_failed), 2 * hour), States{State::begun});
    EXPECT_EQ(told(failed(Code::server_unreachable), 3 * hour), States{}) << "known since it began";
    EXPECT_EQ(told(failed(Code::statement_failed), 4 * hour), States{});
    EXPECT_EQ(told(failed(Code::statement_failed), 2 * hour + day), States{State::again});
}

TEST_F(Ledgers, each_run_that_loses_rows_is_told) {
    Observation lost = counted(AlertKind::loss, 1);
    lost.present[0].signs = {"run 1"};
    EXPECT_EQ(told(lost, 0), States{State::begun});
    lost.present[0].signs = {"run 2"};
    EXPECT_EQ(told(lost, 1), States{State::begun});
}

TEST_F(Ledgers, what_nobody_looked_at_is_not_over) {
    told(held(2), 0);
    EXPECT_EQ(told(observe(Error(Code::server_unreachable, "no answer")), hour), States{State::begun});
    EXPECT_EQ(told(held(2), 2 * hour), States{}) << "still held, and known";
    EXPECT_EQ(ledger.told.size(), 2U);
}

TEST_F(Ledgers, a_table_that_left_the_configuration_is_forgotten) {
    told(held(2), 0);
    note(ledger, {}, {"other"}, hour);
    EXPECT_TRUE(ledger.told.empty());
}

TEST_F(Ledgers, what_passes_has_no_end_to_tell) {
    const Observation one = counted(AlertKind::settled, 1);
    const Observation none = counted(AlertKind::settled, 0);
    EXPECT_EQ(told(one, 0), States{State::begun});
    EXPECT_EQ(told(none, hour), States{});
    EXPECT_EQ(told(one, 2 * hour), States{}) << "within the day";
    EXPECT_EQ(told(none, 2 * day), States{});
    EXPECT_TRUE(ledger.told.empty());
}

TEST(Observed, nobody_is_told_that_another_run_is_at_work_or_that_somebody_stopped_this_one) {
    EXPECT_TRUE(observe(Error(Code::lease_held, "x")).judged.empty());
    EXPECT_TRUE(observe(Error(Code::fenced, "x")).judged.empty());
    EXPECT_TRUE(observe(Error(Code::interrupted, "x")).judged.empty());
}

TEST(Observed, a_servers_message_is_not_passed_on_because_it_may_quote_a_row) {
    const Observation seen = observe(Error(Code::statement_failed, "Key (name)=(Smith) already exists"));
    EXPECT_EQ(sentence(seen.present.at(0), false).find("Smith"), std::string::npos);
    EXPECT_NE(sentence(seen.present.at(0), false).find("TW405"), std::string::npos);
}

TEST(Observed, a_table_that_a_guard_stopped_says_nothing_about_waiting_rows_and_the_others_do) {
    RunReport report;
    report.status = "guard";
    report.tables.resize(3);
    report.tables[0].desktop = "jobs";
    report.tables[0].stopped = "would delete 9 of 10 rows in the cloud";
    report.tables[1].desktop = "clients";
    report.tables[1].held = 2;
    report.tables[2].desktop = "notes";
    report.tables[2].parked = 1;
    report.guard.push_back({"jobs", report.tables[0].stopped, 9, 10, "deletes"});
    report.guard.push_back({"notes", "key 1: would change others", 1, 0, "side_effects"});
    const Observation seen = observe(report);
    std::set<Place> present;
    for (const Condition& each : seen.present) present.insert(each.place);
    EXPECT_EQ(present, (std::set<Place>{{AlertKind::guard_stop, "jobs"},
                                        {AlertKind::held, "clients"},
                                        {AlertKind::guard_stop, "notes"},
                                        {AlertKind::parked, "notes"}}));
    const std::set<Place> judged(seen.judged.begin(), seen.judged.end());
    EXPECT_FALSE(judged.contains({AlertKind::held, "jobs"}));
    EXPECT_TRUE(judged.contains({AlertKind::held, "notes"}));
}

TEST(Observed, stops_of_a_table_are_one_condition_that_each_reason_makes_another) {
    RunReport report;
    report.guard.push_back({"jobs", "would delete 9 of 10 rows in the cloud", 9, 10, "deletes"});
    report.guard.push_back({"jobs", "would change 8 of 10 rows in the cloud", 8, 10, "updates"});
    report.guard.push_back({"jobs", "would change 7 of 10 rows on the desktop", 7, 10, "updates"});
    const Observation seen = observe(report);
    ASSERT_EQ(seen.present.size(), 1U);
    EXPECT_EQ(seen.present[0].signs, (std::vector<std::string>{"deletes", "updates"}));
    EXPECT_NE(sentence(seen.present[0], false).find("would change 8 of 10"), std::string::npos);
}

TEST(Observed, a_guard_stop_is_told_by_what_it_met_and_never_by_a_key) {
    const auto told_of = [](GuardStop stop) {
        RunReport report;
        report.status = "guard";
        report.guard.push_back(std::move(stop));
        return sentence(observe(report).present.at(0), false);
    };
    EXPECT_EQ(told_of({"jobs", "would delete 9 of 10 rows in the cloud", 9, 10, "deletes"}),
              "jobs: a guard stopped it, and nothing of it was written: would delete 9 of 10 rows in the cloud.");
    EXPECT_EQ(told_of({"jobs", "key Smith: writes 4 rows of mine", 1, 0, "side_effects"}),
              "jobs: a row was not written, because that would have changed other rows.");
    EXPECT_EQ(told_of({"", "the cloud went back", 0, 0, "restored", false}),
              "the run: a side has gone back to an older state, as a restored backup does; the run went on.");
}

TEST(Observed, a_hash_that_somebody_mistyped_is_no_event_and_the_end_of_none) {
    RunReport report;
    report.status = "guard";
    report.tables.resize(1);
    report.tables[0].desktop = "jobs";
    report.guard.push_back({"", "no plan of that hash", 0, 0, "confirmation"});
    EXPECT_TRUE(observe(report).present.empty());
    for (const Place& place : observe(report).judged) EXPECT_NE(place.first, AlertKind::guard_stop);
}

TEST(Observed, lost_rows_are_a_loss_and_no_guard_stop) {
    RunReport report;
    report.status = "guard";
    report.tables.resize(1);
    report.tables[0].desktop = "jobs";
    report.tables[0].lost = 2;
    report.guard.push_back({"jobs", "2 protected rows are gone", 2, 10, "lost"});
    const Observation seen = observe(report);
    ASSERT_EQ(seen.present.size(), 1U);
    EXPECT_EQ(seen.present[0].place, Place(AlertKind::loss, "jobs"));
    EXPECT_EQ(seen.present[0].count, 2);
    report.run = "another";
    EXPECT_NE(observe(report).present.at(0).signs, seen.present[0].signs);
}

TEST(Observed, a_verify_that_found_rows_changing_does_not_say_that_a_table_is_equal_again) {
    VerifyReport report;
    report.tables.resize(1);
    report.tables[0].changing = 1;
    EXPECT_TRUE(observe(report).judged.empty());
    report.tables[0].differences = 1;
    EXPECT_EQ(observe(report).present.size(), 1U);
}

TEST(Observed, a_verify_tells_of_the_tables_that_it_compared) {
    VerifyReport report;
    report.tables.resize(3);
    report.tables[0].desktop = "jobs";
    report.tables[0].differences = 3;
    report.tables[1].desktop = "clients";
    report.tables[2].desktop = "notes";
    report.tables[2].state = "not compared";
    const Observation seen = observe(report);
    ASSERT_EQ(seen.present.size(), 1U);
    EXPECT_EQ(seen.present[0].place, Place(AlertKind::differs, "jobs"));
    EXPECT_EQ(seen.judged,
              (std::vector<Place>{{AlertKind::differs, "jobs"}, {AlertKind::differs, "clients"}}));
}

TEST(Texts, every_kind_has_its_words) {
    for (const AlertKind kind : all_alert_kinds()) {
        const Condition condition{{kind, "jo\nbs"}, 2, "TW201", "detail"};
        EXPECT_FALSE(text_of(kind).way_out.empty()) << to_string(kind);
        EXPECT_EQ(sentence(condition, false).find('\n'), std::string::npos) << to_string(kind);
        EXPECT_EQ(sentence(condition, true).empty(), !text_of(kind).lasting) << to_string(kind);
        EXPECT_EQ(parse_alert_kind(to_string(kind)), kind);
    }
}

TEST(HiddenUrls, keep_scheme_and_host_alone) {
    EXPECT_EQ(hidden_url("https://hooks.example/T0/B0/secret"), "https://hooks.example/***");
    EXPECT_EQ(hidden_url("https://host?token=secret"), "https://host/***");
    EXPECT_EQ(hidden_url("smtp://me:secret@mail:25"), "smtp://mail:25");
    EXPECT_EQ(hidden_url("https://host"), "https://host");
}

TEST(Durations, are_numbers_with_a_unit) {
    using config::parse_duration;
    EXPECT_EQ(parse_duration("30s"), std::chrono::seconds(30));
    EXPECT_EQ(parse_duration("24h"), std::chrono::seconds(86'400));
    for (const char* text : {"", "5", "m", "0s", "-5m", "5 m", "5min", "99999999999999d", "1.5h"})
        EXPECT_FALSE(parse_duration(text)) << text;
    EXPECT_EQ(config::duration_text(std::chrono::seconds(86'400)), "1d");
    EXPECT_EQ(config::duration_text(std::chrono::seconds(90)), "90s");
}

}  // namespace
}  // namespace tideway::alert
