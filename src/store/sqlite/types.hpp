// What a declared SQLite type means, in the words of the other store, so that linking treats both alike.
#pragma once
#include <string>

#include "model/catalog.hpp"

namespace tideway::sqlite {

struct DeclaredType {
    std::string base_type;  // "bigint"; the declared words where it has no counterpart
    TypeClass type_class = TypeClass::other;
    std::string unsupported;  // why not, as RelationColumn has it
};

// As the table's definition spells it: "VARCHAR(20)". Lengths and precisions mean nothing to SQLite.
DeclaredType declared_type(const std::string& declared);

// Of a base type that declared_type() gave.
TypeClass class_of(const std::string& base_type);

}  // namespace tideway::sqlite
