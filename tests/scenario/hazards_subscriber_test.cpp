// Hazards of rows that a subscription brings (H53): the desktop is a subscriber of the office's main server,
// and its apply worker writes the synchronised table.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

PgServer& main_server() {
    static PgServer server({.settings = {{"wal_level", "logical"}}});
    return server;
}

// The office's main database, the desktop that subscribes to its table `note`, and the cloud.
class Subscriber : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        twenty_notes(pair, fmt::format("capture = '{}'\n", GetParam()));
        office.exec(std::string(note_table) + "; create publication notes for table note");
        office.exec("insert into note select i, 'note ' || i from generate_series(1, 20) i");
        office.query("select pg_create_logical_replication_slot('" + slot() + "', 'pgoutput')");
        pair.desktop.exec(
            fmt::format("create subscription notes connection '{}' publication notes with "
                        "(copy_data = false, create_slot = false, slot_name = '{}')",
                        office_database.url(), slot()));
    }
    void TearDown() override { pair.desktop.exec("drop subscription notes"); }
    std::string slot() const { return office_database.name(); }

    // An insert, an update and a delete at the main server that have arrived at the desktop.
    void work_at_the_main_server() {
        office.exec(
            "insert into note values (21, 'from the main server'); update note set body = 'edited there' "
            "where id = 3; delete from note where id = 4");
        wait_until_arrived("not exists (select from note where id = 4)");
    }
    void wait_until_arrived(const std::string& condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (pair.desktop.scalar("select " + condition) != "t") {
            if (std::chrono::steady_clock::now() > end)
                throw std::runtime_error("the subscription brings nothing:\n" + shared_desktop().log());
            std::this_thread::sleep_for(Millis(10));
        }
    }
    void expect_arrived_in_the_cloud() {
        EXPECT_ROWS(pair.cloud, "select id, body from note where id in (3, 4, 21) order by id",
                    "3|edited there\n21|from the main server");
        pair.expect_equal(notes);
    }

    Database office_database = fresh_database(main_server(), "h53_office");
    Db office{office_database};
    LivePair pair{"h53"};
};

class SubscriberExact : public Subscriber {};
class SubscriberChangelog : public Subscriber {};
const auto by_capture = [](const testing::TestParamInfo<const char*>& capture) {
    return std::string(capture.param);
};
INSTANTIATE_TEST_SUITE_P(Capture, Subscriber, testing::Values("changelog", "xmin", "digest"), by_capture);
INSTANTIATE_TEST_SUITE_P(Capture, SubscriberExact, testing::Values("xmin", "digest"), by_capture);
INSTANTIATE_TEST_SUITE_P(Capture, SubscriberChangelog, testing::Values("changelog"), by_capture);

TEST_P(Subscriber, H53_AFullRunFindsWhatASubscriptionBrought) {
    work_at_the_main_server();
    EXPECT_EXIT_CODE(0, pair.sync({"--mode", "full"}));
    expect_arrived_in_the_cloud();
    expect_quiet(pair);
}

// What tideway hangs on the table runs in the apply worker, where search_path is empty: it must not stop it.
TEST_P(Subscriber, H53_TheSubscriptionGoesOn) {
    for (int round = 0; round < 3; ++round) {
        office.exec(fmt::format("insert into note values ({}, 'r')", 100 + round));
        wait_until_arrived(fmt::format("exists (select from note where id = {})", 100 + round));
        pair.cloud.exec(fmt::format("insert into note values ({}, 'phone')", 200 + round));
        EXPECT_EXIT_CODE(0, pair.sync({"--mode", "full"}));
        EXPECT_EQ(pair.desktop.number(fmt::format("select count(*) from note where id = {}", 200 + round)),
                  1);
    }
    pair.expect_equal(notes);
}

TEST_P(SubscriberExact, H53_AnIncrementalRunFindsWhatASubscriptionBrought) {
    work_at_the_main_server();
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_arrived_in_the_cloud();
    expect_quiet(pair);
}

// An apply worker fires row triggers, but none of a statement.
TEST_P(SubscriberChangelog, H53_AnIncrementalRunFindsItTooOrDoctorSaysThatItDoesNot) {
    const std::string findings = pair.run({"doctor"}).out;
    work_at_the_main_server();
    EXPECT_EXIT_CODE(0, pair.sync());
    if (findings.find("subscription") == std::string::npos) expect_arrived_in_the_cloud();
}

}  // namespace
}  // namespace tideway::test
