// New rows by COPY straight into the cloud's table (DESIGN.md 10.11).
#include "store/postgres/loading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sql/record_text.hpp"
#include "store/postgres/apply.hpp"
#include "store/postgres/checksum.hpp"
#include "store/postgres/load_lines.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

constexpr const char* own_row = "t.xmin = pg_current_xact_id()::xid";

// The columns of the cloud that a line fills, in its order.
std::vector<std::string> loaded_columns(const LinkedTable& table) {
    std::vector<std::string> names;
    for (const LinkedColumn& column : table.columns)
        if (column.cloud.writable) names.push_back(sql::Identifier(column.cloud.name).quoted());
    for (const ConstantColumn& constant : table.constants)
        if (constant.side == Side::cloud) names.push_back(sql::Identifier(constant.name).quoted());
    return names;
}

std::string booked_lines(const LoadBatch& batch, const std::vector<RowOutcome>& outcomes) {
    std::string lines;
    for (std::size_t i = 0; i < batch.rows.size(); ++i) append_booked(lines, batch.rows[i], outcomes[i]);
    return lines;
}

struct Sums {
    BucketSum hashes;
    std::int64_t stamps = 0, stamped = 0;
    bool operator==(const Sums&) const = default;
};

Sums sums_of(const LoadBatch& batch) {
    Checksum a, b, stamps;
    Sums sums{{static_cast<int>(batch.rows.size()), 0, 0}, 0, 0};
    for (const LoadRow& row : batch.rows) {
        a.add(row.hash.a);
        b.add(sql::bigint_hash(row.hash.b, 0));
        if (!row.stamp) continue;
        stamps.add(*row.stamp);
        ++sums.stamped;
    }
    sums.hashes.a = a.value();
    sums.hashes.b = b.value();
    sums.stamps = stamps.value();
    return sums;
}

Sums sums_at(const Result& found) {
    return {{found.integer(0, 0), found.integer(0, 1), found.integer(0, 2)}, found.integer(0, 3), found.integer(0, 4)};
}

std::vector<Cell> key_arrays(const LoadBatch& batch) {
    std::vector<Cell> arrays;
    for (std::size_t i = 0; i < batch.table->key_cells(); ++i) {
        std::vector<std::string> column;
        column.reserve(batch.rows.size());
        for (const LoadRow& row : batch.rows) column.push_back(row.key[i]);
        arrays.emplace_back(text_array(column));
    }
    return arrays;
}

std::vector<RowOutcome> outcomes_as_sent(const LoadBatch& batch) {
    std::vector<RowOutcome> outcomes;
    outcomes.reserve(batch.rows.size());
    for (const LoadRow& row : batch.rows) {
        RowOutcome outcome;
        outcome.fate = Fate::applied;
        outcome.hash = row.hash;
        outcome.stamp = row.stamp;
        outcomes.push_back(outcome);
    }
    return outcomes;
}

std::map<Key, int> places_of_keys(const Result& written, std::size_t keys) {
    std::map<Key, int> places;
    for (int row = 0; row < written.rows(); ++row) places[key_at(written, row, 0, keys)] = row;
    return places;
}

// The server keeps the order of a COPY unless it fills gaps.
std::vector<RowOutcome> in_order(const LoadBatch& batch, const Result& written) {
    const std::size_t keys = batch.table->key_cells();
    std::map<Key, int> places;
    std::vector<RowOutcome> outcomes;
    outcomes.reserve(batch.rows.size());
    for (int i = 0; i < written.rows(); ++i) {
        const Key& key = batch.rows[static_cast<std::size_t>(i)].key;
        int at = i;
        if (key_at(written, i, 0, keys) != key) {
            if (places.empty()) places = places_of_keys(written, keys);
            const auto found = places.find(key);
            if (found == places.end())
                throw Refused({"TW-suppressed", fmt::format("a trigger on {} changes keys", batch.table->cloud.quoted()), "", ""});
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

}  // namespace

bool index_tells_keys_apart(const LinkedTable& table) {
    const std::vector<const LinkedColumn*> key = table.key_columns();
    return table.key_index(Side::cloud) && std::all_of(key.begin(), key.end(), [](const LinkedColumn* column) {
               const std::string& type = column->cloud.base_type;
               return column->desktop.base_type == type || type == "bigint" || type == "integer" || type == "smallint" ||
                      type == "numeric";
           });
}

Loading::Loading(PgStore& store, Connection& connection, const LoadBatch& batch, Search search)
    : store_(store),
      connection_(connection),
      batch_(batch),
      e_(store.expressions(*batch.table)),
      search_(search),
      comparable_(hashes_comparable(*batch.table, connection.server_version(), connection.server_version())) {}

void Loading::mark_start() {
    connection_.post({"mark own writes", fmt::format("SELECT set_config('tideway.direct', '{}', true)",
                                                     direct_mark(store_.pair_number(), batch_.table->id))});
    end_ = connection_.post({"find end of table", fmt::format("SELECT greatest(pg_relation_size({}::regclass) / "
                                                              "current_setting('block_size')::bigint - 1, 0)",
                                                              sql::literal(e_.relation()))});
}

std::int64_t Loading::end() const { return end_->get().integer(0, 0); }

void Loading::copy(std::int64_t first_block) {
    first_block_ = first_block;
    std::size_t next = 0;
    connection_.copy_in(
        {"load rows", fmt::format("COPY {} ({}) FROM STDIN", e_.relation(), join(loaded_columns(*batch_.table)))},
        [&](std::string& buffer) {
            for (; next < batch_.rows.size() && buffer.size() < 256 * 1024; ++next) buffer += batch_.rows[next].line;
            return next < batch_.rows.size();
        });
}

void Loading::record(std::int64_t sequence) {
    connection_.post({"check constraints", "SET CONSTRAINTS ALL IMMEDIATE"});
    if (!index_tells_keys_apart(*batch_.table)) doubled_ = ask_for_doubles();
    found_ = comparable_ ? write_receipt(sequence) : ask_for_rows();
}

// Where both sides hash alike, the server has written the receipt itself, and sums show that what is in the table now is what
// the desktop's snapshot held: nothing of the rows comes back.
std::vector<RowOutcome> Loading::outcomes(std::int64_t sequence) {
    if (doubled_ && doubled_->get().boolean(0, 0))
        throw Refused({"23505", fmt::format("{} has a row of the same key already", e_.relation()), "", ""});
    if (rows_found() != count() && search_ == Search::by_place) search_again(sequence);
    if (rows_found() != count())
        throw Refused({"TW-suppressed", fmt::format("a trigger on {} kept rows out", e_.relation()), "", ""});
    std::vector<RowOutcome> outcomes;
    if (comparable_ && sums_at(found_->get()) == sums_of(batch_)) {
        outcomes = outcomes_as_sent(batch_);
    } else {
        if (comparable_) take_receipt_back(sequence);
        if (comparable_) found_ = ask_for_rows();
        connection_.flush();
        outcomes = in_order(batch_, found_->get());
        receipt(sequence, outcomes);
    }
    move_counters();
    journal(sequence);
    return outcomes;
}

PlannedWrites Loading::planned() const {
    PlannedWrites planned;
    planned.add(*batch_.table, store_.side(), {count(), 0, 0});
    return planned;
}

int Loading::rows_found() const {
    return comparable_ ? static_cast<int>(found_->get().integer(0, 0)) : found_->get().rows();
}

// Free space further ahead was used.
void Loading::search_again(std::int64_t sequence) {
    search_ = Search::by_key;
    if (comparable_) take_receipt_back(sequence);
    found_ = comparable_ ? write_receipt(sequence) : ask_for_rows();
    connection_.flush();
}

// Where no index forbids it. The table is locked: nobody else writes a row of such a key now.
Answer Loading::ask_for_doubles() {
    std::string keys;
    std::vector<std::string> same;
    for (const std::string& cell : e_.key_cells()) {
        keys += fmt::format(", {} AS k{}", cell, same.size() + 1);
        same.push_back(fmt::format("o.k{0} = n.k{0}", same.size() + 1));
    }
    // Nothing is known yet of the rows that have just come, and a plan for one of them would take a day for thousands.
    connection_.post({"plan without nested loops", "SELECT set_config('enable_nestloop', 'off', true)"});
    const Answer found = connection_.post(
        {"find rows of the same keys",
         fmt::format("SELECT EXISTS (SELECT FROM (SELECT t.ctid AS at{0} FROM {1} t WHERE {2}) n JOIN (SELECT t.ctid AS at{0} FROM {1} t) o "
                     "ON {3} WHERE o.at <> n.at)",
                     keys, e_.relation(), own_row, join(same, " AND "))});
    connection_.post({"plan without nested loops", "SELECT set_config('enable_nestloop', 'on', true)"});
    return found;
}

Answer Loading::ask_for_rows() {
    const Rows rows = rows_written();
    return connection_.post({"read loaded rows", rows_sql(rows)}, rows.parameters);
}

Answer Loading::write_receipt(std::int64_t sequence) {
    Rows rows = rows_written();
    const std::string text = receipt_sql(rows);
    for (const std::string& value : {store_.pair(), std::to_string(sequence), std::to_string(batch_.table->id),
                                     std::to_string(batch_.source_barrier), std::string(same_on_both)})
        rows.parameters.emplace_back(value);
    return post(connection_, "write receipt", text, std::move(rows.parameters));
}

void Loading::take_receipt_back(std::int64_t sequence) {
    post(connection_, "take receipt back", "DELETE FROM tideway.inbox AS i WHERE i.pair = $1 AND i.batch_seq = $2::bigint",
         {store_.pair(), std::to_string(sequence)});
}

void Loading::move_counters() {
    for (const LinkedColumn& column : batch_.table->columns) {
        if (column.cloud.counter.empty()) continue;
        const Rows rows = rows_written();
        connection_.post({"move counter", move_counter_sql(column.cloud.counter,
                                                           fmt::format("SELECT t.{} AS id FROM {}",
                                                                       sql::Identifier(column.cloud.name).quoted(), rows.from))},
                         rows.parameters);
    }
}

// One line for all: the rows themselves are new, and the base names them.
void Loading::journal(std::int64_t sequence) {
    post(connection_, "write journal", R"(
INSERT INTO tideway.journal (pair, run, batch, tbl, key, op, rule, before)
VALUES ($1, $2, $3::bigint, $4::int, $5::text[], 'L', 'R1', jsonb_build_object('rows', $6::int)))",
         {store_.pair(), batch_.run, std::to_string(sequence), std::to_string(batch_.table->id),
          text_array(batch_.rows.front().key), std::to_string(count())});
}

// One receipt carries the agreements of all rows.
void Loading::receipt(std::int64_t sequence, const std::vector<RowOutcome>& outcomes) {
    post(connection_, "write receipt", R"(
INSERT INTO tideway.inbox (pair, batch_seq, tbl, key, state, origin, hd_a, hd_b, hc_a, hc_b, d_barrier, load)
VALUES ($1, $2::bigint, $3::int, '{}', 'L', 'D', 0, 0, 0, 0, $4::bigint, $5))",
         {store_.pair(), std::to_string(sequence), std::to_string(batch_.table->id),
          std::to_string(batch_.source_barrier), booked_lines(batch_, outcomes)});
}

// A scan by place costs what the batch has; keys are looked up in the index, if there is one.
Loading::Rows Loading::rows_written() const {
    if (search_ == Search::by_place)
        return {fmt::format("{} t WHERE {} AND t.ctid >= '({},0)'::tid", e_.relation(), own_row, first_block_), {}};
    if (!batch_.table->key_index(Side::cloud)) return {fmt::format("{} t WHERE {}", e_.relation(), own_row), {}};
    std::vector<std::string> arrays, typed;
    for (const std::string& type : e_.work_key_types()) {
        typed.push_back(fmt::format("w.k{0}::{1} AS k{0}", typed.size() + 1, type));
        arrays.push_back(fmt::format("${}::text[]", typed.size()));
    }
    return {fmt::format("(SELECT {} FROM unnest({}) AS w({}) OFFSET 0) w JOIN {} t ON {} WHERE {}", join(typed), join(arrays),
                        key_list(typed.size()), e_.relation(), e_.key_match("w"), own_row),
            key_arrays(batch_)};
}

// Key, both halves of the hash, stamp: k1.., a, b, stamp. OFFSET 0: a record is made once for both halves.
std::string Loading::rows_sql(const Rows& rows) const {
    std::string keys;
    std::size_t number = 0;
    for (const std::string& cell : e_.key_cells()) keys += fmt::format("{} AS k{}, ", cell, ++number);
    return fmt::format("SELECT {}, {} AS a, {} AS b, r.stamp FROM (SELECT {}{} AS record, {} AS stamp FROM {} OFFSET 0) r",
                       key_list(batch_.table->key_cells(), "r"), e_.hash_a("r.record"), e_.hash_b("r.record"), keys,
                       e_.record(), e_.stamp(), rows.from);
}

// Key, hash and stamp of a row `w` as a line of COPY text.
std::string Loading::receipt_line() const {
    std::string line;
    std::size_t number = 0;
    for (const LinkedColumn* column : batch_.table->key_columns()) {
        const std::string cell = fmt::format("w.k{}", ++number);
        const bool plain = column->cloud.base_type == "integer" || column->cloud.base_type == "bigint";
        line += (plain ? cell
                       : fmt::format("replace(replace(replace(replace({}, E'\\\\', E'\\\\\\\\'), E'\\t', E'\\\\t'), E'\\n', "
                                     "E'\\\\n'), E'\\r', E'\\\\r')",
                                     cell)) +
                ", E'\\t', ";
    }
    return fmt::format("concat({}w.a, E'\\t', w.b, E'\\t', coalesce(w.stamp::text, E'\\\\N'), E'\\n')", line);
}

// Behind the parameters of the rows: pair, sequence, table, barrier, what stands before the lines.
std::string Loading::receipt_sql(const Rows& rows) const {
    std::size_t at = rows.parameters.size();
    const auto next = [&] { return fmt::format("${}", ++at); };
    const std::string pair = next(), sequence = next(), table = next(), barrier = next(), head = next();
    return fmt::format(R"(
WITH found (lines, n, a, b, stamps, stamped) AS MATERIALIZED (SELECT string_agg({0}, ''), count(*), {1}, {2}, count(w.stamp)
    FROM ({3} OFFSET 0) w), receipt AS (
INSERT INTO tideway.inbox (pair, batch_seq, tbl, key, state, origin, hd_a, hd_b, hc_a, hc_b, d_barrier, load)
SELECT {4}, {5}::bigint, {6}::int, '{{}}', 'L', 'D', 0, 0, 0, 0, {7}::bigint, {8} || coalesce(found.lines, '') FROM found)
SELECT n, a, b, stamps, stamped FROM found)",
                       receipt_line(), hash_sums_sql("w.a", "w.b"), checksum_sql("coalesce(w.stamp, 0)"), rows_sql(rows), pair,
                       sequence, table, barrier, head);
}

}  // namespace tideway::pg
