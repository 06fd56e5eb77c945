// The usual case of a run every few minutes: nothing has happened. One statement tells it for all tables.
#include <fmt/format.h>

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
    for (const Watched& one : watched) tables.push_back(one.table);
    Transaction transaction(reader(), {.isolation = Isolation::repeatable_read, .read_only = true});
    Mark now = Mark::take(reader());
    note_relations(tables);
    std::vector<std::string> parts, counts;
    for (const auto& [table, capture, mark] : watched) {
        const Mark since = Mark::parse(mark);
        now.relation = relation_mark(*table);
        const bool counted = capture == Capture::xmin && side() == Side::desktop;
        if (mark.empty() || !follows(now, since, capture) || (capture != Capture::changelog && !counted))
            return {};
        const Expressions e = expressions(*table);
        parts.push_back(counted ? nobody_wrote(e, base_name(pair_number_, table->id), since)
                                : log_is_empty(changes_name(pair_number_, table->id), since));
        if (side() == Side::cloud && table->origin)
            counts.push_back(fmt::format("SELECT {}, count(*) FROM {} t WHERE {} AND {}", table->id,
                                         e.relation(), e.marked_mobile(), e.in_scope()));
    }
    Look look;
    look.quiet = reader()
                     .query({"look for anything new",
                             fmt::format("SELECT coalesce(bool_and(q.quiet), true) FROM ({}) AS q(quiet)",
                                         join(parts, " UNION ALL "))})
                     .boolean(0, 0);
    if (look.quiet && !counts.empty()) {
        const Result found = reader().query({"count protected rows", join(counts, " UNION ALL ")});
        for (int i = 0; i < found.rows(); ++i)
            look.protected_rows[static_cast<int>(found.integer(i, 0))] = found.integer(i, 1);
    }
    transaction.commit();
    return look;
}

}  // namespace tideway::pg
