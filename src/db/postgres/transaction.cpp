#include <fmt/format.h>

#include "db/postgres/connection.hpp"

namespace tideway::pg {
namespace {

// One message, one round trip: a pooler hands the server over at BEGIN, and SET LOCAL ends with the
// transaction.
std::string begin_text(const TransactionOptions& options) {
    const bool repeatable = options.isolation == Isolation::repeatable_read;
    return fmt::format(
        "BEGIN ISOLATION LEVEL {}{};"
        "SET LOCAL search_path = pg_catalog, pg_temp;"
        "SET LOCAL TimeZone = 'UTC';"
        "SET LOCAL DateStyle = 'ISO, YMD';"
        "SET LOCAL IntervalStyle = iso_8601;"
        "SET LOCAL extra_float_digits = 3;"
        "SET LOCAL bytea_output = hex;"
        "SET LOCAL quote_all_identifiers = off;"
        "SET LOCAL array_nulls = on;"
        "SET LOCAL standard_conforming_strings = on;"
        "SET LOCAL xmloption = content;"
        "SET LOCAL lc_monetary = 'C';"
        "SET LOCAL client_encoding = 'UTF8';"
        "SET LOCAL row_security = off;"
        "SET LOCAL synchronous_commit = on;"
        "SET LOCAL jit = off;"
        "SET LOCAL lock_timeout = {};"
        "SET LOCAL statement_timeout = {};"
        "SET LOCAL idle_in_transaction_session_timeout = {}",
        repeatable ? "REPEATABLE READ" : "READ COMMITTED", options.read_only ? " READ ONLY" : "",
        options.lock_timeout.count(), options.statement_timeout.count(), options.idle_timeout.count());
}

}  // namespace

Transaction::Transaction(Connection& connection, const TransactionOptions& options)
    : connection_(connection) {
    ensure(!connection_.in_transaction(), "transactions do not nest");
    try {
        connection_.query({"BEGIN", begin_text(options)});
    } catch (...) {
        connection_.rollback();
        throw;
    }
}

Transaction::~Transaction() {
    if (open_) connection_.rollback();
}

void Transaction::commit() {
    connection_.commit();
    open_ = false;
}

}  // namespace tideway::pg
