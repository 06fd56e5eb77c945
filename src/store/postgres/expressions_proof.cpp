// What proves rows equal across the sides (store/proof.hpp).
#include <fmt/format.h>

#include "store/postgres/expressions.hpp"

namespace tideway::pg {
namespace {

// One hash of a text in all encodings: of its bytes in UTF-8.
std::string in_bytes(const std::string& text) {
    return fmt::format("encode(convert_to({}, 'UTF8'), 'hex')", text);
}

// Equality of the column is equality of image, on both sides alike.
bool as_stored(const LinkedColumn& column) {
    return column.canon == Canon::image && !column.by_key && column.desktop.native_hash &&
           column.cloud.native_hash && column.desktop.base_type == column.cloud.base_type;
}

bool is_integer(const ColumnSide& column) {
    return column.base_type == "smallint" || column.base_type == "integer" || column.base_type == "bigint";
}

// A count of microseconds to the server, which all of its hash is made of.
bool is_moment(const ColumnSide& column) {
    return column.base_type == "timestamp without time zone" || column.base_type == "timestamp with time zone" ||
           column.base_type == "time without time zone";
}

// The server's hash of one value of such a column; empty: there is none that takes a value alone.
std::string hash_of_value(const ColumnSide& column, const std::string& value, const std::string& seed) {
    if (is_integer(column))
        return fmt::format("hashint8extended({}::bigint, {})", value, seed);
    if (column.base_type == "text" || column.base_type == "character varying")
        return fmt::format("hashtextextended({}::text COLLATE \"C\", {})", value, seed);
    return column.base_type == "uuid" ? fmt::format("uuid_hash_extended({}, {})", value, seed) : "";
}

}  // namespace

// Of the stored values of the key, one after the other; the hash of a record costs several times as much.
std::string Expressions::native_bucket(const std::string& alias) const {
    std::string hash = "0";
    std::size_t number = 0;
    for (const LinkedColumn* column : table_.key_columns()) {
        ++number;
        const std::string value = alias == "t" ? value_of(*column) : fmt::format("{}.k{}", alias, number);
        hash = as_stored(*column) ? hash_of_value(column->on(side_), value, hash) : "";
        if (hash.empty()) return "";
    }
    return hash == "0" ? "" : fmt::format("coalesce(({} & 16383)::int, 0)", hash);
}

std::string Expressions::proof_bucket(ProofForm form) const {
    if (const std::string native = native_bucket("t"); form == ProofForm::native && !native.empty()) return native;
    if (form != ProofForm::bytes) return text_bucket("t");
    return fmt::format("(CASE WHEN {} THEN hashtextextended({} COLLATE \"C\", 0) & 16383 ELSE 0 END)::int", readable(),
                       in_bytes(fmt::format("ROW({})::text", join(key_cells()))));
}

// Texts are made of what else there is: the hash of a number leaves out its sign, that of an interval its units.
std::string Expressions::natively_hashed(const LinkedColumn& column) const {
    if (column.by_key) return "";
    const auto both = [&](bool (*holds)(const ColumnSide&)) { return holds(column.desktop) && holds(column.cloud); };
    const bool same_type = column.canon == Canon::image && column.desktop.base_type == column.cloud.base_type;
    if (as_stored(column) || (same_type && both(is_moment))) return value_of(column);
    if (column.canon == Canon::number && both(is_integer)) return fmt::format("{}::bigint", value_of(column));
    return column.canon == Canon::instant ? instant(column.on(side_), value_of(column)) : "";
}

std::string Expressions::proof_image(ProofForm form) const {
    std::vector<std::string> values;
    for (const LinkedColumn& column : table_.columns) {
        if (!column.hashed) continue;
        const std::string native = form == ProofForm::native ? natively_hashed(column) : "";
        values.push_back(native.empty() ? fmt::format("({} COLLATE \"C\")", canon_in_row(column)) : native);
    }
    const std::string row = fmt::format("ROW({})", join(values));
    // Hashed here already: a record that is handed on costs more than its hash.
    if (form == ProofForm::native) return fmt::format("hash_record_extended({}, {})", row, seeds_.a);
    if (form == ProofForm::text) return row + "::text";
    // What cannot be sent is nobody's equal; it is parked.
    return fmt::format("CASE WHEN {} THEN {} ELSE '?' || {} END", readable(), in_bytes(row + "::text"),
                       "md5(convert_to(" + row + "::text, current_setting('server_encoding')))");
}

// Hashing the columns costs about as much as reading them, so the native form does it once: its second half only keeps
// sums of rows from cancelling out.
std::string Expressions::proof_hash(ProofForm form, const std::string& image, Half half) const {
    const std::int64_t seed = half == Half::a ? seeds_.a : seeds_.b;
    if (form != ProofForm::native) return fmt::format("hashtextextended({} COLLATE \"C\", {})", image, seed);
    return half == Half::a ? image : fmt::format("hashint8extended({}, {})", image, seed);
}

}  // namespace tideway::pg
