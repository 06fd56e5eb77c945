// What a written row may run into: missing parents, other unique keys, the filter.
#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/apply.hpp"

namespace tideway::sqlite {
namespace {

RowOutcome aside(Fate fate, const std::string& constraint) {
    RowOutcome outcome;
    outcome.fate = fate;
    outcome.constraint = constraint;
    return outcome;
}

std::vector<Value> picked(const std::vector<Value>& values, const std::vector<std::size_t>& columns) {
    std::vector<Value> out;
    for (const std::size_t at : columns) out.push_back(values[at]);
    return out;
}

bool any_null(const std::vector<Value>& values) {
    return std::any_of(values.begin(), values.end(),
                       [](const Value& value) { return std::holds_alternative<std::monostate>(value); });
}

}  // namespace

// Rows whose parent is missing here, after the parents in this batch were written: they are left out, and so
// are rows of this table that refer to them.
void SectionApply::set_orphans_aside() {
    bool found = writes_rows();
    while (found) {
        found = false;
        for (PlannedWrite& write : writes_) {
            if (!pending(write, Write::insert) && !pending(write, Write::update)) continue;
            for (const Reference& reference : table().references(store_.side())) {
                if (!orphaned(write, reference)) continue;
                write.outcome = aside(Fate::orphan, reference.name);
                found = true;
                break;
            }
        }
    }
}

bool SectionApply::orphaned(const PlannedWrite& write, const Reference& reference) {
    const std::vector<Value> wanted = picked(write.values, reference.columns);
    if (any_null(wanted) || parent_in_batch(reference, wanted)) return false;
    std::string condition;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        condition += fmt::format("{}{} = ?{}", i == 0 ? "" : " AND ",
                                 sql::Identifier(reference.parent_columns[i]).quoted(), i + 1);
    return !Statement(connection_, "look for parent",
                      fmt::format("SELECT 1 FROM main.{} WHERE {}",
                                  sql::Identifier(reference.parent.table).quoted(), condition),
                      wanted)
                .step();
}

bool SectionApply::parent_in_batch(const Reference& reference, const std::vector<Value>& wanted) const {
    if (reference.parent.table != table().on(store_.side()).table) return false;
    std::vector<std::size_t> columns;
    for (const std::string& parent : reference.parent_columns)
        for (std::size_t i = 0; i < table().columns.size(); ++i)
            if (table().columns[i].on(store_.side()).name == parent) columns.push_back(i);
    if (columns.size() != reference.parent_columns.size()) return false;
    return std::any_of(writes_.begin(), writes_.end(), [&](const PlannedWrite& write) {
        return (pending(write, Write::insert) || pending(write, Write::update)) &&
               picked(write.values, columns) == wanted;
    });
}

// Rows whose value under another unique key belongs to a row that stays: they would take the whole batch down
// with them. A row that this batch updates or deletes may give its value up; the file judges that.
void SectionApply::set_clashes_aside() {
    for (const OtherKey& key : table().other_keys(store_.side()))
        for (PlannedWrite& write : writes_)
            if ((pending(write, Write::insert) || pending(write, Write::update)) &&
                taken_by_another(write, key))
                write.outcome = aside(Fate::clash, key.name);
}

bool SectionApply::taken_by_another(const PlannedWrite& write, const OtherKey& key) {
    const std::vector<Value> wanted = picked(write.values, key.columns);
    if (any_null(wanted)) return false;
    for (const PlannedWrite& earlier : writes_) {
        if (&earlier == &write) break;
        const bool writes = pending(earlier, Write::insert) || pending(earlier, Write::update);
        if (writes && picked(earlier.values, key.columns) == wanted) return true;
    }
    std::string condition;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        condition += fmt::format("{}{} = ?{}", i == 0 ? "" : " AND ", codec_.column(key.columns[i]), i + 1);
    Statement holders(connection_, "look for clash",
                      fmt::format("SELECT {} FROM {} WHERE {}", codec_.rowid(), codec_.relation(), condition),
                      wanted);
    while (holders.step()) {
        const std::int64_t holder = holders.integer(0);
        if (std::none_of(writes_.begin(), writes_.end(), [&](const PlannedWrite& other) {
                return other.claimed && other.claimed->rowid == holder;
            }))
            return true;
    }
    return false;
}

// Two rows that change places under a unique key (or more, in a ring) can only do so through another value:
// whoever stands where another row of this batch wants to be steps aside first.
void SectionApply::step_aside() {
    for (const OtherKey& key : table().other_keys(store_.side()))
        for (PlannedWrite& write : writes_)
            if (pending(write, Write::update) && wanted_by_another(write, key)) step_one_aside(write, key);
}

bool SectionApply::wanted_by_another(const PlannedWrite& write, const OtherKey& key) const {
    const std::vector<Value> present = picked(write.claimed->values, key.columns);
    if (any_null(present) || present == picked(write.values, key.columns)) return false;
    return std::any_of(writes_.begin(), writes_.end(), [&](const PlannedWrite& other) {
        return &other != &write && (pending(other, Write::insert) || pending(other, Write::update)) &&
               picked(other.values, key.columns) == present;
    });
}

// A text that nobody else has; a column of another type may refuse it, and then the batch is refused.
void SectionApply::step_one_aside(PlannedWrite& write, const OtherKey& key) {
    const std::size_t column = key.columns.front();
    const ColumnSide& target = table().columns[column].on(store_.side());
    const char* passing =
        !target.not_null ? "NULL"
        : codec_.form(column).type == TypeClass::integer || codec_.form(column).type == TypeClass::numeric
            ? "-1 - abs(random() / 2)"
            : "hex(randomblob(16))";
    mark_direct(write.claimed->values);
    Statement(connection_, "step aside",
              fmt::format("UPDATE {} SET {} = {} WHERE {} = ?1", codec_.relation(), codec_.column(column),
                          passing, codec_.rowid()))
        .run({write.claimed->rowid});
    write.stepped_aside = true;
}

// A trigger that suppresses the second of the two updates would leave the passing value in a user's row.
void SectionApply::refuse_row_left_aside(const PlannedWrite& write) const {
    if (write.stepped_aside && !write.outcome)
        throw Refused(
            {"23505", "rows change places under a unique key, and a trigger kept one of them back", "", ""});
}

// A row that a trigger or a default carried out of the filter would belong to somebody else.
void SectionApply::refuse_rows_outside() const {
    for (const PlannedWrite& write : writes_)
        if (write.after && !write.after->inside && !write.plan->chosen)
            throw Refused({"44000",
                           fmt::format("the row would lie outside the filter of {}",
                                       table().on(store_.side()).display()),
                           "see where in the configuration", ""});
}

}  // namespace tideway::sqlite
