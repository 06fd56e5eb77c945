// The usual case of a run every few minutes: nothing has happened. One statement tells it for all tables.
#include <fmt/format.h>

#include <algorithm>

#include "store/postgres/pg_snapshot.hpp"
#include "store/postgres/pg_worklist.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

// One row with one boolean.
std::string log_is_empty(const std::string& changes, const Mark& since) {
    return fmt::format("SELECT NOT EXISTS (SELECT FROM {} h WHERE {})", changes, changed_since_sql(since));
}

std::string nobody_wrote(const Expressions& e, const std::string& base, const Mark& since) {
    return fmt::format("SELECT w.touched = 0 FROM ({}) w", touched_sql(e, base, since));
}

std::string all_true(const std::vector<std::string>& parts) {
    return fmt::format("SELECT bool_and(q.quiet) FROM ({}) AS q(quiet)", join(parts, " UNION ALL "));
}

}  // namespace

// xmin shows no deletes: rows are counted as well, so the base has to be at hand.
Look PgStore::look(const std::vector<Watched>& watched) {
    std::vector<const LinkedTable*> tables;
    std::vector<std::string> parts{"SELECT true"}, logs{"SELECT true"};
    std::vector<const LinkedTable*> with_origin;
    for (const auto& [table, capture, mark] : watched) {
        const bool counted = capture == Capture::xmin && side() == Side::desktop;
        if (mark.empty() || (capture != Capture::changelog && !counted)) return {};
        tables.push_back(table);
        const Mark since = Mark::parse(mark);
        const Expressions e = expressions(*table);
        (counted ? parts : logs)
            .push_back(counted ? nobody_wrote(e, base_name(pair_number_, table->id), since)
                               : log_is_empty(changes_name(pair_number_, table->id), since));
        if (side() == Side::cloud && table->origin) with_origin.push_back(table);
    }
    Transaction transaction(reader(), {.isolation = Isolation::repeatable_read, .read_only = true});
    const Answer mark = Mark::ask(reader()), relations = ask_relations(tables);
    const std::string quiet_logs = all_true(logs), quiet_rows = all_true(parts);
    const Answer logs_quiet = reader().post({"look for anything logged", quiet_logs});
    // Looked at, and counted, only where nothing is known to be new.
    const Answer rows_quiet = reader().post(
        {"look for anything written",
         fmt::format("SELECT CASE WHEN ({}) THEN ({}) ELSE false END", quiet_logs, quiet_rows)});
    std::optional<Answer> protected_rows;
    if (!with_origin.empty())
        protected_rows = reader().post(
            {"count protected rows", fmt::format("SELECT * FROM ({}) c WHERE ({})",
                                                 count_protected_sql(*this, with_origin), quiet_logs)});
    transaction.commit();
    Look look;
    look.logged = !logs_quiet.get().boolean(0, 0);
    look.quiet = rows_quiet.get().boolean(0, 0) && marks_hold(watched, Mark::taken(mark), relations);
    for (int i = 0; protected_rows && i < protected_rows->get().rows(); ++i)
        look.protected_rows[static_cast<int>(protected_rows->get().integer(i, 0))] =
            protected_rows->get().integer(i, 1);
    return look;
}

// Whether what was found since the marks is all that there can be.
bool PgStore::marks_hold(const std::vector<Watched>& watched, Mark now, const Answer& relations) {
    std::vector<const LinkedTable*> tables;
    for (const Watched& one : watched) tables.push_back(one.table);
    note_relations(relations, tables);
    return std::all_of(watched.begin(), watched.end(), [&](const Watched& one) {
        now.relation = relation_mark(*one.table);
        return follows(now, Mark::parse(one.mark), one.capture);
    });
}

}  // namespace tideway::pg
