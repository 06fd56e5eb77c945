// What the history says of past runs: the last one, what a guard has stopped, and what runs did to one table.
#include "store/postgres/pg_archive.hpp"

namespace tideway::pg {

std::optional<LastRun> PgArchive::last_run() {
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    const Result found = run(c, "read last run", R"(
SELECT r.run, to_char(greatest(r.at, p.idle_forward, p.idle_reverse) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), r.status,
       extract(epoch FROM clock_timestamp() - greatest(r.at, p.idle_forward, p.idle_reverse))::bigint
FROM tideway.run r JOIN tideway.pair p USING (pair) WHERE r.pair = $1 ORDER BY r.at DESC LIMIT 1)",
                             {store_.pair()});
    if (found.rows() == 0) return std::nullopt;
    LastRun last{std::string(found.text(0, 0)),
                 std::string(found.text(0, 1)),
                 std::string(found.text(0, 2)),
                 found.integer(0, 3),
                 {}};
    const Result left_out = run(c, "read tables left out", R"(
SELECT t.value->>'desktop', t.value->>'not_synced' FROM tideway.run r, jsonb_array_elements(r.report->'tables') t
WHERE r.run = $1 AND t.value->>'not_synced' IS NOT NULL)",
                                {last.run});
    for (int i = 0; i < left_out.rows(); ++i)
        last.left_out[std::string(left_out.text(i, 0))] = left_out.text(i, 1);
    // By the last run that a guard stopped, unless a later one looked at all that it had looked at.
    const Result stopped = run(c, "read what was stopped", R"(
SELECT g.value->>'table', g.value->>'what', r.report->>'plan_hash', r.mode, r.direction,
    ARRAY(SELECT jsonb_array_elements_text(coalesce(r.report->'only_tables', '[]')))
FROM tideway.run r, jsonb_array_elements(r.report->'guard') g
WHERE r.run = (
        SELECT s.run FROM tideway.run s WHERE s.pair = $1 AND s.status = 'guard' AND NOT EXISTS (
            SELECT FROM tideway.run n WHERE n.pair = s.pair AND n.at > s.at AND n.mode IN (s.mode, 'full')
                AND n.direction IN (s.direction, 'both')
                AND (n.report IS NULL OR jsonb_array_length(n.report->'tables') >= jsonb_array_length(s.report->'tables')))
        ORDER BY s.at DESC LIMIT 1)
    AND (g.value->>'stopped')::boolean
    AND g.value->>'reason' NOT IN ('side_effects', 'protected_row', 'schema_changed', 'confirmation') ORDER BY 1, 2 DESC)",
                               {store_.pair()});
    for (int i = 0; i < stopped.rows(); ++i) {
        last.stopped[std::string(stopped.text(i, 0))] = stopped.text(i, 1);
        last.stopped_run = {std::string(stopped.text(i, 2)),
                            parse_mode(stopped.text(i, 3)).value_or(Mode::full),
                            parse_direction(stopped.text(i, 4)).value_or(Direction::both),
                            parse_text_array(stopped.text(i, 5))};
    }
    return last;
}

// Counts of the report: what a run neither wrote nor left waiting it did not touch.
std::vector<RunOfTable> PgArchive::runs_of(const LinkedTable& table, int most) {
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    const Result found = run(c, "read runs of a table", R"(
WITH told AS (
    SELECT r.*, t.value AS t, coalesce(t.value->>'stopped', t.value->>'not_synced', '') AS reason
    FROM tideway.run r, jsonb_array_elements(r.report->'tables') t
    WHERE r.pair = $1 AND t.value->>'desktop' = $2)
SELECT run, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), status, mode, direction, duration_ms, reason, n.*
FROM told, LATERAL (SELECT
    coalesce((t#>>'{to_cloud,inserted}')::bigint, 0) AS ci, coalesce((t#>>'{to_cloud,updated}')::bigint, 0) AS cu,
    coalesce((t#>>'{to_cloud,deleted}')::bigint, 0) AS cd, coalesce((t#>>'{to_desktop,inserted}')::bigint, 0) AS di,
    coalesce((t#>>'{to_desktop,updated}')::bigint, 0) AS du, coalesce((t#>>'{to_desktop,deleted}')::bigint, 0) AS dd,
    coalesce((t->>'adopted')::bigint, 0) AS adopted, coalesce((t->>'conflicts')::bigint, 0) AS conflicts,
    coalesce((t->>'open_conflicts')::bigint, 0) AS open, coalesce((t->>'held')::bigint, 0) AS held,
    coalesce((t->>'parked')::bigint, 0) AS parked, coalesce((t->>'pending')::bigint, 0) AS pending) n
WHERE reason <> '' OR ci + cu + cd + di + du + dd + adopted + conflicts + open + held + parked + pending > 0
ORDER BY at DESC LIMIT $3::int)",
                             {store_.pair(), table.desktop.display(), std::to_string(most)});
    std::vector<RunOfTable> runs;
    const auto text = [&](int row, int column) { return std::string(found.text(row, column)); };
    const auto number = [&](int row, int column) { return found.integer(row, column); };
    for (int i = 0; i < found.rows(); ++i)
        runs.push_back({text(i, 0),
                        text(i, 1),
                        text(i, 2),
                        text(i, 3),
                        text(i, 4),
                        number(i, 5),
                        {number(i, 7), number(i, 8), number(i, 9)},
                        {number(i, 10), number(i, 11), number(i, 12)},
                        number(i, 13),
                        number(i, 14),
                        number(i, 15),
                        number(i, 16),
                        number(i, 17),
                        number(i, 18),
                        text(i, 6)});
    return runs;
}

}  // namespace tideway::pg
