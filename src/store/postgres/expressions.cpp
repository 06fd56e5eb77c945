#include "store/postgres/expressions.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/error.hpp"
#include "store/postgres/column_text.hpp"

namespace tideway::pg {

std::string join(const std::vector<std::string>& parts, const char* separator) {
    return fmt::format("{}", fmt::join(parts, separator));
}

std::string checksum_sql(const std::string& value) {
    return fmt::format("(coalesce(sum({}), 0) % 9223372036854775807)::bigint", value);
}

std::string hash_sums_sql(const std::string& a, const std::string& b) {
    return fmt::format("{}, {}", checksum_sql(a), checksum_sql(fmt::format("hashint8extended({}, 0)", b)));
}

std::string key_list(std::size_t count, const std::string& alias) {
    std::vector<std::string> names;
    for (std::size_t i = 1; i <= count; ++i)
        names.push_back(alias.empty() ? fmt::format("k{}", i) : fmt::format("{}.k{}", alias, i));
    return join(names);
}

std::string key_equal(std::size_t count, const std::string& left, const std::string& right) {
    std::vector<std::string> parts;
    for (std::size_t i = 1; i <= count; ++i)
        parts.push_back(fmt::format("{}.k{} = {}.k{}", left, i, right, i));
    return join(parts, " AND ");
}

Expressions::Expressions(const LinkedTable& table, Side side, Hash seeds, const Server& server)
    : table_(table), side_(side), seeds_(seeds), server_(server) {}

std::string Expressions::parent_key(const LinkedColumn& column, const std::string& alias) const {
    return parent_key(*column.by_key, alias, 1);
}

std::string Expressions::parent_key(const ParentByKey& parent, const std::string& alias, int depth) const {
    std::vector<std::string> parts;
    for (const LinkedColumn& column : parent.key) {
        const std::string raw = column_of(alias, column.on(side_).name);
        parts.push_back(column.by_key ? crossing(*column.by_key, raw, depth + 1) : canon(column, raw));
    }
    return fmt::format("ROW({})::text", join(parts));
}

// A number without a row crosses as what no key looks like; a row whose key is NULL is nobody's counterpart.
std::string Expressions::crossing(const ParentByKey& parent, const std::string& number, int depth) const {
    const std::string alias = fmt::format("p{}", depth);
    const sql::TableName& relation = side_ == Side::desktop ? parent.desktop : parent.cloud;
    std::string complete;
    for (const LinkedColumn& column : parent.key)
        complete += fmt::format(" AND {} IS NOT NULL", column_of(alias, column.on(side_).name));
    return fmt::format(
        "(CASE WHEN {0} IS NOT NULL THEN coalesce((SELECT {1} FROM {2} {3} WHERE {4} = {0}{5}), '?' || "
        "{0}::text) END "
        "COLLATE \"C\")",
        number, parent_key(parent, alias, depth), relation.quoted(), alias,
        column_of(alias, side_ == Side::desktop ? parent.id_desktop : parent.id_cloud), complete);
}

std::string Expressions::value_of(const LinkedColumn& column) const {
    const std::string raw = column_of("t", column.on(side_).name);
    return column.by_key ? crossing(*column.by_key, raw, 1) : raw;
}

std::string Expressions::work_type(const LinkedColumn& column) const {
    return column.by_key ? "text" : column.on(side_).base_type;
}

std::string Expressions::record() const {
    std::vector<std::string> images;
    for (const LinkedColumn& column : table_.columns) {
        if (!column.hashed) continue;
        const bool native = column.on(side_).native_hash && !column.by_key;
        images.push_back(native ? value_of(column)
                                : fmt::format("({}::text COLLATE \"C\")", value_of(column)));
    }
    return fmt::format(fmt::runtime(server_.version >= 140000 ? "ROW({})" : "(ROW({})::text COLLATE \"C\")"), join(images));
}

std::string Expressions::hash(const std::string& record, std::int64_t seed) const {
    return fmt::format(fmt::runtime(server_.version >= 140000 ? "hash_record_extended({}, {})" : "hashtextextended({}, {})"), record, seed);
}

std::string Expressions::instant(const ColumnSide& column, const std::string& value) const {
    if (!zoneless(column)) return value;
    return fmt::format("({} AT TIME ZONE {})", value, sql::literal(table_.desktop_zone));
}

namespace {

// Zero characters, half surrogate pairs, numbers beyond numeric.
std::string refused_by_jsonb(const std::string& value) {
    return value + R"(::text ~ '\\u(0000|[dD][89a-fA-F])|[eE][+-]?[0-9]{3}')";
}

// Its text is not the one that jsonb would give back, or jsonb_populate_record() takes it for something else.
std::string misread_from_jsonb(const std::string& value) {
    return fmt::format("{0}::text = 'null' OR {0}::jsonb ? 'json_text' OR {0}::jsonb::text <> {0}::text",
                       value);
}

}  // namespace

std::string Expressions::image() const {
    const auto& columns = side_ == Side::desktop ? table_.image_desktop : table_.image_cloud;
    if (columns.empty()) return "to_jsonb(t.*)";
    std::vector<std::string> parts;
    for (const ImageColumn& each : columns) {
        const std::string value = column_of("t", each.name), label = sql::Identifier(each.name).quoted();
        parts.push_back(each.json
                            ? fmt::format("CASE WHEN {0} THEN jsonb_build_object('json_text', {1}::text) "
                                          "WHEN {3} THEN jsonb_build_object('json_text', {1}::text) ELSE "
                                          "{1}::jsonb END AS {2}",
                                          refused_by_jsonb(value), value, label, misread_from_jsonb(value))
                            : fmt::format("{} AS {}", value, label));
    }
    return fmt::format("(SELECT to_jsonb(x.*) FROM (SELECT {}) x)", join(parts));
}

// Every use of the alias `t` elsewhere in the statement means this row.
std::string Expressions::row_of(const std::string& image) const {
    const std::string record = fmt::format("jsonb_populate_record(NULL::{}, {})", relation(), image);
    const auto& columns = side_ == Side::desktop ? table_.image_desktop : table_.image_cloud;
    if (columns.empty()) return record + " AS t";
    std::vector<std::string> parts;
    for (const ImageColumn& each : columns) {
        const std::string value = column_of("p", each.name), label = sql::Identifier(each.name).quoted();
        const std::string kept = fmt::format("({} -> {})", image, sql::literal(each.name));
        parts.push_back(each.json
                            ? fmt::format("CASE WHEN jsonb_typeof({0}) = 'object' AND {0} ? 'json_text' "
                                          "THEN ({0} ->> 'json_text')::{3} ELSE {1} END AS {2}",
                                          kept, value, label, each.type)
                            : fmt::format("{} AS {}", value, label));
    }
    return fmt::format("LATERAL (SELECT {} FROM {} AS p) t", join(parts), record);
}

std::string Expressions::canon(const LinkedColumn& column, const std::string& value) const {
    switch (column.canon) {
        case Canon::image:
            return value + "::text";
        case Canon::number:
            return fmt::format("trim_scale({}::numeric)::text", value);
        case Canon::trimmed:
            return fmt::format("rtrim({}::text)", value);
        case Canon::instant:
            return instant(column.on(side_), value) + "::text";
        case Canon::beginning:
            return fmt::format("rtrim(left({}::text, {}))", value, column.beginning);
        case Canon::time_of_day:
            return fmt::format("({}::time)::text", value);
        case Canon::json:
            // What jsonb refuses counts by its text.
            return fmt::format("CASE WHEN {} THEN {}::text ELSE {}::jsonb::text END", refused_by_jsonb(value),
                               value, value);
    }
    return value;
}

// A moment on another date than the row's is no time of that day.
std::string Expressions::canon_in_row(const LinkedColumn& column) const {
    const std::string own = value_of(column);
    if (column.canon != Canon::time_of_day || !zoneless(column.on(side_))) return canon(column, own);
    return fmt::format("CASE WHEN {0}::date = {1} THEN {2} ELSE {0}::text END", own, date_of(column),
                       canon(column, own));
}

// Of the row; a row without a date has its times on one that nobody works on.
std::string Expressions::date_of(const LinkedColumn& column) const {
    return fmt::format("coalesce({}, '0001-01-01'::date)",
                       column_of("t", side_ == Side::desktop ? column.date_desktop : column.date_cloud));
}

std::string Expressions::canonical() const {
    std::vector<std::string> values;
    for (const LinkedColumn& column : table_.columns)
        if (column.hashed) values.push_back(canon_in_row(column));
    return fmt::format("md5({} || ROW({})::text)", sql::literal(std::to_string(seeds_.a)), join(values));
}

std::string Expressions::values() const {
    if (!table_.policy.merges()) return "NULL::text";
    std::vector<std::string> names, values;
    for (const LinkedColumn& column : table_.columns) {
        if (!column.merges()) continue;
        names.push_back(sql::literal(column.desktop.name));
        values.push_back(canon_in_row(column));
    }
    return fmt::format("json_object(ARRAY[{}]::text[], ARRAY[{}]::text[])::text", join(names), join(values));
}

std::string Expressions::bucket(const std::string& alias) const {
    // Where rows share a key the base holds it as text.
    const std::string native = table_.repeats() ? "" : native_bucket(alias);
    return native.empty() ? text_bucket(alias) : native;
}

std::string Expressions::text_bucket(const std::string& alias) const {
    return fmt::format("(hashtextextended(ROW({})::text COLLATE \"C\", 0) & 16383)::int",
                       join(alias == "t" ? key_cells() : key_cells_of(alias)));
}

std::string Expressions::in_scope() const {
    if (!marks_deletions()) return in_filter();
    return fmt::format("({} AND NOT {})", in_filter(), marked_deleted());
}

std::string Expressions::marked_deleted() const {
    const auto& mark = table_.mark(side_);
    if (!mark) return "false";
    return fmt::format("coalesce({} = {}::{}, false)", column_of("t", mark->column), sql::literal(mark->value),
                       mark->type);
}

std::string Expressions::deletion() const {
    const auto& mark = table_.mark(side_);
    ensure(mark.has_value(), "only a side with a mark keeps rows that were deleted");
    return fmt::format("{} = {}::{}", sql::Identifier(mark->column).quoted(), sql::literal(mark->value), mark->type);
}

std::string Expressions::in_filter() const {
    if (!filtered()) return "true";
    std::vector<std::string> columns;
    for (const LinkedColumn& column : table_.columns)
        columns.push_back(fmt::format("{} AS {}", column_of("t", column.on(side_).name),
                                      sql::Identifier(column.desktop.name).quoted()));
    return fmt::format("(SELECT coalesce(({}), false) FROM (SELECT {}) AS filtered)", table_.where,
                       join(columns));
}

std::string Expressions::stamp() const {
    const auto& name = side_ == Side::desktop ? table_.stamp_desktop : table_.stamp_cloud;
    if (!name) return "NULL::bigint";
    const auto& type = side_ == Side::desktop ? table_.stamp_desktop_type : table_.stamp_cloud_type;
    std::string value = column_of("t", *name);
    if (type == "timestamp without time zone")
        value = fmt::format("({} AT TIME ZONE {})", value,
                            sql::literal(table_.desktop_zone.empty() ? "UTC" : table_.desktop_zone));
    return fmt::format(
        "CASE WHEN isfinite({0}) THEN (extract(epoch FROM {0}) * 1000000)::bigint "
        "WHEN {0} > now() THEN 4611686018427387904 WHEN {0} < now() THEN -4611686018427387904 END",
        value);
}

std::string Expressions::marked_mobile() const {
    if (!table_.origin) return "false";
    const auto& name = side_ == Side::desktop ? table_.origin->desktop_column : table_.origin->cloud_column;
    if (!name) return "false";
    return fmt::format("coalesce({}::text = {}, false)", column_of("t", *name),
                       sql::literal(table_.origin->cloud_letter));
}

namespace {

bool is_text(const ColumnSide& column) {
    return column.base_type == "text" || column.base_type == "character varying" ||
           column.base_type == "bpchar" || column.base_type == "json";
}

// The server knows the length of these without reading them.
bool length_is_known(const ColumnSide& column) {
    return column.base_type == "text" || column.base_type == "character varying" ||
           column.base_type == "bytea";
}

}  // namespace

// Of other long values the stored size, which may be compressed, stands for the text's.
std::string Expressions::bytes() const {
    std::vector<std::string> parts;
    for (const LinkedColumn& column : table_.columns)
        parts.push_back(fmt::format("coalesce({}({}), 0)",
                                    length_is_known(column.on(side_)) ? "octet_length" : "pg_column_size",
                                    column_of("t", column.on(side_).name)));
    return fmt::format("({})::bigint", join(parts, " + "));
}

const char* const readable_function = R"(
CREATE OR REPLACE FUNCTION pg_temp.tideway_readable(value text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM convert_to(value, 'UTF8');
    RETURN true;
EXCEPTION WHEN untranslatable_character OR character_not_in_repertoire THEN
    RETURN false;
END $$)";

std::string Expressions::readable() const {
    std::vector<std::string> texts;
    for (const LinkedColumn& column : table_.columns)
        if (is_text(column.on(side_))) texts.push_back(column_of("t", column.on(side_).name));
    if (!server_.other_text || texts.empty()) return "true";
    return fmt::format("pg_temp.tideway_readable(ROW({})::text)", join(texts));
}

std::vector<std::string> Expressions::cells() const {
    std::vector<std::string> cells;
    for (const LinkedColumn& column : table_.columns) {
        const std::string own = value_of(column);
        const bool crosses_zone =
            column.canon == Canon::instant && zoneless(column.desktop) != zoneless(column.cloud);
        if (column.canon == Canon::beginning) {
            cells.push_back(fmt::format("left({}::text, {})", own, column.beginning));
        } else if (column.canon == Canon::time_of_day) {
            cells.push_back(zoneless(column.on(side_)) ? own + "::time"
                                                       : fmt::format("({} + {})", date_of(column), own));
        } else if (column.key && column.on(side_).base_type == "bpchar" && column.on(other(side_)).base_type != "bpchar") {
            cells.push_back(own + "::text");  // without the blanks, or the other side's text would be another key
        } else if (!crosses_zone) {
            cells.push_back(own);
        } else {
            const std::string zone = sql::literal(table_.desktop_zone);
            cells.push_back(fmt::format("({} AT TIME ZONE {})", own, zone));
        }
        if (server_.other_text && is_text(column.on(side_)))
            cells.back() =
                fmt::format("CASE WHEN pg_temp.tideway_readable({0}::text) THEN {0} END", cells.back());
    }
    return cells;
}

}  // namespace tideway::pg
