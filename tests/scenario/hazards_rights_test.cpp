// Hazards of rights: tideway needs few (H83), and nobody else needs any on what belongs to it
// (DESIGN.md 10.14).
#include <sstream>

#include "scenario/office_story.hpp"
#include "support/pgbouncer.hpp"

namespace tideway::test {
namespace {

constexpr const char* role = "office_sync";

// Both sides as hosted servers are: nothing is granted to everybody, and tideway's role is nobody special.
class Hazard : public testing::Test {
  protected:
    LivePair pair{"rights"};

    Hazard() {
        pair.both(
            fmt::format("drop role if exists {0}; create role {0} login nosuperuser nocreatedb nocreaterole "
                        "noreplication nobypassrls",
                        role));
        for (Db* side : {&pair.desktop, &pair.cloud}) {
            const std::string database = quote_identifier(side->scalar("select current_database()"));
            side->exec(
                fmt::format("revoke all on database {0} from public; revoke all on schema public from "
                            "public; grant connect on database {0} to {1}",
                            database, role));
        }
        pair.desktop_url = pair.desktop_database.url(role);
        pair.cloud_url = pair.cloud_database.url(role);
        pair.configure(office_config);
    }
    ~Hazard() override {
        for (Db* side : {&pair.desktop, &pair.cloud})
            side->exec(fmt::format("drop owned by {0} cascade; drop role {0}", role));
    }

    // The statements that doctor prints for one side, without the optional ones.
    std::vector<std::string> printed_grants(bool cloud) {
        const TidewayResult printed = run_tideway(pair.config, {"doctor", "--print-grants"});
        EXPECT_EQ(printed.exit_code, 0) << told(printed);
        const std::size_t middle = printed.out.find("-- cloud side");
        if (middle == std::string::npos)
            throw std::runtime_error("no grants for the cloud side:\n" + printed.out);
        std::istringstream text(cloud ? printed.out.substr(middle) : printed.out.substr(0, middle));
        std::vector<std::string> grants;
        for (std::string line; std::getline(text, line);)
            if (line.starts_with("GRANT ")) grants.push_back(line.substr(0, line.find(';')));
        EXPECT_FALSE(grants.empty());
        return grants;
    }
    void grant_what_is_printed() {
        for (const bool cloud : {false, true})
            for (const std::string& grant : printed_grants(cloud))
                (cloud ? pair.cloud : pair.desktop).exec(grant);
    }
};

// "GRANT SELECT, INSERT ON t TO r" is two rights; each as the statement that gives it.
std::vector<std::string> single_rights(const std::vector<std::string>& grants) {
    std::vector<std::string> singles;
    for (const std::string& grant : grants) {
        const std::size_t on = grant.find(" ON ");
        std::istringstream rights(grant.substr(6, on - 6));
        for (std::string right; std::getline(rights, right, ',');)
            singles.push_back("GRANT " + right.substr(right.find_first_not_of(' ')) + grant.substr(on));
    }
    return singles;
}

std::string taking_away(const std::string& grant) {
    const std::size_t to = grant.rfind(" TO ");
    return "REVOKE " + grant.substr(6, to - 6) + " FROM " + grant.substr(to + 4);
}

TEST_F(Hazard, H83_ThePrintedRightsCarryTheWholeStory) {
    pair.both(office_tables);
    grant_what_is_printed();
    play_office_story_in(pair);
    EXPECT_ROWS(
        pair.cloud,
        fmt::format("select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = '{}'", role),
        "f|f|f");
    EXPECT_ROWS(pair.cloud,
                fmt::format("select count(*) from pg_class where relowner = '{}'::regrole and relnamespace "
                            "<> 'tideway'::regnamespace and relkind = 'r' and relpersistence <> 't'",
                            role),
                "0");
}

TEST_F(Hazard, H83_ThePrintedRightsCarryTheWholeStoryThroughAPooler) {
    const Pgbouncer pooler(shared_cloud(), {.pool_size = 3});
    pair.cloud_url = pooler.url(pair.cloud_database.name(), role);
    pair.configure(office_config);
    pair.both(office_tables);
    grant_what_is_printed();
    play_office_story_in(pair);
}

// What is only needed to make tideway's own objects.
TEST_F(Hazard, H83_WithoutTheRightToCreateItsSchemaTheFirstSyncStopsCleanly) {
    pair.both(office_tables);
    grant_what_is_printed();
    pair.desktop.exec("insert into note values (1, 'n')");
    for (Db* side : {&pair.cloud, &pair.desktop}) {
        const std::string database = quote_identifier(side->scalar("select current_database()"));
        side->exec(fmt::format("revoke create on database {} from {}", database, role));
        EXPECT_NE(pair.run({"doctor"}).exit_code, 0);
        const TidewayResult result = pair.sync();
        EXPECT_EQ(error_code(result), "TW309") << told(result);
        EXPECT_EQ(pair.cloud.number("select count(*) from note"), 0);
        side->exec(fmt::format("grant create on database {} to {}", database, role));
    }
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(office_rows);
    expect_quiet(pair);
}

// One change of every kind on each side, so that a run needs every right.
void change_everything(LivePair& pair, int round) {
    for (const bool cloud : {false, true}) {
        const int id = 1000 * round + (cloud ? 500 : 0);
        (cloud ? pair.cloud : pair.desktop)
            .exec(fmt::format(
                "insert into job select i, 'j', 'Open', '{1}', now() from generate_series({0}, {0} + 1) i; "
                "insert into task select i, {0}, 't', 1 from generate_series({0}, {0} + 1) i; insert into "
                "note select i, 'n' from generate_series({0}, {0} + 1) i; "
                "update task set what = 'edited' where task_id = {2}; update note set body = 'edited' where "
                "id = {2}; update job set status = 'Edited', updated_at = now() where job_id = {2}; "
                "delete from note where id = {2} + 1; delete from task where task_id = {2} + 1; delete from "
                "job where job_id = {2} + 1",
                id, cloud ? "M" : "D", id - 1000));
    }
}

void expect_named(LivePair& pair, const std::string& right) {
    const std::string before = row_versions(pair.desktop) + row_versions(pair.cloud);
    const TidewayResult doctor = pair.run({"doctor"});
    EXPECT_NE(doctor.exit_code, 0) << told(doctor);
    const std::string needed = right.substr(0, right.find(" ON "));  // "GRANT SELECT"
    EXPECT_NE(doctor.out.find(needed), std::string::npos)
        << "doctor does not say what to grant: " << told(doctor);
    const TidewayResult result = pair.sync();
    EXPECT_EQ(error_code(result), "TW309") << told(result);
    EXPECT_TRUE(result.exit_code == 1 || result.exit_code == 2) << told(result);
    EXPECT_EQ(row_versions(pair.desktop) + row_versions(pair.cloud), before);
}

TEST_F(Hazard, H83_EachRightThatIsTakenAwayLaterIsNamedByDoctorAndStopsSyncCleanly) {
    pair.both(office_tables);
    pair.configure(std::string("[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n") + office_config);
    grant_what_is_printed();
    change_everything(pair, 1);
    ASSERT_EXIT_CODE(0, pair.sync());
    int round = 1;
    for (const bool cloud : {false, true})
        for (const std::string& right : single_rights(printed_grants(cloud))) {
            if (right.find("CREATE ON DATABASE") != std::string::npos ||
                right.find("GRANT TRIGGER") != std::string::npos)
                continue;
            SCOPED_TRACE(fmt::format("{} side without: {}", cloud ? "cloud" : "desktop", right));
            Db& side = cloud ? pair.cloud : pair.desktop;
            change_everything(pair, ++round);
            side.exec(taking_away(right));
            expect_named(pair, right);
            side.exec(right);
            const TidewayResult result = pair.sync();
            EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3)
                << told(result);  // strict tables hold some
        }
    EXPECT_GT(round, 25);
}

// DESIGN.md 10.14: an application's role knows nothing of schema tideway, and its writes are captured all the
// same.
TEST_F(Hazard, H83_ARoleWithoutRightsOnSchemaTidewayCanWriteEveryCapturedTable) {
    pair.both("drop role if exists office_app; create role office_app login");
    for (Db* side : {&pair.desktop, &pair.cloud})
        side->exec(
            "do $$ begin execute format('grant connect on database %I to office_app', current_database()); "
            "end $$");
    pair.both(office_tables);
    pair.configure(std::string("[sync]\ncapture = 'changelog'\n") + office_config);
    grant_what_is_printed();
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.both(
        "grant usage on schema public to office_app; grant select, insert, update, delete, truncate on job, "
        "task, note to office_app");
    for (const Database* side : {&pair.desktop_database, &pair.cloud_database}) {
        Db app(side->url("office_app"));
        EXPECT_EQ(app.try_exec("select * from tideway.lease"), "42501");
        const int base = side == &pair.desktop_database ? 0 : 100;
        app.exec(fmt::format(
            "insert into job values ({0} + 1, 'a', 'Open', 'D', now()), ({0} + 2, 'b', 'Open', 'D', now())",
            base));
        app.exec(fmt::format("insert into task select {0} + i, {0} + 1, 't', 1 from generate_series(1, 5) i",
                             base));
        app.exec(
            fmt::format("insert into note select {0} + i, 'n' from generate_series(1, 5) i on conflict (id) "
                        "do update set body = 'x'",
                        base));
        app.exec(
            fmt::format("update note set body = 'edited' where id = {0} + 2; delete from note where id = {0} "
                        "+ 3; update note set id = {0} + 50 where id = {0} + 4",
                        base));
        if (side->server().version() >= 15)
            app.exec(
                fmt::format("merge into note using (values ({0} + 5, 'merged'), ({0} + 6, 'merged')) v(id, "
                            "body) on note.id = v.id "
                            "when matched then update set body = v.body when not matched then insert values "
                            "(v.id, v.body)",
                            base));
        app.exec("begin; savepoint a; insert into note values (777, 'rolled back'); rollback to a; commit");
    }
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select id, body from note order by id",
                "1|n\n2|edited\n5|merged\n6|merged\n50|n\n101|n\n102|edited\n105|merged\n106|merged\n150|n");
    pair.expect_equal(office_rows);
    expect_quiet(pair);
    Db app(pair.desktop_database.url("office_app"));
    app.exec("truncate note");
    EXPECT_EXIT_CODE(4, pair.sync());  // emptied tables are asked about
    EXPECT_EQ(pair.cloud.number("select count(*) from note"), 10);
    pair.both("drop owned by office_app; drop role office_app");
}

}  // namespace
}  // namespace tideway::test
