// Small conversions between results, parameters and model values.
#include "sql/copy_text.hpp"
#include "store/postgres/pg_store.hpp"

namespace tideway::pg {

Result run(Connection& connection, std::string_view name, std::string text, std::vector<Cell> parameters) {
    return connection.query({name, std::move(text)}, parameters);
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

namespace {

void append_element(std::string& out, const std::string& element) {
    if (out.size() > 1) out += ',';
    out += '"';
    for (char c : element) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

}  // namespace

std::string text_array(const std::vector<std::string>& elements) {
    std::string out = "{";
    for (const std::string& element : elements) append_element(out, element);
    return out + "}";
}

std::string cell_array(const std::vector<Cell>& elements) {
    std::string out = "{";
    for (const Cell& element : elements) {
        if (element)
            append_element(out, *element);
        else
            out += out.size() > 1 ? ",NULL" : "NULL";
    }
    return out + "}";
}

std::vector<std::string> parse_text_array(std::string_view text) {
    std::vector<std::string> elements;
    std::size_t at = 1;  // after the opening brace
    while (at < text.size() && text[at] != '}') {
        std::string element;
        const bool quoted = text[at] == '"';
        if (quoted) ++at;
        while (at < text.size() && (quoted ? text[at] != '"' : text[at] != ',' && text[at] != '}')) {
            if (text[at] == '\\') ++at;
            element += text[at++];
        }
        if (quoted) ++at;
        elements.push_back(std::move(element));
        if (at < text.size() && text[at] == ',') ++at;
    }
    return elements;
}

void rethrow_for_batch(const DbError& error) {
    const DbError::Fields& f = error.fields();
    if (error.connection_is_lost() || error.code() == Code::commit_unknown ||
        error.code() == Code::interrupted)
        throw error;
    if (error.transient()) throw TryAgain(error.what());
    // A user's trigger may fail in any way; the names are those of the statements that fire triggers.
    const bool in_a_trigger =
        f.statement == "update rows" || f.statement == "insert rows" || f.statement == "delete rows";
    if (in_a_trigger || error.row_is_at_fault())
        throw Refused({f.sqlstate, f.message, f.detail, f.constraint});
    throw error;
}

}  // namespace tideway::pg
