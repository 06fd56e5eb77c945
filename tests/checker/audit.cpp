#include "checker/audit.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "checker/history_json.hpp"

namespace tideway::checker {
namespace {

using test::Db;
using test::quote_identifier;
using test::quote_literal;

// Rows as jsonb, with stamps in UTC whatever the session's zone is.
constexpr const char* objects = R"(
create schema audit;
create table audit.log (seq bigint generated always as identity primary key,
    xid bigint not null default pg_current_xact_id()::text::bigint,
    at timestamptz not null default clock_timestamp(), by_sync boolean not null, tbl text not null,
    before jsonb, after jsonb);
create function audit.note() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $body$
begin
    insert into audit.log (by_sync, tbl, before, after) values (session_user = tg_argv[0], tg_table_name,
        case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end);
    return null;
end $body$;
create function audit.note_truncate() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $body$
begin
    execute format('insert into audit.log (by_sync, tbl, before) select session_user = $1, $2, to_jsonb(t) from %I.%I t',
        tg_table_schema, tg_table_name) using tg_argv[0], tg_table_name::text;
    return null;
end $body$;
)";

std::string text(const test::Cell& cell) { return cell.value_or(""); }
Image image(const test::Cell& cell) { return cell ? image_from_json(*cell) : std::nullopt; }

Key key(const test::Cell& cell) {
    Key parts;
    for (const auto& part : nlohmann::json::parse(text(cell)))
        parts.push_back(part.is_null() ? "(null)" : part.get<std::string>());
    return parts;
}

void collect_writes(History& history, Side side, Db& db) {
    for (const auto& row :
         db.query("select seq, xid, (extract(epoch from at) * 1000000)::bigint, by_sync, tbl, "
                  "before, after from audit.log order by seq"))
        history.writes.push_back({side, std::stoll(text(row[0])), std::stoll(text(row[1])),
                                  std::stoll(text(row[2])), row[3] == "t", text(row[4]), image(row[5]),
                                  image(row[6])});
}

// The names of tables are the desktop's; xmin is the transaction that made a record.
void collect_records(History& history, Side side, Db& db) {
    db.exec("set timezone = 'UTC'");
    for (const auto& row :
         db.query("select c.xmin, t.desktop_table, to_json(c.key), c.kind, c.policy, c.winner, "
                  "c.desktop_row, c.cloud_row from tideway.conflict c join tideway.tables t "
                  "on t.pair = c.pair and t.id = c.tbl"))
        history.conflicts.push_back({side, std::stoll(text(row[0])), text(row[1]), key(row[2]), text(row[3]),
                                     text(row[4]), text(row[5]), image(row[6]), image(row[7])});
    for (const auto& row : db.query("select j.xmin, t.desktop_table, j.op, j.before from tideway.journal j "
                                    "join tideway.tables t on t.pair = j.pair and t.id = j.tbl"))
        history.journal.push_back(
            {side, std::stoll(text(row[0])), text(row[1]), text(row[2]), image(row[3])});
}

void collect_waiting(History& history, Db& desktop) {
    for (const auto& row : desktop.query("select t.desktop_table, to_json(w.key), w.kind, w.rule, w.reason "
                                         "from tideway.waiting w join tideway.tables t "
                                         "on t.pair = w.pair and t.id = w.tbl"))
        history.waiting.push_back({text(row[0]), key(row[1]), text(row[2]), text(row[3]), text(row[4])});
}

void collect_rows(History& history, Side side, Db& db) {
    for (const TableRules& rules : history.tables) {
        auto& rows = history.rows[index(side)][rules.table];
        for (const auto& row :
             db.query(fmt::format("select to_jsonb(t) from {} t", quote_identifier(rules.table))))
            rows.push_back(*image(row[0]));
    }
}

}  // namespace

void install_audit(Db& db, const std::vector<TableRules>& tables, const std::string& sync_role) {
    db.exec(objects);
    for (const TableRules& rules : tables) {
        const std::string table = quote_identifier(rules.table);
        db.exec(fmt::format(
            "create trigger zz_audit after insert or update or delete on {0} for each row execute "
            "function audit.note({1}); alter table {0} enable always trigger zz_audit; "
            "create trigger zz_truncate before truncate on {0} for each statement execute "
            "function audit.note_truncate({1}); alter table {0} enable always trigger zz_truncate",
            table, quote_literal(sync_role)));
    }
}

long long last_audit_seq(Db& db) { return db.number("select coalesce(max(seq), 0) from audit.log"); }

void collect(History& history, Db& desktop, Db& cloud) {
    for (const Side side : sides) {
        Db& db = side == Side::desktop ? desktop : cloud;
        collect_writes(history, side, db);
        collect_records(history, side, db);
        collect_rows(history, side, db);
    }
    collect_waiting(history, desktop);
}

}  // namespace tideway::checker
