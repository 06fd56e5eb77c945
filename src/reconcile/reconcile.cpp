#include "reconcile/reconcile.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "reconcile/emptied.hpp"
#include "reconcile/merging.hpp"

namespace tideway {
namespace {

// True if `one` has every value of `other`, and at least one where that has none.
bool covers(const Cells& one, const Cells& other) {
    bool more = false;
    for (std::size_t i = 0; i < one.size(); ++i) {
        if (one[i] == other[i]) continue;
        if (other[i]) return false;
        more = true;
    }
    return more;
}

std::optional<Side> fuller_of(const RowImage& desktop, const RowImage& cloud) {
    if (desktop.cells.size() != cloud.cells.size()) return std::nullopt;
    if (covers(desktop.cells, cloud.cells)) return Side::desktop;
    if (covers(cloud.cells, desktop.cells)) return Side::cloud;
    return std::nullopt;
}

KeyFacts facts_of(const LinkedTable& table, KeyWork& work, const ClockFacts& clocks, const Evaluate& evaluate) {
    const Candidate& candidate = work.candidate;
    KeyFacts facts;
    facts.base = candidate.base;
    facts.desktop = candidate.desktop.facts;
    facts.cloud = work.cloud.facts;
    facts.cloud.captured = candidate.cloud_captured;
    facts.clocks = clocks;
    if (!work.cloud.as_agreed) facts.fuller = fuller_of(candidate.desktop, work.cloud);
    facts.chosen = candidate.chosen;
    facts.emptied = emptied_on(table, work);
    add_merge_facts(table, work, evaluate, facts);
    return facts;
}

// FNV-1a, 64 bits (Fowler, Noll, Vo): only to name a plan, not to protect against anybody.
std::uint64_t fnv(const std::string& text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return hash;
}

const char* action_of(const Decision& d) {
    if (d.renumber) return "gets another key on the desktop";
    if (d.merges) return "merge in the cloud, then update desktop";
    const auto word = [](Write write, const char* insert, const char* update, const char* erase) {
        return write == Write::insert ? insert : write == Write::update ? update : erase;
    };
    if (d.to_cloud != Write::none)
        return word(d.to_cloud, "insert into cloud", "update cloud", "delete from cloud");
    if (d.to_desktop != Write::none)
        return word(d.to_desktop, "insert into desktop", "update desktop", "delete from desktop");
    switch (d.wait) {
        case Wait::person_held:
            return "held";
        case Wait::person_conflict:
            return "waits for a person";
        case Wait::direction:
            return "waits for the other direction";
        case Wait::ignored:
            return "ignored";
        case Wait::none:
            break;
    }
    return d.book == Book::none ? "nothing" : "book only";
}

void explain_void_choice(KeyWork& work) {
    const Wait wait = work.decision.wait;
    if (work.candidate.void_choice && (wait == Wait::person_conflict || wait == Wait::person_held))
        work.decision.reason += "; the choice that was made is void, since a row was edited after it";
}

}  // namespace

std::vector<KeyWork> reconcile(std::vector<CandidateGroup> groups, std::vector<RowImage> cloud_rows,
                               const LinkedTable& table, Direction direction, const ClockFacts& clocks,
                               Collisions& collisions, const Evaluate& evaluate) {
    std::map<Key, std::vector<RowImage>> by_key;
    for (RowImage& row : cloud_rows) by_key[row.key].push_back(std::move(row));
    std::vector<KeyWork> works;
    works.reserve(groups.size());
    for (CandidateGroup& group : groups) {
        std::vector<RowImage> rows;
        if (const auto found = by_key.find(group.key); found != by_key.end()) rows = std::move(found->second);
        for (KeyWork& work : pair_rows(std::move(group), std::move(rows), table)) {
            work.decision = decide(facts_of(table, work, clocks, evaluate), table.policy, direction);
            explain_merge(work);
            explain_void_choice(work);
            works.push_back(std::move(work));
        }
    }
    collisions.note(table, works);
    for (KeyWork& work : works) {
        // What collides itself waits anyway, or gets another key.
        if (work.decision.rule->verdict == Verdict::collide || !collisions.concern(table, work)) continue;
        KeyFacts facts = facts_of(table, work, clocks, evaluate);
        facts.parent_collides = true;
        work.decision = decide(facts, table.policy, direction);
    }
    return works;
}

Origin origin_of(const KeyWork& work) {
    const BaseState state = work.candidate.base.state;
    if (state == BaseState::live || state == BaseState::unknown) return work.candidate.base.origin;
    if (work.cloud.facts.marked_mobile) return Origin::mobile;
    return work.candidate.desktop.facts.lives() ? Origin::desktop : Origin::mobile;
}

namespace {

// A reference that is empty at the source because its parent was missing there says nothing about the
// target's.
void keep_references(const LinkedTable& table, const KeyWork& work, Side target, PlannedRow& row) {
    if (row.write != Write::update) return;
    const RowImage& old = target == Side::cloud ? work.cloud : work.candidate.desktop;
    const std::vector<std::size_t> columns = emptied_columns(table, work, other(target));
    for (const std::size_t at : columns) row.cells[at] = old.cells[at];
    if (!columns.empty()) row.emptied = work.candidate.emptied;
}

ConflictNote conflict_note(const LinkedTable& table, const KeyWork& work) {
    const Decision& decision = work.decision;
    const bool merged = decision.rule->verdict == Verdict::merge;
    ConflictNote note{std::string(decision.kind),
                      std::string(to_string(merged ? ConflictPolicy::merge : table.policy.whole_row())),
                      decision.reason, decision.winner, facts_as_json(work)};
    if (decision.merges) note.other_row = row_as_json(table, work.candidate.desktop, Side::desktop);
    return note;
}

}  // namespace

PlannedRow planned_row(const LinkedTable& table, const KeyWork& work, Side target) {
    const bool to_cloud = target == Side::cloud;
    const Decision& decision = work.decision;
    const RowImage& source = to_cloud ? work.candidate.desktop : work.cloud;
    const RowImage& old = to_cloud ? work.cloud : work.candidate.desktop;
    const BaseEntry& base = work.candidate.base;
    PlannedRow row;
    row.key = work.candidate.key;
    row.captured_desktop = work.candidate.desktop.facts.captured;
    row.captured_cloud = work.candidate.cloud_captured;
    row.write = to_cloud ? decision.to_cloud : decision.to_desktop;
    row.expected = old.facts.hash;
    row.revives = row.write == Write::update && old.facts.marked_deleted;
    row.origin = origin_of(work);
    row.rule = decision.rule->id;
    row.chosen = work.candidate.chosen.has_value();
    row.source_hash = row.write == Write::erase ? (to_cloud ? base.desktop : base.cloud) : source.facts.hash;
    row.base_target = to_cloud ? base.cloud : base.desktop;
    row.source_stamp = source.facts.stamp;
    if (row.write != Write::erase) row.cells = source.cells;
    if (row.write != Write::erase && !source.ambiguous.empty())
        row.refused = Refusal{std::string(info(Code::lookup_ambiguous).id),
                              fmt::format("the look-up of {} has several answers", source.ambiguous),
                              "make its query give one answer", ""};
    if (row.write != Write::erase && source.unreadable)
        row.refused = Refusal{"22P05",
                              fmt::format("a text of the {} row has no meaning in that database's encoding",
                                          name(other(target))),
                              "write the text anew, or convert the database to UTF8", ""};
    if (row.write != Write::erase && !source.misfit.empty())
        row.refused = Refusal{std::string(info(Code::value_misfit).id),
                              fmt::format("the value of {} is not of its column's type", source.misfit),
                              "correct it where it was written, or leave the column out: skip = [...]", ""};
    if (decision.conflict) row.conflict = conflict_note(table, work);
    if (table.policy.merges() && row.write != Write::erase) row.source_row = source.values;
    for (std::size_t i = 0; i < table.columns.size() && row.write == Write::insert; ++i)
        if (table.columns[i].insert_only && !row.cells[i])
            row.cells[i] = to_cloud ? table.origin->desktop_letter : table.origin->cloud_letter;
    if (decision.merges) plan_merged_row(table, work, row);
    if (decision.merges && !row.conflict) {
        row.if_altered = conflict_note(table, work);
        row.if_altered->reason = "the cloud has another value than the merge settled: a trigger there changed it";
    }
    row.fills = decision.rule->id == "R30";
    if (row.fills) row.emptied = work.candidate.emptied;
    keep_references(table, work, target, row);
    // P7: a delete is proven by a base that the other side still equals.
    ensure(row.write != Write::erase || row.chosen ||
               (base.state == BaseState::live &&
                (row.expected == row.base_target || (!to_cloud && row.expected == base.previous))),
           "P7: a delete needs a known base and an unchanged other side");
    return row;
}

Agreement agreement_after(const LinkedTable& table, const PlannedRow& row, const RowOutcome& outcome,
                          Side target) {
    Agreement agreement;
    agreement.table = &table;
    agreement.key = row.key;
    agreement.state = row.write == Write::erase ? BaseState::tombstone : BaseState::live;
    agreement.origin = row.origin;
    agreement.emptied = outcome.constraint;
    const Hash here = row.write == Write::erase ? row.base_target : outcome.hash;
    (target == Side::cloud ? agreement.cloud : agreement.desktop) = here;
    (target == Side::cloud ? agreement.desktop : agreement.cloud) = row.source_hash;
    (target == Side::cloud ? agreement.stamp_cloud : agreement.stamp_desktop) = outcome.stamp;
    (target == Side::cloud ? agreement.stamp_desktop : agreement.stamp_cloud) = row.source_stamp;
    (target == Side::cloud ? agreement.row_cloud : agreement.row_desktop) = row.ahead ? row.source_row : outcome.row;
    (target == Side::cloud ? agreement.row_desktop : agreement.row_cloud) = row.source_row;
    // Nothing that the cloud shows is agreed on yet, not even a row that happens to be as it was before.
    if (row.ahead) {
        agreement.cloud = {};
        agreement.stamp_cloud.reset();
    }
    return agreement;
}

Agreement agreement_found(const LinkedTable& table, const KeyWork& work) {
    const bool gone = work.decision.book == Book::tombstone;
    Agreement agreement;
    agreement.table = &table;
    agreement.key = work.candidate.key;
    agreement.state = gone ? BaseState::tombstone : BaseState::live;
    agreement.origin = origin_of(work);
    agreement.desktop = gone ? work.candidate.base.desktop : work.candidate.desktop.facts.hash;
    agreement.cloud = gone ? work.candidate.base.cloud : work.cloud.facts.hash;
    agreement.stamp_desktop = work.candidate.desktop.facts.stamp;
    agreement.stamp_cloud = work.cloud.facts.stamp;
    if (!gone) {
        agreement.row_desktop = work.candidate.desktop.values;
        agreement.row_cloud = work.cloud.values;
    }
    return agreement;
}

void count(TableReport& report, const Decision& decision) {
    ++report.rules[std::string(decision.rule->id)];
    if (decision.wait == Wait::person_held) ++report.held;
    if (decision.wait == Wait::person_conflict) ++report.open_conflicts;
    if (decision.wait == Wait::direction) ++report.pending;
    if (decision.book == Book::agree) ++report.adopted;
    if (decision.rule->id == "R25" && decision.to_desktop != Write::none) ++report.reasserted;
}

PlannedChange describe(const LinkedTable& table, const KeyWork& work) {
    return {table.desktop.display(), display(work.candidate.key), std::string(work.decision.rule->id),
            action_of(work.decision), work.decision.reason};
}

std::string row_as_json(const LinkedTable& table, const RowImage& row, Side side) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const Cell& cell = row.cells[i];
        object[table.columns[i].on(side).name] =
            cell ? nlohmann::ordered_json(*cell) : nlohmann::ordered_json();
    }
    return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string facts_as_json(const KeyWork& work) {
    nlohmann::ordered_json facts = {{"rule", work.decision.rule->id},
                                    {"origin", origin_of(work) == Origin::mobile ? "cloud" : "desktop"},
                                    {"versions", Versions::of(work.candidate.desktop.facts, work.cloud.facts).text()}};
    const auto add = [&](const char* name, const std::optional<std::int64_t>& value) {
        if (value) facts[name] = *value;
    };
    add("desktop_stamp", work.candidate.desktop.facts.stamp);
    add("desktop_captured", work.candidate.desktop.facts.captured);
    add("cloud_stamp", work.cloud.facts.stamp);
    add("cloud_captured", work.candidate.cloud_captured);
    return facts.dump();
}

// Rows enter by their values, not by their hashes: those are seeded anew with every installation, and a plan
// that was made before the first run must keep its name in it.
std::optional<std::uint64_t> print_of(const LinkedTable& table, const KeyWork& work) {
    const Decision& d = work.decision;
    const bool asks = d.wait == Wait::person_held && !work.candidate.was_waiting;
    if (d.to_cloud == Write::none && d.to_desktop == Write::none && !d.renumber && !asks)
        return std::nullopt;
    std::string text =
        fmt::format("{}|{}|{}", table.id, static_cast<int>(d.to_cloud), static_cast<int>(d.to_desktop));
    const auto add_part = [&text](const std::string& part) {
        text += fmt::format("|{}:{}", part.size(), part);
    };
    if (table.identity != Identity::full_row)  // whose key is such a hash
        for (const std::string& part : work.candidate.key) add_part(part);
    for (const RowImage* row : {&work.candidate.desktop, &work.cloud}) {
        text += !row->facts.present ? "|none" : row->as_agreed ? "|agreed" : "|row";
        if (row->as_agreed) continue;  // which of its cells were read does not matter
        for (const Cell& cell : row->cells) cell ? add_part(*cell) : void(text += "|null");
    }
    if (d.merges)  // what it comes to depends on the agreed row as well
        for (const MergedColumn& column : work.merged->columns) {
            text += fmt::format("|{}", static_cast<int>(column.from));
            if (column.value) add_part(*column.value);
        }
    return fnv(text);
}

void PlanHash::add(std::uint64_t print) {
    sum_ += print;
    mix_ ^= print * 0x9e3779b97f4a7c15ULL;
}

void PlanHash::add(const LinkedTable& table, const KeyWork& work) {
    if (const auto print = print_of(table, work)) add(*print);
}

void PlanHash::add(const PlanHash& other) {
    sum_ += other.sum_;
    mix_ ^= other.mix_;
}

std::string PlanHash::text() const { return fmt::format("{:016x}", sum_ ^ (mix_ << 1)); }

}  // namespace tideway
