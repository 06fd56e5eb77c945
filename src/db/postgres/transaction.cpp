#include <fmt/format.h>

#include <utility>

#include "db/postgres/connection.hpp"

namespace tideway::pg {
namespace {

using Pins = std::vector<std::pair<std::string, std::string>>;

Pins pins_of(const TransactionOptions& options) {
    return {{"search_path", "pg_catalog, pg_temp"},
            {"TimeZone", "UTC"},
            {"DateStyle", "ISO, YMD"},
            {"IntervalStyle", "iso_8601"},
            {"extra_float_digits", "3"},
            {"bytea_output", "hex"},
            {"quote_all_identifiers", "off"},
            {"array_nulls", "on"},
            {"standard_conforming_strings", "on"},
            {"xmloption", "content"},
            {"lc_monetary", "C"},
            {"client_encoding", "UTF8"},
            {"row_security", "off"},
            {"synchronous_commit", "on"},
            {"jit", "off"},
            {"lock_timeout", fmt::format("{}", options.lock_timeout.count())},
            {"statement_timeout", fmt::format("{}", options.statement_timeout.count())},
            {"idle_in_transaction_session_timeout", fmt::format("{}", options.idle_timeout.count())}};
}

// One statement for all; it takes the snapshot, where the transaction has only one.
std::string pins_text(const Pins& pins) {
    std::string values;
    for (const auto& [name, value] : pins)
        values += fmt::format("{}('{}','{}')", values.empty() ? "" : ",", name, value);
    return fmt::format("SELECT FROM (VALUES {}) s(n,v) WHERE pg_catalog.set_config(n,v,true) IS NULL",
                       values);
}

// A pooler hands the server over at BEGIN, and what is set locally ends with the transaction.
std::vector<std::string> begin_texts(const TransactionOptions& options) {
    const bool repeatable = options.isolation == Isolation::repeatable_read;
    std::vector<std::string> texts{fmt::format("BEGIN ISOLATION LEVEL {}{}",
                                               repeatable ? "REPEATABLE READ" : "READ COMMITTED",
                                               options.read_only ? " READ ONLY" : "")};
    const Pins pins = pins_of(options);
    if (!options.locks_first) {
        texts.push_back(pins_text(pins));
        return texts;
    }
    for (const auto& [name, value] : pins)
        texts.push_back(name == "search_path" ? fmt::format("SET LOCAL {} = {}", name, value)
                                              : fmt::format("SET LOCAL {} = '{}'", name, value));
    return texts;
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

void Transaction::leave() {
    connection_.leave();
    open_ = false;
}

void Transaction::commit() {
    connection_.commit();
    open_ = false;
}

}  // namespace tideway::pg
