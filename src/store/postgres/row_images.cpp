// Rows as images: all that a decision looks at, and the rows of certain keys in one question.
#include <fmt/format.h>

#include <algorithm>

#include "store/postgres/pg_snapshot.hpp"

namespace tideway::pg {
namespace {

std::string image_of(const Expressions& e, const std::string& a, const std::string& b, const std::vector<std::string>& cells) {
    return fmt::format("{}, {}, {}, {}, {}, {}, NOT {}, {}, {}, {}, {}", join(e.key_cells()), a, b, e.canonical(), e.stamp(),
                       e.marked_mobile(), e.in_filter(), e.readable(), e.marked_deleted(), e.values(), join(cells));
}

bool refers(const LinkedTable& table, std::size_t column) {
    for (const Side side : {Side::desktop, Side::cloud})
        for (const Reference& reference : table.references(side))
            if (std::find(reference.columns.begin(), reference.columns.end(), column) != reference.columns.end()) return true;
    return false;
}

}  // namespace

std::string image_columns(const Expressions& e) { return image_of(e, e.hash_a(), e.hash_b(), e.cells()); }

std::string needed_image_columns(const Expressions& e, const std::string& same) {
    const LinkedTable& table = e.table();
    std::vector<std::string> cells = e.cells();
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        if (!table.columns[i].key && !refers(table, i)) cells[i] = fmt::format("CASE WHEN NOT {} THEN {} END", same, cells[i]);
    return image_of(e, "h.a", "h.b", cells) + ", " + same;
}

RowImage image_at(const Result& result, int row, int column, const LinkedTable& table) {
    RowImage image;
    const std::size_t keys = table.key_cells();
    image.key = key_at(result, row, column, keys);
    int at = column + static_cast<int>(keys);
    image.facts.present = true;
    image.facts.hash = hash_at(result, row, at);
    image.facts.canonical = result.text(row, at + 2);
    image.facts.stamp = maybe_integer(result, row, at + 3);
    image.facts.marked_mobile = result.boolean(row, at + 4);
    image.facts.outside = result.boolean(row, at + 5);
    image.unreadable = !result.boolean(row, at + 6);
    image.facts.marked_deleted = result.boolean(row, at + 7);
    image.values = result.text(row, at + 8);
    at += image_facts;
    image.cells.reserve(table.columns.size());
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        image.cells.push_back(result.cell(row, at + static_cast<int>(i)));
    return image;
}

std::vector<RowImage> PgSnapshot::rows(const LinkedTable& table, const std::vector<Key>& keys) {
    return std::move(rows_of({{&table, keys}}).front());
}

std::vector<std::vector<RowImage>> PgSnapshot::rows_of(const std::vector<KeysOfTable>& wanted) {
    std::vector<Answer> answers;
    for (const KeysOfTable& each : wanted) answers.push_back(ask_rows(each));
    connection_.flush();
    std::vector<std::vector<RowImage>> images;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const Result& found = answers[i].get();
        std::vector<RowImage>& of_table = images.emplace_back();
        of_table.reserve(static_cast<std::size_t>(found.rows()));
        for (int row = 0; row < found.rows(); ++row) {
            of_table.push_back(image_at(found, row, 0, *wanted[i].table));
            if (!wanted[i].agreed.empty()) of_table.back().as_agreed = found.boolean(row, found.columns() - 1);
        }
    }
    return images;
}

namespace {

// One array of texts for each part of the key.
std::vector<Cell> key_arrays(const std::vector<Key>& keys, std::size_t count) {
    std::vector<Cell> arrays;
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<std::string> column;
        column.reserve(keys.size());
        for (const Key& key : keys) column.push_back(key[i]);
        arrays.emplace_back(text_array(column));
    }
    return arrays;
}

// 0 stands for what was agreed on nothing; a row of that hash comes whole.
Cell half_array(const std::vector<std::optional<Hash>>& agreed, std::int64_t Hash::*half) {
    std::vector<std::string> column;
    column.reserve(agreed.size());
    for (const std::optional<Hash>& hash : agreed) column.push_back(std::to_string(hash ? (*hash).*half : 0));
    return text_array(column);
}

}  // namespace

Answer PgSnapshot::ask_rows(const KeysOfTable& wanted) {
    const Expressions e = store_.expressions(*wanted.table);
    const std::size_t count = wanted.table->key_cells();
    const bool needed = !wanted.agreed.empty();
    std::vector<Cell> parameters = key_arrays(wanted.keys, count);
    // OFFSET 0 keeps the casts to the key types below the join, so that an index on the key can be used.
    std::vector<std::string> arrays, typed;
    for (const std::string& type : e.work_key_types()) {
        typed.push_back(fmt::format("w.k{0}::{1} AS k{0}", typed.size() + 1, type));
        arrays.push_back(fmt::format("${}::text[]", typed.size()));
    }
    if (needed) {
        for (const auto half : {&Hash::a, &Hash::b}) {
            parameters.push_back(half_array(wanted.agreed, half));
            arrays.push_back(fmt::format("${}::bigint[]", parameters.size()));
        }
        typed.emplace_back("w.a, w.b");
    }
    // The hashes are made once, for the comparison and for the answer.
    const std::string compared =
        needed ? fmt::format(" CROSS JOIN LATERAL (SELECT {} AS a, {} AS b OFFSET 0) h CROSS JOIN LATERAL (SELECT h.a = w.a AND "
                             "h.b = w.b AND (w.a, w.b) <> (0, 0) AS same OFFSET 0) s",
                             e.hash_a(), e.hash_b())
               : "";
    return post(connection_, "read rows",
                fmt::format("SELECT {} FROM (SELECT {} FROM unnest({}) AS w({}{}) OFFSET 0) w JOIN {} t ON {}{}",
                            needed ? needed_image_columns(e, "s.same") : image_columns(e), join(typed), join(arrays),
                            key_list(count), needed ? ", a, b" : "", e.relation(), e.key_match("w"), compared),
                parameters);
}

}  // namespace tideway::pg
