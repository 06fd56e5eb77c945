// References whose value is only known, or only allowed, when other rows of the batch are there.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "store/postgres/apply.hpp"

namespace tideway::pg {

// A column that holds a parent's own number: the row came with the parent's key, and this side's number is
// put there. Keys that several rows have name none of them.
void SectionApply::resolve_parents() {
    const std::vector<LinkedColumn>& columns = section_.table->columns;
    const Side side = store_.side();
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (!columns[i].by_key || (!has(Write::insert) && !has(Write::update))) continue;
        const ParentByKey& parent = *columns[i].by_key;
        const sql::Identifier id(side == Side::desktop ? parent.id_desktop : parent.id_cloud);
        post("resolve parents",
                fmt::format("UPDATE {0} AS s SET c{1} = p.id FROM (SELECT {2} AS k, (array_agg(p.{3}))[1] AS "
                            "id FROM {4} p "
                            "GROUP BY 1 HAVING count(*) = 1) p WHERE p.k = s.r{1}",
                            stage_, i + 1, e_.parent_key(columns[i], "p"), id.quoted(),
                            (side == Side::desktop ? parent.desktop : parent.cloud).quoted()));
    }
}

bool SectionApply::may_be_empty(const Reference& reference) const {
    return std::none_of(reference.columns.begin(), reference.columns.end(), [&](std::size_t at) {
        const LinkedColumn& column = section_.table->columns[at];
        return column.on(store_.side()).not_null || column.key || column.by_key;
    });
}

// Two tables that refer to each other: whichever is written first finds the other's rows missing.
void SectionApply::postpone_references(const std::vector<SectionApply>& all) {
    if (!has(Write::insert) && !has(Write::update)) return;
    for (const Reference& reference : section_.table->references(store_.side()))
        for (std::size_t later = static_cast<std::size_t>(number_) + 1; later < all.size(); ++later)
            if (!reference.late && reference.parent == all[later].section_.table->on(store_.side()) &&
                may_be_empty(reference) && all[later].has(Write::insert))
                postpone(reference, all[later]);
}

void SectionApply::postpone(const Reference& reference, const SectionApply& parent) {
    std::vector<std::string> there, moves;
    for (std::size_t i = 0; i < reference.columns.size(); ++i) {
        const std::size_t at = reference.columns[i],
                          named = parent.column_number(reference.parent_columns[i]);
        if (named == 0) return;
        if (postponed_.insert(at).second)
            post("keep references", fmt::format("ALTER TABLE {} ADD l{} {}", stage_, at + 1,
                                                   section_.table->columns[at].on(store_.side()).base_type));
        there.push_back(fmt::format("q.c{} = s.c{}", named, at + 1));
        moves.push_back(fmt::format("l{0} = s.c{0}, c{0} = NULL", at + 1));
    }
    post(
        "postpone references",
        fmt::format(
            "UPDATE {} AS s SET {} WHERE s.op IN ('I', 'U') AND {} AND EXISTS (SELECT FROM {} q WHERE q.op = "
            "'I' AND {})",
            stage_, join(moves), orphan_condition(reference), parent.stage_, join(there, " AND ")));
}

// A parent that was left out after all makes the server refuse this, and the batch is taken apart.
void SectionApply::fill_postponed() {
    if (postponed_.empty()) return;
    mark_direct();
    std::vector<std::string> fills, any;
    for (const std::size_t at : postponed_) {
        const std::string name = sql::Identifier(section_.table->columns[at].on(store_.side()).name).quoted();
        fills.push_back(fmt::format("{0} = coalesce(s.l{1}, t.{0})", name, at + 1));
        any.push_back(fmt::format("s.l{} IS NOT NULL", at + 1));
    }
    const std::int64_t wanted =
        connection_
            .query(
                {"count references to fill",
                 fmt::format(
                     "SELECT count(*) FROM {} s JOIN pg_temp.tideway_outcome o ON o.sec = {} AND o.n = s.n "
                     "WHERE {}",
                     stage_, number_, join(any, " OR "))})
            .integer(0, 0);
    const std::int64_t filled = execute(
        "fill references",
        fmt::format(
            "WITH w AS (UPDATE {} AS t SET {} FROM {} s JOIN pg_temp.tideway_outcome o ON o.sec = {} AND o.n "
            "= "
            "s.n WHERE t.ctid = o.now AND ({}) RETURNING s.n, {} AS a, {} AS b, {} AS stamp, t.ctid AS now) "
            "UPDATE pg_temp.tideway_outcome AS o SET a = w.a, b = w.b, stamp = w.stamp, now = w.now FROM w "
            "WHERE "
            "o.sec = {} AND o.n = w.n",
            e_.relation(), join(fills), stage_, number_, join(any, " OR "), e_.hash_a(), e_.hash_b(),
            e_.stamp(), number_));
    if (filled != wanted)
        throw Refused({"23503", "a trigger kept a reference from being filled behind its parent", "", ""});
    stepped_aside_ += filled;
}

// Rows that refer to each other can only leave one after the other once one of them names nobody any more.
void SectionApply::release_parents(const std::vector<SectionApply>& all) {
    if (!has(Write::erase) || section_.table->repeats() || e_.marks_deletions()) return;
    for (const Reference& reference : section_.table->references(store_.side()))
        for (std::size_t later = static_cast<std::size_t>(number_) + 1; later < all.size(); ++later)
            if (!reference.late && reference.parent == all[later].section_.table->on(store_.side()) &&
                may_be_empty(reference) && all[later].has(Write::erase))
                release(reference);
}

void SectionApply::release(const Reference& reference) {
    std::vector<std::string> empty, any;
    for (const std::size_t at : reference.columns) {
        const std::string name = sql::Identifier(section_.table->columns[at].on(store_.side()).name).quoted();
        empty.push_back(name + " = NULL");
        any.push_back(fmt::format("t.{} IS NOT NULL", name));
    }
    mark_direct();
    const Result found = connection_.query(
        {"release parents", fmt::format("WITH w AS (UPDATE {0} AS t SET {1} FROM {2} s JOIN "
                                        "pg_temp.tideway_found f ON f.sec = {3} AND f.n "
                                        "= s.n AND f.a = s.a AND f.b = s.b WHERE t.ctid = f.at AND s.op = "
                                        "'D' AND ({4}) RETURNING s.n, t.ctid "
                                        "AS now), m AS (UPDATE pg_temp.tideway_found AS f SET at = w.now "
                                        "FROM w WHERE f.sec = {3} AND f.n = "
                                        "w.n RETURNING f.n) SELECT m.n FROM m",
                                        e_.relation(), join(empty), stage_, number_, join(any, " OR "))});
    stepped_aside_ += found.rows();
    for (int i = 0; i < found.rows(); ++i) released_.insert(found.integer(i, 0));
}

// Whoever was to be deleted and stays must stay as it was.
void SectionApply::refuse_rows_left_released() {
    if (released_.empty()) return;
    const Result found = connection_.query(
        {"look for released rows",
         fmt::format("SELECT count(*) FROM pg_temp.tideway_outcome o WHERE o.sec = {} AND o.n IN ({})",
                     number_, fmt::join(released_, ", "))});
    if (found.integer(0, 0) != static_cast<std::int64_t>(released_.size()))
        throw Refused({"23503",
                       "rows that refer to each other were to be deleted, and one of them has to stay", "",
                       ""});
}

namespace {

std::optional<std::size_t> position(const LinkedTable& table, Side side, const std::string& column) {
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        if (table.columns[i].on(side).name == column) return i;
    return std::nullopt;
}

}  // namespace

// A parent of this batch whose key somebody has taken meanwhile: its children must not end under that row.
void SectionApply::leave_children_of_raced(const std::vector<SectionApply>& all) {
    if (!has(Write::insert) && !has(Write::update)) return;
    for (const Side side : {Side::desktop, Side::cloud})
        for (const Reference& reference : section_.table->references(side))
            for (std::size_t earlier = 0; earlier < static_cast<std::size_t>(number_); ++earlier)
                if (reference.parent == all[earlier].section_.table->on(side) &&
                    all[earlier].has(Write::insert))
                    leave_children_of_raced(reference, side, all[earlier]);
}

void SectionApply::leave_children_of_raced(const Reference& reference, Side side,
                                           const SectionApply& parent) {
    const LinkedTable& there = *parent.section_.table;
    std::vector<std::string> equal;
    for (std::size_t i = 0; i < reference.columns.size(); ++i) {
        const auto named = position(there, side, reference.parent_columns[i]);
        if (!named || section_.table->columns[reference.columns[i]].by_key) return;
        equal.push_back(fmt::format("q.c{}::text = s.c{}::text", *named + 1, reference.columns[i] + 1));
    }
    post(
        "leave children of raced parents",
        fmt::format(
            "UPDATE {} AS s SET op = 'R' WHERE s.op IN ('I', 'U') AND EXISTS (SELECT FROM {} q JOIN {} t ON "
            "{} "
            "WHERE q.op = 'I' AND {} AND NOT EXISTS (SELECT FROM pg_temp.tideway_outcome o WHERE o.sec = {} "
            "AND o.n = q.n))",
            stage_, parent.stage_, parent.e_.relation(), parent.e_.key_match("q"), join(equal, " AND "),
            parent.number_));
}

}  // namespace tideway::pg
