// Which columns and which key two tables have in common.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/linker.hpp"

namespace tideway {
namespace {

bool numeric(TypeClass type) { return type == TypeClass::integer || type == TypeClass::numeric; }
bool textual(TypeClass type) { return type == TypeClass::text || type == TypeClass::padded; }
bool instant(TypeClass type) { return type == TypeClass::instant || type == TypeClass::zoned_instant; }
bool is_time(const RelationColumn& column) { return column.base_type == "time without time zone"; }
bool json(TypeClass type) { return type == TypeClass::json || type == TypeClass::jsonb; }

}  // namespace

ColumnSide Linker::column_side(const RelationColumn& c) {
    ColumnSide side;
    side.name = c.name;
    side.type = c.type;
    side.base_type = c.base_type;
    side.length = textual(c.type_class) ? c.length : -1;
    side.native_hash = c.native_hash;
    side.not_null = c.not_null;
    side.writable = !c.generated;
    side.checked = c.checked;
    side.constrained_type = c.constrained_type;
    if (numeric(c.type_class) && !c.generated) side.counter = c.counter;
    return side;
}

void Linker::link_columns() {
    for (const RelationColumn& d : desktop_.columns) {
        const RelationColumn* c = cloud_.column(cloud_name(d.name));
        if (!c || skipped(d.name) || skipped(c->name)) continue;
        if (refuse_unsupported(d, *c)) continue;
        if (auto declared = declared_pair(d, *c)) {
            result_.table.columns.push_back(std::move(*declared));
            continue;
        }
        const auto canon = canon_of(d, *c);
        if (!canon) {
            problem(Code::types_incompatible, where(Side::desktop, d.name),
                    fmt::format(
                        "has type {} and its counterpart in the cloud {}: values could be altered on the way",
                        d.type, c->type),
                    fmt::format("change one of the types, or leave the column out: skip = [\"{}\"]", d.name));
            continue;
        }
        if (*canon == Canon::instant && d.type_class != c->type_class) check_zone(d, *c);
        LinkedColumn column{column_side(d), column_side(*c), *canon};
        column.types_differ = d.base_type != c->base_type;
        if (d.generated || c->generated) column.hashed = false;  // follows from other columns
        result_.table.columns.push_back(std::move(column));
    }
}

// Columns whose store cannot give their values exactly.
bool Linker::refuse_unsupported(const RelationColumn& d, const RelationColumn& c) {
    for (const auto& [column, side] : {std::pair(&d, Side::desktop), std::pair(&c, Side::cloud)}) {
        if (column->unsupported.empty()) continue;
        problem(Code::types_incompatible, where(side, column->name), column->unsupported,
                fmt::format("change its type, or leave the column out: skip = [\"{}\"]", d.name));
        return true;
    }
    return false;
}

// A side that cannot convert between zones can only compare with the other's instants in UTC.
void Linker::check_zone(const RelationColumn& d, const RelationColumn& c) {
    const std::string zone = setting_.timestamps.desktop_zone.value_or("");
    if (zone.empty())
        problem(Code::zone_missing, where(Side::desktop, d.name),
                fmt::format("is {} on one side and {} on the other", d.type, c.type),
                "say in which zone the desktop's clock runs: timestamps = { desktop_zone = "
                "\"Asia/Kolkata\" }");
    else if (zone != "UTC" && (!desktop_.converts_zones || !cloud_.converts_zones))
        problem(Code::types_incompatible, where(Side::desktop, d.name),
                fmt::format("is {} on one side and {} on the other, and SQLite cannot convert from {}",
                            d.type, c.type, zone),
                "desktop_zone = \"UTC\" if that is what it holds; else the same kind of time stamp on both "
                "sides, or skip");
}

// A pair of types that only a declaration makes possible ([[table.column]]).
std::optional<LinkedColumn> Linker::declared_pair(const RelationColumn& d, const RelationColumn& c) {
    const auto setting = setting_.columns.find(d.name);
    if (setting == setting_.columns.end()) return std::nullopt;
    LinkedColumn column{column_side(d), column_side(c), Canon::beginning};
    if (setting->second.date) {
        const RelationColumn* here = desktop_.column(*setting->second.date);
        const RelationColumn* there = cloud_.column(cloud_name(*setting->second.date));
        const bool times = is_time(d) && c.type_class == TypeClass::instant;
        if (!here || !there || here->type_class != TypeClass::date || there->type_class != TypeClass::date ||
            !(times || (is_time(c) && d.type_class == TypeClass::instant))) {
            problem(Code::types_incompatible, where(Side::desktop, d.name),
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
        problem(
            Code::types_incompatible, where(Side::desktop, d.name),
            fmt::format("is {} here and {} in the cloud: nothing that could be shortened", d.type, c.type),
            "lossy = true is for texts of which one side holds the beginning only");
        return std::nullopt;
    }
    column.beginning = d.length < 0 ? c.length : c.length < 0 ? d.length : std::min(d.length, c.length);
    column.types_differ = true;  // the longer text stays where its beginning is unchanged
    return column;
}

LinkedColumn* Linker::linked(const std::string& desktop_column) {
    for (LinkedColumn& column : result_.table.columns)
        if (column.desktop.name == desktop_column) return &column;
    return nullptr;
}

// The configured key, else the desktop's primary key, else the cloud's under its desktop names.
std::vector<std::string> Linker::wanted_key() const {
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

void Linker::link_key() {
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
    if (setting_.policy.collision == Collision::remap && (!numbered_key(result_.table) || !setting_.origin))
        problem(Code::config_value, where(Side::desktop),
                "collision = \"remap\" needs a key of one whole-number column, and an origin column that "
                "tells where a "
                "row was made",
                "leave collision at \"protect\": both rows then wait for a person");
    if (setting_.policy.collision == Collision::remap && setting_.refill)
        problem(
            Code::config_value, where(Side::desktop),
            "collision = \"remap\" has no use with refill: whatever fills the table brings the old key back",
            "leave collision at \"protect\": both rows then wait for a person");
    result_.table.key_index_desktop = unique_index(desktop_, Side::desktop);
    result_.table.key_index_cloud = unique_index(cloud_, Side::cloud);
}

// Where two texts are one key, what one side calls a key is not what the other calls it.
void Linker::check_key_equality(const LinkedColumn& column) {
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

void Linker::missing_key_column(const std::string& column) {
    const bool on_desktop = desktop_.column(column), on_cloud = cloud_.column(cloud_name(column));
    if (on_desktop && on_cloud) return;  // its types were reported already
    problem(Code::column_missing,
            where(on_desktop ? Side::cloud : Side::desktop, on_desktop ? cloud_name(column) : column),
            "the key names a column that this side does not have",
            "a key must exist on both sides; choose one that does");
}

bool Linker::unique_index(const Relation& relation, Side side) const {
    std::set<std::string> wanted;
    for (const LinkedColumn* column : result_.table.key_columns()) wanted.insert(column->on(side).name);
    return std::any_of(relation.unique_keys.begin(), relation.unique_keys.end(), [&](const UniqueKey& key) {
        return key.usable && std::set<std::string>(key.columns.begin(), key.columns.end()) == wanted;
    });
}

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

}  // namespace tideway
