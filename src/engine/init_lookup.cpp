// Columns that the cloud alone has, and that another desktop table could fill: client_id of a task, by the
// job that it belongs to.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "engine/init.hpp"

namespace tideway::init {
namespace {

// A query is only proposed with names that need no quotes.
bool plain(const std::string& name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

// The desktop table that has the column, and the id of its own that this table has as well.
struct Source {
    const Relation* table = nullptr;
    std::string by;
};

class Finder {
  public:
    Finder(const Proposal& proposal, const Relation& desktop, const Relation& cloud,
           const std::vector<const Relation*>& tables, const Rows& rows)
        : proposal_(proposal), desktop_(desktop), cloud_(cloud), tables_(tables), rows_(rows) {}

    std::optional<Source> source(const std::string& column) const {
        for (const Relation* table : tables_) {
            if (table == &desktop_ || !table->column(column) || !table->may_select || table->rls ||
                !plain(table->name.table) ||
                (table->name.schema != "public" && table->name.schema != desktop_.name.schema))
                continue;
            for (const RelationColumn& by : table->columns)
                if (by.name != column && leads(by.name, *table) && determines(*table, by.name, column))
                    return Source{table, by.name};
        }
        return std::nullopt;
    }

  private:
    bool leads(const std::string& by, const Relation& table) const {
        return plain(by) && named_like_id(by) && named_after(by, table) && desktop_.column(by) &&
               cloud_.column(by) && !proposal_.setting.skip.contains(by);
    }

    // Rows that agree in one column agree in the other.
    bool determines(const Relation& table, const std::string& by, const std::string& column) const {
        const auto alone = rows_.spread(Side::desktop, table.name, {by});
        const auto both = alone ? rows_.spread(Side::desktop, table.name, {by, column}) : std::nullopt;
        return both && both->rows > 0 && both->distinct == alone->distinct;
    }

    const Proposal& proposal_;
    const Relation& desktop_;
    const Relation& cloud_;
    const std::vector<const Relation*>& tables_;
    const Rows& rows_;
};

// Rows whose key the cloud numbers begin there, with all their columns.
bool begins_in_cloud(const TableSetting& setting, const Relation& cloud) {
    return std::any_of(setting.key.begin(), setting.key.end(), [&](const std::string& column) {
        const RelationColumn* there = cloud.column(column);
        return there && (!there->sequence.empty() || there->identity_always);
    });
}

}  // namespace

void offer_lookups(Proposal& proposal, const Relation& desktop, const Relation& cloud,
                   const std::vector<const Relation*>& desktop_tables, const Rows& rows) {
    if (begins_in_cloud(proposal.setting, cloud)) return;
    const Finder finder(proposal, desktop, cloud, desktop_tables, rows);
    std::vector<std::string> columns, queries;
    for (const RelationColumn& c : cloud.columns) {
        if (desktop.column(c.name) || !plain(c.name) || !named_like_id(c.name) || !c.counter.empty() ||
            c.generated)
            continue;
        const auto source = finder.source(c.name);
        if (!source) continue;
        columns.push_back(c.name);
        queries.push_back(fmt::format("{0} = \"select {0} from {1} where {2} = :{2}\"", c.name,
                                      source->table->name.table, source->by));
    }
    if (columns.empty()) return;
    proposal.decisions["lookup"] = fmt::format(
        "the cloud alone has {}: leave it to the cloud, or let the desktop fill it by removing the # below",
        fmt::join(columns, ", "));
    proposal.offers["lookup"] = fmt::format("lookup = {{ {} }}", fmt::join(queries, ", "));
}

}  // namespace tideway::init
