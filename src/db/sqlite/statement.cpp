#include <fmt/format.h>

#include "db/sqlite/impl.hpp"

namespace tideway::sqlite {
namespace {

// The library copies what it is given.
int bind_one(sqlite3_stmt* statement, int index, const Value& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value))
        return sqlite3_bind_int64(statement, index, *integer);
    if (const auto* real = std::get_if<double>(&value)) return sqlite3_bind_double(statement, index, *real);
    if (const auto* text = std::get_if<std::string>(&value))
        return sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_TRANSIENT,
                                   SQLITE_UTF8);
    if (const auto* blob = std::get_if<Blob>(&value))
        return sqlite3_bind_blob64(statement, index, blob->bytes.data(), blob->bytes.size(),
                                   SQLITE_TRANSIENT);
    return sqlite3_bind_null(statement, index);
}

}  // namespace

Statement::Statement(Connection& connection, std::string_view name, const std::string& text)
    : connection_(connection.impl_.get()), name_(name), statement_(connection_->statements.take(text)) {
    if (statement_) return;
    const int code = sqlite3_prepare_v3(connection_->handle, text.c_str(), static_cast<int>(text.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
    if (code != SQLITE_OK) fail(code);
}

Statement::Statement(Connection& connection, std::string_view name, const std::string& text,
                     const std::vector<Value>& parameters)
    : Statement(connection, name, text) {
    bind(parameters);
}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      name_(std::move(other.name_)),
      statement_(std::exchange(other.statement_, nullptr)) {}

Statement::~Statement() {
    if (statement_) connection_->statements.keep(statement_);
}

Statement& Statement::bind(const std::vector<Value>& parameters) {
    sqlite3_reset(statement_);
    int index = 0;
    for (const Value& value : parameters)
        if (const int code = bind_one(statement_, ++index, value); code != SQLITE_OK) fail(code);
    return *this;
}

bool Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    fail(code);
}

void Statement::run() {
    while (step()) {
    }
    sqlite3_reset(statement_);
}

std::int64_t Statement::run(const std::vector<Value>& parameters) {
    bind(parameters);
    const std::int64_t before = sqlite3_total_changes64(connection_->handle);
    run();
    // The library's own count is that of the last statement that wrote.
    return sqlite3_total_changes64(connection_->handle) == before ? 0
                                                                  : sqlite3_changes64(connection_->handle);
}

void Statement::fail(int code) {
    const SqliteError error = error_of(connection_->handle, connection_->options, name_, code);
    sqlite3_reset(statement_);
    connection_->rethrow_stop();
    throw error;
}

int Statement::columns() const { return sqlite3_column_count(statement_); }

Value Statement::value(int column) const {
    const auto bytes = [&](const void* data) {
        return std::string(static_cast<const char*>(data),
                           static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
    };
    switch (sqlite3_column_type(statement_, column)) {
        case SQLITE_INTEGER:
            return std::int64_t{sqlite3_column_int64(statement_, column)};
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement_, column);
        case SQLITE_TEXT:
            return bytes(sqlite3_column_text(statement_, column));
        case SQLITE_BLOB: {
            const void* data = sqlite3_column_blob(statement_, column);
            return data ? Blob{bytes(data)} : Blob{};
        }
        default:
            return std::monostate{};
    }
}

bool Statement::null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::int64_t Statement::integer(int column) const {
    ensure(!null(column), "a number of the state is not NULL");
    return sqlite3_column_int64(statement_, column);
}

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
    if (null(column)) return std::nullopt;
    return sqlite3_column_int64(statement_, column);
}

Cell Statement::cell(int column) const {
    if (null(column)) return std::nullopt;
    const unsigned char* data = sqlite3_column_text(statement_, column);
    return std::string(reinterpret_cast<const char*>(data),
                       static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::string Statement::text(int column) const { return cell(column).value_or(""); }

}  // namespace tideway::sqlite
