// SQL identifiers as types: quoted in one place, never assembled by hand.
#pragma once
#include <compare>
#include <string>
#include <string_view>
#include <vector>

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

// schema.table; schema may be empty only for temporary tables (pg_temp is on the path, nothing else).
struct TableName {
    std::string schema, table;
    std::string quoted() const;
    std::string display() const;  // "table", or "schema.table" where the schema is not public
    // "schema.table" or "table" (schema public); quotes are honoured: "odd.name" is one name.
    static TableName parse(std::string_view text);
    auto operator<=>(const TableName&) const = default;
};

// A string constant for the few places that take no parameter (trigger arguments, SET LOCAL, COMMENT): 'a''b', with
// E'' where a backslash occurs. Throws Error(config_value) on NUL.
std::string literal(std::string_view text);

// One row of COPY text format with its newline; NULL is \N.
void append_copy_row(std::string& out, const std::vector<const std::string*>& cells);

}  // namespace tideway::sql
