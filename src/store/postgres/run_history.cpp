// What runs leave for people and for the app: history, per table status, kept conflicts.
#include <fmt/format.h>

#include "store/postgres/pg_store.hpp"

namespace tideway::pg {
namespace {

// All tables in one statement; each has a row a direction.
void post_lines(Connection& c, const std::string& pair, const std::vector<RunRecord::Line>& lines) {
    std::vector<std::string> tables, directions, written, pending;
    const auto add = [&](const RunRecord::Line& line, const char* direction, std::int64_t rows) {
        tables.push_back(std::to_string(line.table_id));
        directions.emplace_back(direction);
        written.push_back(std::to_string(rows));
        pending.push_back(std::to_string(line.pending));
    };
    for (const RunRecord::Line& line : lines) {
        if (line.forward) add(line, "forward", line.to_cloud);
        if (line.reverse) add(line, "reverse", line.to_desktop);
    }
    if (tables.empty()) return;
    post(c, "record table status", R"(
UPDATE tideway.table_status AS s SET last_sync_timestamp = now(), records_synced = n.written,
    records_total = s.records_total + n.written, pending = n.pending
FROM unnest($2::int[], $3::text[], $4::bigint[], $5::bigint[]) AS n(tbl, direction, written, pending)
WHERE s.pair = $1 AND s.tbl = n.tbl AND s.direction = n.direction)",
         {pair, text_array(tables), text_array(directions), text_array(written), text_array(pending)});
}

}  // namespace

void PgStore::record_run(const RunRecord& record) {
    Transaction transaction(writer());
    post_record(record);
    transaction.commit();
}

void PgStore::post_record(const RunRecord& record) {
    Connection& c = writer();
    post_lines(c, pair_, record.lines);
    if (side() == Side::desktop)
        post(c, "record run", R"(
INSERT INTO tideway.run (pair, run, status, mode, direction, duration_ms, report)
VALUES ($1, $2, $3, $4, $5, $6::bigint, $7::jsonb) ON CONFLICT (run) DO NOTHING)",
            {pair_, record.run, record.status, record.mode, record.direction,
             std::to_string(record.duration_ms), record.report.empty() ? Cell{} : Cell{record.report}});
}

void PgStore::record_idle(const RunRecord& record) {
    write_once(asker(), "record idle run", R"(
UPDATE tideway.pair SET idle_forward = CASE WHEN $2 <> 'reverse' THEN now() ELSE idle_forward END,
    idle_reverse = CASE WHEN $2 <> 'forward' THEN now() ELSE idle_reverse END WHERE pair = $1)",
        {pair_, record.direction});
}

std::vector<KeptConflict> PgStore::conflicts() {
    Connection& c = asker();
    Transaction transaction(c, {.read_only = true});
    const Result found = run(c, "list conflicts", R"(
SELECT id, tbl, key, kind, winner, policy, status, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), reason,
       desktop_row, cloud_row, run, coalesce(facts, '') FROM tideway.conflict WHERE pair = $1 ORDER BY id)",
                             {pair_});
    std::vector<KeptConflict> conflicts;
    for (int i = 0; i < found.rows(); ++i)
        conflicts.push_back({found.integer(i, 0), static_cast<int>(found.integer(i, 1)),
                             parse_text_array(found.text(i, 2)), std::string(found.text(i, 3)),
                             std::string(found.text(i, 4)), std::string(found.text(i, 5)),
                             std::string(found.text(i, 6)), std::string(found.text(i, 7)),
                             std::string(found.text(i, 8)), found.cell(i, 9), found.cell(i, 10),
                             std::string(found.text(i, 11)), std::string(found.text(i, 12))});
    transaction.commit();
    return conflicts;
}

}  // namespace tideway::pg
