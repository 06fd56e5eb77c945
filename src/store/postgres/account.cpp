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

// Protected rows under each of the keys, as that connection's transaction sees them; a line each.
std::vector<Answer> ask_counts(Connection& connection, const Expressions& e, const std::vector<AccountKey>& keys) {
    const std::size_t cells = e.table().key_cells();
    std::vector<std::string> arrays, typed;
    for (const std::string& type : e.work_key_types()) {
        typed.push_back(fmt::format("w.k{0}::{1} AS k{0}", typed.size() + 1, type));
        arrays.push_back(fmt::format("${}::text[]", typed.size()));
    }
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
                        join(e.key_cells()), join(typed), join(arrays), key_list(cells), e.relation(),
                        e.key_match("w"), e.marked_mobile(), e.in_scope()),
            std::move(parameters)));
    }
    return answers;
}

void add_counts(const std::vector<Answer>& answers, std::vector<AccountKey>& keys, std::int64_t AccountKey::*count) {
    std::map<Key, AccountKey*> by_key;
    for (AccountKey& each : keys) by_key[each.key] = &each;
    for (const Answer& answer : answers) {
        const Result& found = answer.get();
        for (int row = 0; row < found.rows(); ++row)
            if (const auto key = by_key.find(key_at(found, row, 0, keys.front().key.size())); key != by_key.end())
                ++(key->second->*count);
    }
}

// Keys in the changelog since the snapshot, by transactions that are not this run's, and keys in its journal. A
// transaction is the run's own where it wrote into the journal: then what it did beside that was a trigger or a cascade.
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
    return connection.post(
        {"read changed keys",
         fmt::format("WITH own AS MATERIALIZED ({0}) SELECT {1}, bool_or(x.by_user), bool_or(x.erased) FROM (SELECT {2}, "
                     "h.by_user, false AS erased FROM (SELECT {3}, NOT EXISTS (SELECT FROM own j WHERE j.tx = h.xid::xid) "
                     "AS by_user FROM {4} h WHERE h.op <> 'T' AND {5}) h UNION ALL SELECT {6}, false, j.op = 'D' FROM own "
                     "j WHERE j.tbl = {7}) x GROUP BY {1}",
                     own, key_list(cells, "x"), join(plain), join(logged),
                     changes_name(store.pair_number(), e.table().id), condition, join(texts), e.table().id)});
}

std::vector<AccountKey> keys_of(const Result& found, std::size_t cells) {
    std::vector<AccountKey> keys;
    for (int row = 0; row < found.rows(); ++row)
        keys.push_back({key_at(found, row, 0, cells), found.boolean(row, static_cast<int>(cells)),
                        found.boolean(row, static_cast<int>(cells) + 1)});
    return keys;
}

void stream_protected(Connection& connection, const Expressions& e, const std::function<void(Key&&)>& sink) {
    connection.copy_out({"list protected rows",
                         fmt::format("COPY (SELECT {} FROM {} t WHERE {} AND {}) TO STDOUT", join(e.key_cells()),
                                     e.relation(), e.marked_mobile(), e.in_scope())},
                        [&](const Cells& cells) {
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
    std::vector<Answer> before = {}, after = {};
};

}  // namespace

std::map<int, std::int64_t> PgStore::count_protected(const std::vector<const LinkedTable*>& tables) {
    std::map<int, std::int64_t> counts;
    if (tables.empty()) return counts;
    const Result found = read_once(asker(), "count protected rows", count_protected_sql(*this, tables));
    for (int i = 0; i < found.rows(); ++i) counts[static_cast<int>(found.integer(i, 0))] = found.integer(i, 1);
    return counts;
}

// All tables in step: three round trips, however many they are.
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
        each.after = ask_counts(now, each.e, each.keys);
    }
    reader().flush();
    now.flush();
    std::map<int, std::int64_t> rows;
    for (int i = 0; i < counts.get().rows(); ++i)
        rows[static_cast<int>(counts.get().integer(i, 0))] = counts.get().integer(i, 1);
    std::map<int, Account> accounts;
    for (Settling& each : settling) {
        if (each.truncated.get().boolean(0, 0)) continue;
        add_counts(each.before, each.keys, &AccountKey::before);
        add_counts(each.after, each.keys, &AccountKey::after);
        const int id = each.open.table->id;
        Account account = account_of(each.keys, each.open.before, rows[id]);
        if (account.lost > static_cast<std::int64_t>(account.lost_keys.size()) &&
            account.lost_keys.size() < most_named)
            name_lost(reader(), now, each.e, each.keys, account);
        accounts.emplace(id, std::move(account));
    }
    transaction.commit();
    return accounts;
}

}  // namespace tideway::pg
