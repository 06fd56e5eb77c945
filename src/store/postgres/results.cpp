// Small conversions between results, parameters and model values.
#include "base/failpoint.hpp"
#include "sql/copy_text.hpp"
#include "store/postgres/pg_store.hpp"

namespace tideway::pg {

Result run(Connection& connection, std::string_view name, std::string text, std::vector<Cell> parameters) {
    return connection.query({name, std::move(text)}, parameters);
}

Answer post(Connection& connection, std::string_view name, std::string text, std::vector<Cell> parameters) {
    return connection.post({name, std::move(text)}, std::move(parameters));
}

void reach(Connection& connection, std::string_view name) {
    if (failpoint_is_armed(name)) connection.flush();
    failpoint(name);
}

Result read_once(Connection& connection, std::string_view name, std::string text, std::vector<Cell> parameters) {
    return write_once(connection, name, std::move(text), std::move(parameters), {.read_only = true});
}

Result write_once(Connection& connection, std::string_view name, std::string text, std::vector<Cell> parameters,
                  const TransactionOptions& options) {
    Transaction transaction(connection, options);
    const Answer answer = post(connection, name, std::move(text), std::move(parameters));
    transaction.commit();
    return answer.get();
}

void append_cells(std::string& out, const Cells& cells) {
    std::vector<const std::string*> pointers;
    pointers.reserve(cells.size());
    for (const Cell& cell : cells) pointers.push_back(cell ? &*cell : nullptr);
    sql::append_copy_row(out, pointers);
}

std::optional<std::int64_t> maybe_integer(const Result& result, int row, int column) {
    if (result.null(row, column)) return std::nullopt;
    return result.integer(row, column);
}

Hash hash_at(const Result& result, int row, int column) {
    return {result.integer(row, column), result.integer(row, column + 1)};
}

Key key_at(const Result& result, int row, int column, std::size_t count) {
    Key key;
    key.reserve(count);
    for (std::size_t i = 0; i < count; ++i) key.emplace_back(result.text(row, column + static_cast<int>(i)));
    return key;
}

void rethrow_for_batch(const DbError& error) {
    const DbError::Fields& f = error.fields();
    if (error.connection_is_lost() || error.code() == Code::commit_unknown ||
        error.code() == Code::interrupted)
        throw error;
    if (error.transient()) throw TryAgain(error.what());
    // A user's trigger or expression may fail in any way; the names are those of the statements that call them.
    const bool in_a_trigger = f.statement == "update rows" || f.statement == "insert rows" ||
                              f.statement == "delete rows" || f.statement == "load rows" || f.statement == "column policy";
    const bool by_row_guard = f.sqlstate == info(Code::protected_row).id;
    if (in_a_trigger || by_row_guard || error.row_is_at_fault())
        throw Refused({f.sqlstate, f.message, f.detail, f.constraint});
    throw error;
}

}  // namespace tideway::pg
