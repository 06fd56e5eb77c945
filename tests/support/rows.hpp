// Tables as text, for EXPECT_EQ: one line per row, cells parted by |, NULL as (null).
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "support/db.hpp"
#include "support/fresh_database.hpp"

namespace tideway::test {

// Backslash, newline, tab and | inside a cell are written \\ \n \t \|. No newline after the last row; give
// the query an ORDER BY.
std::string text_of(const Rows& rows);
std::string dump(Db& db, const std::string& sql);
inline std::string dump(Db&& db, const std::string& sql) { return dump(db, sql); }
inline std::string dump(const Database& database, const std::string& sql) { return dump(Db(database), sql); }

}  // namespace tideway::test

#define EXPECT_ROWS(db, sql, expected) EXPECT_EQ(::tideway::test::dump(db, sql), expected) << (sql)
#define ASSERT_ROWS(db, sql, expected) ASSERT_EQ(::tideway::test::dump(db, sql), expected) << (sql)
