// What a user does in one transaction, as SQL.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "fault/random_tables.hpp"

namespace tideway::test {

// The statements of one transaction. Those that write versions return them.
struct Work {
    int number = 0;
    checker::Side side = checker::Side::desktop;
    std::vector<std::string> statements;
    std::vector<std::string> planned;  // versions that they may write
};

class RandomStatements {
  public:
    explicit RandomStatements(Dice& dice) : dice_(dice) {}

    Work begin(checker::Side side) { return {++number_, side, {}, {}}; }
    // One more statement; sometimes several that belong together.
    void add(Work& work) {
        switch (dice_.below(10)) {
            case 0:
            case 1:
            case 2:
                return add_insert(work);
            case 3:
            case 4:
            case 5:
                return add_update(work);
            case 6:
                return add_delete(work);
            case 7:
                return add_group(work);
            case 8:
                return add_remark(work);
            default:
                return add_special(work);
        }
    }

    // From now on half of all edits meet at a few rows of two tables, the same on both sides, so that what a
    // run is about to write is often what somebody edits meanwhile.
    void look_elsewhere() {
        for (std::string& table : busy_tables_) table = dice_.any_of(tables());
        for (int& salt : busy_salts_) salt = dice_.below(1'000'000);
    }
    // What an administrator does: rows move to other places and other files, and stay what they are.
    std::string maintenance() {
        const std::string table = dice_.one_in(2) ? busy_table() : unreferenced_table();
        switch (dice_.below(4)) {
            case 0:
                return "vacuum full " + table;
            case 1:
                return "vacuum freeze " + table;
            case 2:
                return fmt::format("create index if not exists extra_{0} on {0} (note)", table);
            default:
                return fmt::format("alter table {} set (fillfactor = {})", table, 50 + dice_.below(50));
        }
    }
    // An edit of one of these rows.
    void add_busy_update(Work& work) { add_update(work, busy_table(), busy_salt()); }

    void add_update(Work& work) {
        if (dice_.one_in(2)) return add_busy_update(work);
        const std::string table = dice_.any_of(tables());
        add_update(work, table, dice_.below(1'000'000));
    }
    void add_update(Work& work, const std::string& table, int salt) {
        const std::string row = some_row(table, salt);
        work.statements.push_back(fmt::format(
            "update {} set vid = '{}', note = 'note {}', updated_at = {} where ctid = {} returning vid",
            table, fresh(work), dice_.below(1000), stamp(), row));
    }
    // Most clocks are right; some are late, and some users set none.
    std::string stamp() {
        const int kind = dice_.below(10);
        return kind == 0 ? "null" : kind == 1 ? "clock_timestamp() - interval '1 hour'" : "clock_timestamp()";
    }
    static std::string odd_text(int number) {
        static const char* texts[] = {
            "''",      "' '",      "'a'",       "'A'",   "'(null)'", "E'tab\\there'", "E'back\\\\slash'",
            "'it''s'", "'\u00e4'", "'a\u0308'", "'a,b'", "'{a}'",    "E'\\\\N'",      "'\"'"};
        return texts[number - 1];
    }

  private:
    std::string fresh(Work& work) {
        work.planned.push_back(fmt::format("{}{}.{}", work.side == checker::Side::desktop ? "d" : "c",
                                           work.number, work.planned.size() + 1));
        return work.planned.back();
    }
    std::string mark(const Work& work) {
        if (dice_.one_in(15)) return "null";
        return work.side == checker::Side::desktop ? "'D'" : "'M'";
    }
    // The common columns of a new row.
    std::string columns(Work& work) { return columns(work, stamp()); }
    std::string columns(Work& work, const std::string& time) {
        return fmt::format("'{}', 'note {}', {}, now(), {}", fresh(work), dice_.below(1000), mark(work),
                           time);
    }
    std::string some_row(const std::string& table) { return some_row(table, dice_.below(1'000'000)); }
    // The same row on both sides, where both have it.
    static std::string some_row(const std::string& table, int salt) {
        return fmt::format("(select ctid from {} order by md5({} || '{}') limit 1)", table, key_text(table),
                           salt);
    }
    static std::string key_text(const std::string& table) {
        if (table == "remark") return "vid";
        if (table == "visit") return "(job_id || '/' || day)";
        return table == "item" ? "code" : table == "setting" ? "name" : "id::text";
    }
    const std::string& unreferenced_table() {
        static const std::vector<std::string> leaves{"visit", "item", "login", "setting", "remark"};
        return dice_.any_of(leaves);
    }
    const std::string& busy_table() { return busy_tables_[static_cast<std::size_t>(dice_.below(2))]; }
    int busy_salt() { return busy_salts_[static_cast<std::size_t>(dice_.below(2))]; }
    std::string some(const std::string& table, const std::string& column = "id") {
        return fmt::format("(select {1} from {0} order by md5(vid || '{2}') limit 1)", table, column,
                           dice_.below(1'000'000));
    }

    static const std::vector<std::string>& tables() {
        static const std::vector<std::string> keyed{"client", "job",   "visit",  "node",
                                                    "item",   "login", "setting"};
        return keyed;
    }

    // Keys are few, so that both sides often choose the same one.
    void add_insert(Work& work) {
        const std::string table = dice_.any_of(tables()),
                          common = "vid, note, source, created_at, updated_at";
        const int key = 1 + dice_.below(14);
        std::string into, values;
        if (table == "client") into = "id", values = fmt::format("{}", key);
        if (table == "job") into = "id, client_id", values = fmt::format("{}, {}", key, some("client"));
        if (table == "visit")
            into = "job_id, day", values = fmt::format("{}, {}", some("job"), dice_.below(4));
        if (table == "node")
            into = "id, parent_id",
            values = fmt::format("{}, {}", key, dice_.one_in(3) ? "null" : some("node"));
        if (table == "item")
            into = "code, client_id", values = fmt::format("'item {}', {}", key, some("client"));
        if (table == "login")
            into = "id, email, badge",
            values = fmt::format("{0}, 'user{1}@example', {2}", key, dice_.below(20), dice_.below(20));
        if (table == "setting") into = "name", values = fmt::format("{}", odd_text(key));
        work.statements.push_back(
            fmt::format("insert into {} ({}, {}) values ({}, {}) on conflict do nothing returning vid", table,
                        into, common, values, columns(work)));
    }
    void add_delete(Work& work) {
        const bool busy = dice_.one_in(3);
        const std::string table = busy ? busy_table() : dice_.any_of(tables());
        work.statements.push_back(fmt::format("delete from {} where ctid = {}", table,
                                              some_row(table, busy ? busy_salt() : dice_.below(1'000'000))));
    }

    // A client with a job and visits, or a node with a child, all new.
    void add_group(Work& work) {
        const int key = 20 + dice_.below(30);
        if (dice_.one_in(3)) {
            for (const int id : {key, key + 100})
                work.statements.push_back(
                    fmt::format("insert into node (id, parent_id, vid, note, source, created_at, updated_at) "
                                "values ({}, {}, {}) returning vid",
                                id, id == key ? "null" : fmt::format("{}", key), columns(work)));
            return;
        }
        work.statements.push_back(
            fmt::format("insert into client values ({}, {}) returning vid", key, columns(work)));
        work.statements.push_back(
            fmt::format("insert into job values ({0}, {0}, {1}) returning vid", key, columns(work)));
        for (int day = dice_.below(3); day > 0; --day)
            work.statements.push_back(
                fmt::format("insert into visit values ({}, {}, {}) returning vid", key, day, columns(work)));
    }

    void add_remark(Work& work) {
        switch (dice_.below(3)) {
            case 0:  // rows that are equal
                work.statements.push_back(fmt::format(
                    "insert into remark select {}, {}, {} from generate_series(1, {}) returning vid",
                    dice_.below(4), dice_.below(3), columns(work, "now()"), 1 + dice_.below(3)));
                return;
            case 1: {
                const std::string row = some_row("remark");
                work.statements.push_back(
                    fmt::format("update remark set vid = '{}', note = 'edited' where ctid = {} returning vid",
                                fresh(work), row));
                return;
            }
            default:
                work.statements.push_back("delete from remark where ctid = " + some_row("remark"));
        }
    }

    void add_special(Work& work) {
        switch (dice_.below(7)) {
            case 0:  // changes nothing
                work.statements.push_back("update job set note = note where ctid = " + some_row("job"));
                return;
            case 1:
                work.statements.push_back(fmt::format(
                    "update setting set name = {}, vid = '{}', updated_at = {} where ctid = {} returning vid",
                    odd_text(1 + dice_.below(14)), fresh(work), stamp(), some_row("setting")));
                return;
            case 2:
                work.statements.push_back(
                    fmt::format("update visit set day = {}, vid = '{}' where ctid = {} returning vid",
                                dice_.below(6), fresh(work), some_row("visit")));
                return;
            case 3:  // goes to another parent
                work.statements.push_back(
                    fmt::format("update job set client_id = {}, vid = '{}', updated_at = {} where ctid = {} "
                                "returning vid",
                                some("client"), fresh(work), stamp(), some_row("job")));
                return;
            case 4:
                return add_bulk(work);
            case 5:  // all rows at once
                if (dice_.one_in(2)) work.statements.push_back("truncate " + unreferenced_table());
                return;
            default:
                return add_swap(work);
        }
    }
    void add_bulk(Work& work) {
        const std::string table = dice_.any_of<std::string>({"client", "job", "node", "login"});
        work.statements.push_back(fmt::format(
            "update {} set vid = '{}' || '#' || id, updated_at = {} where id % 3 = {} returning vid", table,
            fresh(work), stamp(), dice_.below(3)));
    }
    // Two logins change their badges.
    void add_swap(Work& work) {
        const int a = 1 + dice_.below(14), b = 1 + dice_.below(14);
        if (a == b) return;
        work.statements.push_back(
            fmt::format("create temp table if not exists swap (id int, badge int) on commit drop; delete "
                        "from swap; insert into swap select id, badge from login where id in ({}, {})",
                        a, b));
        work.statements.push_back(
            fmt::format("update login set badge = -id, vid = '{}' where id = {} and (select count(*) from "
                        "swap) = 2 returning vid",
                        fresh(work), a));
        work.statements.push_back(
            fmt::format("update login set badge = (select badge from swap where id = {1}), vid = '{0}' where "
                        "id = {2} and (select count(*) from swap) = 2 returning vid",
                        fresh(work), a, b));
        work.statements.push_back(
            fmt::format("update login set badge = (select badge from swap where id = {1}), vid = '{0}' where "
                        "id = {2} and (select count(*) from swap) = 2 returning vid",
                        fresh(work), b, a));
    }

    Dice& dice_;
    int number_ = 0;
    std::array<std::string, 2> busy_tables_{"client", "setting"};
    std::array<int, 2> busy_salts_{};
};

}  // namespace tideway::test
