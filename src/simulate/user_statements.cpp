#include "simulate/user_statements.hpp"

#include <fmt/format.h>

namespace tideway::simulate {

UserWork UserStatements::transaction(Side side) {
    UserWork work = begin(side);
    for (int statements = 1 + (dice_.one_in(3) ? dice_.below(3) : 0); statements > 0; --statements) add(work);
    work.commits = !dice_.one_in(12);
    return work;
}

UserWork UserStatements::new_rows(Side side) {
    UserWork work = begin(side);
    for (int statements = 1 + dice_.below(3); statements > 0; --statements)
        dice_.one_in(5) ? add_remark(work) : add_insert(work);
    return work;
}

UserWork UserStatements::delete_newest(Side side) {
    UserWork work = begin(side);
    const std::string table = keyed_table();
    work.statements.push_back(fmt::format(
        "DELETE FROM {0} WHERE rowid = (SELECT max(rowid) FROM {0}) AND {1}", table, unused(table)));
    return work;
}

std::pair<UserWork, UserWork> UserStatements::same_edit() {
    UserWork desktop = begin(Side::desktop), cloud = begin(Side::cloud);
    const std::string version = fmt::format("same{}", desktop.number);
    const int client = id();
    for (UserWork* work : {&desktop, &cloud}) {
        work->versions.push_back(version);
        work->statements.push_back(
            fmt::format("UPDATE client SET vid = '{}', note = 'the same', updated_at = {{now}} WHERE id = {} "
                        "RETURNING vid",
                        version, client));
    }
    return {desktop, cloud};
}

std::pair<UserWork, UserWork> UserStatements::edit_and_undo(Side side) {
    UserWork edit = begin(side), undo = begin(side);
    const std::string table = keyed_table(), key = key_condition(table), version = fresh(edit);
    edit.statements.push_back(
        fmt::format("INSERT INTO clipboard SELECT '{0}', vid, note FROM {1} WHERE {2} ON CONFLICT DO NOTHING",
                    version, table, key));
    edit.statements.push_back(
        fmt::format("UPDATE {} SET vid = '{}', note = 'a mistake', updated_at = {} WHERE {} RETURNING vid",
                    table, version, stamp(), key));
    undo.statements.push_back(fmt::format(
        "UPDATE {0} SET (vid, note) = (SELECT vid, note FROM clipboard WHERE tag = '{1}'), updated_at = {2} "
        "WHERE vid = '{1}' AND EXISTS (SELECT 1 FROM clipboard WHERE tag = '{1}')",
        table, version, stamp()));
    return {edit, undo};
}

void UserStatements::add(UserWork& work) {
    switch (dice_.below(16)) {
        case 0:
        case 1:
        case 2:
        case 3:
            return add_insert(work);
        case 4:
        case 5:
        case 6:
        case 7:
        case 8:
            return add_update(work);
        case 9:
        case 10:
            return add_delete(work);
        case 11:
            return dice_.one_in(2) ? add_family(work) : add_family_delete(work);
        case 12:
            return add_key_change(work);
        case 13:
            return dice_.one_in(2) ? add_bulk(work) : add_badge_swap(work);
        case 14:
            return add_remark(work);
        default:
            return add_idle_update(work);
    }
}

std::string UserStatements::fresh(UserWork& work) {
    work.versions.push_back(fmt::format("{}{}.{}", work.side == Side::desktop ? "d" : "c", work.number,
                                        work.versions.size() + 1));
    return work.versions.back();
}

// Most clocks are right; some are late, and some users set none.
std::string UserStatements::stamp() {
    const int kind = dice_.below(10);
    return kind == 0 ? "NULL" : kind == 1 ? "{late}" : "{now}";
}

std::string UserStatements::note() {
    const int kind = dice_.below(6);
    return kind == 0 ? "NULL" : kind == 1 ? "''" : fmt::format("'note {}'", dice_.below(100));
}

std::string UserStatements::mark(Side side) {
    if (dice_.one_in(15)) return "NULL";
    return side == Side::desktop ? "'D'" : "'M'";
}

std::string UserStatements::new_row(UserWork& work) {
    return fmt::format("'{}', {}, {}, {{now}}, {}", fresh(work), note(), mark(work.side), stamp());
}

std::string UserStatements::login_name(int number) {
    static const char* names[] = {"''", "' '", "'a'", "'A'", "'it''s'", "'a,b'", "'{a}'", "'\u00e4'"};
    return names[number % 8];
}

std::string UserStatements::keyed_table() {
    std::vector<std::string> there;
    for (const char* table : {"client", "client", "job", "job", "visit", "login"})
        if (setting_.has(table)) there.emplace_back(table);
    return dice_.any_of(there);
}

std::string UserStatements::key_condition(const std::string& table) {
    if (table == "visit") return fmt::format("job_id = {} AND day = {}", id(), dice_.below(3));
    if (table == "login") return fmt::format("name = {}", login_name(id()));
    return fmt::format("id = {}", id());
}

// Keys are few, so that both sides often choose the same one.
void UserStatements::add_insert(UserWork& work) {
    const std::string table = keyed_table();
    std::string values = fmt::format("SELECT {}, {}", id(), new_row(work)), condition = "true";
    if (table == "job") {
        const int client = id();
        values = fmt::format("SELECT {}, {}, {}", id(), client, new_row(work));
        condition = fmt::format("EXISTS (SELECT 1 FROM client WHERE id = {})", client);
    }
    if (table == "visit") {
        const int job = id();
        values = fmt::format("SELECT {}, {}, {}", job, dice_.below(3), new_row(work));
        condition = fmt::format("EXISTS (SELECT 1 FROM job WHERE id = {})", job);
    }
    if (table == "login")
        values = fmt::format("SELECT {}, {}, {}", login_name(id()), dice_.below(9), new_row(work));
    work.statements.push_back(fmt::format("INSERT INTO {} {} WHERE {} ON CONFLICT DO NOTHING RETURNING vid",
                                          table, values, condition));
}

void UserStatements::add_update(UserWork& work) {
    const std::string table = keyed_table();
    work.statements.push_back(
        fmt::format("UPDATE {} SET vid = '{}', note = {}, updated_at = {} WHERE {} "
                    "RETURNING vid",
                    table, fresh(work), note(), stamp(), key_condition(table)));
}

void UserStatements::add_delete(UserWork& work) {
    const std::string table = keyed_table();
    work.statements.push_back(
        fmt::format("DELETE FROM {} WHERE {} AND {}", table, key_condition(table), unused(table)));
}

// Nothing refers to the row.
std::string UserStatements::unused(const std::string& table) const {
    if (table == "client" && setting_.has("job"))
        return "NOT EXISTS (SELECT 1 FROM job WHERE client_id = client.id)";
    if (table == "job" && setting_.has("visit"))
        return "NOT EXISTS (SELECT 1 FROM visit WHERE job_id = job.id)";
    return "true";
}

// A client with a job and visits, all new.
void UserStatements::add_family(UserWork& work) {
    if (!setting_.has("job")) return add_insert(work);
    const int key = 10 + dice_.below(8);
    const auto put = [&](const std::string& table, const std::string& own) {
        work.statements.push_back(
            fmt::format("INSERT INTO {} VALUES ({}, {}) ON CONFLICT DO NOTHING RETURNING vid", table, own,
                        new_row(work)));
    };
    put("client", fmt::format("{}", key));
    put("job", fmt::format("{0}, {0}", key));
    for (int day = setting_.has("visit") ? dice_.below(3) : 0; day > 0; --day)
        put("visit", fmt::format("{}, {}", key, day));
}

void UserStatements::add_family_delete(UserWork& work) {
    const int client = dice_.one_in(2) ? id() : 10 + dice_.below(8);
    if (setting_.has("visit"))
        work.statements.push_back(fmt::format(
            "DELETE FROM visit WHERE job_id IN (SELECT id FROM job WHERE client_id = {})", client));
    if (setting_.has("job"))
        work.statements.push_back(fmt::format("DELETE FROM job WHERE client_id = {}", client));
    work.statements.push_back(fmt::format("DELETE FROM client WHERE id = {}", client));
}

void UserStatements::add_key_change(UserWork& work) {
    if (setting_.has("visit") && dice_.one_in(2)) {
        work.statements.push_back(
            fmt::format("UPDATE OR IGNORE visit SET day = {}, vid = '{}' WHERE {} RETURNING vid",
                        dice_.below(4), fresh(work), key_condition("visit")));
        return;
    }
    if (setting_.has("login")) {
        work.statements.push_back(fmt::format(
            "UPDATE OR IGNORE login SET name = {}, vid = '{}', updated_at = {} WHERE {} RETURNING vid",
            login_name(id()), fresh(work), stamp(), key_condition("login")));
        return;
    }
    if (!setting_.has("job")) return add_update(work);
    const int client = id();  // goes to another parent
    work.statements.push_back(
        fmt::format("UPDATE job SET client_id = {0}, vid = '{1}', updated_at = {2} WHERE id = {3} AND EXISTS "
                    "(SELECT 1 FROM client WHERE id = {0}) RETURNING vid",
                    client, fresh(work), stamp(), id()));
}

void UserStatements::add_bulk(UserWork& work) {
    const std::string table = setting_.has("job") && dice_.one_in(2) ? "job" : "client";
    work.statements.push_back(
        fmt::format("UPDATE {} SET vid = '{}#' || id, updated_at = {} WHERE id % 3 = {} RETURNING vid", table,
                    fresh(work), stamp(), dice_.below(3)));
}

// Two logins change their badges.
void UserStatements::add_badge_swap(UserWork& work) {
    if (!setting_.has("login")) return add_update(work);
    const int a = dice_.below(9), b = dice_.below(9);
    if (a == b) return add_update(work);
    const std::string first = fresh(work), second = fresh(work);
    for (const auto& [from, to, version] : {std::tuple(a, -1, first), std::tuple(b, a, second)})
        work.statements.push_back(
            fmt::format("UPDATE OR IGNORE login SET badge = {}, vid = '{}' WHERE badge = {} RETURNING vid",
                        to, version, from));
    work.statements.push_back(
        fmt::format("UPDATE OR IGNORE login SET badge = {}, vid = '{}' WHERE badge = -1 "
                    "RETURNING vid",
                    b, fresh(work)));
}

void UserStatements::add_remark(UserWork& work) {
    if (!setting_.has("remark")) return add_insert(work);
    const std::string some = fmt::format(
        "rowid = (SELECT rowid FROM remark WHERE job_id = {} ORDER BY vid LIMIT 1)", dice_.below(3));
    switch (dice_.below(4)) {
        case 0:
            return work.statements.push_back(fmt::format(
                "UPDATE remark SET vid = '{}', note = 'edited' WHERE {} RETURNING vid", fresh(work), some));
        case 1:
            return work.statements.push_back(fmt::format("DELETE FROM remark WHERE {}", some));
        default: {  // rows that are equal
            const std::string row = fmt::format("{}, {}, '{}', 'remark', {}, NULL, NULL", dice_.below(3),
                                                dice_.below(2), fresh(work), mark(work.side));
            for (int copies = 1 + dice_.below(3); copies > 0; --copies)
                work.statements.push_back(fmt::format("INSERT INTO remark VALUES ({}) RETURNING vid", row));
        }
    }
}

// Changes nothing, or nothing that counts.
void UserStatements::add_idle_update(UserWork& work) {
    const std::string table = keyed_table();
    work.statements.push_back(fmt::format("UPDATE {} SET {} WHERE {}", table,
                                          dice_.one_in(2) ? "note = note" : "updated_at = {now}",
                                          key_condition(table)));
}

}  // namespace tideway::simulate
