#include "engine/undo.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/hold.hpp"

namespace tideway {
namespace {

constexpr int attempts = 3;

}  // namespace

TableUnderSync& table_named(Session& session, const std::string& name) {
    for (TableUnderSync* table : session.active())
        if (table->link.desktop.display() == name || table->link.cloud.display() == name) return *table;
    throw Error(Code::table_missing, fmt::format("table {} is not synchronised by this configuration", name),
                "tideway status lists the tables");
}

Key key_given(Session& session, const LinkedTable& table, const std::vector<std::string>& words) {
    const std::size_t cells = table.key_cells(), all = table.identity_cells();
    Key key = words;
    if (words.size() == 1 && all > 1) key = key_displayed(words.front(), all);
    const bool right = key.size() == cells || key.size() == all;
    const auto spelled = right ? session.desktop->journal().spelled(table, key) : std::optional<Key>();
    if (!spelled)
        throw Error(Code::key_unknown,
                    fmt::format("{} is no key of {}: its key is {}", display(key), table.desktop.display(),
                                identity_text(table, Side::desktop)));
    return *spelled;
}

std::vector<KeptRun> kept_runs(Session& session) {
    std::vector<KeptRun> all;
    for (const Side side : {Side::desktop, Side::cloud})
        for (const JournaledRun& run : session.store(side).journal().runs()) {
            auto known = std::find_if(all.begin(), all.end(),
                                      [&](const KeptRun& each) { return each.run == run.run; });
            if (known == all.end()) known = all.insert(all.end(), KeptRun{run.run, run.at, {}, {}, run.undo});
            (side == Side::cloud ? known->to_cloud : known->to_desktop) = {run.inserted, run.updated,
                                                                           run.erased};
        }
    std::stable_sort(all.begin(), all.end(), [](const KeptRun& a, const KeptRun& b) { return a.at > b.at; });
    return all;
}

Undo::Undo(Session& session, const UndoOptions& options, std::string run)
    : session_(session), options_(options) {
    report_.run = std::move(run);
    report_.dry_run = options.dry_run;
}

std::string Undo::run_named(const std::string& beginning) {
    std::vector<std::string> found;
    for (const KeptRun& run : kept_runs(session_))
        if (run.run.starts_with(beginning)) found.push_back(run.run);
    if (found.size() == 1) return found.front();
    if (found.empty())
        throw Error(Code::undo_nothing,
                    fmt::format("the journal holds no change of a run whose id begins with {}", beginning));
    throw Error(Code::undo_nothing, fmt::format("the ids of {} runs begin with {}", found.size(), beginning),
                "give more of the id; tideway undo --list --json shows them whole");
}

// By the clocks of two servers, as far apart as they are now.
std::string Undo::last_run_of_key() {
    const std::vector<JournalEntry> desktop = session_.desktop->journal().entries(selection_),
                                    cloud = session_.cloud->journal().entries(selection_);
    if (desktop.empty() && cloud.empty())
        throw Error(Code::undo_nothing, fmt::format("no run that the journal remembers has written {} of {}",
                                                    display(*selection_.key), *options_.table));
    if (desktop.empty() || cloud.empty()) return (desktop.empty() ? cloud : desktop).front().run;
    const auto last = written_last(desktop.front(), cloud.front(), session_.clocks.offset, session_.clocks.uncertainty);
    if (!last)
        throw Error(Code::undo_nothing,
                    fmt::format("run {} wrote the row on the desktop and run {} in the cloud, too close together to say "
                                "which one was the last",
                                desktop.front().run, cloud.front().run),
                    "name one of them: tideway undo --run ID --table T --key K");
    return last->run;
}

void Undo::select() {
    if (options_.table) {
        const LinkedTable& table = table_named(session_, *options_.table).link;
        selection_.table_id = table.id;
        if (!options_.key.empty()) selection_.key = key_given(session_, table, options_.key);
    }
    selection_.since = options_.since;
    if (options_.run)
        selection_.run = run_named(*options_.run);
    else if (!options_.since)
        selection_.run = last_run_of_key();
}

UndoReport Undo::carry_out() {
    if (!session_.installed())
        throw Error(Code::undo_nothing, "this pair was never synchronised", "there is nothing to undo");
    session_.install_state();
    select();
    Hold hold(session_, report_.run);
    hold.take();
    desktop_fence_ = hold.recovery.fence;
    cloud_fence_ = hold.cloud_fence;
    // The cloud may only be one number ahead of what the desktop knows.
    desktop_fence_ = session_.desktop->barrier(desktop_fence_, cloud_fence_);
    undo_side(Side::cloud, cloud_fence_);
    failpoint("undo.between");
    if (!options_.dry_run) desktop_fence_ = session_.desktop->barrier(desktop_fence_, cloud_fence_);
    undo_side(Side::desktop, desktop_fence_);
    if (report_.runs.empty())
        throw Error(Code::undo_nothing, "the journal holds no change that fits what was asked for");
    report_.status = report_.left.empty() ? "ok" : "attention";
    return std::move(report_);
}

void Undo::undo_side(Side side, std::int64_t& fence) {
    session_.progress.phase(side == Side::cloud ? "undoing in the cloud" : "undoing on the desktop");
    Store& store = session_.store(side);
    std::vector<JournalEntry> entries = store.journal().entries(selection_);
    for (const JournalEntry& entry : entries)
        if (std::find(report_.runs.begin(), report_.runs.end(), entry.run) == report_.runs.end())
            report_.runs.push_back(entry.run);
    pass_over_taken_back(side, entries);
    const UndoPlan plan = plan_undo(entries, [&](int table) -> std::optional<std::int64_t> {
        const LinkedTable* link = link_of(table);
        return link ? std::optional(row_form(*link, side)) : std::nullopt;
    });
    for (const UndoObstacle& obstacle : plan.obstacles) {
        const LinkedTable* link = link_of(obstacle.table_id);
        leave(side, link ? *link : left_table(store, obstacle.table_id), obstacle.key, obstacle.reason);
    }
    Batch batch = batch_for(side, plan);
    if (batch.sections.empty()) return;
    if (!options_.dry_run) prepare(side, batch, plan);
    batch.fence = fence;
    const BatchOutcome outcome = apply(store, batch);
    if (!options_.dry_run) fence = outcome.sequence;
    sort_out(side, batch, outcome, plan);
}

// Before anything is written: an undo that dies in between must not leave rows that the next run takes for
// something else. The tombstone of a row that does not come back after all is made again by the next run that compares its table
// whole (R20).
void Undo::prepare(Side side, const Batch& batch, const UndoPlan& plan) {
    note_for_next_run(side, batch);
    forget_tombstones(side, batch);
    if (side == Side::cloud) forget_merges(plan);
}

// Of tables whose rows share keys; in others the row itself tells that it is back.
void Undo::pass_over_taken_back(Side side, std::vector<JournalEntry>& entries) {
    for (const TableUnderSync* table : session_.active()) {
        const int id = table->link.id;
        const auto of_table = [id](const JournalEntry& entry) { return entry.table_id == id; };
        if (!table->link.repeats() || std::none_of(entries.begin(), entries.end(), of_table)) continue;
        const auto taken = taken_back(session_.store(side).journal().entries({.table_id = id}));
        std::set<std::int64_t> selected;
        for (const JournalEntry& entry : entries) selected.insert(entry.id);
        const auto back = std::remove_if(entries.begin(), entries.end(), [&](const JournalEntry& entry) {
            const auto undo = of_table(entry) ? taken.find(entry.id) : taken.end();
            return undo != taken.end() && !selected.contains(undo->second);
        });
        if (back == entries.end()) continue;
        table_of(table->link).already += entries.end() - back;
        entries.erase(back, entries.end());
    }
}

// A table that is not in the configuration any more, by the name that it had.
LinkedTable Undo::left_table(Store& store, int id) {
    LinkedTable table;
    for (const TableUse& use : store.known_tables())
        if (use.id == id) {
            table.desktop = use.desktop;
            table.cloud = use.cloud;
        }
    return table;
}

// Parents first, as in every batch.
Batch Undo::batch_for(Side side, const UndoPlan& plan) {
    Batch batch;
    batch.run = report_.run;
    batch.undoes = true;
    batch.rehearsal = options_.dry_run;
    batch.source_barrier = side == Side::desktop ? cloud_fence_ : 0;
    for (const TableUnderSync* table : session_.active()) {
        BatchSection section{&table->link, {}};
        for (const UndoStep& step : plan.steps) {
            if (step.table_id != table->link.id) continue;
            PlannedRow row;
            row.key = step.key;
            row.write = step.write();
            row.expected = step.now.value_or(Hash{});
            row.restores = row.write == Write::erase ? step.newest : step.restores;
            row.rule = undo_rule(step.run);
            row.chosen = true;
            row.revives = step.marked_now;
            section.rows.push_back(std::move(row));
        }
        if (!section.rows.empty()) batch.sections.push_back(std::move(section));
    }
    return batch;
}

// Rows that are given back their old time stamps look unchanged to a capture that goes by those.
void Undo::note_for_next_run(Side side, const Batch& batch) {
    Booking booking;
    booking.run = report_.run;
    for (const BatchSection& section : batch.sections)
        for (const PlannedRow& row : section.rows)
            if (section.table->capture(side) == Capture::timestamp)
                booking.waiting.push_back({section.table,
                                           row.key,
                                           "pending",
                                           row.rule,
                                           "an undo wrote it; the next run looks at it",
                                           {}});
    if (!booking.waiting.empty()) session_.archive().book(booking, desktop_fence_);
}

BatchOutcome Undo::apply(Store& store, Batch& batch) {
    for (int attempt = 1;; ++attempt) {
        try {
            return store.apply(batch);
        } catch (const TryAgain&) {
            if (attempt == attempts) throw;
            batch.skip_locked = true;
            session_.world.sleeper.sleep(Millis(200 * attempt));
        } catch (const Refused& refused) {
            const Refusal& why = refused.refusal();
            throw Error(why.sqlstate == info(Code::side_effects).id ? Code::side_effects : Code::undo_refused,
                        fmt::format("{}: {}{}{}", name(store.side()), why.message,
                                    why.detail.empty() ? "" : "; ", why.detail),
                        "the " + std::string(name(store.side())) + " side is as it was");
        }
    }
}

const LinkedTable* Undo::link_of(int table_id) {
    for (const TableUnderSync* table : session_.active())
        if (table->link.id == table_id) return &table->link;
    return nullptr;
}

UndoneTable& Undo::table_of(const LinkedTable& table) {
    for (UndoneTable& known : report_.tables)
        if (known.desktop == table.desktop.display()) return known;
    report_.tables.push_back({table.desktop.display(), table.cloud.display(), {}, {}, 0, 0});
    return report_.tables.back();
}

void Undo::leave(Side side, const LinkedTable& table, const Key& key, std::string reason) {
    ++table_of(table).left;
    report_.left.push_back({side, table.desktop.display(), display(key), "left", std::move(reason)});
}

}  // namespace tideway
