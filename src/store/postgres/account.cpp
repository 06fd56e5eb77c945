// The account of the protected rows at the end of a run: what changed since the run's snapshot, who did it, and whether
// the numbers come out even. Costs as much as there are changes, and one count.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "model/account.hpp"
#include "store/postgres/pg_snapshot.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

constexpr std::size_t keys_at_once = 5'000, most_named = 20;

// Keys that are texts in `alias`, as work tables hold them.
std::string typed_keys(const Expressions& e, std::string_view alias) {
    std::vector<std::string> typed;
    for (const std::string& type : e.work_key_types())
        typed.push_back(fmt::format("{0}.k{1}::{2} AS k{1}", alias, typed.size() + 1, type));
    return join(typed);
}

// Protected rows under each of the keys, as that connection's transaction sees them; a line each.
std::vector<Answer> ask_counts(Connection& connection, const Expressions& e, const std::vector<AccountKey>& keys) {
    const std::size_t cells = e.table().key_cells();
    std::vector<std::string> arrays;
    for (std::size_t i = 1; i <= cells; ++i) arrays.push_back(fmt::format("${}::text[]", i));
    std::vector<Answer> answers;
    for (std::size_t first = 0; first < keys.size(); first += keys_at_once) {
        std::vector<Cell> parameters;
        for (std::size_t i = 0; i < cells; ++i) {
            std::vector<std::string> column;
            for (std::size_t at = first; at < std::min(first + keys_at_once, keys.size()); ++at)
                column.push_back(keys[at].key[i]);
            parameters.push_back(text_array(column));
        }
        answers.push_back(post(
            connection, "count protected rows of keys",
            fmt::format("SELECT {}, 1 FROM (SELECT {} FROM unnest({}) AS w({}) OFFSET 0) w JOIN {} t ON {} WHERE {} AND {}",
                        join(e.key_cells()), typed_keys(e, "w"), join(arrays), key_list(cells), e.relation(),
                        e.key_match("w"), e.marked_mobile(), e.in_scope()),
            std::move(parameters)));
    }
    return answers;
}

void count_before(const std::vector<Answer>& answers, std::vector<AccountKey>& keys) {
    std::map<Key, AccountKey*> by_key;
    for (AccountKey& each : keys) by_key[each.key] = &each;
    for (const Answer& answer : answers) {
        const Result& found = answer.get();
        for (int row = 0; row < found.rows(); ++row)
            if (const auto key = by_key.find(key_at(found, row, 0, keys.front().key.size())); key != by_key.end())
                ++key->second->before;
    }
}

// Keys in the changelog since the snapshot, by transactions that are not this run's, and keys in its journal, each with the
// number of protected rows that it has now. A transaction is the run's own where it wrote into the journal: then what it did
// beside that was a trigger or a cascade.
Answer ask_changed_keys(Connection& connection, const PgStore& store, const Expressions& e,
                                     const Mark& since, std::int64_t journal_before, const std::string& run_id) {
    const std::size_t cells = e.table().key_cells();
    std::vector<std::string> logged, plain, texts;
    for (const std::string& key : e.logged_keys()) logged.push_back(fmt::format("{} AS k{}", key, logged.size() + 1));
    for (std::size_t i = 1; i <= cells; ++i) texts.push_back(fmt::format("j.key[{}] COLLATE \"C\"", i));
    for (const std::string& cell : e.key_cells_of("h"))
        plain.push_back(fmt::format("({}) COLLATE \"C\" AS k{}", cell, plain.size() + 1));
    const std::string own = fmt::format(
        "SELECT j.key, j.op, j.tbl, j.xmin AS tx FROM tideway.journal j WHERE j.id > {} AND j.pair = {} AND j.run = {}", journal_before,
        sql::literal(store.pair()), sql::literal(run_id));
    const std::string condition = changed_since_sql(since);
    const std::string keys = fmt::format(
        "SELECT row_number() OVER () AS n, {0}, bool_or(x.by_user) AS by_user, bool_or(x.erased) AS erased FROM (SELECT {1}, "
        "h.by_user, false AS erased FROM (SELECT {2}, NOT EXISTS (SELECT FROM own j WHERE j.tx = h.xid::xid) "
        "AS by_user FROM {3} h WHERE h.op <> 'T' AND {4}) h UNION ALL SELECT {5}, false, j.op = 'D' FROM own "
        "j WHERE j.tbl = {6}) x GROUP BY {0}",
        key_list(cells, "x"), join(plain), join(logged), changes_name(store.pair_number(), e.table().id), condition,
        join(texts), e.table().id);
    const std::string counts = fmt::format(
        "SELECT w.n, count(*) AS rows FROM (SELECT x.n, {} FROM x OFFSET 0) w JOIN {} t ON {} WHERE {} AND {} GROUP BY w.n",
        typed_keys(e, "x"), e.relation(), e.key_match("w"), e.marked_mobile(), e.in_scope());
    return connection.post({"read changed keys",
                            fmt::format("WITH own AS MATERIALIZED ({}), x AS MATERIALIZED ({}) SELECT {}, x.by_user, x.erased, "
                                        "coalesce(c.rows, 0) FROM x LEFT JOIN ({}) c ON c.n = x.n",
                                        own, keys, key_list(cells, "x"), counts)});
}

std::vector<AccountKey> keys_of(const Result& found, std::size_t cells) {
    std::vector<AccountKey> keys;
    for (int row = 0; row < found.rows(); ++row)
        keys.push_back({key_at(found, row, 0, cells), found.boolean(row, static_cast<int>(cells)),
                        found.boolean(row, static_cast<int>(cells) + 1), 0, found.integer(row, static_cast<int>(cells) + 2)});
    return keys;
}

void stream_protected(Connection& connection, const Expressions& e, const std::function<void(Key&&)>& sink) {
    connection.copy_out({"list protected rows",
                         fmt::format("COPY (SELECT {} FROM {} t WHERE {} AND {}) TO STDOUT", join(e.key_cells()),
                                     e.relation(), e.marked_mobile(), e.in_scope())},
                        e.key_cells().size(), [&](const Cells& cells) {
                            Key key;
                            for (const Cell& cell : cells) key.push_back(cell.value_or(""));
                            sink(std::move(key));
                        });
}

// Only when the numbers do not come out even: which rows went past every trigger. They may be more than the numbers
// say, where others came the same way.
void name_lost(Connection& before, Connection& after, const Expressions& e, const std::vector<AccountKey>& changed,
               Account& account) {
    std::multiset<std::size_t> left;
    const auto digest = [](const Key& key) { return std::hash<std::string>{}(text_array(key)); };
    for (const AccountKey& key : changed)
        for (std::int64_t i = 0; i < key.before; ++i) left.insert(digest(key.key));
    stream_protected(after, e, [&](Key&& key) { left.insert(digest(key)); });
    std::int64_t gone = static_cast<std::int64_t>(account.lost_keys.size());
    stream_protected(before, e, [&](Key&& key) {
        if (const auto found = left.find(digest(key)); found != left.end()) {
            left.erase(found);
            return;
        }
        ++gone;
        if (account.lost_keys.size() < most_named) account.lost_keys.push_back(std::move(key));
    });
    account.lost = std::max(account.lost, gone);
}

}  // namespace

std::optional<std::int64_t> PgSnapshot::newest_journaled() {
    if (!journaled_)
        journaled_ = connection_.query({"read newest of journal", newest_journaled_sql}).integer(0, 0);
    return journaled_;
}

namespace {

// One table's account while it is being settled.
struct Settling {
    const AccountToSettle& open;
    Expressions e;
    Mark since;
    Answer truncated, changed;
    std::vector<AccountKey> keys = {};
    std::vector<Answer> before = {};
};

}  // namespace

std::map<int, std::int64_t> PgStore::count_protected(const std::vector<const LinkedTable*>& tables) {
    if (tables.empty()) return {};
    return counts_of(read_once(asker(), "count protected rows", count_protected_sql(*this, tables)));
}

// All tables in step: a round trip to now, one to the snapshot, however many they are.
std::map<int, Account> PgStore::settle_accounts(const std::vector<AccountToSettle>& open, const Snapshot& snapshot,
                                                std::int64_t journal_before, const std::string& run_id) {
    Connection& now = writer();
    Transaction transaction(now, {.isolation = Isolation::repeatable_read, .statement_timeout = Millis(0)});
    std::vector<Settling> settling;
    std::vector<const LinkedTable*> tables;
    for (const AccountToSettle& each : open) {
        if (each.table->capture(side()) != Capture::changelog) continue;
        const Expressions e = expressions(*each.table);
        const Mark since = Mark::parse(snapshot.mark(*each.table));
        tables.push_back(each.table);
        settling.push_back({each, e, since, ask_truncated(now, changes_name(pair_number_, each.table->id), since),
                            ask_changed_keys(now, *this, e, since, journal_before, run_id)});
    }
    if (settling.empty()) return {};
    const Answer counts = now.post({"count protected rows", count_protected_sql(*this, tables)});
    now.flush();
    for (Settling& each : settling) {
        each.keys = keys_of(each.changed.get(), each.e.table().key_cells());
        each.before = ask_counts(reader(), each.e, each.keys);
    }
    reader().flush();
    std::map<int, std::int64_t> rows = counts_of(counts.get());
    std::map<int, Account> accounts;
    for (Settling& each : settling) {
        if (each.truncated.get().boolean(0, 0)) continue;
        count_before(each.before, each.keys);
        const int id = each.open.table->id;
        Account account = account_of(each.keys, each.open.before, rows[id]);
        if (account.lost > static_cast<std::int64_t>(account.lost_keys.size()) &&
            account.lost_keys.size() < most_named)
            name_lost(reader(), now, each.e, each.keys, account);
        accounts.emplace(id, std::move(account));
    }
    transaction.leave();
    return accounts;
}

}  // namespace tideway::pg
