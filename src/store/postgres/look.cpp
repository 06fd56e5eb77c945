// The usual case of a run every few minutes: nothing has happened. One statement tells it for all tables.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "store/postgres/pg_snapshot.hpp"
#include "store/postgres/pg_worklist.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

// One row with one boolean.
std::string log_is_empty(const std::string& changes, const Mark& since) {
    return fmt::format("SELECT NOT EXISTS (SELECT FROM {} h WHERE {})", changes, changed_since_sql(since));
}

// Number of the table, rows that there are, whether nobody has written. xmin shows no deletes, so rows are counted as well: on
// the desktop against the base. Only whoever has both counts knows it of the cloud.
std::string counted(const Expressions& e, int pair, const Watched& watched) {
    const Mark since = Mark::parse(watched.mark);
    const int id = watched.table->id;
    if (e.side() == Side::desktop)
        return fmt::format("SELECT {}, w.rows, w.touched = 0 FROM ({}) w", id, touched_sql(e, base_name(pair, id), since));
    return fmt::format("SELECT {}, count(*), count(*) FILTER (WHERE {}) = 0 FROM {} t WHERE {}", id, written_since_sql(since),
                       e.relation(), e.in_scope());
}

std::string all_true(const std::vector<std::string>& parts) {
    return fmt::format("SELECT bool_and(q.quiet) FROM ({}) AS q(quiet)", join(parts, " UNION ALL "));
}

std::map<int, std::int64_t> by_table(const Result& found) {
    std::map<int, std::int64_t> counts;
    for (int i = 0; i < found.rows(); ++i) counts[static_cast<int>(found.integer(i, 0))] = found.integer(i, 1);
    return counts;
}

bool all_quiet(const Result& found, std::size_t tables) {
    for (int i = 0; i < found.rows(); ++i)
        if (!found.boolean(i, 2)) return false;
    return static_cast<std::size_t>(found.rows()) == tables;
}

}  // namespace

Look PgStore::look(const std::vector<Watched>& watched) {
    std::vector<const LinkedTable*> tables, with_origin;
    std::vector<std::string> counts, logs{"SELECT true"};
    for (const Watched& one : watched) {
        const bool countable = one.capture == Capture::xmin && one.table->capture_desktop == Capture::xmin;
        if (one.mark.empty() || (one.capture != Capture::changelog && !countable)) return {};
        tables.push_back(one.table);
        if (countable)
            counts.push_back(counted(expressions(*one.table), pair_number_, one));
        else
            logs.push_back(log_is_empty(changes_name(pair_number_, one.table->id), Mark::parse(one.mark)));
        if (side() == Side::cloud && one.table->origin) with_origin.push_back(one.table);
    }
    Transaction transaction(reader(), {.isolation = Isolation::repeatable_read, .read_only = true});
    const Answer mark = Mark::ask(reader()), relations = ask_relations(tables);
    const std::string quiet_logs = all_true(logs);
    const Answer logs_quiet = reader().post({"look for anything logged", quiet_logs});
    // Rows are counted only where nothing is known to be new.
    const auto where_quiet = [&](const char* statement, const std::string& text) {
        return reader().post({statement, fmt::format("SELECT * FROM ({}) c WHERE ({})", text, quiet_logs)});
    };
    std::optional<Answer> rows, protected_rows;
    if (!counts.empty()) rows = where_quiet("look for anything written", join(counts, " UNION ALL "));
    if (!with_origin.empty()) protected_rows = where_quiet("count protected rows", count_protected_sql(*this, with_origin));
    transaction.commit();
    Look look;
    look.logged = !logs_quiet.get().boolean(0, 0);
    look.quiet = !look.logged && (!rows || all_quiet(rows->get(), counts.size())) && marks_hold(watched, Mark::taken(mark), relations);
    if (protected_rows) look.protected_rows = by_table(protected_rows->get());
    if (rows) look.counted_rows = by_table(rows->get());
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
