// A rehearsal runs on copies and cannot reach the pair.
#include <gtest/gtest.h>

#include "commands_fixture.hpp"

namespace tideway::test {
namespace {

class Rehearsal : public Commands {
  protected:
    // Databases made of the others, as restored backups are: the state of tideway is copied along.
    void copy_both() {
        desktop_copy = copy(sides.desktop, sides.desktop_database);
        cloud_copy = copy(sides.cloud, sides.cloud_database);
    }
    json rehearse(int exit_code) {
        return run_json(command(desktop_copy->url(), cloud_copy->url()), exit_code);
    }
    std::string refusal(const std::string& desktop, const std::string& cloud) {
        return run_json(command(desktop, cloud), 2)["error"]["code"];
    }

    std::unique_ptr<Database> desktop_copy, cloud_copy;

  private:
    static std::vector<std::string> command(const std::string& desktop, const std::string& cloud) {
        return {"sync", "--rehearse", "--desktop", desktop, "--cloud", cloud};
    }
    // The server makes a copy of a database only while nobody has a session in it.
    static std::unique_ptr<Database> copy(Db& session, const Database& from) {
        session.close();
        auto made = std::make_unique<Database>(from.server(), "copy");
        Db postgres(from.server().url("postgres", "postgres"));
        postgres.exec("drop database " + quote_identifier(made->name()));
        postgres.exec(fmt::format("create database {} template {}", quote_identifier(made->name()),
                                  quote_identifier(from.name())));
        session = Db(from);
        return made;
    }
};

TEST_F(Rehearsal, shows_what_the_real_run_will_do_and_writes_to_the_copies_alone) {
    start_with(10);
    sides.desktop.exec("update jobshead set status = 'Done' where job_id in (2, 3)");
    sides.cloud.exec(
        "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Theirs', 'M')");
    copy_both();
    const Versions before = versions_of(sides);
    const json rehearsed = rehearse(0);
    EXPECT_EQ(rehearsed["rehearsal"], true);
    EXPECT_EQ(jobs_of(rehearsed)["to_cloud"], writes(0, 2, 0));
    EXPECT_EQ(jobs_of(rehearsed)["to_desktop"], writes(1, 0, 0));
    EXPECT_EQ(versions_of(sides), before);
    EXPECT_EQ(run_json({"status"}, 0)["last_run"]["run"] == rehearsed["run"], false) << "nor into its state";
    EXPECT_EQ(Db(*desktop_copy).number("select count(*) from jobshead"), 11);
    const json real = run_json({"sync"}, 0);
    EXPECT_EQ(real["rehearsal"], false);
    EXPECT_EQ(jobs_of(real)["to_cloud"], jobs_of(rehearsed)["to_cloud"]);
    EXPECT_EQ(jobs_of(real)["to_desktop"], jobs_of(rehearsed)["to_desktop"]);
    EXPECT_EQ(real["plan_hash"], rehearsed["plan_hash"]);
}

TEST_F(Rehearsal, of_the_first_sync_works_on_copies_without_state) {
    make_jobs(sides, 7);
    copy_both();
    EXPECT_EQ(jobs_of(rehearse(0))["to_cloud"], writes(7, 0, 0));
    EXPECT_EQ(own_schemas(), "00");
    EXPECT_EQ(jobs(sides.cloud), 0);
}

TEST_F(Rehearsal, refuses_every_database_of_the_pair_wherever_it_is_named) {
    start_with(10);
    copy_both();
    sides.desktop.exec("update jobshead set status = 'Done' where job_id = 2");
    const std::string desktop = sides.desktop_database.url(), cloud = sides.cloud_database.url();
    // Other words for the same databases.
    const std::string desktop_again = desktop + "?application_name=x",
                      cloud_again = cloud + "?application_name=x";
    const Versions before = versions_of(sides);
    EXPECT_EQ(refusal(desktop, cloud), "TW465");
    EXPECT_EQ(refusal(desktop_again, cloud_again), "TW465");
    EXPECT_EQ(refusal(desktop_again, cloud_copy->url()), "TW465");
    EXPECT_EQ(refusal(desktop_copy->url(), cloud_again), "TW465");
    EXPECT_NE(refusal(cloud_again, desktop_again), "");
    EXPECT_EQ(versions_of(sides), before);
    EXPECT_EQ(own_schemas(), "11");
}

TEST_F(Rehearsal, refuses_the_real_databases_before_the_first_sync_too) {
    make_jobs(sides, 5);
    copy_both();
    EXPECT_EQ(refusal(sides.desktop_database.url() + "?application_name=x", cloud_copy->url()), "TW465");
    EXPECT_EQ(own_schemas(), "00");
    config.rewrite(TwoSides::toml_for("postgresql://127.0.0.1:1/gone", sides.cloud_database.url()) +
                   jobs_toml);
    EXPECT_EQ(refusal(desktop_copy->url(), cloud_copy->url()), "TW465")
        << "who cannot be asked may be the one that is named";
}

TEST_F(Rehearsal, refuses_a_copy_whose_state_says_that_it_is_a_pair_of_its_own) {
    make_jobs(sides, 5);
    copy_both();
    rehearse(0);
    EXPECT_EQ(refusal(desktop_copy->url(), cloud_copy->url()), "TW465");
}

TEST_F(Rehearsal, needs_both_copies_and_takes_them_from_the_configuration) {
    start_with(5);
    EXPECT_EQ(run_json({"sync", "--rehearse"}, 2)["error"]["code"], "TW106");
    copy_both();
    config.rewrite(
        sides.sides_toml() +
        fmt::format("[rehearsal]\ndesktop = '{}'\ncloud = '{}'\n", desktop_copy->url(), cloud_copy->url()) +
        jobs_toml);
    EXPECT_EQ(run_json({"sync", "--rehearse"}, 0)["rehearsal"], true);
    EXPECT_EQ(run_json({"sync"}, 0)["rehearsal"], false);
}

TEST_F(Rehearsal, a_plain_sync_still_refuses_copies) {
    start_with(5);
    copy_both();
    config.rewrite(TwoSides::toml_for(desktop_copy->url(), cloud_copy->url()) + jobs_toml);
    EXPECT_EQ(run_json({"sync"}, 2)["error"]["code"], "TW307");
}

TEST_F(Rehearsal, a_guard_stops_it_as_it_would_stop_the_run) {
    start_with(50);
    sides.desktop.exec("delete from jobshead where job_id > 10");
    copy_both();
    const json stopped = rehearse(4);
    EXPECT_EQ(stopped["status"], "guard");
    EXPECT_EQ(stopped["rehearsal"], true);
}

}  // namespace
}  // namespace tideway::test
