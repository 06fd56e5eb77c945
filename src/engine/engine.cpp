#include "engine/engine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/retention.hpp"
#include "engine/run.hpp"
#include "engine/session.hpp"

namespace tideway {
namespace {

// A run that lost a connection is started anew this often before it is reported: its first step finds out
// what happened.
constexpr int attempts_per_run = 3;

bool worth_another_attempt(const Error& error) {
    return error.code() == Code::connection_lost || error.code() == Code::commit_unknown;
}

}  // namespace

Engine::Engine(const Config& config, Connector& connector, World& world, Progress& progress)
    : config_(config), connector_(connector), world_(world), progress_(progress) {}

RunReport Engine::plan(const RunOptions& options) {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    session.require_usable_tables();
    session.select(options.tables);
    return Run(session, options, random_uuid(world_.random)).plan();
}

RunReport Engine::sync(const RunOptions& options) {
    const std::string run = random_uuid(world_.random);
    for (int attempt = 1;; ++attempt) {
        bool connected = false;
        try {
            Session session(config_, connector_, world_, progress_);
            connected = true;
            session.link_tables(OlderState::complete);
            session.require_usable_tables();
            session.select(options.tables);
            Run work(session, options, run, serialize);
            RunReport report = work.sync();
            forget_old_records(session, work.with_old_records(), report.remarks);
            return report;
        } catch (const Error& error) {
            if (!worth_another_attempt(error) || attempt == attempts_per_run || (!connected && attempt == 1))
                throw;
            progress_.phase(
                fmt::format("connection lost, trying again ({} of {})", attempt + 1, attempts_per_run));
            world_.sleeper.sleep(Millis(500 * attempt + static_cast<int>(world_.random.next() % 500)));
        }
    }
}

StatusReport Engine::status() {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    StatusReport report;
    report.pair = config_.pair;
    std::vector<TableCounts> counts;
    std::map<std::string, std::string> left_out, stopped;  // by the last run
    std::map<int, std::string> proven;
    if (session.installed()) {
        counts = session.archive().counts();
        proven = session.archive().proofs().proven();
        if (const auto last = session.archive().last_run()) {
            report.last_run = last->run;
            report.last_run_at = last->at;
            report.last_run_status = last->status;
            report.lag_seconds = last->age_seconds;
            left_out = last->left_out;
            stopped = last->stopped;
            report.stopped = last->stopped_run;
        }
        const LeaseState lease = session.desktop->lease();
        if (lease.held) report.lease_holder = lease.holder;
        for (const Side side : {Side::desktop, Side::cloud}) {
            const JournalSize size = session.store(side).journal().size();
            report.journals.push_back({side, size.bytes, size.oldest});
        }
    }
    for (const TableUnderSync& table : session.tables) {
        TableStatus status{table.link.desktop.display(),
                           table.link.cloud.display(),
                           "never synced",
                           0,
                           0,
                           0,
                           0,
                           0,
                           {},
                           {},
                           {},
                           table.not_synced};
        for (const Problem& problem : table.problems)
            status.reason +=
                fmt::format("{}{} {}", status.reason.empty() ? "" : "; ", problem.where, problem.text);
        for (const TableCounts& count : counts) {
            if (count.table_id != table.link.id) continue;
            status.rows = count.live;
            status.open_conflicts = count.conflicts;
            status.held = count.held;
            status.parked = count.parked;
            status.pending = count.pending + count.raced;
            status.last_forward = count.last_forward;
            status.last_reverse = count.last_reverse;
            const bool waits = count.conflicts + count.held + count.parked + count.raced + count.pending > 0;
            if (count.last_forward || count.last_reverse) status.state = waits ? "waiting" : "in sync";
        }
        if (const auto proof = proven.find(table.link.id); proof != proven.end())
            status.last_proof = proof->second;
        if (const auto reason = left_out.find(status.desktop);
            reason != left_out.end() && status.reason.empty())
            status.reason = reason->second;
        if (!status.reason.empty()) status.state = "not synced";
        if (const auto what = stopped.find(status.desktop); what != stopped.end() && status.reason.empty()) {
            status.state = "stopped";
            status.reason = what->second;
        }
        report.tables.push_back(std::move(status));
    }
    return report;
}

std::vector<RunOfTable> Engine::runs_of(const std::string& table, int most) {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    session.select({table});
    std::vector<RunOfTable> runs;
    for (const TableUnderSync& each : session.tables)
        if (each.selected && session.installed()) runs = session.archive().runs_of(each.link, most);
    return runs;
}

// Without a session: what is wrong between the two sides may be the reason why somebody wants to start anew.
std::vector<std::string> Engine::uninstall(bool check_only) {
    Pulse pulse(world_);
    std::vector<std::string> listed;
    progress_.phase("connecting");
    for (const Side side : {Side::desktop, Side::cloud}) {
        const std::unique_ptr<Store> store = connector_.open(side, pulse);
        store->identity(config_.pair);
        for (const std::string& object : store->own_objects())
            listed.push_back(fmt::format("{}: {}", name(side), object));
        if (!check_only) store->uninstall();
    }
    return listed;
}

}  // namespace tideway
