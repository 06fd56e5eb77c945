// A pair of stores with one linked table, driven through the Store interface as the engine drives it.
#pragma once
#include <algorithm>
#include <map>
#include <set>

#include "conformance/sides.hpp"
#include "engine/link.hpp"

namespace tideway::conformance {

struct Kinds {
    Kind desktop, cloud;
};
// Of either kind on both sides, and mixed: what is compared across the sides must hold there as well.
inline const Kinds pure_kinds[] = {{Kind::postgres, Kind::postgres}, {Kind::sqlite, Kind::sqlite}};
inline const Kinds servers_only[] = {{Kind::postgres, Kind::postgres}};
inline const Kinds all_kinds[] = {{Kind::postgres, Kind::postgres},
                                  {Kind::sqlite, Kind::sqlite},
                                  {Kind::sqlite, Kind::postgres},
                                  {Kind::postgres, Kind::sqlite}};
inline std::string kinds_name(const testing::TestParamInfo<Kinds>& info) {
    return fmt::format("{}And{}", name(info.param.desktop), name(info.param.cloud));
}

class Pair : public testing::TestWithParam<Kinds> {
  protected:
    Pair() {
        for (const Side side : {Side::desktop, Side::cloud}) {
            databases_[side] =
                make_database(side == Side::desktop ? GetParam().desktop : GetParam().cloud, side);
            stores_[side] = databases_[side]->open(side);
        }
    }

    Database& db(Side side) { return *databases_.at(side); }
    Store& store(Side side) { return *stores_.at(side); }
    Store& desktop() { return store(Side::desktop); }
    Store& cloud() { return store(Side::cloud); }
    Archive& archive() { return *desktop().archive(); }
    void both(const std::string& sql) {
        for (const Side side : {Side::desktop, Side::cloud}) db(side).exec(worded(sql, db(side).kind()));
    }

    // The table as both catalogues have it, linked, installed on both sides, with the changelog on each.
    const LinkedTable& linked(const std::string& name, TableSetting setting = {}) {
        setting.desktop = setting.cloud = name;
        const sql::TableName table = sql::TableName::parse(name);
        LinkResult result = link(setting, desktop().relation(table), cloud().relation(table));
        for (const Problem& problem : result.problems) ADD_FAILURE() << problem.where << " " << problem.text;
        auto owned = std::make_unique<LinkedTable>(std::move(result.table));
        owned->id = static_cast<int>(tables_.size()) + 1;
        owned->capture_desktop = owned->capture_cloud = capture;
        tables_.push_back(std::move(owned));
        return *tables_.back();
    }
    KnownCloud known_cloud() { return {archive().peer_sequence(), archive().epoch()}; }
    void install_pair() {
        for (const Side side : {Side::cloud, Side::desktop}) {
            PairIdentity identity{"pair-1", store(side).server().system_id, side, {7, -9}, 1};
            store(side).install("main", identity);
            ASSERT_TRUE(store(side).identity("main").has_value());
        }
        const LeaseState seen = cloud().lease();
        recovery = archive().recover(known_cloud(), seen, cloud().receipts(archive().acknowledged()), "run-1",
                                     "somebody:1:1");
        desktop_fence = recovery.fence;
        cloud_fence = std::max(seen.sequence, recovery.peer_sequence) + 1;
        ASSERT_TRUE(cloud().take_lease(seen, cloud_fence, "run-1", "somebody:1:1", recovery.epoch));
    }
    void install(const LinkedTable& table) {
        for (const Side side : {Side::cloud, Side::desktop}) store(side).install_table(table);
    }
    // All of the above.
    const LinkedTable& synced(const std::string& definition, TableSetting setting = {}) {
        both("create table job " + definition);
        install_pair();
        const LinkedTable& table = linked("job", std::move(setting));
        install(table);
        return table;
    }

    // What the engine does with the desktop's rows: everything that differs from the base, by full
    // comparison.
    std::vector<CandidateGroup> candidates(const LinkedTable& table) {
        const auto snapshot = desktop().snapshot({&table});
        const auto worklist = archive().worklist(table, true);
        worklist->add_desktop_hints(Capture::digest, "");
        return worklist->next(Part::everything, 1000, 1 << 20);
    }
    std::string changed_keys(const LinkedTable& table) {
        std::set<std::string> keys;
        for (const CandidateGroup& group : candidates(table)) keys.insert(display(group.key));
        return fmt::format("{}", fmt::join(keys, " "));
    }
    std::vector<RowImage> rows(Side side, const LinkedTable& table, const std::vector<Key>& keys) {
        auto images = store(side).snapshot({&table})->rows(table, keys);
        std::sort(images.begin(), images.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
        return images;
    }
    RowImage row(Side side, const LinkedTable& table, const Key& key) {
        const auto images = rows(side, table, {key});
        EXPECT_EQ(images.size(), 1U) << tideway::display(key);
        return images.empty() ? RowImage{} : images.front();
    }

    // A row that is to be written on `target` as it is on the other side, or as `cells` says.
    PlannedRow planned(const LinkedTable& table, Side target, Write write, const Key& key,
                       std::optional<Cells> cells = {}) {
        PlannedRow plan;
        plan.key = key;
        plan.write = write;
        plan.rule = "R7";
        const auto here = rows(target, table, {key});
        if (!here.empty()) plan.expected = here.front().facts.hash;
        plan.base_target = plan.expected;
        if (cells)
            plan.cells = *cells;
        else if (write != Write::erase) {
            const RowImage source = row(other(target), table, key);
            plan.cells = source.cells;
            plan.source_hash = source.facts.hash;
        }
        return plan;
    }
    BatchOutcome apply(Side target, const LinkedTable& table, std::vector<PlannedRow> rows_to_write) {
        return apply(target, {{&table, std::move(rows_to_write)}});
    }
    BatchOutcome apply(Side target, std::vector<BatchSection> sections) {
        Batch batch;
        batch.run = "run-1";
        batch.sections = std::move(sections);
        batch.fence = target == Side::desktop ? desktop_fence : cloud_fence;
        batch.source_barrier = 1;
        BatchOutcome outcome = store(target).apply(batch);
        (target == Side::desktop ? desktop_fence : cloud_fence) = outcome.sequence;
        return outcome;
    }
    static std::string fates(const BatchOutcome& outcome) {
        std::string text;
        for (const auto& section : outcome.outcomes)
            for (const RowOutcome& row_outcome : section) {
                const char* word[] = {"applied", "raced", "suppressed", "orphan", "parent", "clash"};
                text += (text.empty() ? "" : " ") + std::string(word[static_cast<int>(row_outcome.fate)]);
            }
        return text;
    }
    // Sends the desktop's row to the cloud and books what was agreed.
    void agree_on(const LinkedTable& table, const std::vector<Key>& keys) {
        std::vector<PlannedRow> plans;
        for (const Key& key : keys) plans.push_back(planned(table, Side::cloud, Write::insert, key));
        const BatchOutcome outcome = apply(Side::cloud, table, plans);
        Booking booking;
        booking.run = "run-1";
        for (std::size_t i = 0; i < plans.size(); ++i)
            booking.agreements.push_back({&table,
                                          plans[i].key,
                                          BaseState::live,
                                          Origin::desktop,
                                          plans[i].source_hash,
                                          outcome.outcomes[0][i].hash,
                                          {},
                                          {}});
        booking.cloud_barrier = booking.cloud_sequence = outcome.sequence;
        archive().book(booking, desktop_fence);
    }
    std::string table_text(Side side, const std::string& columns, const std::string& table = "job") {
        const bool postgres = db(side).kind() == Kind::postgres;
        return db(side).scalar(
            fmt::format("select {}({}, ' ') from (select cast({} as text) as line from {} order by id) x",
                        postgres ? "string_agg" : "group_concat", "line", columns, table));
    }
    // What the capture proposes since the mark: "1 2 -3" where 3 is gone.
    std::string hinted(Side side, const LinkedTable& table, Capture how, const std::string& mark) {
        const auto snapshot = store(side).snapshot({&table});
        std::set<std::string> keys;
        const HintOutcome outcome = snapshot->hints(table, how, mark, [&](CloudHint&& hint) {
            keys.insert((hint.hash ? "" : "-") + display(hint.key));
        });
        return outcome.needs_digest ? "digest" : fmt::format("{}", fmt::join(keys, " "));
    }
    std::string mark(Side side, const LinkedTable& table) {
        return store(side).snapshot({&table})->mark(table);
    }

    Capture capture = Capture::changelog;
    Recovery recovery;
    std::int64_t desktop_fence = 0, cloud_fence = 0;

  private:
    std::map<Side, std::unique_ptr<Database>> databases_;
    std::map<Side, std::unique_ptr<Store>> stores_;
    std::vector<std::unique_ptr<LinkedTable>> tables_;
};

template <class Failure, class Act>
std::optional<Failure> caught(Act act) {
    try {
        act();
        ADD_FAILURE() << "nothing was thrown";
    } catch (const Failure& failure) {
        return failure;
    } catch (const std::exception& other) {
        ADD_FAILURE() << "something else was thrown: " << other.what();
    }
    return std::nullopt;
}

}  // namespace tideway::conformance

#define CONFORMANCE_SUITE(Suite, kinds)                                                       \
    INSTANTIATE_TEST_SUITE_P(Stores, Suite, testing::ValuesIn(::tideway::conformance::kinds), \
                             ::tideway::conformance::kinds_name)
