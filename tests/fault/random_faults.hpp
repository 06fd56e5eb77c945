// What goes wrong in the random workload: before, while and after a run of the program is at work.
#pragma once
#include <signal.h>

#include <array>
#include <memory>
#include <thread>

#include "fault/failpoints.hpp"
#include "fault/random_tables.hpp"
#include "support/db.hpp"
#include "support/pause_at.hpp"
#include "support/pg_server.hpp"
#include "support/process.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::test {

// Where faults can be applied: the servers, the proxies that the program goes through, the databases.
struct FaultyWorld {
    std::array<PgServer*, 2> servers;
    std::array<TcpProxy*, 2> proxies;
    std::array<std::string, 2> databases;
    std::array<std::string, 2> roles;  // of the program

    Db admin(checker::Side side) const {
        return Db(servers[checker::index(side)]->url(databases[checker::index(side)]));
    }
};

// One fault of one run. Its text says what it did.
class RandomFault {
  public:
    enum class Kind {
        none,
        failpoint,
        paused,
        cut_commit,
        cut_bytes,
        slow,
        restart,
        crash,
        frozen_server,
        stopped_run,
        killed_run,
        interrupted_run,
        cancelled,
        terminated,
        short_timeout,
        read_only,
        disk_full,
        second_run
    };

    RandomFault(Dice& dice, FaultyWorld& world, Kind kind)
        : dice_(dice),
          world_(world),
          kind_(kind),
          side_(dice.one_in(2) ? checker::Side::desktop : checker::Side::cloud) {}

    // A seed has faults of a few kinds, so that each has a character; those that let users go on are the
    // commonest.
    static std::vector<Kind> kinds_of(Dice& dice) {
        std::vector<Kind> kinds{Kind::none, Kind::failpoint, Kind::paused};
        for (int i = 0; i < 3; ++i)
            kinds.push_back(static_cast<Kind>(1 + dice.below(static_cast<int>(Kind::second_run))));
        return kinds;
    }

    // Before the program starts; what it returns is for the program's environment.
    Environment prepare() {
        switch (kind_) {
            case Kind::failpoint:
                return failpoint();
            case Kind::paused:
                return pause_somewhere();
            case Kind::cut_commit:
                cut_commit();
                break;
            case Kind::cut_bytes:
                cut_bytes();
                break;
            case Kind::slow:
                slow();
                break;
            case Kind::short_timeout:
                for_the_role("set statement_timeout = '15ms'");
                break;
            case Kind::read_only:
                for_the_role("set default_transaction_read_only = on");
                break;
            case Kind::disk_full:
                fill_the_disk();
                break;
            default:
                break;
        }
        return {};
    }

    // While it is at work; called once.
    void strike(Process& run) {
        if (pause_) return wait_for_pause(run);
        std::this_thread::sleep_for(Millis(dice_.below(120)));
        switch (kind_) {
            case Kind::restart:
                restart(StopMode::immediate);
                break;
            case Kind::crash:
                crash();
                break;
            case Kind::frozen_server:
                freeze();
                break;
            case Kind::stopped_run:
                signal(run, SIGSTOP, "stopped for a while");
                break;
            case Kind::killed_run:
                signal(run, SIGKILL, "killed");
                break;
            case Kind::interrupted_run:
                signal(run, SIGTERM, "asked to end");
                break;
            case Kind::cancelled:
                on_its_backends("pg_cancel_backend");
                break;
            case Kind::terminated:
                on_its_backends("pg_terminate_backend");
                break;
            default:
                break;
        }
    }
    // After a while in which users went on.
    void relent(const Process& run) {
        if (pause_ && (wrote_and_did_not_book() ? !dice_.one_in(4) : dice_.one_in(4)))
            signal(run, SIGKILL, "killed after " + text_);
        if (pause_) pause_->release();
        if (kind_ == Kind::stopped_run) try_signal(run, SIGCONT);
        if (kind_ == Kind::frozen_server) server().resume();
    }
    void end() {
        for (TcpProxy* proxy : world_.proxies) proxy->clear_faults();
        if (kind_ == Kind::short_timeout) for_the_role("reset statement_timeout");
        if (kind_ == Kind::read_only) for_the_role("reset default_transaction_read_only");
        if (kind_ == Kind::disk_full) world_.admin(side_).exec("drop function audit.full() cascade");
    }

    // Between strike() and relent(): the run waits for the users.
    bool stands() const { return pause_ != nullptr; }
    bool needs_second_run() const { return kind_ == Kind::second_run; }
    Kind kind() const { return kind_; }
    const std::string& text() const { return text_; }

  private:
    PgServer& server() const { return *world_.servers[checker::index(side_)]; }
    TcpProxy& proxy() const { return *world_.proxies[checker::index(side_)]; }

    static const std::vector<std::string>& failpoint_names() {
        static const std::vector<std::string> names = [] {
            const std::set<std::string> all = failpoints_in_the_sources();
            return std::vector<std::string>(all.begin(), all.end());
        }();
        return names;
    }
    Environment failpoint() {
        const std::string action =
            dice_.any_of<std::string>({"kill9", "kill9", "kill9", "throw", "exit", "close"});
        text_ = fmt::format("{}={}@{}", dice_.any_of(failpoint_names()), action, 1 + dice_.below(3));
        return {{"TIDEWAY_FAILPOINTS", text_}};
    }
    // Users go on while the run stands at a failpoint; mostly between what it has read and what it is about
    // to write or to book.
    Environment pause_somewhere() {
        static const std::vector<std::string> between{
            "M3.before",     "M3.cloud",      "M5a.before", "M5a.before", "M5b.before", "M5b.before",
            "M5a.committed", "M5a.committed", "M6a.before", "M6a.before", "M7.before"};
        const bool anywhere = dice_.one_in(4);
        pause_ = std::make_unique<PauseAt>(dice_.any_of(anywhere ? failpoint_names() : between),
                                           anywhere && dice_.one_in(3) ? 2 : 1);
        text_ = pause_->spec().substr(0, pause_->spec().find(':'));
        return pause_->env();
    }
    // A run that dies there leaves receipts; what users have gone on to in the meantime is no conflict with
    // it.
    bool wrote_and_did_not_book() const {
        return text_.starts_with("M5a.committed") || text_.starts_with("M6a.before");
    }
    void wait_for_pause(Process& run) const {
        while (run.running() && !pause_->reached()) std::this_thread::sleep_for(Millis(5));
    }
    void cut_commit() {
        const int nth = 1 + dice_.below(14), kind = dice_.below(3);
        text_ = fmt::format("commit {} at the {} {}", nth, checker::name(side_),
                            kind == 0   ? "does not arrive"
                            : kind == 1 ? "loses its answer"
                                        : "loses the end of its answer");
        if (kind == 0) proxy().cut_before_forwarding("COMMIT", nth);
        if (kind == 1) proxy().cut_after_forwarding("COMMIT", nth);
        if (kind == 2) proxy().cut_before_ready("COMMIT", nth);
    }
    void cut_bytes() {
        if (dice_.one_in(2)) {
            const Direction direction = dice_.one_in(2) ? Direction::to_server : Direction::to_client;
            const int nth = 1 + dice_.below(6);
            text_ = fmt::format("the {}'s connection ends in piece {} of a COPY {} it", checker::name(side_),
                                nth, direction == Direction::to_server ? "to" : "from");
            proxy().cut_in_copy(direction, nth);
            return;
        }
        const int bytes = 500 + dice_.below(60'000);
        text_ = fmt::format("the {}'s connection ends after {} bytes", checker::name(side_), bytes);
        proxy().close_after(dice_.one_in(2) ? Direction::to_server : Direction::to_client, bytes);
    }
    void slow() {
        const int ms = 1 + dice_.below(5), rate = 200'000 + dice_.below(2'000'000);
        text_ = fmt::format("the {} is {} ms away, {} bytes a second", checker::name(side_), ms, rate);
        proxy().delay(Direction::to_server, Millis(ms));
        proxy().bandwidth(Direction::to_server, rate);
        proxy().bandwidth(Direction::to_client, rate);
    }
    // For sessions to come; a pooler keeps the old ones, so they end.
    void for_the_role(const std::string& setting) {
        const std::size_t i = checker::index(side_);
        world_.admin(side_).exec(
            fmt::format("alter role {} in database {} {}", world_.roles[i], world_.databases[i], setting));
        on_its_backends("pg_terminate_backend");
        text_ = fmt::format("{} of the {}'s role", setting, checker::name(side_));
    }
    // For what the program writes to one table; users are luckier.
    void fill_the_disk() {
        const std::string table = dice_.any_of<std::string>({"client", "job", "setting", "remark"});
        world_.admin(side_).exec(fmt::format(
            "create function audit.full() returns trigger language plpgsql as $$ begin if session_user = "
            "'{}' "
            "then raise exception 'could not extend file: No space left on device' using errcode = "
            "'disk_full'; end if; return new; end $$; create trigger aa_full before insert or update on {} "
            "for each row execute function audit.full()",
            world_.roles[checker::index(side_)], table));
        text_ = fmt::format("no space left for {} at the {}", table, checker::name(side_));
    }
    void restart(StopMode mode) {
        text_ = fmt::format("the server of the {} restarts", checker::name(side_));
        server().restart(mode);
    }
    void crash() {
        text_ = fmt::format("the server of the {} crashes", checker::name(side_));
        server().kill9();
        server().start();
    }
    void freeze() {
        text_ = fmt::format("the server of the {} stands still", checker::name(side_));
        server().pause();
        std::this_thread::sleep_for(Millis(dice_.below(300)));
        server().resume();
    }
    void signal(const Process& run, int number, const std::string& word) {
        text_ = "the run is " + word;
        try_signal(run, number);
    }
    static void try_signal(const Process& run, int number) {
        try {
            run.signal(number);
        } catch (const std::system_error&) {
            // It has just ended.
        }
    }
    void on_its_backends(const std::string& function) {
        text_ = fmt::format("{} at the {}", function, checker::name(side_));
        world_.admin(side_).exec(fmt::format(
            "select {}(pid) from pg_stat_activity where usename = '{}' and datname = current_database()",
            function, world_.roles[checker::index(side_)]));
    }

    Dice& dice_;
    FaultyWorld& world_;
    Kind kind_;
    checker::Side side_;
    std::string text_ = "-";
    std::unique_ptr<PauseAt> pause_;
};

}  // namespace tideway::test
