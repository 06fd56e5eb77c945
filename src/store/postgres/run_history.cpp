// What runs leave for people and for the app: history, per table status.
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

void post_history(Connection& c, const std::string& pair, const RunRecord& record) {
    post(c, "record run", R"(
INSERT INTO tideway.run (pair, run, status, mode, direction, duration_ms, report)
VALUES ($1, $2, $3, $4, $5, $6::bigint, $7::jsonb) ON CONFLICT (run) DO NOTHING)",
         {pair, record.run, record.status, record.mode, record.direction, std::to_string(record.duration_ms),
          record.report.empty() ? Cell{} : Cell{record.report}});
    post(c, "forget old runs", R"(
DELETE FROM tideway.run AS d WHERE d.pair = $1
    AND d.at < (SELECT at FROM tideway.run WHERE pair = $1 ORDER BY at DESC OFFSET $2::int - 1 LIMIT 1))",
         {pair, std::to_string(record.runs_kept)});
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
    if (side() == Side::desktop) post_history(c, pair_, record);
}

void PgStore::record_idle(const RunRecord& record) {
    write_once(asker(), "record idle run", R"(
UPDATE tideway.pair SET idle_forward = CASE WHEN $2 <> 'reverse' THEN now() ELSE idle_forward END,
    idle_reverse = CASE WHEN $2 <> 'forward' THEN now() ELSE idle_reverse END WHERE pair = $1)",
               {pair_, record.direction});
}

}  // namespace tideway::pg
