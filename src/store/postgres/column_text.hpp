// Small pieces of SQL about one column.
#pragma once
#include <string>

#include "model/table.hpp"
#include "sql/identifier.hpp"

namespace tideway::pg {

inline std::string column_of(const std::string& alias, const std::string& name) {
    return alias + "." + sql::Identifier(name).quoted();
}

inline bool zoneless(const ColumnSide& column) { return column.base_type == "timestamp without time zone"; }

}  // namespace tideway::pg
