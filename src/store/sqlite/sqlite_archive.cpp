#include "store/sqlite/sqlite_archive.hpp"

#include <fmt/format.h>

#include "sql/text_array.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_worklist.hpp"

namespace tideway::sqlite {
namespace {

Value maybe(const std::optional<std::int64_t>& value) { return value ? Value(*value) : Value(); }

std::string letter(BaseState state) {
    return state == BaseState::tombstone ? "T" : state == BaseState::unknown ? "U" : "L";
}

std::int64_t peer_number(SqliteStore& store, const char* column) {
    Statement found(store.asker(), "read peer",
                    fmt::format("SELECT {} FROM tideway_peer WHERE pair = ?1", column), {store.pair()});
    return found.step() ? found.integer(0) : 0;
}

}  // namespace

std::int64_t SqliteArchive::acknowledged() { return peer_number(store_, "ack_seq"); }
std::int64_t SqliteArchive::peer_sequence() { return peer_number(store_, "peer_seq"); }

std::string SqliteArchive::epoch() {
    Statement found(store_.asker(), "read epoch", "SELECT epoch FROM tideway_lease WHERE pair = ?1",
                    {store_.pair()});
    return found.step() ? found.text(0) : "";
}

void SqliteArchive::note_peer(Connection& c, std::int64_t cloud_sequence) {
    Statement(c, "note peer", "UPDATE tideway_peer SET peer_seq = max(peer_seq, ?2) WHERE pair = ?1")
        .run({store_.pair(), cloud_sequence});
}

void SqliteArchive::check_fence(Connection& c, std::int64_t fence) {
    Statement found(c, "fence", "SELECT 1 FROM tideway_lease WHERE pair = ?1 AND seq = ?2",
                    {store_.pair(), fence});
    if (!found.step()) throw Error(Code::fenced, "another run took over the desktop side", "run again");
}

namespace {

// What our writes replaced first is what a refill brings back, however often we write. Only where a row was
// replaced.
constexpr const char* keep_first_image =
    ", hp_a = CASE WHEN {0} THEN b.hp_a ELSE excluded.hp_a END, hp_b = CASE WHEN {0} THEN b.hp_b ELSE "
    "excluded.hp_b END";
constexpr const char* first_image_stays =
    "(b.hp_a <> 0 OR b.hp_b <> 0) AND ((excluded.hp_a = b.hd_a AND excluded.hp_b = b.hd_b) OR (excluded.hp_a "
    "= b.hp_a "
    "AND excluded.hp_b = b.hp_b))";

std::string upsert_sql(const std::string& base, bool replaces) {
    return fmt::format(
        "INSERT INTO {} AS b (key, ordinal, state, origin, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c, c_barrier, "
        "hp_a, hp_b) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (key, "
        "ordinal) DO UPDATE SET state = excluded.state, origin = excluded.origin, hd_a = excluded.hd_a, "
        "hd_b = excluded.hd_b, hc_a = excluded.hc_a, hc_b = excluded.hc_b, ts_d = excluded.ts_d, ts_c = "
        "excluded.ts_c, c_barrier = excluded.c_barrier{}",
        base, replaces ? fmt::format(fmt::runtime(keep_first_image), first_image_stays) : "");
}

// Where rows repeat, the ordinal stands behind the key.
std::pair<std::string, std::int64_t> key_and_ordinal(Key key, bool repeats) {
    std::int64_t ordinal = 1;
    if (repeats) {
        ordinal = std::stoll(key.back());
        key.pop_back();
    }
    return {sql::text_array(key), ordinal};
}

}  // namespace

// Whether rows repeat is told by what the state knows of the table: it may have left the configuration.
void SqliteArchive::write_agreements(Connection& c, int table_id,
                                     const std::vector<const Agreement*>& agreements,
                                     const std::vector<std::int64_t>& barriers,
                                     const std::vector<Hash>& replaced) {
    if (agreements.empty()) return;
    Statement known(c, "read identity", "SELECT key_columns FROM tideway_tables WHERE pair = ?1 AND id = ?2",
                    {store_.pair(), std::int64_t{table_id}});
    const std::string identity = known.step() ? known.text(0) : "";
    const bool repeats = identity == "full_row" || identity.ends_with(" and ordinal");
    Statement put(c, "book agreement",
                  upsert_sql(base_name(store_.pair_number(), table_id), !replaced.empty()));
    Statement forget(c, "forget waiting key",
                     "DELETE FROM tideway_waiting WHERE pair = ?1 AND tbl = ?2 AND key = ?3");
    for (std::size_t i = 0; i < agreements.size(); ++i) {
        const Agreement& a = *agreements[i];
        const auto [key, ordinal] = key_and_ordinal(a.key, repeats);
        const Hash before = replaced.empty() ? Hash{} : replaced[i];
        put.run({key, ordinal, letter(a.state), std::string(a.origin == Origin::mobile ? "M" : "D"),
                 a.desktop.a, a.desktop.b, a.cloud.a, a.cloud.b, maybe(a.stamp_desktop), maybe(a.stamp_cloud),
                 barriers[i], before.a, before.b});
        forget.run({store_.pair(), std::int64_t{table_id}, sql::text_array(a.key)});
    }
}

void SqliteArchive::write_waiting(Connection& c, const std::vector<WaitingKey>& waiting,
                                  const std::string& run_id) {
    Statement put(c, "list waiting key", R"(
INSERT INTO tideway_waiting AS g (id, pair, tbl, key, kind, rule, reason, sqlstate, detail, constraint_name, run, first_seen, last_try, facts)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, ''), nullif(?9, ''), nullif(?10, ''), ?11, ?12, ?12, nullif(?13, ''))
ON CONFLICT (pair, tbl, key) DO UPDATE SET kind = excluded.kind, rule = excluded.rule, reason = excluded.reason,
    sqlstate = excluded.sqlstate, detail = excluded.detail, constraint_name = excluded.constraint_name,
    run = excluded.run, last_try = excluded.last_try, tries = g.tries + 1,
    facts = coalesce(json_patch(g.facts, excluded.facts), excluded.facts, g.facts),
    choice = CASE WHEN excluded.kind IN ('held', 'conflict') AND g.choice LIKE '% %' AND
        substr(g.choice, instr(g.choice, ' ') + 1) IS NOT json_extract(excluded.facts, '$.versions') THEN NULL ELSE g.choice END
WHERE excluded.kind <> 'pending' OR g.kind IN ('held', 'conflict') AND g.choice IS NULL)");
    for (const WaitingKey& key : waiting)
        put.run({next_case(c), store_.pair(), std::int64_t{key.table->id}, sql::text_array(key.key), key.kind,
                 key.rule, key.reason, key.refusal.sqlstate, key.refusal.detail, key.refusal.constraint,
                 run_id, store_.now_micros(), key.facts});
}

void SqliteArchive::book(const Booking& booking, std::int64_t fence) {
    Connection& c = store_.writer();
    Transaction transaction(c, Access::write);
    check_fence(c, fence);
    std::map<int, std::vector<const Agreement*>> by_table;
    for (const Agreement& agreement : booking.agreements) by_table[agreement.table->id].push_back(&agreement);
    for (const auto& [table_id, agreements] : by_table)
        write_agreements(c, table_id, agreements,
                         std::vector<std::int64_t>(agreements.size(), booking.cloud_barrier), {});
    write_waiting(c, booking.waiting, booking.run);
    Statement settle(c, "settle key",
                     "DELETE FROM tideway_waiting WHERE pair = ?1 AND tbl = ?2 AND key = ?3");
    for (const auto& [table, key] : booking.settled)
        settle.run({store_.pair(), std::int64_t{table->id}, sql::text_array(key)});
    note_peer(c, std::max(booking.cloud_barrier, booking.cloud_sequence));
    Statement(c, "acknowledge batch", "UPDATE tideway_peer SET ack_seq = max(ack_seq, ?2) WHERE pair = ?1")
        .run({store_.pair(), booking.cloud_sequence});
    failpoint("M6a.before_commit");
    transaction.commit();
    failpoint("M6a.committed");
}

std::map<std::pair<int, Side>, StoredMark> SqliteArchive::marks() {
    Statement found(store_.asker(), "read marks",
                    "SELECT tbl, side, capture, mark FROM tideway_watermark WHERE pair = ?1",
                    {store_.pair()});
    std::map<std::pair<int, Side>, StoredMark> marks;
    while (found.step())
        marks[{static_cast<int>(found.integer(0)),
               found.text(1) == "desktop" ? Side::desktop : Side::cloud}] = {
            parse_capture(found.text(2)).value_or(Capture::digest), found.text(3)};
    return marks;
}

void SqliteArchive::advance_marks(const std::map<std::pair<int, Side>, StoredMark>& marks, std::int64_t fence,
                                  std::int64_t cloud_fence) {
    Connection& c = store_.writer();
    Transaction transaction(c, Access::write);
    check_fence(c, fence);
    Statement put(c, "advance mark",
                  "INSERT OR REPLACE INTO tideway_watermark (pair, tbl, side, capture, mark) VALUES (?1, ?2, "
                  "?3, ?4, ?5)");
    for (const auto& [where, mark] : marks)
        put.run({store_.pair(), std::int64_t{where.first}, std::string(name(where.second)),
                 std::string(to_string(mark.capture)), mark.mark});
    note_peer(c, cloud_fence);
    failpoint("M7.before_commit");
    transaction.commit();
    failpoint("M7.committed");
}

void SqliteArchive::forget_marks(int table_id) {
    Transaction transaction(store_.writer(), Access::write);
    Statement(store_.writer(), "forget marks", "DELETE FROM tideway_watermark WHERE pair = ?1 AND tbl = ?2")
        .run({store_.pair(), std::int64_t{table_id}});
    transaction.commit();
}

bool SqliteArchive::anything_waits() {
    return Statement(store_.asker(), "look for waiting keys",
                     "SELECT 1 FROM tideway_waiting WHERE pair = ?1 LIMIT 1", {store_.pair()})
        .step();
}

std::unique_ptr<Worklist> SqliteArchive::worklist(const LinkedTable& table, bool installed) {
    return std::make_unique<SqliteWorklist>(store_, table, installed);
}

std::vector<TableCounts> SqliteArchive::counts() {
    std::vector<TableCounts> all;
    for (const TableUse& table : store_.known_tables()) {
        Statement found(store_.asker(), "count table",
                        fmt::format(R"(
SELECT (SELECT count(*) FROM {} WHERE state = 'L'), coalesce(sum(kind = 'held'), 0), coalesce(sum(kind = 'conflict'), 0),
       coalesce(sum(kind = 'parked'), 0), coalesce(sum(kind = 'raced'), 0),
       (SELECT coalesce(max(pending), 0) FROM tideway_table_status s WHERE s.pair = ?1 AND s.tbl = ?2),
       (SELECT last_sync_timestamp FROM tideway_sync_metadata WHERE pair = ?1 AND table_name = ?3 AND direction = 'forward'),
       (SELECT last_sync_timestamp FROM tideway_sync_metadata WHERE pair = ?1 AND table_name = ?3 AND direction = 'reverse')
FROM tideway_waiting WHERE pair = ?1 AND tbl = ?2)",
                                    base_name(store_.pair_number(), table.id)),
                        {store_.pair(), std::int64_t{table.id}, table.desktop.display()});
        found.step();
        all.push_back({table.id, found.integer(0), found.integer(1), found.integer(2), found.integer(3),
                       found.integer(4), found.integer(5), found.cell(6), found.cell(7)});
    }
    return all;
}

void SqliteArchive::choose(std::int64_t waiting_id, const Choice& choice) {
    Transaction transaction(store_.writer(), Access::write);
    const std::int64_t chosen =
        Statement(store_.writer(), "choose",
                  "UPDATE tideway_waiting SET choice = ?3 WHERE pair = ?1 AND id = ?2")
            .run({store_.pair(), waiting_id, choice.text()});
    if (chosen == 0)
        throw Error(Code::conflict_unknown,
                    fmt::format("no open conflict or held row has the number {}", waiting_id),
                    "tideway conflicts list shows the open ones");
    transaction.commit();
}

void SqliteArchive::choose_key(const LinkedTable& table, const Key& key, const Choice& choice,
                               const std::string& run_id) {
    Connection& c = store_.writer();
    Transaction transaction(c, Access::write);
    Statement(c, "choose key", R"(
INSERT INTO tideway_waiting AS g (id, pair, tbl, key, kind, rule, reason, choice, run, first_seen, last_try)
VALUES (?1, ?2, ?3, ?4, 'conflict', 'reversed', 'a settled conflict was reversed', ?5, ?6, ?7, ?7)
ON CONFLICT (pair, tbl, key) DO UPDATE SET choice = excluded.choice)")
        .run({next_case(c), store_.pair(), std::int64_t{table.id}, sql::text_array(key),
              choice.text(), run_id, store_.now_micros()});
    transaction.commit();
}

}  // namespace tideway::sqlite
