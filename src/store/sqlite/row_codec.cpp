#include "store/sqlite/row_codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/md5.hpp"
#include "sql/record_text.hpp"
#include "store/sqlite/moment.hpp"

namespace tideway::sqlite {
namespace {

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

std::string quoted_name(const std::string& name) { return sql::Identifier(name).quoted(); }

// A column may be called rowid; then another name of the real one is free.
std::string free_rowid_name(Connection& connection, const std::string& table) {
    std::set<std::string> taken;
    Statement columns(connection, "read column names", "SELECT name FROM pragma_table_xinfo(?1)", {table});
    while (columns.step()) taken.insert(lower(columns.text(0)));
    for (const char* name : {"rowid", "_rowid_", "oid"})
        if (!taken.contains(name)) return name;
    throw Error(Code::not_a_table, fmt::format("table {} hides the numbers of its rows", table),
                "rename one of its columns rowid, _rowid_, oid");
}

// A primary key of one column declared INTEGER is another name of the rowid.
std::string row_number_name(Connection& connection, const std::string& table) {
    Statement found(connection, "read primary key",
                    "SELECT name, type FROM pragma_table_xinfo(?1) WHERE pk > 0", {table});
    if (!found.step() || lower(found.text(1)) != "integer") return "";
    const std::string name = found.text(0);
    return found.step() ? "" : name;
}

}  // namespace

RowCodec::RowCodec(Connection& connection, const LinkedTable& table, Side side, Hash seeds)
    : table_(table), side_(side), seeds_(seeds) {
    rowid_ = free_rowid_name(connection, table.on(side).table);
    const std::string row_number = row_number_name(connection, table.on(side).table);
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (table.columns[i].on(side).name == row_number) row_number_ = i;
        forms_.push_back(form_of(table.columns[i], side));
        if (table.columns[i].key && table.identity != Identity::full_row) key_at_.push_back(i);
    }
}

std::string RowCodec::relation() const { return "main." + quoted_name(table_.on(side_).table); }
std::string RowCodec::column(std::size_t at) const { return quoted_name(table_.columns[at].on(side_).name); }

// Bare names in the filter are linked columns, as the desktop calls them.
std::string RowCodec::in_scope() const {
    if (table_.where.empty()) return "1";
    std::string columns;
    for (std::size_t i = 0; i < table_.columns.size(); ++i)
        columns += fmt::format("{}t.{} AS {}", i == 0 ? "" : ", ", column(i),
                               quoted_name(table_.columns[i].desktop.name));
    return fmt::format("(SELECT coalesce(({}), 0) FROM (SELECT {}) AS filtered)", table_.where, columns);
}

std::string RowCodec::select() const {
    const bool desktop = side_ == Side::desktop;
    const auto& stamp = desktop ? table_.stamp_desktop : table_.stamp_cloud;
    const auto mark = !table_.origin ? std::nullopt
                      : desktop      ? table_.origin->desktop_column
                                     : table_.origin->cloud_column;
    std::string columns = "t." + rowid_;
    for (std::size_t i = 0; i < forms_.size(); ++i) columns += ", t." + column(i);
    for (const std::optional<std::string>& name : {stamp, mark})
        columns += name ? ", t." + quoted_name(*name) : ", NULL";
    return fmt::format("SELECT {}, {} FROM {} AS t", columns, in_scope(), relation());
}

Row RowCodec::row_at(const Statement& statement) const {
    Row row;
    row.rowid = statement.integer(0);
    const int count = static_cast<int>(forms_.size());
    row.values.reserve(forms_.size());
    for (int i = 1; i <= count; ++i) row.values.push_back(statement.value(i));
    row.stamp = statement.value(count + 1);
    row.mark = statement.value(count + 2);
    row.inside = statement.integer(count + 3) != 0;
    return row;
}

// Where rows repeat a NULL is \N, a text that begins with a backslash gets another one, and a value that is
// not of its column's type cannot be taken for one that is.
std::string RowCodec::key_cell(std::size_t at, const Value& value) const {
    if (!fits(forms_[at], value)) return "\\!" + stored_text(value);
    const Cell text = canonical_text(forms_[at], value);
    if (!table_.repeats()) return text.value_or("");
    if (!text) return "\\N";
    return text->starts_with('\\') ? "\\" + *text : *text;
}

std::optional<Key> RowCodec::key_of(const std::vector<Value>& key_values) const {
    Key key;
    for (std::size_t i = 0; i < key_at_.size(); ++i) {
        const Value& value = key_values[i];
        const bool usable = !std::holds_alternative<std::monostate>(value) && fits(forms_[key_at_[i]], value);
        if (!usable && !table_.repeats()) return std::nullopt;
        key.push_back(key_cell(key_at_[i], value));
    }
    return key;
}

std::optional<Key> RowCodec::key(const Row& row) const {
    if (table_.identity == Identity::full_row) return Key{canonical(row)};
    std::vector<Value> values;
    for (const std::size_t at : key_at_) values.push_back(row.values[at]);
    return key_of(values);
}

std::optional<std::vector<Value>> RowCodec::key_values(const Key& key) const {
    std::vector<Value> values;
    for (std::size_t i = 0; i < key_at_.size(); ++i) {
        auto value = value_of(forms_[key_at_[i]], key[i]);
        if (!value) return std::nullopt;
        values.push_back(std::move(*value));
    }
    return values;
}

bool RowCodec::finds_by_index() const {
    return !table_.repeats() && table_.key_index(side_) &&
           std::all_of(key_at_.begin(), key_at_.end(),
                       [&](std::size_t at) { return compares_as_stored(forms_[at]); });
}

Hash RowCodec::hash(const Row& row) const {
    std::string text = fmt::format("{}/{}", seeds_.a, seeds_.b);
    for (std::size_t i = 0; i < forms_.size(); ++i)
        if (table_.columns[i].hashed) text += "|" + stored_text(row.values[i]);
    const auto digest = md5(text);
    const auto half = [&](std::size_t from) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < 8; ++i) value = value << 8 | digest[from + i];
        return static_cast<std::int64_t>(value);
    };
    return {half(0), half(8)};
}

std::string RowCodec::canonical(const Row& row) const {
    return md5_hex(std::to_string(seeds_.a) + canonical_record(row));
}

std::string RowCodec::canonical_record(const Row& row) const {
    std::vector<Cell> values;
    for (std::size_t i = 0; i < forms_.size(); ++i)
        if (table_.columns[i].hashed)
            values.push_back(fits(forms_[i], row.values[i]) ? canonical_text(forms_[i], row.values[i])
                                                            : Cell("\\!" + stored_text(row.values[i])));
    return sql::record_text(values);
}

std::optional<std::int64_t> RowCodec::stamp(const Row& row) const {
    const auto* text = std::get_if<std::string>(&row.stamp);
    const auto moment = text ? parse_moment(*text) : std::nullopt;
    return moment ? std::optional(moment->micros) : std::nullopt;
}

bool RowCodec::marked_mobile(const Row& row) const {
    const auto* text = std::get_if<std::string>(&row.mark);
    return text && table_.origin && *text == table_.origin->cloud_letter;
}

std::int64_t RowCodec::bytes(const Row& row) const {
    std::size_t sum = 24;
    for (const Value& value : row.values) sum += size_of(value);
    return static_cast<std::int64_t>(sum);
}

RowImage RowCodec::image(const Row& row) const {
    RowImage image;
    image.key = key(row).value_or(Key{});
    image.facts.present = true;
    image.facts.hash = hash(row);
    image.facts.canonical = canonical(row);
    image.facts.stamp = stamp(row);
    image.facts.marked_mobile = marked_mobile(row);
    image.facts.outside = !row.inside;
    for (std::size_t i = 0; i < forms_.size(); ++i) {
        const bool fit = fits(forms_[i], row.values[i]);
        image.cells.push_back(fit ? cell_text(forms_[i], row.values[i]) : std::nullopt);
        if (!fit) image.misfit = table_.on(side_).display() + "." + table_.columns[i].on(side_).name;
    }
    return image;
}

namespace {

std::string record_of(const Key& key) { return sql::record_text({key.begin(), key.end()}); }

}  // namespace

int bucket_of(const Key& key) { return static_cast<int>(sql::text_hash(record_of(key), 0) & 16383); }

Hash key_hash(const Key& key) {
    const std::string text = record_of(key);
    return {sql::text_hash(text, 1), sql::text_hash(text, 2)};
}

void DigestSums::add(const Key& key, const Hash& hash) {
    Sums& sums = sums_[bucket_of(key)];
    ++sums.rows;
    sums.a += hash.a;
    sums.b += sql::bigint_hash(hash.b, 0);  // as a server adds it up: hash_sums_sql()
}

Digest DigestSums::digest() const {
    Digest digest;
    const auto rest = [](WideSum sum) {
        return static_cast<std::int64_t>(sum % std::numeric_limits<std::int64_t>::max());
    };
    for (const auto& [bucket, sums] : sums_) digest[bucket] = {sums.rows, rest(sums.a), rest(sums.b)};
    return digest;
}

namespace {

// What JSON cannot spell stands there as bytes or as text.
nlohmann::ordered_json json_of(const Value& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
    if (const auto* real = std::get_if<double>(&value)) {
        if (std::isfinite(*real)) return *real;
        return float_text(*real);
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
        if (valid_utf8(*text)) return *text;
        return {{"text_bytes", bytes_text(*text)}};
    }
    if (const auto* blob = std::get_if<Blob>(&value)) return bytes_text(blob->bytes);
    return nullptr;
}

}  // namespace

std::string json_image(Connection& connection, const RowCodec& codec, std::int64_t rowid) {
    Statement names(connection, "read column names",
                    "SELECT name FROM pragma_table_xinfo(?1) WHERE hidden <> 1",
                    {codec.table().on(codec.side()).table});
    std::vector<std::string> columns;
    std::string list;
    while (names.step()) {
        columns.push_back(names.text(0));
        list += (list.empty() ? "t." : ", t.") + quoted_name(columns.back());
    }
    Statement row(
        connection, "read whole row",
        fmt::format("SELECT {} FROM {} AS t WHERE t.{} = ?1", list, codec.relation(), codec.rowid()),
        {rowid});
    if (!row.step()) return "null";
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < columns.size(); ++i)
        object[columns[i]] = json_of(row.value(static_cast<int>(i)));
    return object.dump();
}

std::int64_t whole_hash(const std::string& image) { return sql::text_hash(image, 0); }

bool has_unlinked_columns(Connection& connection, const RowCodec& codec) {
    const Side side = codec.side();
    const LinkedTable& table = codec.table();
    Statement names(connection, "read column names", "SELECT name FROM pragma_table_xinfo(?1) WHERE hidden = 0",
                    {table.on(side).table});
    while (names.step()) {
        const std::string name = names.text(0);
        const bool linked =
            std::any_of(table.columns.begin(), table.columns.end(),
                        [&](const LinkedColumn& column) { return column.on(side).name == name; }) ||
            (side == Side::cloud && std::any_of(table.lookups.begin(), table.lookups.end(),
                                                [&](const Lookup& lookup) { return lookup.cloud.name == name; }));
        if (!linked) return true;
    }
    return false;
}

}  // namespace tideway::sqlite
