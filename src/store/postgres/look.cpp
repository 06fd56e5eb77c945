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

}  // namespace

// xmin shows no deletes: rows are counted as well, so the base has to be at hand.
Look PgStore::look(const std::vector<Watched>& watched) {
    std::vector<const LinkedTable*> tables;
    std::vector<std::string> parts{"SELECT true"}, counts;
    for (const auto& [table, capture, mark] : watched) {
        const bool counted = capture == Capture::xmin && side() == Side::desktop;
        if (mark.empty() || (capture != Capture::changelog && !counted)) return {};
        tables.push_back(table);
        const Mark since = Mark::parse(mark);
        const Expressions e = expressions(*table);
        parts.push_back(counted ? nobody_wrote(e, base_name(pair_number_, table->id), since)
                                : log_is_empty(changes_name(pair_number_, table->id), since));
        if (side() == Side::cloud && table->origin)
            counts.push_back(fmt::format("SELECT {}, count(*) FROM {} t WHERE {} AND {}", table->id, e.relation(),
                                         e.marked_mobile(), e.in_scope()));
    }
    Transaction transaction(reader(), {.isolation = Isolation::repeatable_read, .read_only = true});
    const Answer mark = Mark::ask(reader()), relations = ask_relations(tables);
    const Answer quiet =
        reader().post({"look for anything new", fmt::format("SELECT bool_and(q.quiet) FROM ({}) AS q(quiet)",
                                                            join(parts, " UNION ALL "))});
    // Counted only where nothing is new: otherwise the run counts itself.
    std::optional<Answer> protected_rows;
    if (!counts.empty())
        protected_rows = reader().post(
            {"count protected rows",
             fmt::format("SELECT * FROM ({}) c WHERE (SELECT bool_and(q.quiet) FROM ({}) AS q(quiet))",
                         join(counts, " UNION ALL "), join(parts, " UNION ALL "))});
    transaction.commit();
    Look look;
    look.quiet = quiet.get().boolean(0, 0) && marks_hold(watched, Mark::taken(mark), relations);
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
