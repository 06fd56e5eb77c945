// The objects that Tideway keeps in an SQLite file: SQL text and names. Nothing here needs a library newer
// than 3.7.0: the office program reads the same file with whatever it brought along, and a schema that its
// library cannot read would lock it out of its own data.
#pragma once
#include <string>

#include "store/sqlite/row_codec.hpp"

namespace tideway::sqlite {

std::string common_schema_sql();
std::string desktop_schema_sql();
std::string proof_schema_sql();  // desktop: what verify remembers
std::string cloud_schema_sql();
// Columns that files of an earlier version lack.
struct LaterColumn {
    const char *table, *column, *type;
};
const std::vector<LaterColumn>& later_columns();

// `pair` is the pair's number in this file.
std::string base_name(int pair, int table);
std::string changes_name(int pair, int table);
std::string trigger_name(int pair, int table, char event);  // event: i u d

const char* base_definition();  // what follows the name of a base
// The changelog and its triggers, of built-ins only: any program that writes to the table runs them.
std::string create_capture_sql(const RowCodec& codec, int pair);
std::string drop_capture_sql(int pair, int table);
// How the triggers spell a key whose cells are these expressions; our own writes are marked by it.
std::string marked_key_sql(const std::vector<std::string>& cells);

}  // namespace tideway::sqlite
