// References between linked tables: declared ones, the fate of orphans, and ids that each side makes for
// itself.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/link.hpp"

namespace tideway {
namespace {

class ReferenceLinker {
  public:
    explicit ReferenceLinker(const std::vector<TableToRefer>& tables) : tables_(tables) {}

    void link(const TableToRefer& child) {
        for (const auto& [column, setting] : child.setting->columns)
            if (setting.refers_to) declare(child, column, *setting.refers_to);
        for (const Side side : {Side::desktop, Side::cloud})
            for (Reference& reference : references_of(*child.link, side))
                reference.ring = reaches(parent_named(reference.parent, side), *child.link);
        for (const auto& [column, setting] : child.setting->columns)
            if (setting.orphans) set_orphans(child, column, *setting.orphans);
        for (const Side side : {Side::desktop, Side::cloud})
            for (const Reference& reference : child.link->references(side))
                cross_by_key(child, reference, side);
    }

  private:
    void problem(const TableToRefer& child, const std::string& column, std::string text, std::string remedy) {
        child.problems->push_back({Code::config_value,
                                   fmt::format("desktop.{}.{}", child.link->desktop.display(), column),
                                   std::move(text), std::move(remedy)});
    }

    const TableToRefer* parent_named(const sql::TableName& name, Side side) const {
        for (const TableToRefer& table : tables_)
            if (table.link->on(side) == name) return &table;
        return nullptr;
    }

    static std::vector<Reference>& references_of(LinkedTable& table, Side side) {
        return side == Side::desktop ? table.references_desktop : table.references_cloud;
    }

    // Whether one follows references from a table to another one, or to itself again.
    bool reaches(const TableToRefer* from, const LinkedTable& wanted) const {
        std::set<const TableToRefer*> seen;
        std::vector<const TableToRefer*> open{from};
        while (!open.empty()) {
            const TableToRefer* table = open.back();
            open.pop_back();
            if (!table || !seen.insert(table).second) continue;
            for (const Side side : {Side::desktop, Side::cloud})
                for (const Reference& reference : table->link->references(side)) {
                    const TableToRefer* parent = parent_named(reference.parent, side);
                    if (parent && parent->link == &wanted && table->link != &wanted) return true;
                    open.push_back(parent);
                }
        }
        return false;
    }

    static std::optional<std::size_t> position(const LinkedTable& table, const std::string& column) {
        for (std::size_t i = 0; i < table.columns.size(); ++i)
            if (table.columns[i].desktop.name == column) return i;
        return std::nullopt;
    }

    // The column of the parent that the declared reference names: its own number, else its key.
    static std::string named_column(const LinkedTable& parent, Side side) {
        const auto& own = side == Side::desktop ? parent.local_id_desktop : parent.local_id_cloud;
        return own ? *own : parent.key_columns().front()->on(side).name;
    }

    void declare(const TableToRefer& child, const std::string& column, const std::string& to) {
        const TableToRefer* parent = parent_named(sql::TableName::parse(to), Side::desktop);
        const auto at = position(*child.link, column);
        if (!parent)
            return problem(child, column, fmt::format("refers to {}, which no [[table]] maps", to),
                           "name a table of this configuration, as the desktop calls it");
        if (!at)
            return problem(child, column, "refers to a table but is not synchronised",
                           "remove refers_to, or map it");
        if (!parent->link->local_id_desktop && parent->link->key_columns().size() != 1)
            return problem(child, column, fmt::format("refers to {}, whose key is not one column", to),
                           "remove refers_to");
        // Where nobody waits for the parent, nothing has to be compared in the server.
        const bool allowed = child.setting->columns.at(column).orphans == Orphans::allow;
        if (!allowed && !parent->link->local_id_desktop &&
            !comparable(child.link->columns[*at], *parent->link->key_columns().front()))
            return problem(child, column,
                           fmt::format("refers to {}, whose key is of another kind of type", to),
                           "remove refers_to, or change the column's type");
        for (const Side side : {Side::desktop, Side::cloud}) add(child, *at, *parent->link, side);
    }

    // The server can compare the two without a cast.
    static bool comparable(const LinkedColumn& one, const LinkedColumn& other) {
        const auto kind = [](const std::string& type) -> std::string {
            static const std::set<std::string> numbers{"smallint", "integer", "bigint", "numeric"};
            static const std::set<std::string> texts{"text", "character varying", "bpchar"};
            return numbers.contains(type) ? "number" : texts.contains(type) ? "text" : type;
        };
        return kind(one.desktop.base_type) == kind(other.desktop.base_type) &&
               kind(one.cloud.base_type) == kind(other.cloud.base_type);
    }

    // A foreign key that says the same is enough.
    static void add(const TableToRefer& child, std::size_t at, const LinkedTable& parent, Side side) {
        std::vector<Reference>& references = references_of(*child.link, side);
        const std::string named = named_column(parent, side);
        for (Reference& reference : references)
            if (reference.columns == std::vector{at} && reference.parent == parent.on(side)) {
                reference.late = false;
                return;
            }
        references.push_back(
            {fmt::format("{} refers to {}", child.link->columns[at].on(side).name, parent.on(side).display()),
             {at},
             parent.on(side),
             {named},
             Orphans::park,
             true});
    }

    void set_orphans(const TableToRefer& child, const std::string& column, Orphans orphans) {
        const auto at = position(*child.link, column);
        bool found = false;
        for (const Side side : {Side::desktop, Side::cloud}) {
            std::vector<Reference>& references = references_of(*child.link, side);
            for (Reference& reference : references) {
                if (!at || std::find(reference.columns.begin(), reference.columns.end(), *at) ==
                               reference.columns.end())
                    continue;
                found = true;
                reference.orphans = orphans;
                reference.late = false;
                check(child, reference, side);
            }
        }
        if (!found)
            problem(child, column,
                    "orphans says what happens without a parent, but nothing says what it refers to",
                    "add refers_to = \"...\"");
    }

    void check(const TableToRefer& child, const Reference& reference, Side side) {
        const std::string column = child.link->columns[reference.columns.front()].desktop.name;
        if (reference.orphans == Orphans::allow && !reference.declared)
            problem(child, column,
                    fmt::format("orphans = \"allow\": but the {} side enforces the reference ({})",
                                name(side), reference.name),
                    "use park or null");
        if (reference.orphans != Orphans::null) return;
        for (const std::size_t at : reference.columns)
            if (child.link->columns[at].on(side).not_null || child.link->columns[at].key)
                problem(child, column,
                        fmt::format("orphans = \"null\": but the column cannot be empty on the {} side",
                                    name(side)),
                        "use park");
    }

    // A number that a side gave to the parent means nothing on the other side.
    void cross_by_key(const TableToRefer& child, const Reference& reference, Side side) {
        const TableToRefer* parent = parent_named(reference.parent, side);
        if (!parent || !parent->link->local_id_desktop) return;
        const LinkedTable& link = *parent->link;
        const auto& names = reference.parent_columns;
        if (std::find(names.begin(), names.end(), named_column(link, side)) == names.end()) return;
        if (names.size() != 1)
            return problem(
                child, child.link->columns[reference.columns.front()].desktop.name,
                fmt::format("refers to {} by a number that each side makes and by other columns ({})",
                            link.on(side).display(), reference.name),
                "leave the columns of that reference out: skip = [\"...\"]");
        LinkedColumn& column = child.link->columns[reference.columns.front()];
        if (column.by_key) return;
        if (parent->link == child.link)
            return problem(child, column.desktop.name,
                           "refers to its own table by numbers that each side makes",
                           "leave it out: skip = [\"...\"]");
        for (const Lookup& lookup : child.link->lookups)
            if (std::find(lookup.parameters.begin(), lookup.parameters.end(), reference.columns.front()) !=
                lookup.parameters.end())
                return problem(
                    child, column.desktop.name,
                    fmt::format("holds a number of the desktop's own, so the look-up of {} cannot use it",
                                lookup.cloud.name),
                    "let the look-up use other columns");
        column.by_key = std::make_shared<const ParentByKey>(ParentByKey{
            link.desktop, link.cloud, *link.local_id_desktop, *link.local_id_cloud, key_of(link)});
        column.canon = Canon::image;
        column.types_differ = false;
    }

    static std::vector<LinkedColumn> key_of(const LinkedTable& table) {
        std::vector<LinkedColumn> key;
        for (const LinkedColumn* column : table.key_columns()) key.push_back(*column);
        return key;
    }

    const std::vector<TableToRefer>& tables_;
};

}  // namespace

std::vector<sql::TableName> declared_parents(const TableSetting& setting) {
    std::vector<sql::TableName> parents;
    for (const auto& [column, each] : setting.columns)
        if (each.refers_to) parents.push_back(sql::TableName::parse(*each.refers_to));
    return parents;
}

void link_references(const std::vector<TableToRefer>& tables) {
    ReferenceLinker linker(tables);
    for (const TableToRefer& table : tables)
        if (table.desktop && table.cloud) linker.link(table);
}

}  // namespace tideway
