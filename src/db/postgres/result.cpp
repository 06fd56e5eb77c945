#include <libpq-fe.h>

#include <charconv>

#include "db/postgres/connection.hpp"

namespace tideway::pg {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

Result::Result(pg_result* owned) : result_(owned, PQclear) {}

int Result::rows() const { return PQntuples(result_.get()); }

int Result::columns() const { return PQnfields(result_.get()); }

bool Result::null(int row, int column) const {
    ensure(row >= 0 && row < rows() && column >= 0 && column < columns(), "a cell lies within its result");
    return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Result::text(int row, int column) const {
    if (null(row, column)) return {};
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

Cell Result::cell(int row, int column) const {
    if (null(row, column)) return std::nullopt;
    return std::string(text(row, column));
}

std::int64_t Result::integer(int row, int column) const {
    const auto value = number(text(row, column));
    ensure(value.has_value(), "a cell that is read as an integer holds one");
    return *value;
}

bool Result::boolean(int row, int column) const {
    const std::string_view value = text(row, column);
    ensure(value == "t" || value == "f", "a cell that is read as a boolean holds one");
    return value == "t";
}

std::string_view Result::command() const { return PQcmdStatus(result_.get()); }

std::int64_t Result::affected() const { return number(PQcmdTuples(result_.get())).value_or(0); }

}  // namespace tideway::pg
