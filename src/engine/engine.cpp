#include "engine/engine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/case_number.hpp"
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

std::string table_name(const Session& session, int id) {
    for (const TableUnderSync& table : session.tables)
        if (table.link.id == id) return table.link.desktop.display();
    return fmt::format("table {}", id);
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
            session.link_tables();
            session.require_usable_tables();
            session.select(options.tables);
            RunReport report = Run(session, options, run, serialize).sync();
            if (!report.idle) forget_old_records(session, report.remarks);
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
    std::map<std::string, std::string> left_out;  // by the last run
    if (session.installed()) {
        counts = session.archive().counts();
        if (const auto last = session.archive().last_run()) {
            report.last_run = last->run;
            report.last_run_at = last->at;
            report.last_run_status = last->status;
            report.lag_seconds = last->age_seconds;
            left_out = last->left_out;
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
        if (const auto reason = left_out.find(status.desktop);
            reason != left_out.end() && status.reason.empty())
            status.reason = reason->second;
        if (!status.reason.empty()) status.state = "not synced";
        report.tables.push_back(std::move(status));
    }
    return report;
}

namespace {

ConflictEntry entry_of(const Session& session, const WaitingEntry& waiting) {
    return {public_id(waiting.id, Side::desktop),
            table_name(session, waiting.table_id),
            display(waiting.key),
            waiting.kind,
            waiting.choice,
            waiting.rule,
            waiting.choice.empty() ? "open" : "resolved, waits for the next sync",
            waiting.first_seen,
            waiting.reason,
            {},
            {}};
}

std::vector<ConflictEntry> all_conflicts(Session& session) {
    std::vector<ConflictEntry> entries;
    if (!session.installed()) return entries;
    for (const WaitingEntry& waiting : session.archive().waiting())
        if (waiting.kind == "conflict" || waiting.kind == "held")
            entries.push_back(entry_of(session, waiting));
    for (const Side side : {Side::desktop, Side::cloud})
        for (const KeptConflict& kept : session.store(side).conflicts())
            entries.push_back({public_id(kept.id, side), table_name(session, kept.table_id),
                               display(kept.key), kept.kind, kept.winner, kept.policy, kept.status, kept.at,
                               kept.reason, kept.desktop_row, kept.cloud_row});
    std::stable_sort(entries.begin(), entries.end(),
                     [](const ConflictEntry& a, const ConflictEntry& b) { return a.at < b.at; });
    return entries;
}

// The live rows of a key that waits, as JSON objects of the linked columns.
void show_live_rows(Session& session, ConflictEntry& entry, const WaitingEntry& waiting) {
    for (TableUnderSync* table : session.active()) {
        if (table->link.id != waiting.table_id) continue;
        for (const Side side : {Side::desktop, Side::cloud}) {
            const auto snapshot = session.store(side).snapshot({&table->link});
            const auto rows = snapshot->rows(table->link, {waiting.key});
            if (rows.empty()) continue;
            (side == Side::desktop ? entry.desktop_row : entry.cloud_row) =
                row_as_json(table->link, rows.front(), side);
        }
    }
}

}  // namespace

std::vector<ConflictEntry> Engine::conflicts() {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    return all_conflicts(session);
}

ConflictEntry Engine::conflict(std::int64_t id) {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    for (ConflictEntry& entry : all_conflicts(session)) {
        if (entry.id != id) continue;
        if (session.installed())
            for (const WaitingEntry& waiting : session.archive().waiting())
                if (public_id(waiting.id, Side::desktop) == id) show_live_rows(session, entry, waiting);
        return entry;
    }
    throw Error(Code::conflict_unknown, fmt::format("there is no conflict {}", id),
                "tideway conflicts list shows all of them");
}

namespace {

std::string in_one_line(std::string names) {
    for (std::size_t at; (at = names.find('\n')) != std::string::npos;) names.replace(at, 1, ", ");
    return names;
}

}  // namespace

std::vector<ParkedEntry> Engine::parked() {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    std::vector<ParkedEntry> entries;
    if (!session.installed()) return entries;
    for (const WaitingEntry& entry : session.archive().waiting())
        if (entry.kind == "parked" || entry.kind == "emptied")
            entries.push_back({table_name(session, entry.table_id), display(entry.key), entry.sqlstate,
                               entry.reason, entry.detail, in_one_line(entry.constraint), entry.first_seen,
                               entry.rule});
    return entries;
}

void Engine::resolve(std::int64_t id, const std::string& take) {
    if (take != "desktop" && take != "cloud")
        throw Error(Code::not_in_this_version, fmt::format("--take {} cannot be carried out yet", take),
                    "use --take desktop or --take cloud");
    Session session(config_, connector_, world_, progress_);
    if (!session.installed())
        throw Error(Code::conflict_unknown, "this pair was never synchronised", "run tideway sync first");
    for (const ConflictEntry& entry : all_conflicts(session))
        if (entry.id == id && entry.status == "kept")
            throw Error(Code::not_in_this_version,
                        fmt::format("conflict {} was decided by its policy already", id),
                        "tideway conflicts show prints the loser; write it back as an ordinary edit if it "
                        "should win");
    const bool open = id % 2 == 0;
    if (!open)
        throw Error(Code::conflict_unknown, fmt::format("there is no conflict {}", id),
                    "tideway conflicts list shows all of them");
    session.archive().choose(id / 2, take == "desktop" ? Side::desktop : Side::cloud);
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
