#include "engine/explain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/shell_word.hpp"
#include "engine/case_number.hpp"
#include "engine/gather.hpp"
#include "engine/pages.hpp"

namespace tideway {
namespace {

constexpr PageBounds page_bounds{1'000, 4LL * 1024 * 1024};
// Older versions are found by SQL.
constexpr std::size_t most_versions = 50;
constexpr int most_cases = 200;

const char* action_of(Kept kept) {
    switch (kept) {
        case Kept::inserted:
            return "inserted";
        case Kept::updated:
            return "updated";
        case Kept::erased:
            return "deleted";
        case Kept::loaded:
            return "loaded";
    }
    return "";
}

std::string reason_of(const std::string& rule) {
    if (rule.starts_with("undo ")) return "a person took back what run " + rule.substr(5) + " had written";
    for (const Rule& each : rules())
        if (each.id == rule) return std::string(each.reason);
    return "";
}

const char* waiting_advice(const WaitingEntry& entry) {
    if (!entry.choice.empty()) return "a person has chosen; the next sync carries it out";
    if (entry.kind == "held" || entry.kind == "conflict")
        return "tideway conflicts show ID, then conflicts resolve ID --take desktop or cloud";
    if (entry.kind == "parked" || entry.kind == "emptied")
        return "mend what the reason says; every run tries again, tideway parked retry does it now";
    return "the next sync decides it again";
}

class Explanation {
  public:
    Explanation(Session& session, const LinkedTable& table, const Key& key)
        : session_(session), table_(table), key_(key) {
        bare_.assign(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(table.key_cells()));
        story_.table = table.desktop.display();
        story_.key = display(key);
    }

    Story tell() {
        if (session_.installed()) {
            agreed_ = session_.archive().agreed(table_, key_);
            for (const Side side : {Side::desktop, Side::cloud}) versions(side);
            agreements();
            conflicts();
            waiting();
        }
        next();
        std::stable_sort(story_.versions.begin(), story_.versions.end(),
                         [](const StoryVersion& a, const StoryVersion& b) { return a.at > b.at; });
        story_.known = !agreed_.empty() || !story_.versions.empty() || !story_.conflicts.empty() ||
                       !story_.waiting.empty() || !story_.desktop.rows.empty() || !story_.cloud.rows.empty();
        if (!story_.versions.empty())
            story_.undo = fmt::format("tideway undo --run {} --table {} --key {}",
                                      story_.versions.front().run.substr(0, 8), shell_word(story_.table),
                                      shell_word(story_.versions.front().key));
        return std::move(story_);
    }

  private:
    // The key, or a row of it where rows repeat.
    bool concerns(const Key& key) const {
        return key.size() >= key_.size() && std::equal(key_.begin(), key_.end(), key.begin());
    }

    void versions(Side side) {
        Journal& journal = session_.store(side).journal();
        std::size_t shown = 0;
        for (const JournalEntry& entry : journal.entries({.table_id = table_.id, .key = key_})) {
            if (entry.kept == Kept::loaded || ++shown > most_versions) continue;
            story_.versions.push_back({entry.id, side, entry.at, entry.run, entry.rule, reason_of(entry.rule),
                                       display(entry.key), action_of(entry.kept), journal.image(entry.id)});
        }
        if (side == Side::cloud) load_of_key(journal);
    }

    // A row that came with a first load has no entry of its own; its agreement names the load's transaction.
    void load_of_key(Journal& journal) {
        if (agreed_.empty()) return;
        for (const JournalEntry& entry : journal.entries({.table_id = table_.id}))
            if (entry.kept == Kept::loaded && entry.batch == agreed_.front().cloud_barrier)
                story_.versions.push_back({entry.id,
                                           Side::cloud,
                                           entry.at,
                                           entry.run,
                                           entry.rule,
                                           reason_of(entry.rule),
                                           display(key_),
                                           action_of(entry.kept),
                                           {}});
    }

    void agreements() {
        for (const Agreed& agreed : agreed_) {
            StoryAgreement told;
            told.key = display(agreed.key);
            told.state = agreed.entry.state == BaseState::live        ? "both have the row"
                         : agreed.entry.state == BaseState::tombstone ? "both deleted it"
                                                                      : "unknown";
            told.made_on = agreed.entry.origin == Origin::mobile ? "cloud" : "desktop";
            for (const StoryVersion& version : story_.versions)
                if (version.key == told.key && !version.rule.starts_with("undo ") &&
                    (!told.at || version.at > *told.at)) {
                    told.at = version.at;
                    told.run = version.run;
                }
            story_.agreements.push_back(std::move(told));
        }
    }

    CaseQuery of_this_row() const {
        CaseQuery asked;
        asked.tables = {table_.id};
        asked.key = key_;
        asked.most = most_cases;
        return asked;
    }

    void conflicts() {
        for (const Side side : {Side::desktop, Side::cloud}) {
            std::vector<KeptConflict> found = session_.store(side).conflicts(of_this_row()).cases;
            std::reverse(found.begin(), found.end());
            for (const KeptConflict& kept : found)
                story_.conflicts.push_back({public_id(kept.id, side), story_.table, display(kept.key), kept.kind,
                                            kept.winner, kept.policy, kept.status, kept.at, kept.reason,
                                            kept.desktop_row, kept.cloud_row});
        }
    }

    void waiting() {
        for (const WaitingEntry& entry : session_.archive().waiting(of_this_row()).cases) {
            const bool listed = entry.kind == "held" || entry.kind == "conflict";
            std::string advice = waiting_advice(entry);
            if (const std::size_t at = advice.find("ID"); listed && at != std::string::npos)
                for (std::size_t id = at; id != std::string::npos; id = advice.find("ID", id))
                    advice.replace(id, 2, std::to_string(public_id(entry.id, Side::desktop)));
            story_.waiting.push_back(
                {listed ? public_id(entry.id, Side::desktop) : 0, display(entry.key), entry.kind, entry.rule,
                 entry.detail.empty() ? entry.reason : entry.reason + ": " + entry.detail, entry.first_seen,
                 advice});
        }
    }

    // Read and decided as a run would.
    void next() {
        Gathered key_only;
        TableRun run;
        for (TableUnderSync* table : session_.active())
            if (&table->link == &table_) run.table = table;
        run.raced.push_back({bare_});
        key_only.tables.push_back(std::move(run));
        Gathered gathered = gather_again(session_, key_only);
        show_rows(gathered);
        for (TableRun& table : gathered.tables) {
            if (!table.worklist || table.tally.keys == 0) continue;
            const Page page = next_page(session_, gathered, table, Part::everything, Direction::both, page_bounds);
            for (const KeyWork& work : page.works)
                if (concerns(work.candidate.key) && work.decision.rule->verdict != Verdict::nothing)
                    story_.next.push_back(describe(table_, work));
        }
    }

    void show_rows(const Gathered& gathered) {
        for (const Side side : {Side::desktop, Side::cloud}) {
            Snapshot& snapshot = side == Side::desktop ? *gathered.desktop : *gathered.cloud;
            StorySide& told = side == Side::desktop ? story_.desktop : story_.cloud;
            const std::vector<RowImage> rows = snapshot.rows(table_, {bare_});
            for (const RowImage& row : rows) told.rows.push_back(row_as_json(table_, row, side));
            told.state = state_of(rows, side);
        }
    }

    std::string state_of(const std::vector<RowImage>& rows, Side side) const {
        const auto live =
            static_cast<std::size_t>(std::count_if(agreed_.begin(), agreed_.end(), [](const Agreed& each) {
                return each.entry.state == BaseState::live;
            }));
        if (rows.empty()) return live > 0 ? "deleted since" : "absent";
        const bool all_known = std::all_of(rows.begin(), rows.end(), [&](const RowImage& row) {
            return std::any_of(agreed_.begin(), agreed_.end(), [&](const Agreed& each) {
                return each.entry.state == BaseState::live &&
                       (side == Side::desktop ? each.entry.desktop : each.entry.cloud) == row.facts.hash;
            });
        });
        if (all_known && (rows.size() == live || !table_.repeats() || key_.size() > bare_.size()))
            return "as agreed";
        return live > 0 ? "edited since" : "new";
    }

    Session& session_;
    const LinkedTable& table_;
    Key key_, bare_;
    std::vector<Agreed> agreed_;
    Story story_;
};

}  // namespace

Story explain_row(Session& session, const LinkedTable& table, const Key& key) {
    return Explanation(session, table, key).tell();
}

}  // namespace tideway
