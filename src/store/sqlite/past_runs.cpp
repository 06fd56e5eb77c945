// What the history says of past runs: the last one, what a guard has stopped, and what runs did to one table.
#include <fmt/format.h>

#include "store/sqlite/sqlite_archive.hpp"

namespace tideway::sqlite {

std::optional<LastRun> SqliteArchive::last_run() {
    Statement found(
        store_.asker(), "read last run",
        fmt::format("SELECT x.run, {}, x.status, x.seen FROM (SELECT r.run, r.status, max(r.at, "
                    "coalesce(p.idle_forward, 0), coalesce(p.idle_reverse, 0)) AS seen FROM tideway_run r "
                    "JOIN tideway_pair p ON p.pair = r.pair WHERE r.pair = ?1 ORDER BY r.at DESC LIMIT 1) x",
                    time_sql("x.seen")),
        {store_.pair()});
    if (!found.step()) return std::nullopt;
    LastRun last{found.text(0),
                 found.text(1),
                 found.text(2),
                 (store_.now_micros() - found.integer(3)) / 1'000'000,
                 {}};
    Statement left_out(store_.asker(), "read tables left out",
                       "SELECT json_extract(t.value, '$.desktop'), json_extract(t.value, '$.not_synced') "
                       "FROM tideway_run r, "
                       "json_each(r.report, '$.tables') t WHERE r.run = ?1 AND r.report <> '' AND "
                       "json_extract(t.value, '$.not_synced') IS NOT NULL",
                       {last.run});
    while (left_out.step()) last.left_out[left_out.text(0)] = left_out.text(1);
    // By the last run that a guard stopped, unless a later one looked at all that it had looked at.
    Statement stopped(
        store_.asker(), "read what was stopped",
        "SELECT json_extract(g.value, '$.table'), json_extract(g.value, '$.what'), "
        "json_extract(r.report, '$.plan_hash'), r.mode, r.direction, r.run FROM tideway_run r, "
        "json_each(r.report, '$.guard') g WHERE r.run = ("
        "SELECT s.run FROM tideway_run s WHERE s.pair = ?1 AND s.status = 'guard' AND s.report <> '' "
        "AND NOT EXISTS (SELECT 1 FROM tideway_run n WHERE n.pair = s.pair AND n.at > s.at AND n.mode IN "
        "(s.mode, 'full') AND n.direction IN (s.direction, 'both') AND (n.report = '' OR "
        "json_array_length(n.report, '$.tables') >= json_array_length(s.report, '$.tables'))) "
        "ORDER BY s.at DESC LIMIT 1) AND "
        "json_extract(g.value, '$.stopped') AND json_extract(g.value, '$.reason') NOT IN "
        "('side_effects', 'protected_row', 'schema_changed', 'confirmation')",
        {store_.pair()});
    std::string stopping;
    while (stopped.step()) {
        last.stopped[stopped.text(0)] = stopped.text(1);
        last.stopped_run = {stopped.text(2),
                            parse_mode(stopped.text(3)).value_or(Mode::full),
                            parse_direction(stopped.text(4)).value_or(Direction::both),
                            {}};
        stopping = stopped.text(5);
    }
    if (!last.stopped_run) return last;
    Statement only(
        store_.asker(), "read tables asked for",
        "SELECT t.value FROM tideway_run r, json_each(r.report, '$.only_tables') t WHERE r.run = ?1",
        {stopping});
    while (only.step()) last.stopped_run->tables.push_back(only.text(0));
    return last;
}

// Counts of the report: what a run neither wrote nor left waiting it did not touch.
std::vector<RunOfTable> SqliteArchive::runs_of(const LinkedTable& table, int most) {
    Statement found(store_.asker(), "read runs of a table",
                    fmt::format(R"(
SELECT * FROM (SELECT r.run, {}, r.status, r.mode, r.direction, r.duration_ms,
    coalesce(json_extract(t.value, '$.stopped'), json_extract(t.value, '$.not_synced'), '') AS reason,
    coalesce(json_extract(t.value, '$.to_cloud.inserted'), 0) AS ci, coalesce(json_extract(t.value, '$.to_cloud.updated'), 0) AS cu,
    coalesce(json_extract(t.value, '$.to_cloud.deleted'), 0) AS cd, coalesce(json_extract(t.value, '$.to_desktop.inserted'), 0) AS di,
    coalesce(json_extract(t.value, '$.to_desktop.updated'), 0) AS du, coalesce(json_extract(t.value, '$.to_desktop.deleted'), 0) AS dd,
    coalesce(json_extract(t.value, '$.adopted'), 0) AS adopted, coalesce(json_extract(t.value, '$.conflicts'), 0) AS conflicts,
    coalesce(json_extract(t.value, '$.open_conflicts'), 0) AS open, coalesce(json_extract(t.value, '$.held'), 0) AS held,
    coalesce(json_extract(t.value, '$.parked'), 0) AS parked, coalesce(json_extract(t.value, '$.pending'), 0) AS pending, r.at
  FROM tideway_run r, json_each(r.report, '$.tables') t
  WHERE r.pair = ?1 AND r.report <> '' AND json_extract(t.value, '$.desktop') = ?2)
WHERE reason <> '' OR ci + cu + cd + di + du + dd + adopted + conflicts + open + held + parked + pending > 0
ORDER BY at DESC LIMIT ?3)",
                                time_sql("r.at")),
                    {store_.pair(), table.desktop.display(), std::int64_t{most}});
    std::vector<RunOfTable> runs;
    while (found.step())
        runs.push_back({found.text(0),
                        found.text(1),
                        found.text(2),
                        found.text(3),
                        found.text(4),
                        found.integer(5),
                        {found.integer(7), found.integer(8), found.integer(9)},
                        {found.integer(10), found.integer(11), found.integer(12)},
                        found.integer(13),
                        found.integer(14),
                        found.integer(15),
                        found.integer(16),
                        found.integer(17),
                        found.integer(18),
                        found.text(6)});
    return runs;
}

}  // namespace tideway::sqlite
