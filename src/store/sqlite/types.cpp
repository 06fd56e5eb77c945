#include "store/sqlite/types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace tideway::sqlite {
namespace {

const std::map<std::string, TypeClass>& known_types() {
    static const std::map<std::string, TypeClass> classes{
        {"bigint", TypeClass::integer},
        {"numeric", TypeClass::numeric},
        {"double precision", TypeClass::floating},
        {"boolean", TypeClass::boolean},
        {"text", TypeClass::text},
        {"bytea", TypeClass::bytes},
        {"uuid", TypeClass::uuid},
        {"date", TypeClass::date},
        {"timestamp without time zone", TypeClass::instant},
        {"timestamp with time zone", TypeClass::zoned_instant}};
    return classes;
}

// Only names whose affinity keeps the values: a column declared STRING turns '007' into 7.
const std::map<std::string, const char*>& counterparts() {
    static const std::map<std::string, const char*> types{
        {"INT", "bigint"},
        {"INTEGER", "bigint"},
        {"TINYINT", "bigint"},
        {"SMALLINT", "bigint"},
        {"MEDIUMINT", "bigint"},
        {"BIGINT", "bigint"},
        {"INT2", "bigint"},
        {"INT8", "bigint"},
        {"UNSIGNED BIG INT", "bigint"},
        {"NUMERIC", "numeric"},
        {"DECIMAL", "numeric"},
        {"REAL", "double precision"},
        {"DOUBLE", "double precision"},
        {"DOUBLE PRECISION", "double precision"},
        {"FLOAT", "double precision"},
        {"BOOLEAN", "boolean"},
        {"BOOL", "boolean"},
        {"TEXT", "text"},
        {"CLOB", "text"},
        {"CHAR", "text"},
        {"CHARACTER", "text"},
        {"VARCHAR", "text"},
        {"CHARACTER VARYING", "text"},
        {"VARYING CHARACTER", "text"},
        {"NCHAR", "text"},
        {"NATIVE CHARACTER", "text"},
        {"NVARCHAR", "text"},
        {"BLOB", "bytea"},
        {"UUID", "uuid"},
        {"GUID", "uuid"},
        {"DATE", "date"},
        {"DATETIME", "timestamp without time zone"},
        {"TIMESTAMP", "timestamp without time zone"},
        {"TIMESTAMP WITHOUT TIME ZONE", "timestamp without time zone"},
        {"TIMESTAMPTZ", "timestamp with time zone"},
        {"TIMESTAMP WITH TIME ZONE", "timestamp with time zone"}};
    return types;
}

// Upper case, single blanks, no parentheses.
std::string plain(const std::string& declared) {
    std::string out;
    for (std::size_t i = 0; i < declared.size(); ++i) {
        if (declared[i] == '(') i = std::min(declared.find(')', i), declared.size() - 1);
        const char c = declared[i];
        if (c == ')') continue;
        const bool blank = std::isspace(static_cast<unsigned char>(c)) != 0;
        if (!blank)
            out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    while (out.ends_with(' ')) out.pop_back();
    return out;
}

}  // namespace

TypeClass class_of(const std::string& base_type) {
    const auto found = known_types().find(base_type);
    return found == known_types().end() ? TypeClass::other : found->second;
}

DeclaredType declared_type(const std::string& declared) {
    const std::string name = plain(declared);
    if (name.empty() || name == "ANY")
        return {"any", TypeClass::other, "has no declared type, so its values may be of any"};
    if (const auto found = counterparts().find(name); found != counterparts().end())
        return {found->second, class_of(found->second), ""};
    return {declared, TypeClass::other,
            fmt::format("is declared {} in SQLite, which has no exact counterpart", declared)};
}

}  // namespace tideway::sqlite
