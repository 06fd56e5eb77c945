// People are told what needs them, once, by every way that is configured; a way that fails changes nothing
// else.
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "commands_fixture.hpp"
#include "support/free_port.hpp"
#include "support/pause_at.hpp"
#include "support/receiver.hpp"

namespace tideway::test {
namespace {

class Alerts : public Commands {
  protected:
    void configure(const std::string& alert, const std::string& table = "") {
        config.rewrite(sides.sides_toml() + alert + jobs_toml + table);
    }
    std::string with_webhook(const std::string& more = "") {
        return fmt::format("[alert]\nwebhook = '{}'\n{}", web.url("/hook/secret-token"), more);
    }
    // Messages that the webhook has got, as JSON.
    std::vector<json> messages() {
        std::vector<json> all;
        for (const WebRequest& request : web.requests())
            if (request.method == "POST") all.push_back(json::parse(request.body));
        return all;
    }
    int beats() {
        int count = 0;
        for (const WebRequest& request : web.requests()) count += request.method == "GET" ? 1 : 0;
        return count;
    }
    void make_a_held_row() {
        sides.cloud.exec(
            "insert into jobshead (job_id, client_id, job_name, source) values (99, 1, 'Secret name', 'M')");
        run_json({"sync"}, 0);
        sides.desktop.exec("update jobshead set job_name = 'Other secret' where job_id = 99");
    }
    void let_it_go() { sides.desktop.exec("update jobshead set job_name = 'Secret name' where job_id = 99"); }

    WebReceiver web;
    MailReceiver post;
};

TEST_F(Alerts, a_held_row_is_told_once_and_so_is_its_end) {
    configure(with_webhook());
    start_with(5);
    make_a_held_row();
    EXPECT_EQ(messages().size(), 0U) << "all was well";
    for (int again = 0; again < 2; ++again) run_json({"sync"}, 3);
    ASSERT_EQ(messages().size(), 1U);
    const json told = messages()[0];
    EXPECT_EQ(told["pair"], "main");
    EXPECT_EQ(told["status"], "attention");
    EXPECT_TRUE(told["text"].is_string());
    ASSERT_EQ(told["events"].size(), 1U) << told;
    EXPECT_EQ(told["events"][0]["event"], "held");
    EXPECT_EQ(told["events"][0]["state"], "begun");
    EXPECT_EQ(told["events"][0]["table"], "jobshead");
    EXPECT_EQ(told["events"][0]["count"], 1);
    EXPECT_EQ(told.dump().find("ecret"), std::string::npos) << "no row data: " << told;
    let_it_go();
    for (int again = 0; again < 2; ++again) run_json({"sync"}, 0);
    ASSERT_EQ(messages().size(), 2U);
    EXPECT_EQ(messages()[1]["events"][0]["event"], "held");
    EXPECT_EQ(messages()[1]["events"][0]["state"], "over");
}

TEST_F(Alerts, what_lasts_is_told_again_after_the_repeat_time) {
    configure(with_webhook("repeat = '1s'\n"));
    start_with(5);
    make_a_held_row();
    run_json({"sync"}, 3);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    run_json({"sync"}, 3);
    ASSERT_EQ(messages().size(), 2U);
    EXPECT_EQ(messages()[1]["events"][0]["state"], "again");
    EXPECT_EQ(messages()[1]["events"][0]["since"], messages()[0]["events"][0]["since"]);
}

TEST_F(Alerts, an_unreachable_database_is_told_and_so_is_its_return) {
    configure(with_webhook());
    start_with(5);
    const std::string alone =
        fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = 'postgresql://127.0.0.1:1/none'\n",
                    sides.desktop_database.url());
    config.rewrite(alone + with_webhook() + jobs_toml);
    for (int again = 0; again < 2; ++again) EXPECT_EQ(run_json({"sync"}, 1)["error"]["code"], "TW201");
    ASSERT_EQ(messages().size(), 1U);
    EXPECT_EQ(messages()[0]["events"][0]["event"], "run_failed");
    EXPECT_EQ(messages()[0]["events"][0]["code"], "TW201");
    configure(with_webhook());
    run_json({"sync"}, 0);
    ASSERT_EQ(messages().size(), 2U);
    EXPECT_EQ(messages()[1]["events"][0]["state"], "over");
}

TEST_F(Alerts, a_guard_stop_is_told) {
    configure(with_webhook());
    start_with(50);
    sides.desktop.exec("delete from jobshead where job_id > 10");
    run_json({"sync"}, 4);
    ASSERT_EQ(messages().size(), 1U);
    EXPECT_EQ(messages()[0]["events"][0]["event"], "guard_stop");
    EXPECT_EQ(messages()[0]["status"], "guard");
}

TEST_F(Alerts, a_write_beside_the_plan_is_told_with_the_row_that_waits_for_it_and_without_its_key) {
    configure(with_webhook());
    start_with(5);
    sides.cloud.exec(
        "create function spread() returns trigger language plpgsql as $$ begin update public.jobshead set client_id = 9 where "
        "job_id = 1; return null; end $$; create trigger spread after update on jobshead for each row when "
        "(pg_trigger_depth() = 0) execute function spread()");
    sides.desktop.exec("update jobshead set job_name = 'Secret name' where job_id = 3");
    run_json({"sync"}, 4);
    ASSERT_EQ(messages().size(), 1U);
    const json told = messages()[0];
    std::vector<std::string> events;
    for (const json& event : told["events"])
        events.push_back(event["event"].get<std::string>() + " " + event["state"].get<std::string>());
    EXPECT_EQ(events, (std::vector<std::string>{"guard_stop begun", "parked begun"}));
    EXPECT_EQ(told.dump().find("ecret"), std::string::npos);
    EXPECT_EQ(sides.cloud.scalar("select client_id from jobshead where job_id = 1"), "2") << "nothing happened";
    sides.cloud.exec("drop trigger spread on jobshead");
    run_json({"sync"}, 0);
    ASSERT_EQ(messages().size(), 2U);
    const json ended = messages()[1];
    EXPECT_EQ(ended["events"].size(), 2U) << ended;
    for (const json& event : ended["events"]) EXPECT_EQ(event["state"], "over");
}

TEST_F(Alerts, protected_rows_that_vanish_are_told_as_a_loss) {
    configure(with_webhook());
    start_with(5);
    sides.cloud.exec("insert into jobshead (job_id, client_id, source) select i, 1, 'M' from generate_series(90, 99) i");
    run_json({"sync"}, 0);
    sides.desktop.exec("update jobshead set status = 'Done' where job_id = 1");
    const PauseAt pause("M5a.committed");
    const auto running = start_tideway(config, {"sync", "--json"}, pause.env());
    pause.wait_until_reached();
    Db(sides.cloud_database).exec("update pg_trigger set tgenabled = 'D' where tgrelid = 'jobshead'::regclass");
    Db(sides.cloud_database).exec("delete from jobshead where job_id in (90, 91)");
    Db(sides.cloud_database).exec("update pg_trigger set tgenabled = 'A' where tgrelid = 'jobshead'::regclass");
    pause.release();
    EXPECT_EQ(running->wait(std::chrono::seconds(60)), 4);
    ASSERT_EQ(messages().size(), 1U);
    EXPECT_EQ(messages()[0]["events"][0]["event"], "loss") << messages()[0];
    EXPECT_EQ(messages()[0]["events"][0]["count"], 2);
}

TEST_F(Alerts, what_verify_finds_is_told_and_so_is_its_end) {
    configure(with_webhook());
    start_with(20);
    sides.cloud.exec(
        "alter table jobshead disable trigger user; update jobshead set job_name = 'silent' where job_id = "
        "3; do $$ declare "
        "name text; begin for name in select tgname from pg_trigger where tgrelid = 'jobshead'::regclass and "
        "not "
        "tgisinternal loop execute format('alter table jobshead enable always trigger %I', name); end loop; "
        "end $$");
    run_json({"verify"}, 5);
    ASSERT_EQ(messages().size(), 1U);
    EXPECT_EQ(messages()[0]["events"][0]["event"], "differs");
    EXPECT_EQ(messages()[0]["events"][0]["table"], "jobshead");
    EXPECT_EQ(messages()[0]["events"][0]["count"], 1);
    sides.desktop.exec("update jobshead set job_name = 'silent' where job_id = 3");
    run_json({"sync"}, 0);
    run_json({"verify"}, 0);
    ASSERT_EQ(messages().size(), 2U);
    EXPECT_EQ(messages()[1]["events"][0]["state"], "over");
}

TEST_F(Alerts, only_the_chosen_events_are_told) {
    configure(with_webhook("events = ['run_failed']\n"));
    start_with(5);
    make_a_held_row();
    run_json({"sync"}, 3);
    EXPECT_EQ(messages().size(), 0U);
}

TEST_F(Alerts, a_receiver_that_fails_changes_no_exit_code_is_remembered_and_told_later) {
    configure(with_webhook());
    start_with(5);
    make_a_held_row();
    web.answer(500);
    const TidewayResult run_with_alert = run({"sync"});
    EXPECT_EQ(run_with_alert.exit_code, 3);
    EXPECT_NE(run_with_alert.err.find("TW451"), std::string::npos) << run_with_alert.err;
    EXPECT_EQ(run_with_alert.err.find("secret-token"), std::string::npos) << run_with_alert.err;
    const json failing = run_json({"status"}, 3)["alerts_failing"];
    ASSERT_EQ(failing.size(), 1U);
    EXPECT_EQ(failing[0]["channel"], "webhook");
    EXPECT_EQ(failing[0]["code"], "TW451");
    EXPECT_EQ(failing.dump().find("secret-token"), std::string::npos);
    web.answer(200);
    run_json({"sync"}, 3);
    EXPECT_EQ(messages().size(), 2U) << "what was not taken is sent again";
    EXPECT_EQ(run_json({"status"}, 3)["alerts_failing"].size(), 0U);
}

TEST_F(Alerts, what_a_receiver_missed_is_sent_also_when_it_is_over_meanwhile) {
    configure(with_webhook());
    start_with(5);
    make_a_held_row();
    web.answer(500);
    run_json({"sync"}, 3);
    let_it_go();
    run_json({"sync"}, 0);
    web.answer(200);
    const std::size_t before = messages().size();
    for (int again = 0; again < 2; ++again) run_json({"sync"}, 0);
    ASSERT_EQ(messages().size(), before + 1);
    const json told = messages().back();
    ASSERT_EQ(told["events"].size(), 2U) << told;
    EXPECT_EQ(told["events"][0]["state"], "begun");
    EXPECT_EQ(told["events"][0]["late"], true);
    EXPECT_EQ(told["events"][1]["state"], "over");
    EXPECT_EQ(told["dropped"], 0);
}

TEST_F(Alerts, a_receiver_that_is_silent_or_gone_costs_its_time_limit_at_most) {
    configure(with_webhook("timeout = '1s'\n"));
    start_with(5);
    make_a_held_row();
    web.answer(0);
    EXPECT_EQ(run({"sync"}).exit_code, 3);
    EXPECT_EQ(run_json({"status"}, 3)["alerts_failing"][0]["code"], "TW451");
    configure("[alert]\nwebhook = 'http://127.0.0.1:1/nobody'\n");
    const TidewayResult gone = run({"sync"});
    EXPECT_EQ(gone.exit_code, 3);
    EXPECT_NE(gone.err.find("TW451"), std::string::npos) << gone.err;
}

TEST_F(Alerts, a_command_gets_the_message_on_stdin) {
    const TempDir dir;
    configure(fmt::format("[alert]\ncommand = 'cat > {}'\n", (dir / "told").string()));
    start_with(5);
    make_a_held_row();
    run_json({"sync"}, 3);
    const json told = json::parse(read_file(dir / "told"));
    EXPECT_EQ(told["events"][0]["event"], "held");
}

TEST_F(Alerts, a_command_that_hangs_is_stopped_with_all_it_started) {
    const TempDir dir;
    const std::string pid_file = (dir / "pid").string();
    configure(
        fmt::format("[alert]\ntimeout = '1s'\ncommand = 'sleep 600 & echo $$! > {}; wait'\n", pid_file));
    start_with(5);
    make_a_held_row();
    const TidewayResult result = run({"sync"});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_NE(result.err.find("TW450"), std::string::npos) << result.err;
    EXPECT_LT(result.duration, std::chrono::seconds(60));
    const std::string still_there = "/proc/" + std::to_string(std::stol(read_file(pid_file))) + "/root/bin";
    // It is killed; on a busy machine it is not gone yet.
    for (int i = 0; i < 500 && ::access(still_there.c_str(), F_OK) == 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_NE(::access(still_there.c_str(), F_OK), 0);
    configure("[alert]\ncommand = 'exit 7'\n");
    EXPECT_NE(run({"sync"}).err.find("TW450"), std::string::npos);
}

TEST_F(Alerts, mail_goes_to_everybody_with_the_password_from_its_source) {
    configure(
        fmt::format("[alert]\n[alert.email]\nurl = '{}'\npassword_command = 'echo pa55'\n"
                    "from = 'tideway@office.example'\nto = ['a@office.example', 'b@office.example']\n",
                    post.url("clerk")));
    start_with(5);
    make_a_held_row();
    run_json({"sync"}, 3);
    ASSERT_EQ(post.mails().size(), 1U);
    const Mail mail = post.mails()[0];
    EXPECT_EQ(mail.from, "tideway@office.example");
    EXPECT_EQ(mail.to, (std::vector<std::string>{"a@office.example", "b@office.example"}));
    EXPECT_EQ(mail.login, "clerk:pa55");
    EXPECT_NE(mail.text.find("\nSubject: Tideway, pair main: "), std::string::npos) << mail.text;
    EXPECT_NE(mail.text.find("jobshead: 1 row "), std::string::npos) << mail.text;
    EXPECT_EQ(mail.text.find("pa55"), std::string::npos);
}

TEST_F(Alerts, mail_to_another_machine_goes_encrypted_or_not_at_all) {
    MailReceiver elsewhere("127.0.0.2");  // offers no encryption, and is not the machine's own name
    const auto by = [&](const std::string& more) {
        configure(fmt::format("[alert]\n[alert.email]\nurl = '{}'\npassword_command = 'echo pa55'\n"
                              "from = 'tideway@office.example'\nto = ['a@office.example']\n{}",
                              elsewhere.url("clerk"), more));
    };
    by("");
    start_with(5);
    make_a_held_row();
    EXPECT_NE(run({"sync"}).err.find("TW452"), std::string::npos);
    EXPECT_EQ(elsewhere.mails().size(), 0U);
    by("tls = 'if_offered'\n");
    run_json({"sync"}, 3);
    EXPECT_EQ(elsewhere.mails().size(), 1U) << "what could not be sent is sent by the next run";
}

TEST_F(Alerts, a_mail_server_whose_certificate_nobody_vouches_for_gets_nothing) {
    TempDir dir;
    const std::string key = dir / "key.pem", certificate = dir / "certificate.pem";
    const PortLease lease;
    const std::string port = std::to_string(lease.port());
    run_checked({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1",
                 "-subj", "/CN=127.0.0.1"});
    Process server({"openssl", "s_server", "-accept", "127.0.0.1:" + port, "-key", key, "-cert", certificate, "-www"});
    for (int i = 0; i < 1'000 && server.out().find("ACCEPT") == std::string::npos; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    configure(fmt::format("[alert]\n[alert.email]\nurl = 'smtps://clerk@127.0.0.1:{}'\npassword_command = 'echo pa55'\n"
                          "from = 'a@office.example'\nto = ['b@office.example']\n",
                          port));
    start_with(5);
    make_a_held_row();
    const TidewayResult result = run({"sync"});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_NE(result.err.find("TW452"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("ertificate"), std::string::npos) << result.err;
    EXPECT_EQ(server.out().find("pa55"), std::string::npos);
}

TEST_F(Alerts, a_channel_that_works_is_not_told_twice_because_another_one_fails) {
    configure(with_webhook(fmt::format(
        "[alert.email]\nurl = '{}'\nfrom = 'a@office.example'\nto = ['b@office.example']\n", post.url())));
    start_with(5);
    make_a_held_row();
    post.refuse_receivers(true);
    EXPECT_NE(run({"sync"}).err.find("TW452"), std::string::npos);
    post.refuse_receivers(false);
    run_json({"sync"}, 3);
    EXPECT_EQ(messages().size(), 1U);
    EXPECT_EQ(post.mails().size(), 1U);
}

TEST_F(Alerts, the_heartbeat_is_fetched_after_good_runs_only) {
    configure(fmt::format("[alert]\nheartbeat_url = '{}'\n", web.url("/beat")));
    start_with(5);
    EXPECT_EQ(beats(), 1);
    make_a_held_row();
    EXPECT_EQ(beats(), 2);
    run_json({"sync"}, 3);
    EXPECT_EQ(beats(), 2);
    let_it_go();
    web.answer(503);
    EXPECT_EQ(run({"sync"}).exit_code, 0) << "a heartbeat that fails fails no run";
    EXPECT_EQ(run_json({"status"}, 0)["alerts_failing"][0]["channel"], "heartbeat");
}

TEST_F(Alerts, the_heartbeat_is_not_fetched_after_a_guard_stop_or_a_failed_run) {
    configure(fmt::format("[alert]\nheartbeat_url = '{}'\n", web.url("/beat")));
    start_with(50);
    EXPECT_EQ(beats(), 1);
    sides.desktop.exec("delete from jobshead where job_id > 10");
    run_json({"sync"}, 4);
    config.rewrite(fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = 'postgresql://127.0.0.1:1/none'\n[alert]\n"
                               "heartbeat_url = '{}'\n",
                               sides.desktop_database.url(), web.url("/beat")) +
                   jobs_toml);
    run_json({"sync"}, 1);
    EXPECT_EQ(beats(), 1);
}

TEST_F(Alerts, a_memory_that_cannot_be_kept_is_a_warning_and_everything_is_told) {
    configure(with_webhook("memory = '/proc/no/such'\n"));
    start_with(5);
    make_a_held_row();
    for (int again = 0; again < 2; ++again) EXPECT_NE(run({"sync"}).err.find("TW453"), std::string::npos);
    EXPECT_EQ(messages().size(), 2U);
}

TEST_F(Alerts, the_test_says_of_each_channel_what_happened) {
    configure(with_webhook(fmt::format(
        "command = 'exit 3'\nheartbeat_url = '{}'\n[alert.email]\nurl = '{}'\nfrom = 'a@office.example'\n"
        "to = ['b@office.example']\n",
        web.url("/beat"), post.url())));
    const json tested = run_json({"alert", "test"}, 1);
    std::map<std::string, std::string> fates;
    for (const json& channel : tested["channels"]) fates[channel["channel"]] = channel["status"];
    EXPECT_EQ(fates, (std::map<std::string, std::string>{{"command", "failed"},
                                                         {"webhook", "ok"},
                                                         {"email", "ok"},
                                                         {"heartbeat", "ok"},
                                                         {"memory", "ok"}}));
    EXPECT_EQ(messages().at(0)["test"], true);
    EXPECT_EQ(post.mails().size(), 1U);
    EXPECT_EQ(beats(), 1);
    EXPECT_EQ(tested.dump().find("secret-token"), std::string::npos);
    EXPECT_EQ(run({"config", "show"}).out.find("secret-token"), std::string::npos);
    configure("");
    EXPECT_EQ(run_json({"alert", "test"}, 2)["error"]["code"], "TW103");
}

}  // namespace
}  // namespace tideway::test
