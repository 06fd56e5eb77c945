#include <libpq-fe.h>

#include <charconv>
#include <utility>

#include "db/postgres/db_error.hpp"

namespace tideway::pg {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::int64_t integer_in(const Cell& cell) {
    const std::optional<std::int64_t> value = cell ? number(*cell) : std::nullopt;
    if (!value) throw Misfit("a cell that is a number holds none");
    return *value;
}

const std::string& text_in(const Cell& cell) {
    if (!cell) throw Misfit("a cell that is never empty holds NULL");
    return *cell;
}

Result::Result(pg_result* owned, Side side, std::string statement)
    : result_(owned, PQclear), side_(side), statement_(std::move(statement)) {}

void Result::misfit(const char* what) const { throw strange_answer(side_, statement_, what); }

int Result::rows() const { return PQntuples(result_.get()); }

int Result::columns() const { return PQnfields(result_.get()); }

bool Result::null(int row, int column) const {
    const bool within = row >= 0 && row < rows() && column >= 0 && column < columns();
    if (!within) misfit("it has fewer rows or columns than the statement");
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
    if (!value) misfit("a cell that is a number holds none");
    return *value;
}

bool Result::boolean(int row, int column) const {
    const std::string_view value = text(row, column);
    if (value != "t" && value != "f") misfit("a cell that is true or false is neither");
    return value == "t";
}

std::string_view Result::command() const { return PQcmdStatus(result_.get()); }

std::int64_t Result::affected() const { return number(PQcmdTuples(result_.get())).value_or(0); }

}  // namespace tideway::pg
