// Cutting a batch: what references connect stays together, and nothing is lost or reordered.
#include <gtest/gtest.h>

#include <rapidcheck.h>

#include <map>
#include <set>

#include "reconcile/groups.hpp"

namespace tideway {
namespace {

LinkedColumn column(const char* name, bool key) {
    LinkedColumn linked;
    linked.desktop.name = linked.cloud.name = name;
    linked.key = key;
    return linked;
}

// client (id), job (id, client) with a foreign key in the cloud, or declared, alone.
struct Tables {
    Tables() {
        client.desktop = client.cloud = {"public", "client"};
        client.columns = {column("id", true)};
        job.desktop = job.cloud = {"public", "job"};
        job.columns = {column("id", true), column("client", false)};
        job.references_cloud = {{"fk", {1}, client.cloud, {"id"}}};
    }
    Batch batch(const std::vector<int>& clients, const std::vector<std::pair<int, int>>& jobs) const {
        Batch batch;
        batch.sections = {{&client, {}}, {&job, {}}};
        for (const int id : clients) batch.sections[0].rows.push_back(row({std::to_string(id)}));
        for (const auto& [id, of] : jobs)
            batch.sections[1].rows.push_back(row({std::to_string(id), std::to_string(of)}));
        std::erase_if(batch.sections, [](const BatchSection& section) { return section.rows.empty(); });
        return batch;
    }
    static PlannedRow row(Cells cells) {
        PlannedRow planned;
        planned.write = Write::insert;
        planned.key = {*cells.front()};
        planned.cells = std::move(cells);
        return planned;
    }
    LinkedTable client, job;
};

std::string client_of(const BatchSection& section, const PlannedRow& row) {
    return section.table->desktop.table == "client" ? *row.cells[0] : *row.cells[1];
}

std::set<std::string> clients_in(const Batch& batch) {
    std::set<std::string> clients;
    for (const BatchSection& section : batch.sections)
        for (const PlannedRow& row : section.rows) clients.insert(client_of(section, row));
    return clients;
}

TEST(Groups, halves_share_no_group_unless_there_is_only_one) {
    rc::check([] {
        const Tables tables;
        const auto clients = *rc::gen::unique<std::vector<int>>(rc::gen::inRange(0, 12));
        std::vector<std::pair<int, int>> jobs;
        const int count = *rc::gen::inRange(0, 20);
        for (int i = 0; i < count && !clients.empty(); ++i)
            jobs.emplace_back(i, *rc::gen::elementOf(clients));
        Batch batch = tables.batch(clients, jobs);
        const std::size_t rows = row_count(batch);
        RC_PRE(rows >= 2U);
        const bool one = is_one_group(batch);
        RC_ASSERT(one == (clients_in(batch).size() == 1));
        const auto [first, second] = split(std::move(batch));
        RC_ASSERT(row_count(first) + row_count(second) == rows);
        RC_ASSERT(row_count(first) > 0U);
        RC_ASSERT(row_count(second) > 0U);
        if (one) return;
        for (const std::string& client : clients_in(first)) RC_ASSERT(!clients_in(second).contains(client));
    });
}

TEST(Groups, one_group_is_cut_with_its_parents_first) {
    const Tables tables;
    const auto [first, second] = split(tables.batch({1}, {{10, 1}, {11, 1}, {12, 1}}));
    EXPECT_EQ(row_count(first), 2U);
    EXPECT_EQ(first.sections.front().table, &tables.client);
    EXPECT_EQ(row_count(second), 2U);
}

}  // namespace
}  // namespace tideway
