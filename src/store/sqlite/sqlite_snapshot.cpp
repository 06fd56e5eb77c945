#include "store/sqlite/sqlite_snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sql/text_array.hpp"
#include "store/sqlite/schema.hpp"

namespace tideway::sqlite {
namespace {

// A program that stamps rows is assumed to write them within this time (correctness.md 2.5).
constexpr std::int64_t overlap_micros = 15LL * 60 * 1'000'000;

CloudHint hint_of(const RowCodec& codec, const Row& row, Key key, std::optional<std::int64_t> at) {
    CloudHint hint;
    hint.key = std::move(key);
    hint.captured = at;
    hint.bytes = codec.bytes(row);
    if (row.inside) hint.hash = codec.hash(row);
    return hint;
}

}  // namespace

std::string Mark::text() const { return fmt::format("{};{};{}", sequence, clock, table); }

Mark Mark::parse(const std::string& text) {
    Mark mark;
    const std::size_t first = text.find(';'), second = text.find(';', first + 1);
    if (first == std::string::npos || second == std::string::npos) return mark;
    mark.sequence = std::atoll(text.c_str());
    mark.clock = std::atoll(text.c_str() + first + 1);
    mark.table = text.substr(second + 1);
    return mark;
}

Mark Mark::take(Connection& c, const SqliteStore& store, const LinkedTable& table, std::int64_t clock) {
    Mark mark{0, clock, table.fingerprint(store.side())};
    const std::string changes = changes_name(store.pair_number(), table.id);
    if (!table_exists(c, changes)) return mark;
    Statement newest(c, "read newest change", fmt::format("SELECT coalesce(max(seq), 0) FROM {}", changes));
    newest.step();
    mark.sequence = newest.integer(0);
    Statement use(c, "read generation", "SELECT generation FROM tideway_tables WHERE pair = ?1 AND id = ?2",
                  {store.pair(), std::int64_t{table.id}});
    if (use.step()) mark.table += "." + use.text(0);
    return mark;
}

bool follows(const Mark& now, const Mark& then, Capture capture) {
    if (now.table != then.table || then.clock == 0) return false;
    if (capture == Capture::timestamp) return now.clock >= then.clock;
    return capture == Capture::changelog && then.sequence > 0 && now.sequence >= then.sequence;
}

void logged_since(Connection& connection, const RowCodec& codec, int pair, const Mark& mark,
                  const std::function<void(Key&&, std::int64_t)>& sink) {
    std::string keys;
    for (std::size_t i = 1; i <= codec.key_positions().size(); ++i)
        keys += fmt::format("{}k{}", i == 1 ? "" : ", ", i);
    Statement logged(connection, "read changelog",
                     fmt::format("SELECT max(at), {0} FROM {1} WHERE seq > ?1 GROUP BY {0}", keys,
                                 changes_name(pair, codec.table().id)),
                     {mark.sequence});
    while (logged.step()) {
        std::vector<Value> values;
        for (int i = 1; i < logged.columns(); ++i) values.push_back(logged.value(i));
        // A key that is none, or not of its type, was never agreed on.
        if (auto key = codec.key_of(values)) sink(std::move(*key), logged.integer(0));
    }
}

bool stamped_since(const RowCodec& codec, const Row& row, const Mark& mark) {
    const auto stamp = codec.stamp(row);
    return !stamp || *stamp >= mark.clock - overlap_micros;
}

SqliteSnapshot::SqliteSnapshot(SqliteStore& store, const std::vector<const LinkedTable*>& tables)
    : store_(store), connection_(store.reader()) {
    transaction_.emplace(connection_, Access::read);
    clock_ = store.now_micros();
    check_fingerprints(connection_, store.side(), tables);
}

std::unique_ptr<Snapshot> SqliteStore::snapshot(const std::vector<const LinkedTable*>& tables) {
    if (pair_number_ > 0) write_ahead();  // somebody may have switched it off again
    return std::make_unique<SqliteSnapshot>(*this, tables);
}

SqliteSnapshot::Reading& SqliteSnapshot::reading(const LinkedTable& table) {
    std::unique_ptr<Reading>& known = readings_[table.id];
    if (!known || &known->codec.table() != &table)
        known.reset(new Reading{store_.codec(connection_, table), std::nullopt});
    return *known;
}

RowFinder& SqliteSnapshot::finder(Reading& reading) {
    if (!reading.finder) reading.finder.emplace(store_, connection_, reading.codec);
    return *reading.finder;
}

std::string SqliteSnapshot::mark(const LinkedTable& table) const {
    return Mark::take(connection_, store_, table, clock_).text();
}

std::int64_t SqliteSnapshot::hint_rows(Reading& reading, const Key& key, std::optional<std::int64_t> at,
                                       const HintSink& sink) {
    const std::vector<Row> rows = finder(reading).find(key);
    for (const Row& row : rows) sink(hint_of(reading.codec, row, key, at));
    if (rows.empty()) {
        CloudHint gone;
        gone.key = key;
        gone.captured = at;
        sink(std::move(gone));
    }
    return 1;
}

HintOutcome SqliteSnapshot::changelog_hints(Reading& reading, const Mark& since, const HintSink& sink) {
    HintOutcome outcome;
    std::set<Key> seen;
    logged_since(connection_, reading.codec, store_.pair_number(), since, [&](Key&& key, std::int64_t at) {
        if (!seen.insert(key).second) return;
        outcome.examined += hint_rows(reading, key, at, sink);
    });
    return outcome;
}

HintOutcome SqliteSnapshot::hints(const LinkedTable& table, Capture capture, const std::string& mark,
                                  const HintSink& sink) {
    const Mark since = Mark::parse(mark);
    if (capture == Capture::digest || mark.empty() ||
        !follows(Mark::take(connection_, store_, table, clock_), since, capture))
        return {.needs_digest = true};
    Reading& here = reading(table);
    if (capture == Capture::changelog) return changelog_hints(here, since, sink);
    HintOutcome outcome;
    std::set<Key> seen;  // where rows repeat, a key is judged by all its rows
    scan(connection_, here.codec, [&](Row&& row) {
        if (!stamped_since(here.codec, row, since)) return;
        auto key = here.codec.key(row);
        if (!key || !seen.insert(*key).second) return;
        outcome.examined += hint_rows(here, *key, std::nullopt, sink);
    });
    return outcome;
}

Digest SqliteSnapshot::digest(const LinkedTable& table, bool keys_only) {
    const RowCodec& codec = reading(table).codec;
    DigestSums sums;
    scan(connection_, codec, [&](Row&& row) {
        const auto key = row.inside ? codec.key(row) : std::nullopt;
        if (key) sums.add(*key, keys_only ? key_hash(*key) : codec.hash(row));
    });
    return sums.digest();
}

void SqliteSnapshot::list_buckets(const LinkedTable& table, const std::vector<int>& buckets,
                                  const HintSink& sink) {
    const RowCodec& codec = reading(table).codec;
    const std::set<int> wanted(buckets.begin(), buckets.end());
    scan(connection_, codec, [&](Row&& row) {
        auto key = row.inside ? codec.key(row) : std::nullopt;
        if (key && wanted.contains(bucket_of(*key))) sink(hint_of(codec, row, std::move(*key), std::nullopt));
    });
}

std::vector<RowImage> SqliteSnapshot::rows(const LinkedTable& table, const std::vector<Key>& keys) {
    Reading& here = reading(table);
    std::vector<RowImage> images;
    for (const Key& key : keys)
        for (const Row& row : finder(here).find(key)) images.push_back(here.codec.image(row));
    return images;
}

std::int64_t SqliteSnapshot::count_protected(const LinkedTable& table) {
    const RowCodec& codec = reading(table).codec;
    std::int64_t count = 0;
    if (table.origin)
        scan(connection_, codec, [&](Row&& row) { count += row.inside && codec.marked_mobile(row) ? 1 : 0; });
    return count;
}

std::int64_t SqliteSnapshot::count(const LinkedTable& table) {
    Statement found(connection_, "count rows",
                    fmt::format("SELECT count(*) FROM {}", reading(table).codec.relation()));
    found.step();
    return found.integer(0);
}

std::vector<std::string> SqliteSnapshot::duplicate_keys(const LinkedTable& table, int limit) {
    if (table.repeats()) return {};
    const RowCodec& codec = reading(table).codec;
    std::vector<std::string> found;
    const ScratchTable seen(store_, connection_, "keys", "(key TEXT PRIMARY KEY, n INTEGER)");
    Statement put(
        connection_, "count key",
        fmt::format("INSERT INTO {} VALUES (?1, 1) ON CONFLICT (key) DO UPDATE SET n = n + 1", seen.name()));
    scan(connection_, codec, [&](Row&& row) {
        if (!row.inside) return;
        if (const auto key = codec.key(row)) return void(put.run({sql::text_array(*key)}));
        std::string text;
        bool null = false;
        for (const std::size_t at : codec.key_positions()) {
            null = null || std::holds_alternative<std::monostate>(row.values[at]);
            text += (text.empty() ? "" : "/") + stored_text(row.values[at]).substr(1);
        }
        if (found.size() < static_cast<std::size_t>(limit))
            found.push_back(null ? "NULL" : text + " (not of the column's type)");
    });
    Statement twice(
        connection_, "read duplicate keys",
        fmt::format("SELECT key, n FROM {} WHERE n > 1 ORDER BY n DESC, key LIMIT ?1", seen.name()),
        {std::int64_t{limit}});
    while (twice.step())
        found.push_back(
            fmt::format("{} ({} rows)", display(sql::parse_text_array(twice.text(0))), twice.integer(1)));
    if (found.size() > static_cast<std::size_t>(limit)) found.resize(static_cast<std::size_t>(limit));
    return found;
}

}  // namespace tideway::sqlite
