#include "reconcile/groups.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

namespace tideway {
namespace {

// Which group each row of a batch is in, rows counted through all sections.
class Groups {
  public:
    explicit Groups(const Batch& batch) : batch_(batch), leader_(row_count(batch)) {
        std::iota(leader_.begin(), leader_.end(), std::size_t{0});
        std::size_t first = 0;
        for (const BatchSection& section : batch.sections) {
            first_.push_back(first);
            first += section.rows.size();
        }
        for (std::size_t child = 0; child < batch.sections.size(); ++child)
            for (const Side side : {Side::desktop, Side::cloud})
                for (const Reference& reference : batch.sections[child].table->references(side))
                    connect(child, reference, side);
    }

    std::size_t of(std::size_t row) {
        while (leader_[row] != row) row = leader_[row] = leader_[leader_[row]];
        return row;
    }
    std::size_t rows() const { return leader_.size(); }

  private:
    void connect(std::size_t child, const Reference& reference, Side side) {
        for (std::size_t parent = 0; parent < batch_.sections.size(); ++parent) {
            const LinkedTable& table = *batch_.sections[parent].table;
            if (table.on(side) != reference.parent) continue;
            std::vector<std::size_t> named;
            for (const std::string& column : reference.parent_columns)
                for (std::size_t i = 0; i < table.columns.size(); ++i)
                    if (table.columns[i].on(side).name == column) named.push_back(i);
            if (named.size() == reference.parent_columns.size())
                connect(child, reference.columns, parent, named);
        }
    }

    void connect(std::size_t child, const std::vector<std::size_t>& referring, std::size_t parent,
                 const std::vector<std::size_t>& named) {
        std::map<Cells, std::size_t> parents;
        const std::vector<PlannedRow>& rows = batch_.sections[parent].rows;
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (rows[i].write != Write::erase) parents.emplace(picked(rows[i], named), first_[parent] + i);
        const std::vector<PlannedRow>& children = batch_.sections[child].rows;
        for (std::size_t i = 0; i < children.size(); ++i) {
            if (children[i].write == Write::erase) continue;
            const auto found = parents.find(picked(children[i], referring));
            if (found != parents.end()) leader_[of(first_[child] + i)] = of(found->second);
        }
    }

    static Cells picked(const PlannedRow& row, const std::vector<std::size_t>& columns) {
        Cells cells;
        for (const std::size_t at : columns) cells.push_back(row.cells[at]);
        return cells;
    }

    const Batch& batch_;
    std::vector<std::size_t> leader_;
    std::vector<std::size_t> first_;  // number of each section's first row
};

// Whole groups in the order of their first rows, until half of the rows are taken.
std::vector<bool> first_half(const Batch& batch) {
    Groups groups(batch);
    const std::size_t half = groups.rows() / 2;
    std::map<std::size_t, std::size_t> sizes;
    for (std::size_t row = 0; row < groups.rows(); ++row) ++sizes[groups.of(row)];
    std::vector<bool> taken(groups.rows(), false);
    std::map<std::size_t, bool> chosen;
    std::size_t count = 0;
    for (std::size_t row = 0; row < groups.rows(); ++row) {
        const auto [group, fresh] = chosen.emplace(groups.of(row), false);
        if (fresh && count < half && count + sizes[group->first] < groups.rows()) {
            group->second = true;
            count += sizes[group->first];
        }
        taken[row] = group->second;
    }
    if (count == 0)
        for (std::size_t row = 0; row < half; ++row) taken[row] = true;
    return taken;
}

}  // namespace

std::size_t row_count(const Batch& batch) {
    std::size_t count = 0;
    for (const BatchSection& section : batch.sections) count += section.rows.size();
    return count;
}

bool is_one_group(const Batch& batch) {
    Groups groups(batch);
    for (std::size_t row = 1; row < groups.rows(); ++row)
        if (groups.of(row) != groups.of(0)) return false;
    return true;
}

std::pair<Batch, Batch> split(Batch batch) {
    const std::vector<bool> taken = first_half(batch);
    std::vector<BatchSection> sections = std::move(batch.sections);
    batch.sections.clear();
    Batch first = batch, second = std::move(batch);
    std::size_t row = 0;
    for (BatchSection& section : sections) {
        BatchSection here{section.table, {}}, there{section.table, {}};
        for (PlannedRow& planned : section.rows)
            (taken[row++] ? here : there).rows.push_back(std::move(planned));
        if (!here.rows.empty()) first.sections.push_back(std::move(here));
        if (!there.rows.empty()) second.sections.push_back(std::move(there));
    }
    return {std::move(first), std::move(second)};
}

}  // namespace tideway
