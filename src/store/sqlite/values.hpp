// One value between its storage in SQLite, its text as it crosses to the other side, and the canonical text
// that both kinds of store agree on. The texts are those that PostgreSQL gives under the pins of its
// transactions.
#pragma once
#include <string>

#include "db/sqlite/connection.hpp"
#include "model/catalog.hpp"
#include "model/table.hpp"

namespace tideway::sqlite {

// What a column holds, and how its values are compared across the sides.
struct ColumnForm {
    TypeClass type = TypeClass::other;
    Canon canon = Canon::image;
    int beginning = 0;
};
ColumnForm form_of(const LinkedColumn& column, Side side);

// False: the value is not of the column's type, so it has no text for the other side. NULL always fits.
bool fits(const ColumnForm& form, const Value& value);
// Of a value that fits.
Cell cell_text(const ColumnForm& form, const Value& value);
Cell canonical_text(const ColumnForm& form, const Value& value);
// From the other side's text; none: the column cannot hold it exactly.
std::optional<Value> value_of(const ColumnForm& form, const std::string& text);
// True if the values of a key are found by comparing them as they are stored.
bool compares_as_stored(const ColumnForm& form);

// With its storage class, so that no two different values have the same; for hashes.
std::string stored_text(const Value& value);
std::size_t size_of(const Value& value);

std::string float_text(double value);  // the shortest that reads back to the same: 1e+15
// Plain notation without trailing zeros: 12.5, 120, -0.001; none if the text is no decimal number.
std::optional<std::string> decimal_text(std::string_view number);
std::string bytes_text(const std::string& bytes);  // \x00ff
bool valid_utf8(std::string_view text);            // and free of zero characters

}  // namespace tideway::sqlite
