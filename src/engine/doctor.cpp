#include "engine/app_views.hpp"
#include "engine/doctor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tideway {
namespace doctor {

std::string place(Side side, const sql::TableName& table, const std::string& column) {
    return fmt::format("{}.{}{}{}", name(side), table.display(), column.empty() ? "" : ".", column);
}

const std::optional<Relation>& relation(const TableUnderSync& table, Side side) {
    return side == Side::desktop ? table.desktop : table.cloud;
}

void add(Findings& findings, Findings more) {
    findings.insert(findings.end(), std::make_move_iterator(more.begin()),
                    std::make_move_iterator(more.end()));
}

namespace {

// For use in a handler: what can be reported becomes a finding, what must end the program goes on.
Finding finding_of(const Error& error, const std::string& where) {
    if (error.code() == Code::interrupted || error.code() == Code::defect) throw;
    return {Severity::error, std::string(error.id()), where, error.what(), error.hint()};
}

// Both sides one by one, so that one that is down does not hide the other. True if both answered.
bool check_sides(Findings& findings, const Config& config, Connector& connector, World& world) {
    bool reached = true;
    for (const Side side : {Side::desktop, Side::cloud}) try {
            Pulse pulse(world);
            const std::unique_ptr<Store> store = connector.open(side, pulse);
            const SideSetting& setting = side == Side::desktop ? config.desktop : config.cloud;
            add(findings,
                check_server(side, store->server(), setting, store->identity(config.pair).has_value()));
        } catch (const Error& error) {
            findings.push_back(finding_of(error, name(side)));
            reached = false;
        }
    return reached;
}

// Duplicates can only be found by reading the table.
void prove_keys(Findings& findings, Session& session) {
    for (const Side side : {Side::desktop, Side::cloud}) {
        std::vector<const TableUnderSync*> unique;
        for (TableUnderSync* table : session.active()) {
            if (!key_needs_proof(*table, side)) continue;
            try {
                session.progress.phase(
                    fmt::format("looking for duplicates in {}", place(side, table->link.on(side))));
                const auto duplicates =
                    session.store(side).snapshot({&table->link})->duplicate_keys(table->link, 5);
                add(findings, check_key(*table, side, duplicates));
                if (duplicates.empty()) unique.push_back(table);
            } catch (const Error& error) {
                findings.push_back(finding_of(error, place(side, table->link.on(side))));
            }
        }
        add(findings, suggest_indexes(side, unique));
    }
}

// None where counting would take too long.
std::optional<KeyNumbers> numbers_of(Session& session, const TableUnderSync& table,
                                     const LinkedColumn& column) {
    KeyNumbers numbers;
    for (const Side side : {Side::desktop, Side::cloud}) {
        const std::string& counter = relation(table, side)->column(column.on(side).name)->counter;
        if (!counter.empty()) numbers.on(side).sequence = session.store(side).sequence(counter);
        const auto used =
            session.store(side).numbers(table.link.on(side), column.on(side).name, reach(table, column));
        if (!used) return std::nullopt;
        numbers.on(side).used = *used;
    }
    for (const Side side : {Side::desktop, Side::cloud}) {
        const auto& there = numbers.on(other(side)).sequence;
        if (!there || numbers.on(side).sequence) continue;
        const auto below =
            session.store(side).numbers(table.link.on(side), column.on(side).name, range_start(*there) - 1);
        if (!below) return std::nullopt;
        numbers.on(side).below_range = below->within_reach;
    }
    return numbers;
}

// Which numbers are taken only the rows and the sequences say.
// Missing rights are findings of their own.
bool may_count(const TableUnderSync& table) {
    return table.desktop->may_use_schema && table.desktop->may_select && table.cloud->may_use_schema &&
           table.cloud->may_select;
}

void count_numbers(Findings& findings, Session& session) {
    for (const TableUnderSync* table : session.active()) {
        if (!may_count(*table)) continue;
        for (const LinkedColumn* column : numbered_keys(*table)) try {
                session.progress.phase(
                    fmt::format("counting the numbers of {}", table->link.desktop.display()));
                if (const auto numbers = numbers_of(session, *table, *column)) {
                    add(findings, check_numbering(*table, *column, *numbers, session.desktop_server,
                                                  session.cloud_server));
                    add(findings, check_key_space(*table, *column, *numbers));
                } else {
                    findings.push_back(
                        {Severity::info, "numbers-unseen",
                         place(Side::desktop, table->link.desktop, column->desktop.name),
                         "counting the numbers in use took longer than a few seconds, so nothing "
                         "is said about them",
                         ""});
                }
            } catch (const Error& error) {
                findings.push_back(finding_of(error, table->link.desktop.display()));
            }
    }
}

// DESIGN.md 10.3: a table that people edit on both sides should not be strict.
void check_held(Findings& findings, Session& session) {
    if (!session.installed()) return;
    for (const TableCounts& counts : session.archive().counts())
        for (const TableUnderSync& table : session.tables) {
            if (table.link.id != counts.table_id || counts.held == 0 ||
                table.link.policy.ownership != Ownership::strict)
                continue;
            findings.push_back(
                {Severity::warning, "held-rows", table.link.desktop.display(),
                 fmt::format("ownership is strict, and {} rows wait because of it or of their deletes",
                             counts.held),
                 "tideway conflicts lists them; if people edit this table on both sides: ownership = "
                 "\"shared\""});
        }
}

// Capture that was installed and is no longer whole.
void check_intact(Findings& findings, Session& session) {
    for (const Side side : {Side::desktop, Side::cloud}) {
        if (!session.installed()) return;
        for (const TableUse& use : session.store(side).known_tables())
            for (const TableUnderSync* table : session.active())
                if (table->link.id == use.id && !use.intact)
                    findings.push_back(
                        {Severity::warning, "capture-broken", place(side, table->link.on(side)),
                         "triggers or tables of the capture are missing or disabled; changes since then were "
                         "not logged",
                         "the next sync makes them anew and compares the whole table; nothing is lost"});
    }
}

void check_views(Findings& findings, Session& session) {
    for (const AppView& view : configured_views(session.config))
        if (const auto problem = obstacle(view, session.cloud->look_at_view(view), session.cloud_server))
            findings.push_back({Severity::error, std::string(info(problem->code).id), problem->where, problem->text,
                                problem->remedy});
}

void check_tables(Findings& findings, Session& session) {
    session.link_tables();
    check_views(findings, session);
    for (const TableUnderSync& table : session.tables) {
        add(findings, check_linking(table, session.desktop_server, session.cloud_server));
        if (!table.problems.empty() || !table.not_synced.empty()) continue;
        add(findings, check_capture(table, session.desktop_server, session.cloud_server));
        add(findings, check_policy(table));
        add(findings, check_columns(table));
    }
    add(findings, check_needs(session.desktop_server, session.cloud_server, session.tables));
    add(findings, check_effects(session.tables));
    add(findings, check_unmentioned(session.tables, session.desktop->tables(), session.cloud->tables()));
    check_intact(findings, session);
    check_held(findings, session);
    prove_keys(findings, session);
    count_numbers(findings, session);
}

Findings examine(const Config& config, Connector& connector, World& world, Progress& progress) {
    Findings findings;
    progress.phase("connecting");
    if (!check_sides(findings, config, connector, world)) return findings;
    try {
        Session session(config, connector, world, progress);
        add(findings, check_clocks(session.clocks));
        check_tables(findings, session);
    } catch (const Error& error) {
        findings.push_back(finding_of(error, "both sides"));
    }
    return findings;
}

}  // namespace
}  // namespace doctor

std::vector<Finding> Engine::doctor() {
    std::vector<Finding> findings = doctor::examine(config_, connector_, world_, progress_);
    std::stable_sort(findings.begin(), findings.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
    return findings;
}

}  // namespace tideway
