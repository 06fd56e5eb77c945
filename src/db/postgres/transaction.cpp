#include <fmt/format.h>

#include "db/postgres/connection.hpp"

namespace tideway::pg {
namespace {

// A pooler hands the server over at BEGIN, and SET LOCAL ends with the transaction.
std::vector<std::string> begin_texts(const TransactionOptions& options) {
    const bool repeatable = options.isolation == Isolation::repeatable_read;
    return {fmt::format("BEGIN ISOLATION LEVEL {}{}", repeatable ? "REPEATABLE READ" : "READ COMMITTED",
                        options.read_only ? " READ ONLY" : ""),
            "SET LOCAL search_path = pg_catalog, pg_temp",
            "SET LOCAL TimeZone = 'UTC'",
            "SET LOCAL DateStyle = 'ISO, YMD'",
            "SET LOCAL IntervalStyle = iso_8601",
            "SET LOCAL extra_float_digits = 3",
            "SET LOCAL bytea_output = hex",
            "SET LOCAL quote_all_identifiers = off",
            "SET LOCAL array_nulls = on",
            "SET LOCAL standard_conforming_strings = on",
            "SET LOCAL xmloption = content",
            "SET LOCAL lc_monetary = 'C'",
            "SET LOCAL client_encoding = 'UTF8'",
            "SET LOCAL row_security = off",
            "SET LOCAL synchronous_commit = on",
            "SET LOCAL jit = off",
            fmt::format("SET LOCAL lock_timeout = {}", options.lock_timeout.count()),
            fmt::format("SET LOCAL statement_timeout = {}", options.statement_timeout.count()),
            fmt::format("SET LOCAL idle_in_transaction_session_timeout = {}", options.idle_timeout.count())};
}

}  // namespace

Transaction::Transaction(Connection& connection, const TransactionOptions& options)
    : connection_(connection) {
    ensure(!connection_.in_transaction(), "transactions do not nest");
    connection_.begin(begin_texts(options), options.read_only);
}

Transaction::~Transaction() {
    if (open_) connection_.rollback();
}

void Transaction::commit() {
    connection_.commit();
    open_ = false;
}

}  // namespace tideway::pg
