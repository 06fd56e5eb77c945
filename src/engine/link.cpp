#include "engine/link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/linker.hpp"
#include "sql/named_query.hpp"

namespace tideway {
namespace {

// Above this the desktop pays for reading the table; below, nothing is added to the vendor's tables.
constexpr std::int64_t xmin_row_limit = 500'000;

bool instant(TypeClass type) { return type == TypeClass::instant || type == TypeClass::zoned_instant; }

std::vector<ImageColumn> image_of(const Relation& relation) {
    std::vector<ImageColumn> columns;
    bool any = false;
    for (const RelationColumn& column : relation.columns) {
        columns.push_back({column.name, column.base_type,
                           column.type_class == TypeClass::json || column.type_class == TypeClass::jsonb});
        any = any || columns.back().json;
    }
    return any ? columns : std::vector<ImageColumn>{};
}

}  // namespace

Linker::Linker(const TableSetting& setting, const Relation& desktop, const Relation& cloud)
    : setting_(setting), desktop_(desktop), cloud_(cloud) {
    LinkedTable& t = result_.table;
    t.desktop = desktop.name;
    t.cloud = cloud.name;
    t.policy = setting.policy;
    t.policy.refill = setting.refill;
    t.where = setting.where.value_or("");
    t.identity = setting.identity;
    t.side_effects = setting.side_effects;
    t.desktop_zone = setting.timestamps.desktop_zone.value_or("");
    t.image_desktop = image_of(desktop);
    t.image_cloud = image_of(cloud);
    t.fingerprint_desktop = desktop.fingerprint;
    t.fingerprint_cloud = cloud.fingerprint;
}

LinkResult Linker::link() {
    check_relation(desktop_, Side::desktop);
    check_relation(cloud_, Side::cloud);
    if (!result_.problems.empty()) return std::move(result_);
    check_names();
    link_columns();
    link_key();
    link_origin();
    link_stamps();
    link_constants();
    link_deletion_mark();
    link_lookups();
    link_policies();
    result_.table.references_desktop = references(desktop_, Side::desktop);
    result_.table.references_cloud = references(cloud_, Side::cloud);
    result_.table.other_keys_desktop = other_keys(desktop_, Side::desktop);
    result_.table.other_keys_cloud = other_keys(cloud_, Side::cloud);
    check_counters(desktop_, Side::desktop);
    check_counters(cloud_, Side::cloud);
    check_lonely_columns(desktop_, Side::desktop);
    check_lonely_columns(cloud_, Side::cloud);
    link_local_id();
    return std::move(result_);
}

std::string Linker::where(Side side, const std::string& column) const {
    const Relation& relation = side == Side::desktop ? desktop_ : cloud_;
    return fmt::format("{}.{}{}{}", name(side), relation.name.display(), column.empty() ? "" : ".", column);
}

void Linker::problem(Code code, const std::string& at, std::string text, std::string remedy) {
    result_.problems.push_back({code, at, std::move(text), std::move(remedy)});
}

std::string Linker::cloud_name(const std::string& desktop_column) const {
    const auto renamed = setting_.rename.find(desktop_column);
    return renamed == setting_.rename.end() ? desktop_column : renamed->second;
}

bool Linker::skipped(const std::string& column) const {
    return setting_.skip.contains(column) ||
           (setting_.local_id && (column == *setting_.local_id || column == cloud_name(*setting_.local_id)));
}

void Linker::check_relation(const Relation& r, Side side) {
    if (r.kind != 'r' || r.inherits)
        problem(Code::not_a_table, where(side),
                r.kind == 'p'   ? "is a partitioned table"
                : r.kind == 'r' ? "is part of a table inheritance"
                : r.kind == 'w' ? "is a WITHOUT ROWID table"
                                : "is not an ordinary table",
                "only ordinary tables can be synchronised in this version");
    const std::pair<bool, const char*> rights[] = {{r.may_select, "SELECT"},
                                                   {r.may_insert, "INSERT"},
                                                   {r.may_update, "UPDATE"},
                                                   {r.may_delete, "DELETE"}};
    std::string missing;
    for (const auto& [granted, right] : rights)
        if (!granted) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", right);
    if (!missing.empty())
        problem(
            Code::no_rights, where(side), fmt::format("the role may not {}", missing),
            fmt::format("GRANT {} ON {} TO <the role of the {} url>;", missing, r.name.quoted(), name(side)));
    if (r.rls)
        problem(Code::rows_hidden, where(side),
                "row level security hides rows from the role, so a missing row could not be told from a "
                "deleted one",
                "give the role BYPASSRLS, or make it a member of the table's owner");
}

void Linker::check_names() {
    for (const auto& [column, setting] : setting_.columns)
        if (!desktop_.column(column)) missing_column(Side::desktop, column, "column");
    for (const auto& [from, to] : setting_.rename) {
        if (!desktop_.column(from)) missing_column(Side::desktop, from, "rename");
        if (!cloud_.column(to)) missing_column(Side::cloud, to, "rename");
    }
    for (const std::string& column : setting_.skip)
        if (!desktop_.column(column) && !cloud_.column(column)) missing_column(Side::desktop, column, "skip");
}

void Linker::missing_column(Side side, const std::string& column, const char* setting) {
    problem(Code::column_missing, where(side, column),
            fmt::format("there is no such column ({} of [[table]] at line {})", setting, setting_.line),
            "correct the name in the configuration");
}

void Linker::link_origin() {
    if (!setting_.origin) return;
    const OriginSetting& origin = *setting_.origin;
    OriginMark mark{{}, {}, origin.desktop, origin.cloud};
    const RelationColumn* d = desktop_.column(origin.column);
    const RelationColumn* c = cloud_.column(cloud_name(origin.column));
    if (d) mark.desktop_column = d->name;
    if (c) mark.cloud_column = c->name;
    if (!c) missing_column(Side::cloud, origin.column, "origin");
    if (LinkedColumn* column = linked(origin.column)) {
        column->hashed = false;
        column->insert_only = true;
        if (column->key)
            problem(Code::config_value, where(Side::desktop, origin.column),
                    "the origin column cannot be part of the key", "choose another key");
    } else if (c && !d && !setting_.constant.contains(c->name)) {
        result_.table.constants.push_back({Side::cloud, c->name, c->type, origin.desktop});
    }
    result_.table.origin = mark;
}

void Linker::link_stamp(const std::optional<std::string>& column, const StampSide& desktop,
                        const StampSide& cloud, const char* which) {
    if (!column) return;
    const RelationColumn* d = desktop_.column(*column);
    const RelationColumn* c = cloud_.column(cloud_name(*column));
    if (!d && !c) return missing_column(Side::desktop, *column, which);
    for (const RelationColumn* side : {d, c})
        if (side && !instant(side->type_class))
            problem(Code::types_incompatible, where(side == d ? Side::desktop : Side::cloud, side->name),
                    fmt::format("{} is not a time stamp", side->type), "name another column in timestamps");
    desktop.take(d);
    cloud.take(c);
    for (const auto& [stamp, relation] : {std::pair(d, &desktop_), std::pair(c, &cloud_)})
        if (stamp && !relation->converts_zones && stamp->type_class == TypeClass::instant &&
            !result_.table.desktop_zone.empty() && result_.table.desktop_zone != "UTC")
            problem(Code::types_incompatible, where(stamp == d ? Side::desktop : Side::cloud, stamp->name),
                    fmt::format("holds times of {}, which SQLite cannot compare with the other side's",
                                result_.table.desktop_zone),
                    "keep UTC in it (desktop_zone = \"UTC\"), or name no column in timestamps");
    if (d && d->type_class == TypeClass::instant && result_.table.desktop_zone.empty())
        problem(Code::zone_missing, where(Side::desktop, *column), "is a time stamp without time zone",
                "say in which zone the desktop's clock runs: timestamps = { desktop_zone = "
                "\"Asia/Kolkata\" }");
    if (LinkedColumn* pair = linked(*column)) pair->hashed = pair->key;
}

// A refill stamps the rows that it makes again; when they were really made is known from the first time.
void Linker::keep_creation_times() {
    if (!setting_.refill || !setting_.timestamps.created) return;
    if (LinkedColumn* pair = linked(*setting_.timestamps.created)) pair->kept_on_update = true;
}

void Linker::link_stamps() {
    LinkedTable& t = result_.table;
    link_stamp(setting_.timestamps.created, {t.created_desktop, t.created_desktop_type},
               {t.created_cloud, t.created_cloud_type}, "timestamps.created");
    link_stamp(setting_.timestamps.updated, {t.stamp_desktop, t.stamp_desktop_type},
               {t.stamp_cloud, t.stamp_cloud_type}, "timestamps.updated");
    keep_creation_times();
}

void Linker::link_constants() {
    for (const auto& [column, value] : setting_.constant) {
        const RelationColumn* d = desktop_.column(column);
        const RelationColumn* c = cloud_.column(column);
        if (!d && !c) missing_column(Side::cloud, column, "constant");
        if (LinkedColumn* pair = linked(column)) {
            const std::string desktop_name = pair->desktop.name;
            std::erase_if(result_.table.columns,
                          [&](const LinkedColumn& each) { return each.desktop.name == desktop_name; });
        }
        if (d) result_.table.constants.push_back({Side::desktop, d->name, d->type, value});
        if (c) result_.table.constants.push_back({Side::cloud, c->name, c->type, value});
    }
}

void Linker::link_lookups() {
    for (const auto& [column, query] : setting_.lookup) {
        const RelationColumn* c = cloud_.column(column);
        if (!c) {
            missing_column(Side::cloud, column, "lookup");
            continue;
        }
        std::erase_if(result_.table.columns,
                      [&](const LinkedColumn& each) { return each.cloud.name == column; });
        Lookup lookup{column_side(*c), query, {}};
        for (const std::string& name : sql::parameter_names(query)) {
            const auto at = positions({name}, Side::desktop);
            if (at.empty())
                problem(
                    Code::column_missing, where(Side::desktop, name),
                    fmt::format("the look-up of {} names it, but it is not a synchronised column", column),
                    "a look-up can use synchronised columns of its own table, written :column");
            else
                lookup.parameters.push_back(at.front());
        }
        result_.table.lookups.push_back(std::move(lookup));
    }
}

// A column that only one side fills must be able to stay empty there.
void Linker::check_lonely_columns(const Relation& relation, Side side) {
    for (const RelationColumn& column : relation.columns) {
        const auto& columns = result_.table.columns;
        const auto& constants = result_.table.constants;
        const bool looked_up = side == Side::cloud && setting_.lookup.contains(column.name);
        const bool numbered_here =
            setting_.local_id &&
            column.name == (side == Side::desktop ? *setting_.local_id : cloud_name(*setting_.local_id));
        const bool filled =
            looked_up || numbered_here ||
            std::any_of(columns.begin(), columns.end(),
                        [&](const LinkedColumn& c) { return c.on(side).name == column.name; }) ||
            std::any_of(constants.begin(), constants.end(),
                        [&](const ConstantColumn& c) { return c.side == side && c.name == column.name; });
        if (filled) continue;
        if (column.not_null && !column.has_default && !column.generated)
            problem(Code::column_missing, where(side, column.name),
                    "must not be empty here and has no default, but the other side does not fill it",
                    fmt::format("ALTER TABLE {} ALTER {} DROP NOT NULL; or a default; or constant = {{ {} = "
                                "\"...\" }}",
                                relation.name.quoted(), sql::Identifier(column.name).quoted(), column.name));
        else
            result_.remarks.push_back(
                fmt::format("{} stays on the {} side", where(side, column.name), name(side)));
    }
}

Capture resolve_capture(Capture setting, const LinkedTable& table, Side side, const Relation& relation,
                        std::optional<Capture> used_before) {
    if (table.identity == Identity::full_row) return Capture::digest;  // there is no key to log
    for (const LinkedColumn* column : table.key_columns())
        if (column->by_key) return Capture::digest;
    if (setting != Capture::automatic) return setting;
    if (relation.subscribed) return Capture::xmin;
    if (used_before == Capture::changelog && relation.may_trigger) return Capture::changelog;
    if (!relation.offers_xmin) return relation.may_trigger ? Capture::changelog : Capture::digest;
    if (used_before == Capture::xmin) return Capture::xmin;
    if (!relation.may_trigger) return Capture::xmin;
    if (side == Side::cloud) return Capture::changelog;
    return relation.estimated_rows > xmin_row_limit ? Capture::changelog : Capture::xmin;
}

namespace {

bool refers(const Ordered& child, const Ordered& parent) {
    for (const auto& [c, p] :
         {std::pair(child.desktop, parent.desktop), std::pair(child.cloud, parent.cloud)})
        for (const ForeignKey& key : c->foreign_keys)
            if (key.parent == p->name) return true;
    return std::find(child.refers_to.begin(), child.refers_to.end(), parent.desktop->name) !=
           child.refers_to.end();
}

// Such a reference cannot be left empty until the parent is there.
bool refers_always(const Ordered& child, const Ordered& parent) {
    for (const auto& [c, p] :
         {std::pair(child.desktop, parent.desktop), std::pair(child.cloud, parent.cloud)})
        for (const ForeignKey& key : c->foreign_keys) {
            const auto never_empty = [&](const std::string& name) {
                const RelationColumn* column = c->column(name);
                return column && column->not_null;
            };
            if (key.parent == p->name && !key.deferrable &&
                std::any_of(key.columns.begin(), key.columns.end(), never_empty))
                return true;
        }
    return false;
}

class ParentsFirst {
  public:
    explicit ParentsFirst(const std::vector<Ordered>& tables)
        : tables_(tables), parents_(tables.size()), placed_(tables.size(), false) {
        for (std::size_t child = 0; child < tables.size(); ++child)
            for (std::size_t parent = 0; parent < tables.size(); ++parent)
                if (parent != child && refers(tables[child], tables[parent])) parents_[child].insert(parent);
    }

    std::vector<std::size_t> order() {
        std::vector<std::size_t> order;
        while (order.size() < tables_.size()) {
            order.push_back(next());
            placed_[order.back()] = true;
        }
        return order;
    }

  private:
    // The first table whose parents are all there; else one of a ring that waits for nobody outside it, if
    // there is one whose references may be empty for a moment.
    std::size_t next() const {
        std::optional<std::size_t> of_ring;
        for (std::size_t i = 0; i < tables_.size(); ++i)
            if (!placed_[i] && waits_for(i).empty()) return i;
        for (std::size_t i = 0; i < tables_.size(); ++i) {
            if (placed_[i] || !in_first_ring(i)) continue;
            const std::set<std::size_t> waits = waits_for(i);
            const bool free = std::none_of(waits.begin(), waits.end(), [&](std::size_t parent) {
                return refers_always(tables_[i], tables_[parent]);
            });
            if (free) return i;
            if (!of_ring) of_ring = i;
        }
        return of_ring.value();
    }

    std::set<std::size_t> waits_for(std::size_t table) const {
        std::set<std::size_t> waits;
        for (const std::size_t parent : parents_[table])
            if (!placed_[parent]) waits.insert(parent);
        return waits;
    }

    std::set<std::size_t> reached_from(std::size_t table) const {
        std::set<std::size_t> reached;
        std::vector<std::size_t> open{table};
        while (!open.empty()) {
            const std::size_t at = open.back();
            open.pop_back();
            for (const std::size_t parent : waits_for(at))
                if (reached.insert(parent).second) open.push_back(parent);
        }
        return reached;
    }

    bool in_first_ring(std::size_t table) const {
        const std::set<std::size_t> reached = reached_from(table);
        return std::all_of(reached.begin(), reached.end(),
                           [&](std::size_t other) { return reached_from(other).contains(table); });
    }

    const std::vector<Ordered>& tables_;
    std::vector<std::set<std::size_t>> parents_;
    std::vector<bool> placed_;
};

}  // namespace

std::vector<std::size_t> parents_first(const std::vector<Ordered>& tables) {
    return ParentsFirst(tables).order();
}

LinkResult link(const TableSetting& setting, const std::optional<Relation>& desktop,
                const std::optional<Relation>& cloud) {
    if (desktop && cloud) return Linker(setting, *desktop, *cloud).link();
    LinkResult result;
    for (const auto& [relation, side, wanted] : {std::tuple(&desktop, Side::desktop, &setting.desktop),
                                                 std::tuple(&cloud, Side::cloud, &setting.cloud)})
        if (!*relation)
            result.problems.push_back(
                {Code::table_missing, fmt::format("{}.{}", name(side), *wanted),
                 fmt::format("there is no such table, or the role may not see it ([[table]] at line {})",
                             setting.line),
                 "correct the name, or create the table; tables outside schema public need "
                 "\"schema.table\""});
    result.table.desktop = sql::TableName::parse(setting.desktop);
    result.table.cloud = sql::TableName::parse(setting.cloud);
    return result;
}

}  // namespace tideway
