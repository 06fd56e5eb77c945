#include "engine/second_look.hpp"

#include <algorithm>
#include <set>

#include "engine/gather.hpp"
#include "engine/pages.hpp"

namespace tideway {
namespace {

constexpr std::size_t keys_at_once = 5'000;
constexpr PageBounds page_bounds{2'000, 4LL * 1024 * 1024};
// A run that is at work while the two snapshots are taken moves rows between them; so often is waited for it.
constexpr int attempts = 5;

// Which runs were at work; equal before and after = none was.
struct Works {
    std::int64_t desktop = 0, cloud = 0;
    bool held = false;
    bool operator==(const Works&) const = default;
};

Works works(Session& session) {
    if (!session.installed()) return {};
    try {
        const LeaseState desktop = session.desktop->lease(), cloud = session.cloud->lease();
        return {desktop.sequence, cloud.sequence, desktop.held || cloud.held};
    } catch (const Error& error) {
        if (error.code() != Code::lease_held) throw;
        return {.held = true};
    }
}

// Only this table and those whose keys its rows are told by: a change of those changes its rows.
class Only {
  public:
    Only(Session& session, const TableUnderSync& table) : session_(session) {
        for (TableUnderSync& each : session.tables) {
            selected_.push_back(each.selected);
            each.selected = &each == &table || names_rows_of(table.link, each.link);
        }
    }
    ~Only() {
        for (std::size_t i = 0; i < selected_.size(); ++i) session_.tables[i].selected = selected_[i];
    }
    Only(const Only&) = delete;
    Only& operator=(const Only&) = delete;

  private:
    static bool names_rows_of(const LinkedTable& child, const LinkedTable& parent) {
        return std::any_of(child.columns.begin(), child.columns.end(), [&](const LinkedColumn& column) {
            return column.by_key && column.by_key->desktop == parent.desktop;
        });
    }
    Session& session_;
    std::vector<bool> selected_;
};

class Looker {
  public:
    Looker(Session& session, TableUnderSync& table, ProofForm form, std::size_t show)
        : session_(session), table_(table), form_(form), show_(show) {}

    SecondLook look(const std::map<Key, Unequal>& suspects) {
        const Only only(session_, table_);
        const bool quiet = open();
        const auto run = std::find_if(gathered_.tables.begin(), gathered_.tables.end(),
                                      [&](const TableRun& each) { return each.table == &table_; });
        if (run == gathered_.tables.end()) {
            result_.not_compared = table_.not_synced;
            return std::move(result_);
        }
        if (!run->worklist)  // a table in which nothing was captured has none
            run->worklist = session_.archive().worklist(table_.link, session_.installed());
        find_unequal(suspects);
        leave_known(*run);
        if (quiet)
            decide_rest(*run);
        else
            leave_unproven();
        return std::move(result_);
    }

  private:
    // Changes are found as the next run would find them. True: no run was at work meanwhile.
    bool open() {
        for (int attempt = 1;; ++attempt) {
            const Works before = works(session_);
            gathered_ = {};
            gathered_ = gather(session_, Mode::incremental,
                               session_.installed() ? session_.archive().marks()
                                                    : std::map<std::pair<int, Side>, StoredMark>{});
            const bool quiet = !before.held && works(session_) == before;
            if (quiet || attempt == attempts) return quiet;
            session_.world.sleeper.sleep(Millis(1000));
            session_.pulse.tick();
        }
    }

    void find_unequal(const std::map<Key, Unequal>& suspects) {
        const auto desktop = gathered_.desktop->proof(table_.link, form_),
                   cloud = gathered_.cloud->proof(table_.link, form_);
        std::vector<Key> keys;
        for (auto suspect = suspects.begin(); suspect != suspects.end();) {
            keys.clear();
            for (; suspect != suspects.end() && keys.size() < keys_at_once; ++suspect) keys.push_back(suspect->first);
            unequal_.merge(unequal_keys(desktop->look(keys), cloud->look(keys)));
        }
    }

    // What the next run will look at anyway waits or was just changed.
    void leave_known(TableRun& run) {
        for (;;) {
            const std::vector<CandidateGroup> groups =
                run.worklist->next(Part::everything, page_bounds.rows, page_bounds.bytes);
            if (groups.empty()) return;
            for (const CandidateGroup& group : groups)
                if (unequal_.erase(group.key) > 0)
                    ++(group.waiting.empty() ? result_.counts.changing : result_.counts.listed);
        }
    }

    void leave_unproven() {
        result_.unproven = static_cast<std::int64_t>(unequal_.size());
        result_.counts.changing += result_.unproven;
    }

    void decide_rest(TableRun& run) {
        std::vector<KeyAgain> keys;
        for (auto key = unequal_.begin(); key != unequal_.end();) {
            keys.clear();
            for (; key != unequal_.end() && keys.size() < keys_at_once; ++key) keys.push_back({key->first});
            run.worklist->add_keys(keys);
            for (;;) {
                Page page = next_page(session_, gathered_, run, Part::everything, Direction::both, page_bounds);
                if (page.keys == 0) break;
                for (KeyWork& work : page.works) by_key_[without_ordinal(work.candidate.key)].push_back(std::move(work));
                for (const auto& [each, works] : by_key_) {
                    judge(each, works);
                    judged_.insert(each);
                }
                by_key_.clear();
            }
        }
        for (const auto& [key, how] : unequal_)
            if (!judged_.contains(key)) throw Defect("verify: a key that differs was not decided");
    }

    Key without_ordinal(Key key) const {
        key.resize(table_.link.key_cells());
        return key;
    }

    void judge(const Key& key, const std::vector<KeyWork>& works) {
        const bool ignored = std::all_of(works.begin(), works.end(), [](const KeyWork& work) {
            return work.decision.wait == Wait::ignored || same(work);
        });
        if (ignored) {
            ++result_.counts.ignored;
            return;
        }
        ++result_.differences;
        for (const KeyWork& work : works)
            if (!same(work)) note(key, work);
    }

    static bool same(const KeyWork& work) {
        const RowFacts &desktop = work.candidate.desktop.facts, &cloud = work.cloud.facts;
        return desktop.present == cloud.present && desktop.canonical == cloud.canonical;
    }

    void note(const Key& key, const KeyWork& work) {
        const bool base_is_wrong = work.candidate.base.state == BaseState::live &&
                                   work.decision.rule->verdict == Verdict::nothing;
        if (base_is_wrong) {
            const BaseEntry& base = work.candidate.base;
            result_.again.agreements.push_back({&table_.link, work.candidate.key, BaseState::unknown, base.origin,
                                                base.desktop, base.cloud, base.stamp_desktop, base.stamp_cloud});
        }
        result_.again.waiting.push_back({&table_.link, work.candidate.key, "pending",
                                         std::string(work.decision.rule->id),
                                         "verify found that the rows of the two sides differ", {}});
        if (result_.found.size() < show_) result_.found.push_back(describe(key, work, base_is_wrong));
    }

    FoundDifference describe(const Key& key, const KeyWork& work, bool base_is_wrong) const {
        const RowImage &desktop = work.candidate.desktop, &cloud = work.cloud;
        FoundDifference found{display(key),
                              !cloud.facts.present     ? "only on the desktop"
                              : !desktop.facts.present ? "only in the cloud"
                                                       : "differs",
                              std::string(work.decision.rule->id), work.decision.reason};
        if (base_is_wrong) found.reason = "both sides count as agreed, but their rows differ";
        if (desktop.facts.present) found.desktop_row = row_as_json(table_.link, desktop, Side::desktop);
        if (cloud.facts.present) found.cloud_row = row_as_json(table_.link, cloud, Side::cloud);
        if (desktop.facts.present && cloud.facts.present) found.columns = unequal_columns(desktop, cloud);
        return found;
    }

    // Cells have the other side's form: where the types differ they cannot tell.
    std::vector<std::string> unequal_columns(const RowImage& desktop, const RowImage& cloud) const {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < table_.link.columns.size(); ++i) {
            const LinkedColumn& column = table_.link.columns[i];
            if (column.hashed && !column.types_differ && desktop.cells[i] != cloud.cells[i])
                names.push_back(column.desktop.name);
        }
        return names;
    }

    Session& session_;
    TableUnderSync& table_;
    ProofForm form_;
    std::size_t show_;
    Gathered gathered_;
    std::map<Key, Unequal> unequal_;
    std::map<Key, std::vector<KeyWork>> by_key_;
    std::set<Key> judged_;
    SecondLook result_;
};

}  // namespace

SecondLook look_again(Session& session, TableUnderSync& table, ProofForm form, const std::map<Key, Unequal>& suspects,
                      std::size_t show) {
    return Looker(session, table, form, show).look(suspects);
}

}  // namespace tideway
