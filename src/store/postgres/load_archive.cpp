// What a load reads on the desktop, and what the base learns of it.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sql/copy_text.hpp"
#include "store/postgres/load_lines.hpp"
#include "store/postgres/pg_archive.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

// The cells of a line, as the desktop reads them.
std::vector<std::string> line_cells(const Expressions& e) {
    const LinkedTable& table = e.table();
    const std::vector<std::string> all = e.cells();
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (!table.columns[i].cloud.writable) continue;
        cells.push_back(table.columns[i].insert_only ? fmt::format("coalesce({}::text, {})", all[i],
                                                                   sql::literal(table.origin->desktop_letter))
                                                     : all[i]);
    }
    for (const ConstantColumn& constant : table.constants)
        if (constant.side == Side::cloud) cells.push_back(sql::literal(constant.value));
    return cells;
}

// Key, both halves of the hash, stamp, line. OFFSET 0: a record is made once for both halves.
std::string stream_sql(const Expressions& e, const std::string& condition) {
    std::vector<std::string> inner, outer;
    const auto pass_on = [&](const std::string& expression) {
        outer.push_back(fmt::format("r.v{}", inner.size()));
        inner.push_back(fmt::format("{} AS v{}", expression, inner.size()));
    };
    for (const std::string& cell : e.key_cells()) pass_on(cell);
    outer.push_back(e.hash_a("r.record"));
    outer.push_back(e.hash_b("r.record"));
    pass_on(e.stamp());
    for (const std::string& cell : line_cells(e)) pass_on(cell);
    return fmt::format("COPY (SELECT {} FROM (SELECT {}, {} AS record FROM {} t WHERE {} OFFSET 0) r) TO STDOUT", join(outer),
                       join(inner), e.record(), e.relation(), condition);
}

std::string desktop_column(const LinkedTable& table, const std::string& cloud_column) {
    for (const LinkedColumn& column : table.columns)
        if (column.cloud.name == cloud_column) return sql::Identifier(column.desktop.name).quoted();
    return "";
}

// "true" where the parent is not among the synchronised tables: the cloud will judge.
std::string has_parent(const LinkedTable& table, const Reference& reference,
                       const std::vector<const LinkedTable*>& parents) {
    const auto found = std::find_if(parents.begin(), parents.end(), [&](const LinkedTable* parent) {
        return parent->cloud == reference.parent;
    });
    if (found == parents.end()) return "true";
    std::vector<std::string> own, none, there;
    for (std::size_t i = 0; i < reference.columns.size(); ++i) {
        const std::string name = sql::Identifier(table.columns[reference.columns[i]].desktop.name).quoted();
        const std::string named = desktop_column(**found, reference.parent_columns[i]);
        if (named.empty()) return "true";
        own.push_back("t." + name);
        none.push_back(fmt::format("t.{} IS NULL", name));
        there.push_back("p." + named);
    }
    return fmt::format("({} OR ({}) IN (SELECT {} FROM {} p))", join(none, " OR "), join(own), join(there),
                       (*found)->desktop.quoted());
}

// The cells before `count` tabs, and what follows them.
std::string_view split(std::string_view line, std::size_t count, Cells& head) {
    std::size_t end = 0;
    for (std::size_t i = 0; i < count; ++i) end = line.find('\t', end) + 1;
    sql::parse_copy_row(line.substr(0, end - 1), head);
    if (end == 0 || head.size() != count) throw Misfit("a row has fewer columns than the statement");
    return line.substr(end);
}

// As in COPY text. A million rows pass here: no string is made for each number.
void append_number(std::string& out, const std::optional<std::int64_t>& value) {
    if (value)
        fmt::format_to(std::back_inserter(out), "{}", *value);
    else
        out += "\\N";
}

Cell number(std::int64_t value) { return std::to_string(value); }
Cell maybe(const std::optional<std::int64_t>& value) { return value ? number(*value) : Cell(); }

}  // namespace

void append_booked(std::string& out, const LoadRow& row, const RowOutcome& written) {
    std::vector<const std::string*> key;
    for (const std::string& cell : row.key) key.push_back(&cell);
    sql::append_copy_row(out, key);
    out.back() = '\t';
    for (const std::int64_t half : {row.hash.a, row.hash.b, written.hash.a, written.hash.b}) {
        append_number(out, half);
        out += '\t';
    }
    append_number(out, row.stamp);
    out += '\t';
    append_number(out, written.stamp);
    out += '\n';
}

void expand_load(const Receipt& load, std::string_view lines, std::vector<Receipt>& receipts) {
    const bool same = lines.starts_with(same_on_both);
    if (same) lines.remove_prefix(same_on_both.size());
    Cells cells;
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n') + 1;
        sql::parse_copy_row(lines.substr(0, end), cells);
        lines.remove_prefix(end);
        Receipt receipt = load;
        const std::size_t facts = same ? 3 : 6;
        if (cells.size() <= facts) throw Misfit("a receipt has other columns");
        const std::size_t keys = cells.size() - facts;
        const auto integer = [&](std::size_t i) { return integer_in(cells[keys + i]); };
        for (std::size_t i = 0; i < keys; ++i) receipt.agreement.key.push_back(text_in(cells[i]));
        receipt.agreement.desktop = {integer(0), integer(1)};
        receipt.agreement.cloud = same ? receipt.agreement.desktop : Hash{integer(2), integer(3)};
        const std::size_t stamp_desktop = same ? 2 : 4, stamp_cloud = same ? 2 : 5;
        if (cells[keys + stamp_desktop]) receipt.agreement.stamp_desktop = integer(stamp_desktop);
        if (cells[keys + stamp_cloud]) receipt.agreement.stamp_cloud = integer(stamp_cloud);
        receipts.push_back(std::move(receipt));
    }
}

void PgArchive::stream_unknown_rows(const LinkedTable& table, const std::vector<const LinkedTable*>& parents,
                                    const LoadSink& sink) {
    const Expressions e = store_.expressions(table);
    const std::size_t keys = table.key_cells();
    const std::string base = base_name(store_.pair_number(), table.id);
    std::vector<std::string> conditions{e.key_present()};
    // Not where it would find nothing: a look into the index for each row takes as long as reading the row.
    if (store_.reader().query({"look for known rows", fmt::format("SELECT EXISTS (SELECT FROM {} b)", base)}).boolean(0, 0))
        conditions.push_back(fmt::format("NOT EXISTS (SELECT FROM {} b WHERE {})", base, e.key_match("b")));
    for (const Reference& reference : table.references(Side::cloud))
        if (reference.orphans != Orphans::allow) conditions.push_back(has_parent(table, reference, parents));
    Cells head;
    store_.reader().copy_lines({"stream new rows", stream_sql(e, join(conditions, " AND "))}, [&](std::string_view line) {
        LoadRow row;
        row.line = split(line, keys + 3, head);
        for (std::size_t i = 0; i < keys; ++i) row.key.push_back(text_in(head[i]));
        row.hash = {integer_in(head[keys]), integer_in(head[keys + 1])};
        if (head[keys + 2]) row.stamp = integer_in(head[keys + 2]);
        sink(std::move(row));
    });
}

void PgArchive::book_load(const LoadBatch& batch, const LoadOutcome& outcome, std::int64_t fence) {
    Connection& c = store_.writer();
    Transaction transaction(c);
    check_fence(c, fence);
    // State and origin are those that the base gives by itself.
    std::size_t next = 0;
    const std::string barrier = fmt::format("{}\t", outcome.sequence);
    c.copy_in(
        {"book load", fmt::format("COPY {} (c_barrier, {}, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c) FROM STDIN",
                                  base_name(store_.pair_number(), batch.table->id),
                                  key_list(batch.table->identity_cells()))},
        [&](std::string& buffer) {
            for (; next < batch.rows.size() && buffer.size() < 256 * 1024; ++next) {
                buffer += barrier;
                append_booked(buffer, batch.rows[next], outcome.rows[next]);
            }
            return next < batch.rows.size();
        });
    note_peer(c, outcome.sequence);
    post(c, "acknowledge batch",
        "UPDATE tideway.peer SET ack_seq = greatest(ack_seq, $2::bigint) WHERE pair = $1",
        {store_.pair(), std::to_string(outcome.sequence)});
    reach(c, "load.before_booking");
    transaction.commit();
    failpoint("load.booked");
}

void PgArchive::book_found(const std::vector<Agreement>& agreements, std::int64_t cloud_barrier,
                           std::int64_t fence) {
    if (agreements.empty()) return;
    Connection& c = store_.writer();
    Transaction transaction(c);
    check_fence(c, fence);
    const LinkedTable& table = *agreements.front().table;
    std::size_t next = 0;
    c.copy_in({"book equal rows",
               fmt::format("COPY {} ({}, c_barrier, origin, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c) FROM STDIN",
                           base_name(store_.pair_number(), table.id), key_list(table.identity_cells()))},
              [&](std::string& buffer) {
                  for (; next < agreements.size() && buffer.size() < 256 * 1024; ++next) {
                      const Agreement& a = agreements[next];
                      Cells cells(a.key.begin(), a.key.end());
                      for (Cell cell : {number(cloud_barrier), Cell(a.origin == Origin::mobile ? "M" : "D"),
                                        number(a.desktop.a), number(a.desktop.b), number(a.cloud.a),
                                        number(a.cloud.b), maybe(a.stamp_desktop), maybe(a.stamp_cloud)})
                          cells.push_back(std::move(cell));
                      append_cells(buffer, cells);
                  }
                  return next < agreements.size();
              });
    note_peer(c, cloud_barrier);
    transaction.commit();
    failpoint("adopt.booked");
}

}  // namespace tideway::pg
