#include "store/postgres/pg_archive.hpp"

#include <fmt/format.h>

#include "store/postgres/apply.hpp"
#include "store/postgres/pg_worklist.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

Cell number(std::int64_t value) { return std::to_string(value); }
Cell maybe(const std::optional<std::int64_t>& value) { return value ? number(*value) : Cell(); }
Cell if_known(const std::string& row) { return row.empty() ? Cell() : Cell(row); }
const char* letter(BaseState state) {
    return state == BaseState::tombstone ? "T" : state == BaseState::unknown ? "U" : "L";
}

}  // namespace

std::int64_t PgArchive::acknowledged() {
    return read_once(store_.asker(), "read acknowledged", "SELECT ack_seq FROM tideway.peer WHERE pair = $1",
                     {store_.pair()})
        .integer(0, 0);
}

std::int64_t PgArchive::peer_sequence() {
    return read_once(store_.asker(), "read peer", "SELECT peer_seq FROM tideway.peer WHERE pair = $1", {store_.pair()})
        .integer(0, 0);
}

std::string PgArchive::epoch() {
    return std::string(
        read_once(store_.asker(), "read epoch", "SELECT epoch FROM tideway.lease WHERE pair = $1", {store_.pair()})
            .text(0, 0));
}

void PgArchive::note_peer(Connection& connection, std::int64_t cloud_sequence) {
    post(connection, "note peer",
        "UPDATE tideway.peer SET peer_seq = greatest(peer_seq, $2::bigint) WHERE pair = $1",
        {store_.pair(), number(cloud_sequence)});
}

void PgArchive::check_fence(Connection& connection, std::int64_t fence) {
    const Result found = run(connection, "fence",
                             "SELECT 1 FROM tideway.lease WHERE pair = $1 AND seq = $2::bigint FOR UPDATE",
                             {store_.pair(), number(fence)});
    if (found.rows() == 0) throw Error(Code::fenced, "another run took over the desktop side", "run again");
}

// Through a stage with the base's own key types.
void PgArchive::write_agreements(Connection& c, int table_id, const std::vector<const Agreement*>& agreements,
                                 const std::vector<std::int64_t>& barriers, const std::string& run_id) {
    if (agreements.empty()) return;
    const std::string base = base_name(store_.pair_number(), table_id);
    const std::size_t keys = agreements.front()->key.size();
    c.post({"drop booking stage", "DROP TABLE IF EXISTS pg_temp.tideway_booking"});
    c.post({"create booking stage",
            fmt::format("CREATE TEMP TABLE tideway_booking ON COMMIT DROP AS SELECT {0}, state, origin, hd_a, hd_b, hc_a, "
                        "hc_b, ts_d, ts_c, c_barrier, row_d, row_c, '{{}}'::text[] AS key, ''::text AS emptied, 0 AS n FROM {1} WITH NO "
                        "DATA",
                        key_list(keys), base)});
    std::size_t next = 0;
    c.copy_in({"fill booking stage", "COPY pg_temp.tideway_booking FROM STDIN"}, [&](std::string& buffer) {
        for (; next < agreements.size() && buffer.size() < 256 * 1024; ++next) {
            const Agreement& a = *agreements[next];
            Cells cells(a.key.begin(), a.key.end());
            for (Cell cell :
                 {Cell(letter(a.state)), Cell(a.origin == Origin::mobile ? "M" : "D"), number(a.desktop.a),
                  number(a.desktop.b), number(a.cloud.a), number(a.cloud.b), maybe(a.stamp_desktop),
                  maybe(a.stamp_cloud), number(barriers[next]), if_known(a.row_desktop), if_known(a.row_cloud),
                  Cell(text_array(a.key)), Cell(a.emptied),
                  number(static_cast<std::int64_t>(next))})
                cells.push_back(std::move(cell));
            append_cells(buffer, cells);
        }
        return next < agreements.size();
    });
    c.post({"book agreements",
             fmt::format(
                 "INSERT INTO {0} AS b ({1}, state, origin, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c, c_barrier, row_d, row_c) "
                 "SELECT DISTINCT ON ({1}) {1}, state, origin, hd_a, hd_b, hc_a, hc_b, ts_d, ts_c, c_barrier, row_d, "
                 "row_c "
                 "FROM pg_temp.tideway_booking "
                 "ORDER BY {1}, n DESC {2}",
                 base, key_list(keys), base_upsert(keys))});
    post(c, "forget waiting keys",
        "DELETE FROM tideway.waiting AS g USING pg_temp.tideway_booking k WHERE g.pair = $1 AND g.tbl = "
        "$2::int AND "
        "g.key = k.key",
        {store_.pair(), std::to_string(table_id)});
    post(c, "list emptied references",
        fmt::format("{} SELECT DISTINCT ON (k.key) $1, $2::int, k.key, 'emptied', 'R30', $3, '23503', "
                    "k.emptied, k.emptied, $4 FROM "
                    "pg_temp.tideway_booking k WHERE k.emptied <> '' ORDER BY k.key, k.n DESC",
                    insert_emptied),
        {store_.pair(), std::to_string(table_id), emptied_reason, run_id});
    list_merged(c, table_id, run_id);
}

// A merged row stands in the cloud, and the desktop's has to follow: the list knows it, whatever the captures say.
void PgArchive::list_merged(Connection& c, int table_id, const std::string& run_id) {
    run(c, "list merged rows",
        "INSERT INTO tideway.waiting AS g (pair, tbl, key, kind, rule, reason, run) SELECT DISTINCT ON (k.key) $1, "
        "$2::int, k.key, 'pending', 'R31', 'merged in the cloud; the row of the desktop follows', $3 FROM "
        "pg_temp.tideway_booking k WHERE k.state = 'L' AND (k.hc_a, k.hc_b) = (0, 0) AND (k.hd_a, k.hd_b) <> (0, 0) "
        "ORDER BY k.key, k.n DESC ON CONFLICT (pair, tbl, key) DO NOTHING",
        {store_.pair(), std::to_string(table_id), run_id});
}

void PgArchive::write_waiting(Connection& c, const std::vector<WaitingKey>& waiting,
                              const std::string& run_id) {
    if (waiting.empty()) return;
    std::vector<std::vector<std::string>> columns(9);
    for (const WaitingKey& key : waiting) {
        const std::string cells[] = {std::to_string(key.table->id),
                                     text_array(key.key),
                                     key.kind,
                                     key.rule,
                                     key.reason,
                                     key.refusal.sqlstate,
                                     key.refusal.detail,
                                     key.refusal.constraint,
                                     key.facts};
        for (std::size_t i = 0; i < columns.size(); ++i) columns[i].push_back(cells[i]);
    }
    std::vector<Cell> parameters{store_.pair(), run_id};
    for (const std::vector<std::string>& column : columns) parameters.emplace_back(text_array(column));
    post(c, "list waiting keys", R"(
INSERT INTO tideway.waiting AS g (pair, tbl, key, kind, rule, reason, sqlstate, detail, constraint_name, run, facts)
SELECT $1, w.tbl, w.key::text[], w.kind, w.rule, w.reason, nullif(w.sqlstate, ''), nullif(w.detail, ''), nullif(w.name, ''), $2,
    nullif(w.facts, '')::jsonb
FROM unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
    AS w(tbl, key, kind, rule, reason, sqlstate, detail, name, facts)
ON CONFLICT (pair, tbl, key) DO UPDATE SET kind = excluded.kind, rule = excluded.rule, reason = excluded.reason,
    sqlstate = excluded.sqlstate, detail = excluded.detail, constraint_name = excluded.constraint_name,
    run = excluded.run, last_try = now(), tries = g.tries + 1, facts = coalesce(g.facts || excluded.facts, excluded.facts, g.facts),
    choice = CASE WHEN excluded.kind IN ('held', 'conflict') AND g.choice LIKE '% %'
        AND substr(g.choice, strpos(g.choice, ' ') + 1) IS DISTINCT FROM excluded.facts->>'versions' THEN NULL ELSE g.choice END
WHERE excluded.kind <> 'pending' OR g.kind IN ('held', 'conflict') AND g.choice IS NULL)",
        parameters);
}

void PgArchive::settle(Connection& c, const std::vector<std::pair<const LinkedTable*, Key>>& settled) {
    if (settled.empty()) return;
    std::vector<std::string> tables, keys;
    for (const auto& [table, key] : settled) {
        tables.push_back(std::to_string(table->id));
        keys.push_back(text_array(key));
    }
    post(c, "settle keys", R"(
DELETE FROM tideway.waiting AS g USING unnest($2::int[], $3::text[]) AS w(tbl, key)
WHERE g.pair = $1 AND g.tbl = w.tbl AND g.key = w.key::text[])",
        {store_.pair(), text_array(tables), text_array(keys)});
}

void PgArchive::book(const Booking& booking, std::int64_t fence) {
    Connection& c = store_.writer();
    Transaction transaction(c);
    check_fence(c, fence);
    std::map<int, std::vector<const Agreement*>> by_table;
    for (const Agreement& agreement : booking.agreements) by_table[agreement.table->id].push_back(&agreement);
    for (const auto& [table_id, agreements] : by_table)
        write_agreements(c, table_id, agreements,
                         std::vector<std::int64_t>(agreements.size(), booking.cloud_barrier), booking.run);
    write_waiting(c, booking.waiting, booking.run);
    settle(c, booking.settled);
    note_peer(c, std::max(booking.cloud_barrier, booking.cloud_sequence));
    if (booking.cloud_sequence > 0)
        post(c, "acknowledge batch",
            "UPDATE tideway.peer SET ack_seq = greatest(ack_seq, $2::bigint) WHERE pair = $1",
            {store_.pair(), number(booking.cloud_sequence)});
    reach(c, "M6a.before_commit");
    transaction.commit();
    failpoint("M6a.committed");
}

namespace {

constexpr const char* marks_sql = "SELECT tbl, side, capture, mark FROM tideway.watermark WHERE pair = $1";

std::map<std::pair<int, Side>, StoredMark> marks_of(const Result& found) {
    std::map<std::pair<int, Side>, StoredMark> marks;
    for (int i = 0; i < found.rows(); ++i)
        marks[{static_cast<int>(found.integer(i, 0)),
               found.text(i, 1) == "desktop" ? Side::desktop : Side::cloud}] = {
            parse_capture(found.text(i, 2)).value_or(Capture::digest), std::string(found.text(i, 3))};
    return marks;
}

}  // namespace

std::map<std::pair<int, Side>, StoredMark> PgArchive::marks() {
    return marks_of(read_once(store_.asker(), "read marks", marks_sql, {store_.pair()}));
}

// One statement each, but of one moment: what is known of the cloud must not be newer than the rest.
Standing PgArchive::standing() {
    Connection& c = store_.asker();
    Transaction transaction(c, {.isolation = Isolation::repeatable_read, .read_only = true});
    const Answer state = post(c, "read standing", R"(
SELECT p.peer_seq, l.epoch, p.ack_seq, EXISTS (SELECT FROM tideway.waiting WHERE pair = $1)
FROM tideway.peer p JOIN tideway.lease l USING (pair) WHERE p.pair = $1)",
                              {store_.pair()});
    const Answer marks = post(c, "read marks", marks_sql, {store_.pair()});
    transaction.commit();
    const Result& found = state.get();
    return {{found.integer(0, 0), std::string(found.text(0, 1))}, found.integer(0, 2), found.boolean(0, 3),
            marks_of(marks.get())};
}

void PgArchive::advance_marks(const std::map<std::pair<int, Side>, StoredMark>& marks, std::int64_t fence,
                              std::int64_t cloud_fence) {
    Connection& c = store_.writer();
    Transaction transaction(c);
    check_fence(c, fence);
    std::vector<std::string> tables, sides, captures, texts;
    for (const auto& [where, mark] : marks) {
        tables.push_back(std::to_string(where.first));
        sides.emplace_back(name(where.second));
        captures.emplace_back(to_string(mark.capture));
        texts.push_back(mark.mark);
    }
    post(c, "advance marks", R"(
INSERT INTO tideway.watermark (pair, tbl, side, capture, mark)
SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::text[])
ON CONFLICT (pair, tbl, side) DO UPDATE SET capture = excluded.capture, mark = excluded.mark)",
         {store_.pair(), text_array(tables), text_array(sides), text_array(captures), text_array(texts)});
    note_peer(c, cloud_fence);
    reach(c, "M7.before_commit");
    transaction.commit();
    failpoint("M7.committed");
}

void PgArchive::forget_marks(int table_id) {
    write_once(store_.writer(), "forget marks",
               "DELETE FROM tideway.watermark AS w WHERE w.pair = $1 AND w.tbl = $2::int",
               {store_.pair(), std::to_string(table_id)});
}

bool PgArchive::anything_waits() {
    return read_once(store_.asker(), "look for waiting keys",
                     "SELECT EXISTS (SELECT FROM tideway.waiting WHERE pair = $1)", {store_.pair()})
        .boolean(0, 0);
}

std::unique_ptr<Worklist> PgArchive::worklist(const LinkedTable& table, bool installed) {
    return PgWorklist::make(store_, table, installed);
}

std::vector<TableCounts> PgArchive::counts() {
    const std::vector<TableUse> tables = store_.known_tables();
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    std::vector<TableCounts> all;
    for (const TableUse& table : tables) {
        const Result found = run(c, "count table",
                                 fmt::format(R"(
SELECT (SELECT count(*) FROM {} b WHERE b.state = 'L'), count(*) FILTER (WHERE kind = 'held'), count(*) FILTER (WHERE kind = 'conflict'),
       count(*) FILTER (WHERE kind IN ('parked', 'emptied')), count(*) FILTER (WHERE kind = 'raced'),
       (SELECT coalesce(max(pending), 0) FROM tideway.table_status s WHERE s.pair = $1 AND s.tbl = $2::int),
       (SELECT to_char(m.last_sync_timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM tideway.sync_metadata m
        WHERE m.pair = $1 AND m.table_name = $3 AND m.direction = 'forward'),
       (SELECT to_char(m.last_sync_timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM tideway.sync_metadata m
        WHERE m.pair = $1 AND m.table_name = $3 AND m.direction = 'reverse')
FROM tideway.waiting WHERE pair = $1 AND tbl = $2::int)",
                                             base_name(store_.pair_number(), table.id)),
                                 {store_.pair(), std::to_string(table.id), table.desktop.display()});
        all.push_back({table.id, found.integer(0, 0), found.integer(0, 1), found.integer(0, 2),
                       found.integer(0, 3), found.integer(0, 4), found.integer(0, 5), found.cell(0, 6),
                       found.cell(0, 7)});
    }
    return all;
}

void PgArchive::choose(std::int64_t waiting_id, const Choice& choice) {
    Transaction transaction(store_.writer());
    const Result chosen = run(store_.writer(), "choose",
                              "UPDATE tideway.waiting SET choice = $3 WHERE pair = $1 AND id = $2::bigint",
                              {store_.pair(), number(waiting_id), choice.text()});
    if (chosen.affected() == 0)
        throw Error(Code::conflict_unknown,
                    fmt::format("no open conflict or held row has the number {}", waiting_id),
                    "tideway conflicts list shows the open ones");
    transaction.commit();
}

}  // namespace tideway::pg
