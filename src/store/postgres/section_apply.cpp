// One table's part of an apply transaction: stage, lock, write, journal, conflicts, receipts or base.
#include <fmt/format.h>

#include <algorithm>

#include "store/postgres/apply.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
SectionApply::SectionApply(PgStore& store, Connection& connection, const BatchSection& section, int number,
                           const Batch& batch)
    : store_(store),
      connection_(connection),
      section_(section),
      number_(number),
      e_(store.expressions(*section.table)),
      stage_(fmt::format("pg_temp.tideway_stage_{}", number)),
      cut_(batch.cut),
      undoes_(batch.undoes),
      rehearsal_(batch.rehearsal) {
    if (undoes_) unlinked_ = unlinked_columns(connection, section, store.side());
}

void SectionApply::post(std::string_view name, const std::string& text) { connection_.post({name, text}); }

std::int64_t SectionApply::execute(std::string_view name, const std::string& text) {
    const Answer answer = connection_.post({name, text});
    connection_.flush();
    return answer.get().affected();
}

bool SectionApply::has(Write write) const {
    for (const PlannedRow& row : section_.rows)
        if (row.write == write) return true;
    return false;
}

// A target without an index on the key could receive the same key from a user while we insert it.
void SectionApply::lock(bool skip_locked) {
    skip_locked_ = skip_locked;
    if (section_.table->repeats()) return lock_repeated(skip_locked);
    if (has(Write::insert) && !section_.table->key_index(store_.side()))
        post("lock keyless table",
                fmt::format("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", e_.relation()));
    post("lock rows",
            fmt::format("INSERT INTO pg_temp.tideway_found SELECT {}, s.n, t.ctid, {}, {}, "
                        "{} FROM {} s JOIN {} t ON {} AND (s.chosen OR {}) AND {} = s.revives "
                        "ORDER BY {} FOR UPDATE OF t{}",
                        number_, e_.hash_a(), e_.hash_b(), e_.image(), stage_, e_.relation(),
                        e_.key_match("s"), e_.in_filter(), e_.marked_deleted(), key_list(section_.table->key_cells(), "s"),
                        skip_locked ? " SKIP LOCKED" : ""));
}

// One stage row claims exactly one row whose hash matches (DESIGN.md 10.7).
std::string SectionApply::claimed(char op) const {
    return fmt::format(
        "(SELECT DISTINCT ON (s.n) s.*, f.at AS claimed FROM {} s JOIN pg_temp.tideway_found f ON f.sec = {} "
        "AND f.n "
        "= s.n "
        "AND f.a = s.a AND f.b = s.b WHERE s.op = '{}' ORDER BY s.n, f.at)",
        stage_, number_, op);
}

void SectionApply::mark_direct() {
    if (undoes_) return;
    post("mark own writes", fmt::format("SELECT set_config('tideway.direct', '{}', true)",
                                           direct_mark(store_.pair_number(), section_.table->id)));
}

void SectionApply::update() {
    if (!has(Write::update)) return;
    const std::string assignments = undoes_ ? exact_assignments() : e_.assignments();
    if (assignments.empty()) throw Defect("a table of key columns only cannot have an updated row");
    // A row that a trigger gave another key is not the planned one: it counts as written beside the plan.
    post("update rows",
            fmt::format("WITH w AS (UPDATE {} AS t SET {} FROM {} s WHERE t.ctid = s.claimed "
                        "RETURNING s.n, {} AS a, {} AS b, {} AS stamp, s.claimed, t.ctid AS now, {} AS same) "
                        "INSERT INTO pg_temp.tideway_outcome SELECT {}, w.n, w.a, w.b, w.stamp, w.claimed, w.now "
                        "FROM w WHERE w.same",
                        e_.relation(), assignments, claimed('U'), e_.hash_a(), e_.hash_b(), e_.stamp(),
                        section_.table->repeats() ? "true" : e_.key_match("s"), number_));
}

// The mark of a deletion goes back to what it was as well.
std::string SectionApply::exact_assignments() const {
    std::string assignments = e_.exact_assignments();
    const auto& mark = section_.table->mark(store_.side());
    const auto at = mark ? std::find(unlinked_.begin(), unlinked_.end(), sql::Identifier(mark->column).quoted())
                         : unlinked_.end();
    if (at != unlinked_.end())
        assignments += fmt::format("{}{} = s.u{}", assignments.empty() ? "" : ", ", *at, at - unlinked_.begin() + 1);
    return assignments;
}

void SectionApply::insert_into(std::vector<std::string>& names, std::vector<std::string>& values) const {
    const LinkedTable& table = *section_.table;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const LinkedColumn& column = table.columns[i];
        if (!column.on(store_.side()).writable) continue;
        names.push_back(sql::Identifier(column.on(store_.side()).name).quoted());
        values.push_back(fmt::format("s.c{}", i + 1));
    }
    for (std::size_t i = table.columns.size(); i < table.cells_to(store_.side()); ++i) {
        names.push_back(sql::Identifier(table.lookups[i - table.columns.size()].cloud.name).quoted());
        values.push_back(fmt::format("s.c{}", i + 1));
    }
    for (std::size_t i = 0; i < unlinked_.size(); ++i) {
        names.push_back(unlinked_[i]);
        values.push_back(fmt::format("s.u{}", i + 1));
    }
    for (const ConstantColumn& constant : table.constants) {
        if (constant.side != store_.side() || undoes_) continue;
        names.push_back(sql::Identifier(constant.name).quoted());
        values.push_back(fmt::format("{}::{}", sql::literal(constant.value), constant.type));
    }
}

void SectionApply::insert() {
    if (!has(Write::insert)) return;
    const LinkedTable& table = *section_.table;
    std::vector<std::string> names, values;
    insert_into(names, values);
    if (table.repeats()) return insert_repeated(join(names), join(values));
    // A row that was skipped because somebody holds it, or that bears a mark, is there all the same.
    const std::string unseen = skip_locked_ || e_.marks_deletions() ? fmt::format("AND NOT EXISTS (SELECT FROM {} t WHERE {})",
                                                          e_.relation(), e_.key_match("s"))
                                            : "";
    const std::string on_conflict =
        table.key_index(store_.side()) ? fmt::format("ON CONFLICT ({}) DO NOTHING", e_.key_names()) : "";
    post(
        "insert rows",
        fmt::format("WITH w AS (INSERT INTO {} AS t ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} s WHERE "
                    "s.op = 'I' AND NOT EXISTS "
                    "(SELECT FROM pg_temp.tideway_found f WHERE f.sec = {} AND f.n = s.n) {} ORDER BY s.n {} "
                    "RETURNING "
                    "{}, {} AS a, {} AS b, {} AS stamp, t.ctid AS now) "
                    "INSERT INTO pg_temp.tideway_outcome SELECT {}, s.n, w.a, w.b, w.stamp, NULL, w.now FROM "
                    "w JOIN {} s ON {}",
                    e_.relation(), join(names), join(values), stage_, number_, unseen, on_conflict,
                    e_.keys_as_work(), e_.hash_a(), e_.hash_b(), e_.stamp(), number_, stage_,
                    key_equal(table.key_cells(), "w", "s")));
    move_counters();
}

void SectionApply::erase() {
    if (!has(Write::erase)) return;
    const std::string rows = claimed('D');
    const std::string left =
        e_.marks_deletions() ? fmt::format("{} AS a, {} AS b", e_.hash_a(), e_.hash_b())
                             : "NULL::bigint AS a, NULL::bigint AS b";
    const std::string removal =
        e_.marks_deletions()
            ? fmt::format("UPDATE {} AS t SET {} FROM {} s", e_.relation(), e_.deletion(), rows)
            : fmt::format("DELETE FROM {} AS t USING {} s", e_.relation(), rows);
    post("delete rows",
            fmt::format("WITH w AS ({} WHERE t.ctid = s.claimed RETURNING s.n, {}, s.claimed) "
                        "INSERT INTO pg_temp.tideway_outcome (sec, n, a, b, at) SELECT {}, w.* FROM w",
                        removal, left, number_));
}

}  // namespace tideway::pg
