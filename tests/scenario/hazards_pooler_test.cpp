// Hazards of a transaction pooler between tideway and the cloud (H60, H61, H62): a session is a new one in
// every transaction, and other people's settings lie about in it.
#include <atomic>
#include <regex>
#include <sstream>

#include "scenario/office_story.hpp"
#include "support/pgbouncer.hpp"

namespace tideway::test {
namespace {

Settings logging() {
    return {{"log_statement", "all"}, {"log_line_prefix", "<%a|%p> "}, {"log_min_messages", "warning"}};
}

// A cloud with a log of every statement, behind a pooler with three server connections.
class Hazard : public testing::Test {
  protected:
    PgServer server{{.settings = logging()}};
    Pgbouncer pooler{server, {.pool_size = 3}};
    LivePair pair{"pooled", shared_desktop(), server};

    Hazard() {
        pair.cloud_url = pooler.url(pair.cloud_database.name());
        pair.configure(office_config);
    }
    Db through() { return Db(pooler.url(pair.cloud_database.name())); }

    // Statements that tideway sent, each on one line.
    std::vector<std::string> statements() const {
        static const std::regex entry("<tideway\\|\\d+> LOG: +(statement|execute [^:]+): (.*)");
        std::vector<std::string> found;
        std::istringstream log(server.log());
        std::smatch match;
        bool ours = false;
        for (std::string line; std::getline(log, line);) {
            if (line.starts_with('\t')) {  // goes on from the line before
                if (ours) found.back() += " " + line.substr(1);
                continue;
            }
            ours = std::regex_match(line, match, entry);
            if (ours) found.push_back(match[2]);
        }
        return found;
    }
    // What a session of somebody else must never find: the settings that tideway uses.
    void expect_no_setting_of_ours() {
        std::vector<Db> sessions;
        for (int i = 0; i < 3; ++i) {
            sessions.push_back(through());
            sessions.back().exec("begin");  // keeps its server connection, so that all three are looked at
        }
        for (Db& session : sessions) {
            EXPECT_ROWS(session,
                        "select current_setting('lock_timeout'), current_setting('statement_timeout'), "
                        "current_setting('row_security'), "
                        "current_setting('idle_in_transaction_session_timeout'), "
                        "coalesce(current_setting('tideway.direct', true), '')",
                        "0|0|on|0|");
            EXPECT_EQ(session.scalar("select current_setting('search_path')").find("pg_catalog"),
                      std::string::npos);
            EXPECT_ROWS(session,
                        "select count(*) from pg_catalog.pg_class where relpersistence = 't' and relname not "
                        "like 'noise%'",
                        "0");
            EXPECT_ROWS(session, "select count(*) from pg_catalog.pg_locks where locktype = 'advisory'", "0");
            session.exec("commit");
        }
    }
};

// Another application on the same pooler. What it leaves in the sessions reaches whoever comes next.
class NoisyClient {
  public:
    explicit NoisyClient(std::string url) : url_(std::move(url)), thread_([this] { work(); }) {}
    ~NoisyClient() {
        stop_ = true;
        thread_.join();
    }
    int rounds() const { return rounds_; }

  private:
    void work() {
        const char* noise[] = {
            "set TimeZone = 'Asia/Kolkata'; set DateStyle = 'SQL, DMY'; set IntervalStyle = postgres_verbose",
            "set extra_float_digits = -3; set bytea_output = escape; set search_path = 'nowhere'",
            "set quote_all_identifiers = on; set standard_conforming_strings = off; set "
            "default_transaction_isolation = serializable",
            "set client_encoding = 'LATIN1'; set array_nulls = off; set synchronous_commit = off",
            "prepare s as select 1; deallocate s; listen noise; create temp table if not exists noise (a "
            "int)",
            "set enable_hashjoin = off; set work_mem = '64kB'; set xmloption = document"};
        Db db(url_);
        for (int i = 0; !stop_; ++i, ++rounds_) {
            db.try_exec(noise[static_cast<std::size_t>(i) % std::size(noise)]);
            std::this_thread::sleep_for(Millis(3));
        }
    }
    std::string url_;
    std::atomic<bool> stop_ = false;
    std::atomic<int> rounds_ = 0;
    std::thread thread_;
};

TEST_F(Hazard, H60_TheWholeStoryWorksWithOneRunAtATime) {
    play_office_story(pair);
    expect_no_setting_of_ours();
}

TEST_F(Hazard, H60_RunsThatStartTogetherExcludeEachOther) {
    open_office(pair);
    ASSERT_EXIT_CODE(0, pair.sync());
    for (int round = 1; round <= 5; ++round) {
        pair.desktop.exec(fmt::format(
            "insert into note select {} * 1000 + i, 'round' from generate_series(1, 100) i", round));
        std::vector<std::unique_ptr<Process>> runs;
        for (int i = 0; i < 3; ++i) runs.push_back(pair.start());
        long long written = 0;
        for (const auto& process : runs) {
            const TidewayResult result = finish(*process);
            EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 6) << told(result);
            written += writes_reported(result);
        }
        EXPECT_LE(written, 100);
    }
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select count(*) from tideway.journal where op = 'I'",
                std::to_string(300 + 400 + 50 + 500));
    pair.expect_equal(office_rows);
    expect_quiet(pair);
}

// A run that was killed in the middle of its batch leaves a server connection with an open transaction in the
// pool.
TEST_F(Hazard, H60_AKilledRunHoldsUpTheNextOneNeitherByItsLeaseNorByItsLocks) {
    open_office(pair);
    ASSERT_EXIT_CODE(0, pair.sync());
    a_day_in_the_office(pair, 1);
    for (const char* where : {"M5a.before_commit", "M5a.committed"}) {
        SCOPED_TRACE(where);
        PauseAt pause(where);
        const auto run = pair.start(pause.env());
        pause.wait_until_reached();
        run->kill_tree();
    }
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_story_so_far(pair, 1);
    expect_quiet(pair);
}

TEST_F(Hazard, H61_ANoisyNeighbourChangesNothingAndSeesNothing) {
    const NoisyClient neighbour(pooler.url(pair.cloud_database.name())),
        other(pooler.url(pair.cloud_database.name()));
    play_office_story(pair);
    EXPECT_GT(neighbour.rounds(), 50);
}

TEST_F(Hazard, H61_TidewaysSettingsNeverLeak) {
    open_office(pair);
    for (const char* failpoint : {"M1.snapshot", "M5a.written", "M5a.committed"}) {
        a_day_in_the_office(pair, failpoint[1] == '1' ? 1 : failpoint[4] == 'w' ? 2 : 3);
        PauseAt pause(failpoint);
        const auto run = pair.start(pause.env());
        pause.wait_until_reached();
        run->kill_tree();
        std::this_thread::sleep_for(Millis(300));
        expect_no_setting_of_ours();
    }
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_no_setting_of_ours();
}

// Temporary tables of another client stay in the pooled session under any name it liked.
TEST_F(Hazard, H61_TemporaryTablesThatSomebodyLeftAreNotInTheWay) {
    open_office(pair);
    ASSERT_EXIT_CODE(0, pair.sync());
    std::vector<Db> sessions;
    for (int i = 0; i < 3; ++i) {
        sessions.push_back(through());
        sessions.back().exec("begin");
        for (const char* name : {"job", "task", "note", "stage", "stage_0", "stage_1", "stage_2", "found",
                                 "outcome", "before", "booking", "stg", "cur", "work", "lease", "inbox"})
            sessions.back().exec(fmt::format("create temp table \"{}\" (left_by text)", name));
    }
    for (Db& session : sessions) session.exec("commit");
    sessions.clear();
    a_day_in_the_office(pair, 1);
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_story_so_far(pair, 1);
    expect_quiet(pair);
}

TEST_F(Hazard, H62_OnlyUnnamedStatementsAndNothingThatOutlivesATransaction) {
    play_office_story(pair);
    const std::string log = server.log();
    for (const char* text : {"prepared statement", "26000", "42P05", "25P01"})
        EXPECT_EQ(log.find(text), std::string::npos) << text;
    static const std::regex named("<tideway\\|\\d+> LOG: +execute ([^<:][^:]*):");
    EXPECT_FALSE(std::regex_search(log, named)) << "a named statement";
    const std::vector<std::string> sent = statements();
    EXPECT_GT(sent.size(), 200U) << "tideway's statements are not in the log";
    static const std::regex session_wide(
        "(^|;) *(SET (?!LOCAL|CONSTRAINTS)|LISTEN|PREPARE|DECLARE .*WITH "
        "HOLD|RESET|DISCARD|LOAD)|pg_advisory_lock|CREATE TEMP TABLE (?!.*ON COMMIT DROP)",
        std::regex::icase);
    for (const std::string& statement : sent)
        EXPECT_FALSE(std::regex_search(statement, session_wide)) << statement;
}

}  // namespace
}  // namespace tideway::test
