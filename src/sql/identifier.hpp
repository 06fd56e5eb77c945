// SQL identifiers as types: quoted in one place, never assembled by hand.
#pragma once
#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "sql/copy_text.hpp"

namespace tideway::sql {

// A single name. Any non-empty text without NUL is allowed, whatever characters it holds.
class Identifier {
  public:
    explicit Identifier(std::string text);
    const std::string& text() const { return text_; }
    std::string quoted() const;  // "a""b"
    auto operator<=>(const Identifier&) const = default;

  private:
    std::string text_;
};

// schema.table, both as the catalog spells them; schema may be empty only for temporary tables (pg_temp is on
// the path, nothing else).
struct TableName {
    std::string schema, table;
    std::string quoted() const;
    // "table", or "schema.table" where the schema is not public; quoted where parse() needs it to give the
    // same back.
    std::string display() const;
    // "schema.table" or "table" (schema public); quotes are honoured: "odd.name" is one name. Letters keep
    // their case, quoted or not. Throws Error(config_value) when the text is not of that form.
    static TableName parse(std::string_view text);
    auto operator<=>(const TableName&) const = default;
};

// A string constant for the few places that take no parameter (trigger arguments, SET LOCAL, COMMENT):
// 'a''b', with E'' where a backslash occurs. Throws Error(config_value) on NUL.
std::string literal(std::string_view text);

}  // namespace tideway::sql
