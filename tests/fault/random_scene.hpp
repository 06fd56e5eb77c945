// One seed of the random workload: two databases, users, runs with faults, an end in peace, and the verdict.
#pragma once
#include <gtest/gtest.h>

#include <iostream>

#include "checker/audit.hpp"
#include "checker/judge.hpp"
#include "fault/random_faults.hpp"
#include "fault/random_users.hpp"
#include "support/pgbouncer.hpp"
#include "support/run_tideway.hpp"

namespace tideway::test {

// Servers, proxies and a pooler for all seeds of the process.
struct RandomWorld {
    static PgServerOptions options(int version) {
        return {.version = version,
                .settings = {{"deadlock_timeout", "100ms"},
                             {"max_connections", "60"},
                             {"max_prepared_transactions", "4"}}};
    }
    RandomWorld() {
        for (PgServer* server : {&desktop, &cloud})
            Db(server->url("postgres"))
                .exec("create role office_sync login superuser; create role guest_sync login");
    }
    PgServer desktop{options(desktop_version())}, cloud{options(cloud_version())};
    Pgbouncer pooler{cloud, {.pool_size = 10, .settings = {{"server_login_retry", "1"}}}};
    TcpProxy desktop_proxy{desktop.port()}, cloud_proxy{cloud.port()}, pooler_proxy{pooler.port()};
};

// What happened, in numbers; of one seed or of many.
struct RandomCounts {
    int seeds = 0, runs = 0, faults = 0, user_transactions = 0, committed = 0, unknown = 0, user_writes = 0,
        sync_writes = 0, conflicts = 0, waiting = 0, torn_groups = 0, violations = 0;
    std::string text() const {
        return fmt::format(
            "{} seeds, {} runs, {} of them with faults, {} user transactions ({} committed, {} unknown), {} "
            "writes of users, {} of the program, {} conflicts, {} waiting, {} torn groups, {} violations",
            seeds, runs, faults, user_transactions, committed, unknown, user_writes, sync_writes, conflicts,
            waiting, torn_groups, violations);
    }
};

class RandomScene {
  public:
    RandomScene(RandomWorld& world, unsigned seed)
        : dice_(seed),
          tables_(dice_),
          pooled_(dice_.one_in(2)),
          guest_(dice_.one_in(2)),
          hosted_(dice_.one_in(2)),
          faulty_{{&world.desktop, &world.cloud},
                  {&world.desktop_proxy, pooled_ ? &world.pooler_proxy : &world.cloud_proxy},
                  {fmt::format("seed_{}_desktop", seed), fmt::format("seed_{}_cloud", seed)},
                  {"office_sync", guest_ ? "guest_sync" : "office_sync"}},
          kinds_(RandomFault::kinds_of(dice_)),
          users_(dice_, {url(checker::Side::desktop), url(checker::Side::cloud)}) {
        history_.tables = tables_.rules();
        prepare();
    }
    ~RandomScene() {
        users_.forget_sessions();
        for (const checker::Side side : checker::sides)
            Db(server(side).url("postgres"))
                .exec(fmt::format("drop database if exists {} with (force)", database(side)));
    }

    void live() {
        for (int i = 0; i < 60; ++i) users_.act();
        // What goes wrong in a first run is worth a fourth of the seeds: the others begin with a common
        // ground.
        if (!dice_.one_in(4)) peaceful_run(0);
        for (int round = 0; round < 6; ++round) {
            users_.look_elsewhere();
            for (int i = dice_.below(16); i > 0; --i) users_.act();
            // What one side has edited before the run, the other side edits while the run stands.
            const checker::Side first = dice_.one_in(2) ? checker::Side::desktop : checker::Side::cloud;
            for (int i = 4 + dice_.below(4); i > 0; --i) users_.edit_a_busy_row(first);
            if (dice_.one_in(4)) users_.hold_open();
            disturbed_run(round % 2 == 0 ? RandomFault::Kind::paused : dice_.any_of(kinds_),
                          checker::across(first));
        }
        users_.let_go();
    }
    // Three runs in peace, and one that must find nothing to do.
    void come_to_rest() {
        wait_until_reachable();
        for (int i = 1; i <= 3; ++i) peaceful_run(i);
        for (const checker::Side side : checker::sides) {
            Db db(url(side));
            history_.quiet_since[checker::index(side)] = checker::last_audit_seq(db);
        }
        peaceful_run(4);
    }
    checker::Verdict verdict() {
        Db desktop(url(checker::Side::desktop)), cloud(url(checker::Side::cloud));
        history_.users = users_.log();
        checker::collect(history_, desktop, cloud);
        return checker::judge(history_);
    }

    const checker::History& history() const { return history_; }
    std::string faults() const {
        std::string text = fmt::format("{}{}{}\n", pooled_ ? "through a pooler, " : "",
                                       guest_ ? "as a role without rights of its own" : "as a superuser",
                                       hosted_ ? ", row security and a publication in the cloud" : "");
        for (const checker::Note& note : history_.notes)
            text += fmt::format("  {:5} ms: {}\n", (note.at - history_.notes[0].at) / 1000, note.text);
        return text;
    }
    const std::string& config() const { return config_text_; }
    void add_to(RandomCounts& counts) const {
        ++counts.seeds;
        counts.runs += runs_;
        counts.faults += faults_;
        for (const checker::UserTransaction& each : history_.users) {
            ++counts.user_transactions;
            counts.committed += each.outcome == checker::Outcome::committed ? 1 : 0;
            counts.unknown += each.outcome == checker::Outcome::unknown ? 1 : 0;
        }
        for (const checker::Write& each : history_.writes)
            ++(each.by_sync ? counts.sync_writes : counts.user_writes);
        counts.conflicts += static_cast<int>(history_.conflicts.size());
        counts.waiting += static_cast<int>(history_.waiting.size());
    }

  private:
    PgServer& server(checker::Side side) const { return *faulty_.servers[checker::index(side)]; }
    const std::string& database(checker::Side side) const { return faulty_.databases[checker::index(side)]; }
    std::string url(checker::Side side) const { return server(side).url(database(side)); }

    void prepare() {
        for (const checker::Side side : checker::sides) {
            create_database(side);
            Db db(url(side));
            db.exec(random_schema(side));
            checker::install_audit(db, history_.tables, faulty_.roles[checker::index(side)]);
        }
        config_text_ = fmt::format(
            "[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n[guard]\nmax_deletes = '100%'\nmax_updates = "
            "'100%'\n{}",
            faulty_.proxies[0]->url(database(checker::Side::desktop), faulty_.roles[0]),
            faulty_.proxies[1]->url(database(checker::Side::cloud), faulty_.roles[1]), tables_.toml());
        config_.rewrite(config_text_);
        if (hosted_) secure_the_cloud();
        if (guest_) grant_what_is_printed();
    }
    void create_database(checker::Side side) const {
        Db admin(server(side).url("postgres"));
        admin.exec(fmt::format("drop database if exists {} with (force)", database(side)));
        admin.exec(fmt::format("create database {} template template0", database(side)));
    }
    // As hosted servers have it: row security that lets an app's role see nothing, every change published.
    void secure_the_cloud() {
        Db cloud(url(checker::Side::cloud));
        cloud.exec("create publication realtime for all tables; alter table remark replica identity full");
        for (const checker::TableRules& rules : history_.tables)
            cloud.exec(fmt::format("alter table {} enable row level security", rules.table));
        if (guest_) cloud.exec("alter role guest_sync bypassrls");
    }
    void grant_what_is_printed() {
        const TidewayResult printed = run_tideway(config_, {"doctor", "--print-grants"});
        const std::size_t cloud = printed.out.find("-- cloud side");
        if (printed.exit_code != 0 || cloud == std::string::npos)
            throw std::runtime_error(printed.out + printed.err);
        Db(url(checker::Side::cloud)).exec(printed.out.substr(cloud));
    }

    std::vector<std::string> arguments() {
        std::vector<std::string> args{"sync", "--json"};
        if (dice_.one_in(4)) args.insert(args.end(), {"--mode", "full"});
        if (dice_.one_in(3))
            args.insert(args.end(), {"--direction", dice_.one_in(2) ? "forward" : "reverse"});
        return args;
    }

    void disturbed_run(RandomFault::Kind kind, checker::Side busy) {
        RandomFault fault(dice_, faulty_, kind);
        const std::vector<std::string> args = arguments();
        const Environment env = fault.prepare();
        note(fmt::format("run {} begins: {}", ++runs_, fmt::join(args, " ")));
        const auto run = start_tideway(config_, args, env);
        const auto second = fault.needs_second_run() ? start_tideway(config_, {"sync", "--json"}) : nullptr;
        for (int i = dice_.below(6); i > 0; --i) users_.act();
        if (dice_.one_in(3)) users_.reach_further();
        fault.strike(*run);
        for (int i = dice_.below(8); i > 0; --i) users_.act();
        if (fault.stands())
            for (int i = 4 + dice_.below(4); i > 0; --i) users_.edit_a_busy_row(busy);
        fault.relent(*run);
        if (!dice_.one_in(5)) users_.let_go();  // a run that meets an open transaction to its end takes long
        wait_for(*run, fault.text());
        if (second) wait_for(*second, "second run");
        fault.end();
        faults_ += fault.kind() == RandomFault::Kind::none ? 0 : 1;
    }
    void wait_for(Process& run, const std::string& fault) {
        const auto code = run.wait(std::chrono::seconds(90));
        note(fmt::format("run {} ends: {}{}, fault: {}", runs_,
                         code ? fmt::format("exit {}", *code) : "NEVER", error_of(run.out()), fault));
        EXPECT_TRUE(code) << "the run does not end\n" << run.err();
        EXPECT_NE(code.value_or(0), 70) << run.out() << run.err();
        EXPECT_NE(code.value_or(0), 2) << run.out() << run.err();
    }
    static std::string error_of(const std::string& out) {
        const auto json = nlohmann::json::parse(out, nullptr, false);
        if (!json.is_object() || !json.contains("error")) return "";
        return fmt::format(" ({}: {})", json["error"]["code"].get<std::string>(),
                           json["error"]["message"].get<std::string>());
    }

    // A pooler keeps off a server for a while that it could not reach.
    void wait_until_reachable() const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        for (const checker::Side side : checker::sides)
            while (!is_reachable(side)) {
                if (std::chrono::steady_clock::now() > end)
                    throw std::runtime_error("a side stays unreachable");
                std::this_thread::sleep_for(Millis(20));
            }
    }
    bool is_reachable(checker::Side side) const try {
        const std::size_t i = checker::index(side);
        return Db(faulty_.proxies[i]->url(database(side), faulty_.roles[i])).number("select 1") == 1;
    } catch (const DbError&) {
        return false;
    }

    void peaceful_run(int number) {
        note(fmt::format("peaceful run {} begins", number));
        std::vector<std::string> args{"sync", "--json", "--mode", number == 2 ? "full" : "incremental"};
        TidewayResult result = run_tideway(config_, args);
        if (result.exit_code == 4) {  // somebody emptied a table, and meant it
            args.insert(args.end(), {"--confirm", result.json.value("plan_hash", "")});
            result = run_tideway(config_, args);
        }
        note(fmt::format("peaceful run {} ends: exit {}", number, result.exit_code));
        ++runs_;
        EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << result.exit_code << "\n"
                                                                    << result.out << result.err;
    }
    void note(const std::string& text) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        history_.notes.push_back({std::chrono::duration_cast<std::chrono::microseconds>(now).count(), text});
    }

    Dice dice_;
    RandomTables tables_;
    bool pooled_, guest_, hosted_;
    FaultyWorld faulty_;
    std::vector<RandomFault::Kind> kinds_;
    RandomUsers users_;
    checker::History history_;
    ConfigFile config_{""};
    std::string config_text_;
    int runs_ = 0, faults_ = 0;
};

}  // namespace tideway::test
