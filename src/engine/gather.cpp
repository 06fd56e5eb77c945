#include "engine/gather.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "engine/guard.hpp"

namespace tideway {

bool spelled_apart(const LinkedTable& table) {
    const std::vector<const LinkedColumn*> key = table.key_columns();
    return !table.repeats() && std::any_of(key.begin(), key.end(), [](const LinkedColumn* column) {
        return column->desktop.type != column->cloud.type || !column->desktop.checked ||
               !column->cloud.checked;
    });
}

namespace {

constexpr std::size_t hints_per_stage = 50'000;
constexpr int cases_at_once = 1'000;
// Fewer go as quickly by ordinary batches.
constexpr std::int64_t fewest_rows_at_once = 2'000;

// Collects hints and hands them to the desktop in portions, so that memory stays flat.
class HintStage {
  public:
    explicit HintStage(Worklist& worklist) : worklist_(worklist) {}
    HintSink sink() {
        return [this](CloudHint&& hint) {
            portion_.push_back(std::move(hint));
            if (portion_.size() >= hints_per_stage) flush();
        };
    }
    void close(const std::vector<int>& buckets) {
        flush();
        if (any_ || !buckets.empty()) worklist_.close_cloud_hints(buckets);
    }

    void flush() {
        if (portion_.empty()) return;
        worklist_.add_cloud_hints(portion_);
        portion_.clear();
        any_ = true;
    }

  private:
    Worklist& worklist_;
    std::vector<CloudHint> portion_;
    bool any_ = false;
};

// A unique index lets NULL in any number of times.
bool proven_unique(const LinkedTable& table, Side side) {
    const std::vector<const LinkedColumn*> key = table.key_columns();
    if (table.repeats()) return true;  // uniqueness is not needed
    return !spelled_apart(table) && table.key_index(side) &&
           std::all_of(key.begin(), key.end(),
                       [&](const LinkedColumn* column) { return column->on(side).not_null; });
}

class Gatherer {
  public:
    // marks: null where only certain keys will be looked at.
    Gatherer(Session& session, Gathered& gathered, Mode mode, const Marks* marks, FirstContact contact,
             Reach reach = Reach::all)
        : session_(session), gathered_(gathered), mode_(mode), marks_(marks), contact_(contact), reach_(reach) {}

    void open() {
        session_.progress.phase("reading");
        std::vector<const LinkedTable*> tables;
        note_known_collisions();
        for (TableUnderSync* table : session_.active()) {
            tables.push_back(&table->link);
            TableRun run;
            run.table = table;
            run.report.desktop = table->link.desktop.display();
            run.report.cloud = table->link.cloud.display();
            gathered_.tables.push_back(std::move(run));
        }
        while (!take_snapshots(tables)) {
        }
        session_.clocks.desktop_now = gathered_.desktop->now();
        session_.clocks.cloud_now = gathered_.cloud->now();
        // Such keys may not even fit into what the next steps put them.
        std::erase_if(gathered_.tables,
                      [&](TableRun& run) { return spelled_apart(run.link()) && !identifies_rows(run); });
    }

    // A key without a unique index is proven unique in each snapshot that is to be acted upon; a table where
    // it is not is left out whole.
    bool identifies_rows(TableRun& run) {
        for (const Side side : {Side::desktop, Side::cloud}) {
            if (proven_unique(run.link(), side)) continue;
            Snapshot& snapshot = side == Side::desktop ? *gathered_.desktop : *gathered_.cloud;
            const std::vector<std::string> duplicates = snapshot.duplicate_keys(run.link(), 5);
            if (duplicates.empty()) continue;
            run.table->not_synced = fmt::format("{}: the key ({}) is not unique on the {} side: {}",
                                                info(Code::key_not_unique).id, key_names(run.link(), side),
                                                name(side), fmt::join(duplicates, ", "));
            return false;
        }
        return true;
    }

    // Reads or re-reads the tables in order; those whose key turns out to identify nothing are taken out.
    template <typename Read>
    void read_tables(const Read& read_one, Reach reach) {
        for (auto run = gathered_.tables.begin(); run != gathered_.tables.end();) {
            read_one(*run);
            // A row without a key shows in no key.
            if ((run->tally.keys > 0 || run->touched) && !spelled_apart(run->link()) && !identifies_rows(*run)) {
                for (const Side side : {Side::desktop, Side::cloud})
                    gathered_.marks.erase({run->link().id, side});
                run = gathered_.tables.erase(run);
                continue;
            }
            gathered_.keys += run->tally.keys;
            ++run;
            if (reach == Reach::first_reason && gathered_.calls_for_a_run()) return;
        }
    }

    void read(TableRun& run) {
        const LinkedTable& table = run.link();
        if (contact_ != FirstContact::row_by_row && starts_at_once(run)) return;
        const Mode mode = parent_changed(gathered_, table) ? Mode::full : mode_;
        const auto [desktop_capture, desktop_mark] = capture_and_mark(table, Side::desktop, mode);
        if (desktop_capture == Capture::changelog && untouched(table, mode)) return report_untouched(run);
        if (!run.worklist) run.worklist = session_.archive().worklist(table, session_.installed());
        if (reach_ == Reach::first_reason) {
            const std::int64_t touched = run.worklist->touched(desktop_capture, desktop_mark);
            if (touched > gathered_.examined) gathered_.examined = touched;
            if (gathered_.calls_for_a_run()) return;
        }
        if (compares_all(table, desktop_capture, mode)) {
            compare_by_sums(run);
        } else {
            compare_by_hints(run, desktop_capture, desktop_mark, mode);
        }
        run.cloud_compared = true;
        run.worklist->add_waiting_keys();
        run.tally = run.worklist->tally(rows_that_tell(run.table->setting->guard));
        note_marks(table);
    }

  private:
    void compare_by_hints(TableRun& run, Capture desktop_capture, const std::string& desktop_mark, Mode mode) {
        const HintOutcome seen = run.worklist->add_desktop_hints(desktop_capture, desktop_mark);
        gathered_.examined += seen.examined;
        run.touched = seen.examined > 0 || seen.needs_digest;
        run.report.capture_desktop = to_string(seen.needs_digest ? Capture::digest : desktop_capture);
        failpoint("M1.hints");
        read_cloud(run, mode);
        failpoint("M2.hints");
    }

    // False: a table changed since it was linked. It is left out, the others flow.
    bool take_snapshots(std::vector<const LinkedTable*>& tables) try {
        gathered_.desktop = snapshot(Side::desktop, tables);
        failpoint("M1.snapshot");
        gathered_.cloud = snapshot(Side::cloud, tables);
        failpoint("M2.snapshot");
        return true;
    } catch (const SchemaChanged& changed) {
        gathered_.desktop.reset();
        gathered_.cloud.reset();
        std::erase_if(tables, [&](const LinkedTable* table) { return table->id == changed.table_id(); });
        std::erase_if(gathered_.tables, [&](TableRun& run) {
            if (run.link().id != changed.table_id()) return false;
            run.table->not_synced = fmt::format("{}: {}", changed.id(), changed.what());
            gathered_.left_out.push_back(
                {run.report.desktop, run.table->not_synced, 0, 0, std::string(reason_schema)});
            return true;
        });
        return false;
    }

    std::unique_ptr<Snapshot> snapshot(Side side, const std::vector<const LinkedTable*>& tables) {
        Store& store = session_.store(side);
        if (!marks_) return store.snapshot(tables);
        std::vector<Watched> watched;
        for (const LinkedTable* table : tables) {
            // Keys that are spelled apart may not even fit into what they are compared with.
            const auto [capture, mark] = spelled_apart(*table) ? std::pair(Capture::digest, std::string())
                                                               : capture_and_mark(*table, side, mode_);
            watched.push_back({table, capture, mark});
        }
        return store.snapshot_of(watched);
    }

    // Both sides have told so with their snapshots; no list of its keys has to be made.
    bool untouched(const LinkedTable& table, Mode mode) const {
        return capture_and_mark(table, Side::cloud, mode).first == Capture::changelog &&
               gathered_.desktop->untouched(table) && gathered_.cloud->untouched(table);
    }

    void report_untouched(TableRun& run) {
        run.report.capture_desktop = run.report.capture_cloud = to_string(Capture::changelog);
        note_marks(run.link());
    }

    void note_marks(const LinkedTable& table) {
        for (const Side side : {Side::desktop, Side::cloud}) {
            Snapshot& snapshot = side == Side::desktop ? *gathered_.desktop : *gathered_.cloud;
            gathered_.marks[{table.id, side}] = {table.capture(side), snapshot.mark(table)};
        }
    }

    // A table that was never compared: the cloud holds nothing but what was agreed on, or nothing was agreed
    // on yet and both sides have rows. Where a row is in doubt or a key waits, the rules have to look at it.
    bool starts_at_once(TableRun& run) {
        const LinkedTable& table = run.link();
        if (marks_->contains({table.id, Side::desktop}) || table.repeats() ||
            session_.desktop_server.encoding != "UTF8" || session_.embedded())
            return false;
        run.worklist = session_.archive().worklist(table, session_.installed());
        const std::optional<std::int64_t> known = run.worklist->settled_rows();
        if (!known) return false;
        run.rows_known = *known;
        const Digest agreed = run.worklist->base_digest(true);
        run.rows_to_load = gathered_.desktop->count(table) - *known;
        if (run.rows_to_load < fewest_rows_at_once) return false;
        run.start = cloud_holds_only(table, agreed)
                        ? (contact_ == FirstContact::at_once && session_.cloud->may_load(table)
                               ? TableRun::Start::load
                               : TableRun::Start::no)
                    : agreed.empty() && hashes_comparable(table, session_.desktop_server.version,
                                                          session_.cloud_server.version)
                        ? TableRun::Start::adopt
                        : TableRun::Start::no;
        // What is spelled apart was looked at when the snapshots were taken.
        if (run.start != TableRun::Start::no && !spelled_apart(table) && !identifies_rows(run)) run.start = TableRun::Start::no;
        if (run.start == TableRun::Start::no) return false;
        note_marks(table);
        run.report.capture_desktop = run.report.capture_cloud = to_string(Capture::digest);
        return true;
    }

    // Where nothing was agreed on yet, counting tells as much as sums of keys do.
    bool cloud_holds_only(const LinkedTable& table, const Digest& agreed) {
        if (agreed.empty()) return gathered_.cloud->count(table) == 0;
        return gathered_.cloud->unequal_buckets(table, true, agreed).empty();
    }

    // Of tables that are not part of this run: their children may be.
    void note_known_collisions() {
        if (!session_.installed()) return;
        for (const TableUnderSync& table : session_.tables)
            if (!table.selected) note_known_collisions(table.link);
    }

    void note_known_collisions(const LinkedTable& table) {
        CaseQuery asked{.tables = {table.id}, .most = cases_at_once};
        for (bool more = true; more;) {
            const CasePage<WaitingEntry> page = session_.archive().waiting(asked);
            for (const WaitingEntry& entry : page.cases)
                if (entry.rule == "R4") gathered_.collisions.note(table, entry.key);
            more = page.more && !page.cases.empty();
            if (more) asked.before = CasePlace{page.cases.back().at_micros, page.cases.back().id};
        }
    }

    // A mark of another capture, or none, means that everything has to be compared once.
    std::pair<Capture, std::string> capture_and_mark(const LinkedTable& table, Side side, Mode mode) const {
        const auto mark = marks_->find({table.id, side});
        const bool usable =
            mode == Mode::incremental && mark != marks_->end() && mark->second.capture == table.capture(side);
        return usable ? std::pair(table.capture(side), mark->second.mark)
                      : std::pair(Capture::digest, std::string());
    }

    // Where no row was written, the rows that are there are some of those that were agreed on: as many are the same.
    bool has_lost_nothing(const TableRun& run, const HintOutcome& seen) {
        if (seen.examined > 0) return false;
        const auto settled = run.worklist->settled_rows();
        return settled && *settled == gathered_.cloud->count_in_scope(run.link());
    }

    // All rows of both sides, of a table that was compared before: most of them are what was agreed on.
    bool compares_all(const LinkedTable& table, Capture desktop_capture, Mode mode) const {
        const auto marked = [&](Side side) { return marks_ && marks_->contains({table.id, side}); };
        return desktop_capture == Capture::digest && marked(Side::desktop) && marked(Side::cloud) && !table.repeats() &&
               !session_.embedded() && capture_and_mark(table, Side::cloud, mode).first == Capture::digest;
    }

    // Both servers add up what they hold, and the desktop what was agreed on, at the same time; only groups of buckets whose
    // sums differ are compared row by row.
    void compare_by_sums(TableRun& run) {
        const LinkedTable& table = run.link();
        run.touched = true;
        std::future<Digest> adding =
            std::async(std::launch::async, [&] { return gathered_.cloud->sums(table, Summed::agreed); });
        std::future<AgreedSums> known = std::async(std::launch::async, [&] { return run.worklist->agreed_sums(); });
        const Digest desktop = gathered_.desktop->sums(table, Summed::agreed);
        const AgreedSums agreed = known.get();
        const std::vector<int> written = buckets_of(unequal_buckets(agreed.desktop, desktop));
        if (!written.empty()) run.worklist->add_desktop_buckets(written);
        failpoint("M1.hints");
        const std::vector<int> unequal = buckets_of(unequal_buckets(agreed.cloud, adding.get()));
        HintStage stage(*run.worklist);
        if (!unequal.empty()) gathered_.cloud->list_buckets(table, unequal, stage.sink());
        stage.close(unequal);
        failpoint("M2.hints");
        run.report.capture_desktop = run.report.capture_cloud = to_string(Capture::digest);
    }

    void read_cloud(TableRun& run, Mode mode) {
        const LinkedTable& table = run.link();
        const auto [capture, mark] = capture_and_mark(table, Side::cloud, mode);
        HintStage stage(*run.worklist);
        std::vector<int> complete;
        HintOutcome seen{.needs_digest = true};
        if (capture != Capture::digest) seen = gathered_.cloud->hints(table, capture, mark, stage.sink());
        gathered_.examined += seen.examined;
        run.touched = run.touched || seen.examined > 0 || seen.needs_digest;
        run.report.capture_cloud = to_string(seen.needs_digest ? Capture::digest : capture);
        // xmin sees no deletes: the set of keys is compared as well, unless its size alone tells that there were none.
        if (seen.needs_digest || (capture == Capture::xmin && !has_lost_nothing(run, seen))) {
            const bool keys_only = !seen.needs_digest;
            complete =
                gathered_.cloud->unequal_buckets(table, keys_only, run.worklist->base_digest(keys_only));
            if (!complete.empty()) gathered_.cloud->list_buckets(table, complete, stage.sink());
        }
        stage.close(complete);
    }

    Session& session_;
    Gathered& gathered_;
    Mode mode_;
    const Marks* marks_;
    FirstContact contact_;
    Reach reach_;
};

}  // namespace

bool parent_changed(const Gathered& gathered, const LinkedTable& child) {
    return std::any_of(child.columns.begin(), child.columns.end(), [&](const LinkedColumn& column) {
        return column.by_key &&
               std::any_of(gathered.tables.begin(), gathered.tables.end(), [&](const TableRun& run) {
                   return run.link().desktop == column.by_key->desktop && run.tally.keys > 0;
               });
    });
}

Gathered gather(Session& session, Mode mode, const Marks& marks, Reach reach, FirstContact contact) {
    Gathered gathered;
    Gatherer gatherer(session, gathered, mode, &marks, contact, reach);
    gatherer.open();
    std::int64_t done = 0;
    const auto count = static_cast<std::int64_t>(gathered.tables.size());
    gatherer.read_tables(
        [&](TableRun& run) {
            session.progress.table(run.report.desktop, done++, count);
            gatherer.read(run);
        },
        reach);
    return gathered;
}

Gathered gather_again(Session& session, Gathered& earlier) {
    std::map<int, std::vector<KeyAgain>> raced;
    std::map<int, TableReport> reports;
    for (TableRun& run : earlier.tables) {
        raced[run.link().id] = std::move(run.raced);
        for (const Key& key : run.merged) raced[run.link().id].push_back({key});
        reports[run.link().id] = std::move(run.report);
    }
    Gathered gathered;
    gathered.collisions = std::move(earlier.collisions);
    earlier.tables.clear();
    earlier.desktop.reset();
    earlier.cloud.reset();
    Gatherer gatherer(session, gathered, Mode::incremental, nullptr, FirstContact::row_by_row);
    gatherer.open();
    gatherer.read_tables(
        [&](TableRun& run) {
            run.report = std::move(reports[run.link().id]);
            if (raced[run.link().id].empty()) return;
            run.worklist = session.archive().worklist(run.link(), session.installed());
            run.worklist->add_keys(raced[run.link().id]);
            run.tally = run.worklist->tally(rows_that_tell(run.table->setting->guard));
        },
        Reach::all);
    return gathered;
}

void Gathered::list_cloud(TableRun& run, const std::vector<int>& buckets) {
    HintStage stage(*run.worklist);
    cloud->list_buckets(run.link(), buckets, stage.sink());
    stage.flush();
}

}  // namespace tideway
