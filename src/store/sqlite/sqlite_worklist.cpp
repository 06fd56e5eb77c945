#include "store/sqlite/sqlite_worklist.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sql/text_array.hpp"
#include "store/sqlite/schema.hpp"

namespace tideway::sqlite {
namespace {

constexpr const char* work_definition =
    "(n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, d_seen INTEGER NOT NULL DEFAULT 0, d_gone INTEGER NOT "
    "NULL DEFAULT 0, c_seen INTEGER NOT NULL DEFAULT 0, c_gone INTEGER NOT NULL DEFAULT 0, base_live INTEGER "
    "NOT NULL DEFAULT 0, d_at INTEGER, c_at INTEGER, d_bytes INTEGER NOT NULL DEFAULT 0, c_bytes INTEGER NOT "
    "NULL DEFAULT 0, waits INTEGER NOT NULL DEFAULT 0, weight INTEGER NOT NULL DEFAULT 1)";
constexpr const char* stage_definition =
    "(key TEXT NOT NULL, a INTEGER, b INTEGER, at INTEGER, bytes INTEGER NOT NULL)";

}  // namespace

SqliteWorklist::SqliteWorklist(SqliteStore& store, const LinkedTable& table, bool installed)
    : store_(store),
      table_(table),
      connection_(store.reader()),
      codec_(store.codec(connection_, table)),
      installed_(installed),
      work_(store, connection_, "work", work_definition),
      stage_(store, connection_, "stage", stage_definition) {
    if (!installed) empty_base_.emplace(store, connection_, "base", base_definition());
    base_ = installed ? "main." + base_name(store.pair_number(), table.id) : empty_base_->name();
    stage_.index_by_key();
}

namespace {

Statement& prepared(std::optional<Statement>& statement, Connection& connection, std::string_view name,
                    const auto& text) {
    if (!statement) statement.emplace(connection, name, text());
    return *statement;
}

}  // namespace

Statement& SqliteWorklist::note(Side side) {
    const bool desktop = side == Side::desktop;
    return prepared(desktop ? note_desktop_ : note_cloud_, connection_, "note key", [&] {
        return fmt::format(
            "INSERT INTO {0} (key, {1}_seen, {1}_gone, base_live, {1}_at, {1}_bytes, weight) VALUES (?1, 1, "
            "?2, ?3, ?4, ?5, ?6) ON CONFLICT (key) DO UPDATE SET {2} weight = max(weight, excluded.weight)",
            work_.name(), desktop ? "d" : "c",
            desktop
                ? ""
                : "c_seen = 1, c_gone = excluded.c_gone, c_at = excluded.c_at, c_bytes = excluded.c_bytes,");
    });
}

Statement& SqliteWorklist::put() {
    return prepared(put_, connection_, "stage row",
                    [&] { return fmt::format("INSERT INTO {} VALUES (?1, ?2, ?3, ?4, ?5)", stage_.name()); });
}

Statement& SqliteWorklist::base_hashes() {
    return prepared(base_hashes_, connection_, "read base hashes", [&] {
        return fmt::format(
            "SELECT state, hd_a, hd_b, hc_a, hc_b FROM {} WHERE key = ?1 AND state IN ('L', 'U')", base_);
    });
}

Statement& SqliteWorklist::base_rows() {
    return prepared(base_rows_, connection_, "read base entries", [&] {
        return fmt::format(
            "SELECT ordinal, state, origin, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c, hp_a, hp_b FROM "
            "{} WHERE key = ?1 ORDER BY ordinal",
            base_);
    });
}

SqliteWorklist::Agreed SqliteWorklist::agreed_on(const std::string& key) {
    Agreed agreed;
    Statement& found = base_hashes();
    for (found.bind({key}); found.step();) {
        agreed.live = agreed.live || found.text(0) == "L";
        agreed.lost = agreed.lost || found.text(0) == "U";
        agreed.desktop.push_back({found.integer(1), found.integer(2)});
        agreed.cloud.push_back({found.integer(3), found.integer(4)});
    }
    std::sort(agreed.desktop.begin(), agreed.desktop.end());
    std::sort(agreed.cloud.begin(), agreed.cloud.end());
    return agreed;
}

// Into the list if the side's rows are not those that were agreed on.
void SqliteWorklist::compare(const Finding& seen, Side side) {
    const Agreed agreed = agreed_on(seen.key);
    const std::vector<Hash>& expected = side == Side::desktop ? agreed.desktop : agreed.cloud;
    std::vector<Hash> hashes = seen.hashes;
    std::sort(hashes.begin(), hashes.end());
    if (hashes == expected && !agreed.lost) return;
    const auto weight = static_cast<std::int64_t>(std::max({hashes.size(), expected.size(), std::size_t{1}}));
    note(side).run({seen.key, std::int64_t{hashes.size() < expected.size()}, std::int64_t{agreed.live},
                    seen.at ? Value(*seen.at) : Value(), seen.bytes, weight});
}

// Compares what lies in the stage, key by key.
void SqliteWorklist::compare_staged(Side side) {
    Statement rows(connection_, "read stage",
                   fmt::format("SELECT key, a, b, at, bytes FROM {} ORDER BY key", stage_.name()));
    std::optional<Finding> open;
    while (rows.step()) {
        if (!open || rows.text(0) != open->key) {
            if (open) compare(*open, side);
            open = Finding{rows.text(0), {}, 0, {}};
        }
        if (!rows.null(1)) open->hashes.push_back({rows.integer(1), rows.integer(2)});
        if (const auto at = rows.maybe_integer(3)) open->at = std::max(open->at.value_or(*at), *at);
        open->bytes += rows.integer(4);
    }
    if (open) compare(*open, side);
}

// Keys of the base of which the stage has no row. buckets: only keys that lie in them.
void SqliteWorklist::look_for_gone(Side side, const std::vector<int>* buckets) {
    const std::set<int> wanted = buckets ? std::set<int>(buckets->begin(), buckets->end()) : std::set<int>{};
    Statement gone(
        connection_, "look for rows that are gone",
        fmt::format(
            "SELECT DISTINCT b.key FROM {} b WHERE b.state IN ({}) AND NOT EXISTS (SELECT 1 FROM {} h "
            "WHERE h.key = b.key)",
            base_, side == Side::desktop ? "'L', 'U'" : "'L'", stage_.name()));
    while (gone.step())
        if (!buckets || wanted.contains(bucket_of(sql::parse_text_array(gone.text(0)))))
            compare({gone.text(0), {}, 0, {}}, side);
}

void SqliteWorklist::compare_all() {
    scan(connection_, codec_, [&](Row&& row) {
        const auto key = row.inside ? codec_.key(row) : std::nullopt;
        if (!key) return;
        const Hash hash = codec_.hash(row);
        put().run({sql::text_array(*key), hash.a, hash.b, Value(), codec_.bytes(row)});
    });
    compare_staged(Side::desktop);
    look_for_gone(Side::desktop, nullptr);
    stage_.empty();
}

RowFinder& SqliteWorklist::finder() {
    if (!finder_) finder_.emplace(store_, connection_, codec_);
    return *finder_;
}

// A key is judged by all its rows, so those that a stamp does not show are read as well.
std::int64_t SqliteWorklist::compare_hinted(const Mark& since, Capture capture) {
    std::map<Key, std::optional<std::int64_t>> hinted;
    if (capture == Capture::changelog)
        logged_since(connection_, codec_, store_.pair_number(), since, [&](Key&& key, std::int64_t at) {
            std::optional<std::int64_t>& known = hinted[std::move(key)];
            known = std::max(known.value_or(at), at);
        });
    else
        scan(connection_, codec_, [&](Row&& row) {
            auto key = stamped_since(codec_, row, since) ? codec_.key(row) : std::nullopt;
            if (key) hinted[std::move(*key)];
        });
    for (const auto& [key, at] : hinted) {
        Finding finding{sql::text_array(key), {}, 0, at};
        for (const Row& row : finder().find(key)) {
            if (row.inside) finding.hashes.push_back(codec_.hash(row));
            finding.bytes += codec_.bytes(row);
        }
        compare(finding, Side::desktop);
    }
    return static_cast<std::int64_t>(hinted.size());
}

HintOutcome SqliteWorklist::add_desktop_hints(Capture capture, const std::string& mark) {
    const Mark since = Mark::parse(mark);
    const Mark now = Mark::take(connection_, store_, table_, store_.now_micros());
    if (capture == Capture::digest || mark.empty() || !follows(now, since, capture)) {
        compare_all();
        return {.needs_digest = capture != Capture::digest};
    }
    return {.examined = compare_hinted(since, capture)};
}

Digest SqliteWorklist::base_digest(bool keys_only) {
    DigestSums sums;
    Statement rows(connection_, "read base",
                   fmt::format("SELECT key, hc_a, hc_b FROM {} WHERE state = 'L'", base_));
    while (rows.step()) {
        const Key key = sql::parse_text_array(rows.text(0));
        sums.add(key, keys_only ? key_hash(key) : Hash{rows.integer(1), rows.integer(2)});
    }
    return sums.digest();
}

void SqliteWorklist::add_cloud_hints(const std::vector<CloudHint>& hints) {
    for (const CloudHint& hint : hints)
        put().run({sql::text_array(hint.key), hint.hash ? Value(hint.hash->a) : Value(),
                   hint.hash ? Value(hint.hash->b) : Value(), hint.captured ? Value(*hint.captured) : Value(),
                   hint.bytes});
}

void SqliteWorklist::close_cloud_hints(const std::vector<int>& complete_buckets) {
    compare_staged(Side::cloud);
    if (!complete_buckets.empty()) look_for_gone(Side::cloud, &complete_buckets);
    stage_.empty();
}

}  // namespace tideway::sqlite
