// New rows by COPY straight into the cloud's table, and what the base learns of them (DESIGN.md 10.11).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sql/copy_text.hpp"
#include "store/postgres/apply.hpp"
#include "store/postgres/pg_archive.hpp"
#include "store/postgres/schema.hpp"
#include "store/postgres/side_effects.hpp"

namespace tideway::pg {
namespace {

// The columns of the cloud that a line fills, in its order.
std::vector<std::string> loaded_columns(const LinkedTable& table) {
    std::vector<std::string> names;
    for (const LinkedColumn& column : table.columns)
        if (column.cloud.writable) names.push_back(sql::Identifier(column.cloud.name).quoted());
    for (const ConstantColumn& constant : table.constants)
        if (constant.side == Side::cloud) names.push_back(sql::Identifier(constant.name).quoted());
    return names;
}

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
    return line.substr(end);
}

Cell number(std::int64_t value) { return std::to_string(value); }
Cell maybe(const std::optional<std::int64_t>& value) { return value ? number(*value) : Cell(); }

void append_booked(std::string& out, const LoadRow& row, const RowOutcome& written) {
    Cells cells(row.key.begin(), row.key.end());
    for (Cell cell : {number(row.hash.a), number(row.hash.b), number(written.hash.a), number(written.hash.b),
                      maybe(row.stamp), maybe(written.stamp)})
        cells.push_back(std::move(cell));
    append_cells(out, cells);
}

std::string booked_lines(const LoadBatch& batch, const std::vector<RowOutcome>& outcomes) {
    std::string lines;
    for (std::size_t i = 0; i < batch.rows.size(); ++i) append_booked(lines, batch.rows[i], outcomes[i]);
    return lines;
}

class Loading {
  public:
    Loading(PgStore& store, Connection& connection, const LoadBatch& batch)
        : store_(store), connection_(connection), batch_(batch), e_(store.expressions(*batch.table)) {}

    void copy() {
        connection_.post(
            {"mark own writes", fmt::format("SELECT set_config('tideway.direct', '{}', true)",
                                            direct_mark(store_.pair_number(), batch_.table->id))});
        first_block_ =
            connection_
                .query({"find end of table", fmt::format("SELECT greatest(pg_relation_size({}::regclass) / "
                                                         "current_setting('block_size')::bigint - 1, 0)",
                                                         sql::literal(e_.relation()))})
                .integer(0, 0);
        std::size_t next = 0;
        connection_.copy_in({"load rows", fmt::format("COPY {} ({}) FROM STDIN", e_.relation(),
                                                      join(loaded_columns(*batch_.table)))},
                            [&](std::string& buffer) {
                                for (; next < batch_.rows.size() && buffer.size() < 256 * 1024; ++next)
                                    buffer += batch_.rows[next].line;
                                return next < batch_.rows.size();
                            });
    }

    std::vector<RowOutcome> outcomes() {
        Result written = read();
        if (written.rows() != count()) {
            first_block_ = 0;  // free space further ahead was used
            written = read();
        }
        if (written.rows() != count())
            throw Refused(
                {"TW-suppressed", fmt::format("a trigger on {} kept rows out", e_.relation()), "", ""});
        return in_order(written);
    }

    void move_counters() {
        for (const LinkedColumn& column : batch_.table->columns) {
            if (column.cloud.counter.empty()) continue;
            connection_.post(
                {"move counter", move_counter_sql(column.cloud.counter,
                                                  fmt::format("SELECT t.{} AS id FROM {} t WHERE {}",
                                                              sql::Identifier(column.cloud.name).quoted(),
                                                              e_.relation(), where_written()))});
        }
    }

    // One receipt carries the agreements of all rows.
    void receipt(std::int64_t sequence, const std::vector<RowOutcome>& outcomes) {
        post(connection_, "write receipt", R"(
INSERT INTO tideway.inbox (pair, batch_seq, tbl, key, state, origin, hd_a, hd_b, hc_a, hc_b, d_barrier, load)
VALUES ($1, $2::bigint, $3::int, '{}', 'L', 'D', 0, 0, 0, 0, $4::bigint, $5))",
            {store_.pair(), std::to_string(sequence), std::to_string(batch_.table->id),
             std::to_string(batch_.source_barrier), booked_lines(batch_, outcomes)});
    }

    // One line for all: the rows themselves are new, and the base names them.
    void journal(std::int64_t sequence) {
        post(connection_, "write journal", R"(
INSERT INTO tideway.journal (pair, run, batch, tbl, key, op, rule, before)
VALUES ($1, $2, $3::bigint, $4::int, $5::text[], 'L', 'R1', jsonb_build_object('rows', $6::int)))",
            {store_.pair(), batch_.run, std::to_string(sequence), std::to_string(batch_.table->id),
             text_array(batch_.rows.front().key), std::to_string(count())});
    }

    PlannedWrites planned() const {
        PlannedWrites planned;
        planned.add(*batch_.table, store_.side(), {count(), 0, 0});
        return planned;
    }

  private:
    int count() const { return static_cast<int>(batch_.rows.size()); }

    std::string where_written() const {
        return fmt::format("t.xmin = pg_current_xact_id()::xid AND t.ctid >= '({},0)'::tid", first_block_);
    }

    Result read() {
        return connection_.query(
            {"read loaded rows",
             fmt::format("SELECT {}, {}, {}, {} FROM {} t WHERE {}", join(e_.key_cells()), e_.hash_a(),
                         e_.hash_b(), e_.stamp(), e_.relation(), where_written())});
    }

    // The server keeps the order of a COPY unless it fills gaps.
    std::vector<RowOutcome> in_order(const Result& written) const {
        const std::size_t keys = batch_.table->key_cells();
        std::map<Key, int> places;
        std::vector<RowOutcome> outcomes;
        outcomes.reserve(batch_.rows.size());
        for (int i = 0; i < count(); ++i) {
            const Key& key = batch_.rows[static_cast<std::size_t>(i)].key;
            int at = i;
            if (key_at(written, i, 0, keys) != key) {
                if (places.empty()) places = places_of_keys(written);
                const auto found = places.find(key);
                if (found == places.end())
                    throw Refused({"TW-suppressed",
                                   fmt::format("a trigger on {} changes keys", e_.relation()), "", ""});
                at = found->second;
            }
            RowOutcome outcome;
            outcome.fate = Fate::applied;
            outcome.hash = hash_at(written, at, static_cast<int>(keys));
            outcome.stamp = maybe_integer(written, at, static_cast<int>(keys) + 2);
            outcomes.push_back(outcome);
        }
        return outcomes;
    }

    std::map<Key, int> places_of_keys(const Result& written) const {
        std::map<Key, int> places;
        for (int row = 0; row < count(); ++row)
            places[key_at(written, row, 0, batch_.table->key_cells())] = row;
        return places;
    }

    PgStore& store_;
    Connection& connection_;
    const LoadBatch& batch_;
    Expressions e_;
    std::int64_t first_block_ = 0;
};

}  // namespace

bool PgStore::may_load(const LinkedTable& table) {
    return side() == Side::cloud && writer().server_version() >= 140000 && !table.repeats() &&
           table.key_index(Side::cloud) && table.where.empty() && table.lookups.empty() &&
           !table.mark_desktop && !table.mark_cloud &&
           std::none_of(table.columns.begin(), table.columns.end(), [](const LinkedColumn& column) {
               return column.by_key || may_round(column, Side::cloud);
           });
}

LoadOutcome PgStore::load(const LoadBatch& batch) try {
    Connection& connection = writer();
    Transaction transaction(connection, {.lock_timeout = Millis(2'000)});
    LoadOutcome outcome;
    outcome.sequence = begin_writing(connection, pair_, {batch.fence, batch.receipts_booked, {batch.table}});
    remember_writes(connection);
    Loading loading(*this, connection, batch);
    loading.copy();
    outcome.rows = loading.outcomes();
    loading.move_counters();
    loading.journal(outcome.sequence);
    loading.receipt(outcome.sequence, outcome.rows);
    reach(connection, "load.written");
    connection.post({"check constraints", "SET CONSTRAINTS ALL IMMEDIATE"});
    const Answer writes = ask_writes(connection);
    connection.flush();
    check_side_effects(connection, side(), writes, loading.planned());
    transaction.commit();
    failpoint("load.committed");
    return outcome;
} catch (const DbError& error) {
    rethrow_for_batch(error);
}

void PgArchive::stream_unknown_rows(const LinkedTable& table, const std::vector<const LinkedTable*>& parents,
                                    const LoadSink& sink) {
    const Expressions e = store_.expressions(table);
    const std::size_t keys = table.key_cells();
    std::vector<std::string> conditions{
        e.key_present(), fmt::format("NOT EXISTS (SELECT FROM {} b WHERE {})",
                                     base_name(store_.pair_number(), table.id), e.key_match("b"))};
    for (const Reference& reference : table.references(Side::cloud))
        if (reference.orphans != Orphans::allow) conditions.push_back(has_parent(table, reference, parents));
    const std::string query = fmt::format("COPY (SELECT {}, {}, {}, {}, {} FROM {} t WHERE {}) TO STDOUT",
                                          join(e.key_cells()), e.hash_a(), e.hash_b(), e.stamp(),
                                          join(line_cells(e)), e.relation(), join(conditions, " AND "));
    Cells head;
    store_.reader().copy_lines({"stream new rows", query}, [&](std::string_view line) {
        LoadRow row;
        row.line = split(line, keys + 3, head);
        for (std::size_t i = 0; i < keys; ++i) row.key.push_back(std::move(*head[i]));
        row.hash = {std::stoll(*head[keys]), std::stoll(*head[keys + 1])};
        if (head[keys + 2]) row.stamp = std::stoll(*head[keys + 2]);
        sink(std::move(row));
    });
}

// The receipts that one load left, a row each.
void expand_load(const Receipt& load, std::string_view lines, std::vector<Receipt>& receipts) {
    Cells cells;
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n') + 1;
        sql::parse_copy_row(lines.substr(0, end), cells);
        lines.remove_prefix(end);
        Receipt receipt = load;
        const std::size_t keys = cells.size() - 6;
        const auto integer = [&](std::size_t i) { return std::stoll(*cells[keys + i]); };
        for (std::size_t i = 0; i < keys; ++i) receipt.agreement.key.push_back(*cells[i]);
        receipt.agreement.desktop = {integer(0), integer(1)};
        receipt.agreement.cloud = {integer(2), integer(3)};
        if (cells[keys + 4]) receipt.agreement.stamp_desktop = integer(4);
        if (cells[keys + 5]) receipt.agreement.stamp_cloud = integer(5);
        receipts.push_back(std::move(receipt));
    }
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
