// What the base says of single keys, for explain and undo.
#include <fmt/format.h>

#include "sql/text_array.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_archive.hpp"

namespace tideway::sqlite {
namespace {

BaseEntry entry_at(const Statement& found) {
    BaseEntry entry;
    const std::string state = found.text(1);
    entry.state = state == "L"                   ? BaseState::live
                  : state == "T" || state == "S" ? BaseState::tombstone
                                                 : BaseState::unknown;
    entry.deletion_forgotten = state == "S";
    entry.origin = found.text(2) == "M" ? Origin::mobile : Origin::desktop;
    entry.desktop = {found.integer(3), found.integer(4)};
    entry.cloud = {found.integer(5), found.integer(6)};
    entry.stamp_desktop = found.maybe_integer(7);
    entry.stamp_cloud = found.maybe_integer(8);
    return entry;
}

Key bare(const LinkedTable& table, Key key) {
    key.resize(table.key_cells());
    return key;
}

}  // namespace

std::vector<Agreed> SqliteArchive::agreed(const LinkedTable& table, const Key& key) {
    const std::string base = base_name(store_.pair_number(), table.id);
    if (!table_exists(store_.asker(), base)) return {};
    const bool one = table.repeats() && key.size() > table.key_cells();
    Statement found(
        store_.asker(), "read agreement",
        fmt::format("SELECT ordinal, state, origin, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c, c_barrier "
                    "FROM {} WHERE key = ?1 AND (?2 = '' OR ordinal = CAST(?2 AS INTEGER)) ORDER BY "
                    "ordinal",
                    base),
        {sql::text_array(bare(table, key)), one ? key.back() : std::string()});
    std::vector<Agreed> all;
    while (found.step()) {
        Agreed agreed{bare(table, key), entry_at(found), found.integer(9)};
        if (table.repeats()) agreed.key.push_back(std::to_string(found.integer(0)));
        all.push_back(std::move(agreed));
    }
    return all;
}

void SqliteArchive::forget_tombstones(const LinkedTable& table, const std::vector<Key>& keys,
                                      std::int64_t fence) {
    Connection& c = store_.writer();
    Transaction transaction(c, Access::write);
    check_fence(c, fence);
    Statement forget(
        c, "forget tombstones",
        fmt::format("UPDATE {} SET state = 'U' WHERE key = ?1 AND ordinal = ?2 AND state IN ('T', "
                    "'S')",
                    base_name(store_.pair_number(), table.id)));
    for (const Key& key : keys)
        forget.run({sql::text_array(bare(table, key)),
                    table.repeats() ? std::int64_t{std::stoll(key.back())} : std::int64_t{1}});
    transaction.commit();
}

}  // namespace tideway::sqlite
