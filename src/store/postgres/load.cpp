// New rows by COPY straight into the cloud's table (DESIGN.md 10.11).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sql/record_text.hpp"
#include "store/postgres/apply.hpp"
#include "store/postgres/checksum.hpp"
#include "store/postgres/load_lines.hpp"
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

    // Where both sides hash alike, the server writes the receipt itself, and sums show that what is in the table now is what
    // the desktop's snapshot held: nothing of the rows comes back. False: it is not, and there is no receipt.
    bool receipt_by_sums(std::int64_t sequence) {
        const Result found = run(connection_, "write receipt", receipt_sql(),
                                 {store_.pair(), std::to_string(sequence), std::to_string(batch_.table->id),
                                  std::to_string(batch_.source_barrier), std::string(same_on_both)});
        if (sums_at(found) == sums()) return true;
        run(connection_, "take receipt back", "DELETE FROM tideway.inbox AS i WHERE i.pair = $1 AND i.batch_seq = $2::bigint",
            {store_.pair(), std::to_string(sequence)});
        return false;
    }

    // After receipt_by_sums() has said so.
    std::vector<RowOutcome> outcomes_as_sent() const {
        std::vector<RowOutcome> outcomes;
        outcomes.reserve(batch_.rows.size());
        for (const LoadRow& row : batch_.rows) {
            RowOutcome outcome;
            outcome.fate = Fate::applied;
            outcome.hash = row.hash;
            outcome.stamp = row.stamp;
            outcomes.push_back(outcome);
        }
        return outcomes;
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

    struct Sums {
        BucketSum hashes;
        std::int64_t stamps = 0, stamped = 0;
        bool operator==(const Sums&) const = default;
    };

    Sums sums() const {
        Checksum a, b, stamps;
        Sums sums{{count(), 0, 0}, 0, 0};
        for (const LoadRow& row : batch_.rows) {
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

    static Sums sums_at(const Result& found) {
        return {{found.integer(0, 0), found.integer(0, 1), found.integer(0, 2)}, found.integer(0, 3), found.integer(0, 4)};
    }

    // Key, hash and stamp of a row `w` as a line of COPY text.
    std::string receipt_line() const {
        std::string line;
        std::size_t number = 0;
        for (const LinkedColumn* column : batch_.table->key_columns()) {
            const std::string cell = fmt::format("w.k{}", ++number);
            const bool plain = column->cloud.base_type == "integer" || column->cloud.base_type == "bigint";
            line += (plain ? cell
                           : fmt::format("replace(replace(replace(replace({}, E'\\\\', E'\\\\\\\\'), E'\\t', E'\\\\t'), E'\\n', "
                                         "E'\\\\n'), E'\\r', E'\\\\r')",
                                         cell)) +
                    " || E'\\t' || ";
        }
        return line + "w.a || E'\\t' || w.b || E'\\t' || coalesce(w.stamp::text, E'\\\\N') || E'\\n'";
    }

    std::string receipt_sql() const {
        std::string keys;
        std::size_t number = 0;
        for (const std::string& cell : e_.key_cells()) keys += fmt::format("{} AS k{}, ", cell, ++number);
        return fmt::format(R"(
WITH w AS MATERIALIZED (SELECT {}{} AS a, {} AS b, {} AS stamp FROM {} t WHERE {}), receipt AS (
INSERT INTO tideway.inbox (pair, batch_seq, tbl, key, state, origin, hd_a, hd_b, hc_a, hc_b, d_barrier, load)
SELECT $1, $2::bigint, $3::int, '{{}}', 'L', 'D', 0, 0, 0, 0, $4::bigint, $5 || coalesce(string_agg({}, ''), '') FROM w)
SELECT count(*), {}, {}, count(w.stamp) FROM w)",
                           keys, e_.hash_a(), e_.hash_b(), e_.stamp(), e_.relation(), where_written(), receipt_line(),
                           hash_sums_sql("w.a", "w.b"), checksum_sql("coalesce(w.stamp, 0)"));
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
    outcome.sequence = begin_writing(connection, pair_, {batch.fence, batch.receipts_booked, {batch.table}, receipts_purged_});
    remember_writes(connection);
    Loading loading(*this, connection, batch);
    loading.copy();
    const bool as_sent = hashes_comparable(*batch.table, connection.server_version(), connection.server_version()) &&
                         loading.receipt_by_sums(outcome.sequence);
    outcome.rows = as_sent ? loading.outcomes_as_sent() : loading.outcomes();
    loading.move_counters();
    loading.journal(outcome.sequence);
    if (!as_sent) loading.receipt(outcome.sequence, outcome.rows);
    reach(connection, "load.written");
    connection.post({"check constraints", "SET CONSTRAINTS ALL IMMEDIATE"});
    const Answer writes = ask_writes(connection);
    connection.flush();
    check_side_effects(connection, side(), writes, loading.planned());
    transaction.commit();
    receipts_purged_ = std::max(receipts_purged_, batch.receipts_booked);
    failpoint("load.committed");
    return outcome;
} catch (const DbError& error) {
    rethrow_for_batch(error);
}

}  // namespace tideway::pg
