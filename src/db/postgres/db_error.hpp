// From what libpq reports to a DbError. Private to this folder.
#pragma once
#include <libpq-fe.h>

#include <string_view>

#include "db/postgres/connection.hpp"

namespace tideway::pg {

// The error in a failed result. lost: the line did not survive it.
DbError error_of(const PGresult* failed, Side side, std::string_view statement, bool lost);
// The line is gone, and the server said nothing about it.
DbError lost_error(Side side, std::string_view statement, std::string message);
// What came is not what the statement answers; the line has been given up.
DbError strange_answer(Side side, std::string_view statement, std::string message);
// The client's own limit; reads like the server's (57014).
DbError deadline_error(Side side, std::string_view statement, Millis limit, bool lost);

}  // namespace tideway::pg
