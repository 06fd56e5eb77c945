#include "engine/link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sql/named_query.hpp"

namespace tideway {
namespace {

// Above this the desktop pays for reading the table; below, nothing is added to the vendor's tables.
constexpr std::int64_t xmin_row_limit = 500'000;

bool numeric(TypeClass type) { return type == TypeClass::integer || type == TypeClass::numeric; }
bool textual(TypeClass type) { return type == TypeClass::text || type == TypeClass::padded; }
bool instant(TypeClass type) { return type == TypeClass::instant || type == TypeClass::zoned_instant; }
bool is_time(const RelationColumn& column) { return column.base_type == "time without time zone"; }
bool json(TypeClass type) { return type == TypeClass::json || type == TypeClass::jsonb; }

std::vector<ImageColumn> image_of(const Relation& relation) {
    std::vector<ImageColumn> columns;
    bool any = false;
    for (const RelationColumn& column : relation.columns) {
        columns.push_back({column.name, column.type_class == TypeClass::json});
        any = any || columns.back().json;
    }
    return any ? columns : std::vector<ImageColumn>{};
}

class Linker {
  public:
    Linker(const TableSetting& setting, const Relation& desktop, const Relation& cloud)
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

    LinkResult link() {
        check_relation(desktop_, Side::desktop);
        check_relation(cloud_, Side::cloud);
        if (!result_.problems.empty()) return std::move(result_);
        check_names();
        link_columns();
        link_key();
        link_origin();
        link_stamps();
        link_constants();
        link_lookups();
        result_.table.references_desktop = references(desktop_, Side::desktop);
        result_.table.references_cloud = references(cloud_, Side::cloud);
        result_.table.other_keys_desktop = other_keys(desktop_, Side::desktop);
        result_.table.other_keys_cloud = other_keys(cloud_, Side::cloud);
        check_counters(desktop_, Side::desktop);
        check_counters(cloud_, Side::cloud);
        check_lonely_columns(desktop_, Side::desktop);
        check_lonely_columns(cloud_, Side::cloud);
        return std::move(result_);
    }

  private:
    std::string where(Side side, const std::string& column = {}) const {
        const Relation& relation = side == Side::desktop ? desktop_ : cloud_;
        return fmt::format("{}.{}{}{}", name(side), relation.name.display(), column.empty() ? "" : ".",
                           column);
    }
    void problem(Code code, const std::string& at, std::string text, std::string remedy) {
        result_.problems.push_back({code, at, std::move(text), std::move(remedy)});
    }
    std::string cloud_name(const std::string& desktop_column) const {
        const auto renamed = setting_.rename.find(desktop_column);
        return renamed == setting_.rename.end() ? desktop_column : renamed->second;
    }
    bool skipped(const std::string& column) const { return setting_.skip.contains(column); }

    void check_relation(const Relation& r, Side side) {
        if (r.kind != 'r' || r.inherits)
            problem(Code::not_a_table, where(side),
                    r.kind == 'p'   ? "is a partitioned table"
                    : r.kind == 'r' ? "is part of a table inheritance"
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
            problem(Code::no_rights, where(side), fmt::format("the role may not {}", missing),
                    fmt::format("GRANT {} ON {} TO <the role of the {} url>;", missing, r.name.quoted(),
                                name(side)));
        if (r.rls)
            problem(Code::rows_hidden, where(side),
                    "row level security hides rows from the role, so a missing row could not be told from a "
                    "deleted one",
                    "give the role BYPASSRLS, or make it a member of the table's owner");
    }

    void check_names() {
        for (const auto& [column, setting] : setting_.columns)
            if (!desktop_.column(column)) missing_column(Side::desktop, column, "column");
        for (const auto& [from, to] : setting_.rename) {
            if (!desktop_.column(from)) missing_column(Side::desktop, from, "rename");
            if (!cloud_.column(to)) missing_column(Side::cloud, to, "rename");
        }
        for (const std::string& column : setting_.skip)
            if (!desktop_.column(column) && !cloud_.column(column))
                missing_column(Side::desktop, column, "skip");
    }

    void missing_column(Side side, const std::string& column, const char* setting) {
        problem(Code::column_missing, where(side, column),
                fmt::format("there is no such column ({} of [[table]] at line {})", setting, setting_.line),
                "correct the name in the configuration");
    }

    static ColumnSide column_side(const RelationColumn& c) {
        const bool number = numeric(c.type_class) && !c.generated;
        return {
            c.name, c.type, c.base_type, c.native_hash, c.not_null, !c.generated, number ? c.counter : ""};
    }

    void link_columns() {
        for (const RelationColumn& d : desktop_.columns) {
            const RelationColumn* c = cloud_.column(cloud_name(d.name));
            if (!c || skipped(d.name) || skipped(c->name)) continue;
            if (auto declared = declared_pair(d, *c)) {
                result_.table.columns.push_back(std::move(*declared));
                continue;
            }
            const auto canon = canon_of(d, *c);
            if (!canon) {
                problem(
                    Code::types_incompatible, where(Side::desktop, d.name),
                    fmt::format(
                        "has type {} and its counterpart in the cloud {}: values could be altered on the way",
                        d.type, c->type),
                    fmt::format("change one of the types, or leave the column out: skip = [\"{}\"]", d.name));
                continue;
            }
            if (*canon == Canon::instant && d.type_class != c->type_class &&
                setting_.timestamps.desktop_zone.value_or("").empty())
                problem(Code::zone_missing, where(Side::desktop, d.name),
                        fmt::format("is {} on one side and {} on the other", d.type, c->type),
                        "say in which zone the desktop's clock runs: timestamps = { desktop_zone = "
                        "\"Asia/Kolkata\" }");
            LinkedColumn column{column_side(d), column_side(*c), *canon};
            column.types_differ = d.base_type != c->base_type;
            if (d.generated || c->generated) column.hashed = false;  // follows from other columns
            result_.table.columns.push_back(std::move(column));
        }
    }

    // A pair of types that only a declaration makes possible ([[table.column]]).
    std::optional<LinkedColumn> declared_pair(const RelationColumn& d, const RelationColumn& c) {
        const auto setting = setting_.columns.find(d.name);
        if (setting == setting_.columns.end()) return std::nullopt;
        LinkedColumn column{column_side(d), column_side(c), Canon::beginning};
        if (setting->second.date) {
            const RelationColumn* here = desktop_.column(*setting->second.date);
            const RelationColumn* there = cloud_.column(cloud_name(*setting->second.date));
            const bool times = is_time(d) && c.type_class == TypeClass::instant;
            if (!here || !there || here->type_class != TypeClass::date ||
                there->type_class != TypeClass::date ||
                !(times || (is_time(c) && d.type_class == TypeClass::instant))) {
                problem(
                    Code::types_incompatible, where(Side::desktop, d.name),
                    fmt::format("is {} here and {} in the cloud, with the date {}", d.type, c.type,
                                *setting->second.date),
                    "date = needs a time on one side, a timestamp without time zone on the other, and a date "
                    "column on both");
                return std::nullopt;
            }
            column.canon = Canon::time_of_day;
            column.date_desktop = here->name;
            column.date_cloud = there->name;
            return column;
        }
        if (!setting->second.lossy) return std::nullopt;
        if (!textual(d.type_class) || !textual(c.type_class) || (d.length < 0 && c.length < 0)) {
            problem(Code::types_incompatible, where(Side::desktop, d.name),
                    fmt::format("is {} here and {} in the cloud: nothing that could be shortened", d.type,
                                c.type),
                    "lossy = true is for texts of which one side holds the beginning only");
            return std::nullopt;
        }
        column.beginning = d.length < 0 ? c.length : c.length < 0 ? d.length : std::min(d.length, c.length);
        column.types_differ = true;  // the longer text stays where its beginning is unchanged
        return column;
    }

    LinkedColumn* linked(const std::string& desktop_column) {
        for (LinkedColumn& column : result_.table.columns)
            if (column.desktop.name == desktop_column) return &column;
        return nullptr;
    }

    // The configured key, else the desktop's primary key, else the cloud's under its desktop names.
    std::vector<std::string> wanted_key() const {
        if (!setting_.key.empty()) return setting_.key;
        for (const UniqueKey& key : desktop_.unique_keys)
            if (key.primary) return key.columns;
        for (const UniqueKey& key : cloud_.unique_keys) {
            if (!key.primary) continue;
            std::vector<std::string> names;
            for (const std::string& column : key.columns)
                for (const LinkedColumn& pair : result_.table.columns)
                    if (pair.cloud.name == column) names.push_back(pair.desktop.name);
            if (names.size() == key.columns.size()) return names;
        }
        return {};
    }

    void link_key() {
        if (setting_.identity == Identity::full_row) return;  // the whole row is the key
        const std::vector<std::string> key = wanted_key();
        if (key.empty())
            return problem(Code::key_missing, where(Side::desktop),
                           "no key is configured, and no primary key exists on both sides",
                           "name the columns that identify a row: key = [\"...\"]");
        for (const std::string& column : key) {
            LinkedColumn* found = linked(column);
            if (!found) {
                missing_key_column(column);
                continue;
            }
            found->key = true;
            if (found->canon == Canon::instant && found->types_differ)
                problem(Code::types_incompatible, where(Side::desktop, column),
                        "a key column must not need a time zone conversion", "use another key");
            check_key_equality(*found);
            if (found->canon == Canon::json || found->desktop.base_type == "json")
                problem(Code::types_incompatible, where(Side::desktop, column),
                        "a json column cannot be part of a key", "use another key");
        }
        result_.table.key_index_desktop = unique_index(desktop_, Side::desktop);
        result_.table.key_index_cloud = unique_index(cloud_, Side::cloud);
    }

    // Where two texts are one key, what one side calls a key is not what the other calls it.
    void check_key_equality(const LinkedColumn& column) {
        if (result_.table.repeats()) return;  // there the text is the key
        for (const Side side : {Side::desktop, Side::cloud}) {
            const RelationColumn& seen =
                *(side == Side::desktop ? desktop_ : cloud_).column(column.on(side).name);
            if (seen.equal_by_text) continue;
            problem(Code::types_incompatible, where(side, seen.name),
                    "calls values equal that are written differently, so it cannot identify a row",
                    "use another key, or identity = \"business_key+ordinal\", which goes by the text");
            return;
        }
    }

    void missing_key_column(const std::string& column) {
        const bool on_desktop = desktop_.column(column), on_cloud = cloud_.column(cloud_name(column));
        if (on_desktop && on_cloud) return;  // its types were reported already
        problem(Code::column_missing,
                where(on_desktop ? Side::cloud : Side::desktop, on_desktop ? cloud_name(column) : column),
                "the key names a column that this side does not have",
                "a key must exist on both sides; choose one that does");
    }

    bool unique_index(const Relation& relation, Side side) const {
        std::set<std::string> wanted;
        for (const LinkedColumn* column : result_.table.key_columns()) wanted.insert(column->on(side).name);
        return std::any_of(
            relation.unique_keys.begin(), relation.unique_keys.end(), [&](const UniqueKey& key) {
                return key.usable && std::set<std::string>(key.columns.begin(), key.columns.end()) == wanted;
            });
    }

    void link_origin() {
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

    struct StampSide {
        std::optional<std::string>& column;
        std::string& type;
        void take(const RelationColumn* found) const {
            if (!found) return;
            column = found->name;
            type = found->base_type;
        }
    };

    void link_stamp(const std::optional<std::string>& column, const StampSide& desktop,
                    const StampSide& cloud, const char* which) {
        if (!column) return;
        const RelationColumn* d = desktop_.column(*column);
        const RelationColumn* c = cloud_.column(cloud_name(*column));
        if (!d && !c) return missing_column(Side::desktop, *column, which);
        for (const RelationColumn* side : {d, c})
            if (side && !instant(side->type_class))
                problem(Code::types_incompatible, where(side == d ? Side::desktop : Side::cloud, side->name),
                        fmt::format("{} is not a time stamp", side->type),
                        "name another column in timestamps");
        desktop.take(d);
        cloud.take(c);
        if (d && d->type_class == TypeClass::instant && result_.table.desktop_zone.empty())
            problem(Code::zone_missing, where(Side::desktop, *column), "is a time stamp without time zone",
                    "say in which zone the desktop's clock runs: timestamps = { desktop_zone = "
                    "\"Asia/Kolkata\" }");
        if (LinkedColumn* pair = linked(*column)) pair->hashed = pair->key;
    }

    // A refill stamps the rows that it makes again; when they were really made is known from the first time.
    void keep_creation_times() {
        if (!setting_.refill || !setting_.timestamps.created) return;
        if (LinkedColumn* pair = linked(*setting_.timestamps.created)) pair->kept_on_update = true;
    }

    void link_stamps() {
        LinkedTable& t = result_.table;
        link_stamp(setting_.timestamps.created, {t.created_desktop, t.created_desktop_type},
                   {t.created_cloud, t.created_cloud_type}, "timestamps.created");
        link_stamp(setting_.timestamps.updated, {t.stamp_desktop, t.stamp_desktop_type},
                   {t.stamp_cloud, t.stamp_cloud_type}, "timestamps.updated");
        keep_creation_times();
    }

    void link_constants() {
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

    // Positions of a side's columns; fewer than names where some are not linked.
    std::vector<std::size_t> positions(const std::vector<std::string>& names, Side side) const {
        std::vector<std::size_t> found;
        for (const std::string& column : names)
            for (std::size_t i = 0; i < result_.table.columns.size(); ++i)
                if (result_.table.columns[i].on(side).name == column) found.push_back(i);
        return found;
    }

    // References and keys that can be looked up before a row is written; the server judges the others.
    std::vector<Reference> references(const Relation& relation, Side side) const {
        std::vector<Reference> found;
        for (const ForeignKey& key : relation.foreign_keys) {
            Reference reference{key.name, positions(key.columns, side), key.parent, key.parent_columns};
            if (key.may_look && !key.deferrable && reference.columns.size() == key.columns.size())
                found.push_back(std::move(reference));
        }
        return found;
    }

    std::vector<OtherKey> other_keys(const Relation& relation, Side side) const {
        std::set<std::string> own;
        for (const LinkedColumn* column : result_.table.key_columns()) own.insert(column->on(side).name);
        std::vector<OtherKey> found;
        for (const UniqueKey& key : relation.unique_keys) {
            OtherKey other{key.name, positions(key.columns, side)};
            const bool same = !result_.table.repeats() &&
                              std::set<std::string>(key.columns.begin(), key.columns.end()) == own;
            if (key.usable && !same && other.columns.size() == key.columns.size())
                found.push_back(std::move(other));
        }
        return found;
    }

    // A sequence that stays behind the numbers we bring makes the other program's next insert fail.
    void check_counters(const Relation& relation, Side side) {
        for (const LinkedColumn& linked : result_.table.columns) {
            const RelationColumn* column = relation.column(linked.on(side).name);
            if (linked.on(side).counter.empty() || column->may_move_counter) continue;
            problem(Code::no_rights, where(side, column->name),
                    "is numbered by a sequence that the role may not move past the numbers it brings",
                    fmt::format("GRANT SELECT, UPDATE ON SEQUENCE {} TO <the role of the {} url>;",
                                column->counter, name(side)));
        }
    }

    void link_lookups() {
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
                    problem(Code::column_missing, where(Side::desktop, name),
                            fmt::format("the look-up of {} names it, but it is not a synchronised column",
                                        column),
                            "a look-up can use synchronised columns of its own table, written :column");
                else
                    lookup.parameters.push_back(at.front());
            }
            result_.table.lookups.push_back(std::move(lookup));
        }
    }

    // A column that only one side fills must be able to stay empty there.
    void check_lonely_columns(const Relation& relation, Side side) {
        for (const RelationColumn& column : relation.columns) {
            const auto& columns = result_.table.columns;
            const auto& constants = result_.table.constants;
            const bool looked_up = side == Side::cloud && setting_.lookup.contains(column.name);
            const bool filled =
                looked_up ||
                std::any_of(columns.begin(), columns.end(),
                            [&](const LinkedColumn& c) { return c.on(side).name == column.name; }) ||
                std::any_of(constants.begin(), constants.end(),
                            [&](const ConstantColumn& c) { return c.side == side && c.name == column.name; });
            if (filled) continue;
            if (column.not_null && !column.has_default && !column.generated)
                problem(
                    Code::column_missing, where(side, column.name),
                    "must not be empty here and has no default, but the other side does not fill it",
                    fmt::format("ALTER TABLE {} ALTER {} DROP NOT NULL; or a default; or constant = {{ {} = "
                                "\"...\" }}",
                                relation.name.quoted(), sql::Identifier(column.name).quoted(), column.name));
            else
                result_.remarks.push_back(
                    fmt::format("{} stays on the {} side", where(side, column.name), name(side)));
        }
    }

    const TableSetting& setting_;
    const Relation& desktop_;
    const Relation& cloud_;
    LinkResult result_;
};

}  // namespace

std::optional<Canon> canon_of(const RelationColumn& d, const RelationColumn& c) {
    if (numeric(d.type_class) && numeric(c.type_class))
        return d.type_class == TypeClass::integer && d.base_type == c.base_type ? Canon::image
                                                                                : Canon::number;
    if (textual(d.type_class) && textual(c.type_class))
        return d.type_class == TypeClass::padded || c.type_class == TypeClass::padded ? Canon::trimmed
                                                                                      : Canon::image;
    if (d.type_class == TypeClass::json && c.type_class == TypeClass::json) return Canon::json;
    if (d.base_type == c.base_type) return Canon::image;
    if (instant(d.type_class) && instant(c.type_class)) return Canon::instant;
    if (json(d.type_class) && json(c.type_class)) return Canon::json;
    return std::nullopt;
}

Capture resolve_capture(Capture setting, Identity identity, Side side, const Relation& relation,
                        std::optional<Capture> used_before) {
    if (identity == Identity::full_row) return Capture::digest;  // there is no key to log
    if (setting != Capture::automatic) return setting;
    if (used_before == Capture::changelog && relation.may_trigger) return Capture::changelog;
    if (used_before == Capture::xmin) return Capture::xmin;
    if (!relation.may_trigger) return Capture::xmin;
    if (side == Side::cloud) return Capture::changelog;
    return relation.estimated_rows > xmin_row_limit ? Capture::changelog : Capture::xmin;
}

std::vector<std::size_t> parents_first(
    const std::vector<std::pair<const Relation*, const Relation*>>& relations) {
    const std::size_t count = relations.size();
    std::vector<std::set<std::size_t>> parents(count);
    for (std::size_t child = 0; child < count; ++child)
        for (std::size_t parent = 0; parent < count; ++parent)
            for (int side = 0; side < 2 && parent != child; ++side) {
                const Relation* c = side == 0 ? relations[child].first : relations[child].second;
                const Relation* p = side == 0 ? relations[parent].first : relations[parent].second;
                for (const ForeignKey& key : c->foreign_keys)
                    if (key.parent == p->name) parents[child].insert(parent);
            }
    std::vector<std::size_t> order;
    std::vector<bool> placed(count, false);
    while (order.size() < count) {
        std::size_t next = count;
        for (std::size_t i = 0; i < count && next == count; ++i)
            if (!placed[i] &&
                std::all_of(parents[i].begin(), parents[i].end(), [&](std::size_t p) { return placed[p]; }))
                next = i;
        for (std::size_t i = 0; i < count && next == count; ++i)
            if (!placed[i]) next = i;
        placed[next] = true;
        order.push_back(next);
    }
    return order;
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
