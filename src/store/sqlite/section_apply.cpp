// One table's part of an apply transaction: claim and write.
#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/apply.hpp"
#include "store/sqlite/restored_row.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/types.hpp"

namespace tideway::sqlite {

SectionApply::SectionApply(SqliteStore& store, Connection& connection, const BatchSection& section,
                           bool undoes)
    : store_(store),
      connection_(connection),
      section_(section),
      codec_(store.codec(connection, *section.table)),
      undoes_(undoes),
      partly_linked_(has_unlinked_columns(connection, codec_)) {
    by_rowid_.emplace(connection, "read row",
                      codec_.select() + fmt::format(" WHERE t.{} = ?1", codec_.rowid()));
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < codec_.key_positions().size(); ++i)
        cells.push_back(fmt::format("?{}", i + 1));
    if (!cells.empty())
        direct_.emplace(connection, "mark own write",
                        fmt::format("INSERT INTO tideway_direct SELECT '{}:{}', {}", store.pair_number(),
                                    section.table->id, marked_key_sql(cells)));
    for (const PlannedRow& row : section.rows) {
        PlannedWrite write;
        write.plan = &row;
        if (row.write != Write::erase && undoes)
            restore(write);
        else if (row.write != Write::erase)
            write.values = values_of(row);
        writes_.push_back(std::move(write));
    }
}

// A value that the column cannot hold exactly refuses the batch, as a server's types do.
std::vector<Value> SectionApply::values_of(const PlannedRow& row) const {
    std::vector<Value> values;
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
        const ColumnForm form =
            i < table().columns.size()
                ? codec_.form(i)
                : ColumnForm{class_of(table().lookups[i - table().columns.size()].cloud.base_type)};
        const auto value = row.cells[i] ? value_of(form, *row.cells[i]) : Value();
        if (!value)
            throw Refused({"22003",
                           fmt::format("a value of {}.{} has no exact form in SQLite",
                                       table().on(store_.side()).display(),
                                       i < table().columns.size() ? table().columns[i].on(store_.side()).name
                                                                  : "a looked-up column"),
                           "", ""});
        values.push_back(*value);
    }
    return values;
}

// An image that is not the row it was taken from would write something that nobody ever wrote.
void SectionApply::restore(PlannedWrite& write) {
    RestoredRow row = restored_row(connection_, codec_, write.plan->restores);
    if (!row.exact) write.outcome = RowOutcome{Fate::inexact, {}, {}, {}};
    write.values = std::move(row.values);
    write.others = std::move(row.other_values);
    others_ = std::move(row.others);
}

// Capture triggers do not log the next statement's write to that row.
void SectionApply::mark_direct(const std::vector<Value>& row) {
    if (!direct_ || undoes_) return;
    Statement(connection_, "unmark own writes", "DELETE FROM tideway_direct WHERE true").run();
    std::vector<Value> key;
    for (const std::size_t at : codec_.key_positions()) key.push_back(row[at]);
    direct_->run(key);
}

std::optional<Row> SectionApply::read_row(std::int64_t rowid) {
    by_rowid_->bind({rowid});
    if (!by_rowid_->step()) return std::nullopt;
    Row row = codec_.row_at(*by_rowid_);
    by_rowid_->bind({rowid});
    return row;
}

bool SectionApply::pending(const PlannedWrite& write, Write kind) const {
    if (write.outcome || write.plan->write != kind) return false;
    return kind == Write::insert ? !write.key_taken : write.claimed.has_value();
}

bool SectionApply::writes_rows() const {
    return std::any_of(writes_.begin(), writes_.end(),
                       [](const PlannedWrite& write) { return write.plan->write != Write::erase; });
}

void SectionApply::claim() {
    const bool only_new = std::all_of(section_.rows.begin(), section_.rows.end(),
                                      [](const PlannedRow& row) { return row.write == Write::insert; });
    if (only_new && table().repeats()) return;
    RowFinder finder(store_, connection_, codec_);
    std::set<std::int64_t> taken;
    for (PlannedWrite& write : writes_) claim_row(write, finder, taken);
}

// The hash covers the synchronised columns alone; the journal knows what the write left in all of them.
bool SectionApply::touched_since(const PlannedWrite& write) {
    if (!undoes_ || !partly_linked_ || write.plan->write != Write::erase) return false;
    Statement left(connection_, "read what was written", "SELECT whole FROM tideway_journal WHERE id = ?1",
                   {write.plan->restores});
    return left.step() && !left.null(0) && left.integer(0) != whole_hash(write.before);
}

// Rows of one key and one hash are alike, so it does not matter which of them a planned row claims; what
// matters is that no two planned rows claim the same (DESIGN.md 10.7).
void SectionApply::claim_row(PlannedWrite& write, RowFinder& finder, std::set<std::int64_t>& taken) {
    const bool inserts = write.plan->write == Write::insert;
    if (inserts && table().repeats()) return;
    Key key = write.plan->key;
    key.resize(table().key_cells());
    for (Row& row : finder.find(key)) {
        write.key_taken = write.key_taken || inserts;
        const bool right = !inserts && (row.inside || write.plan->chosen) &&
                           codec_.hash(row) == write.plan->expected && !taken.contains(row.rowid);
        if (!right) continue;
        taken.insert(row.rowid);
        write.before = json_image(connection_, codec_, row.rowid);
        write.claimed = std::move(row);
        if (touched_since(write)) write.outcome = RowOutcome{Fate::touched, {}, {}, {}};
        return;
    }
}

// The row as it is now, after triggers. One that a trigger removed again was not applied.
void SectionApply::finish(PlannedWrite& write, std::int64_t rowid) {
    RowOutcome outcome;
    outcome.fate = Fate::applied;
    if (write.plan->write != Write::erase) {
        write.after = read_row(rowid);
        if (!write.after) return;
        outcome.hash = codec_.hash(*write.after);
        outcome.stamp = codec_.stamp(*write.after);
    }
    write.outcome = outcome;
}

void SectionApply::update() {
    for (PlannedWrite& write : writes_)
        if (pending(write, Write::update)) update_row(write);
}

// A value whose meaning is the same keeps the spelling that this side gave it.
void SectionApply::update_row(PlannedWrite& write) {
    const std::size_t linked = table().columns.size();
    std::string assignments;
    std::vector<Value> values;
    std::int64_t rowid = write.claimed->rowid;
    const auto assign = [&](const std::string& column, const Value& value) {
        values.push_back(value);
        assignments += fmt::format("{}{} = ?{}", assignments.empty() ? "" : ", ", column, values.size());
    };
    for (std::size_t i = 0; i < write.values.size(); ++i) {
        if (i >= linked) {
            assign(sql::Identifier(table().lookups[i - linked].cloud.name).quoted(), write.values[i]);
            continue;
        }
        const LinkedColumn& column = table().columns[i];
        if (column.key || column.insert_only || column.kept_on_update || !column.on(store_.side()).writable)
            continue;
        const Value& old = write.claimed->values[i];
        const bool same =
            !undoes_ && fits(codec_.form(i), old) &&
            canonical_text(codec_.form(i), old) == canonical_text(codec_.form(i), write.values[i]);
        assign(codec_.column(i), same ? old : write.values[i]);
        if (codec_.numbers_rows(i) && !same) rowid = std::get<std::int64_t>(write.values[i]);
    }
    if (assignments.empty()) throw Defect("a table of key columns only cannot have an updated row");
    mark_direct(write.claimed->values);
    values.emplace_back(write.claimed->rowid);
    const std::int64_t written = Statement(connection_, "update row",
                                           fmt::format("UPDATE {} SET {} WHERE {} = ?{}", codec_.relation(),
                                                       assignments, codec_.rowid(), values.size()))
                                     .run(values);
    if (written == 1) finish(write, rowid);
    refuse_row_left_aside(write);
}

void SectionApply::insert() {
    std::vector<std::string> names;
    std::vector<Value> constants;
    for (std::size_t i = 0; i < table().columns.size(); ++i)
        if (table().columns[i].on(store_.side()).writable) names.push_back(codec_.column(i));
    if (store_.side() == Side::cloud)
        for (const Lookup& lookup : table().lookups)
            names.push_back(sql::Identifier(lookup.cloud.name).quoted());
    for (const ConstantColumn& constant : table().constants) {
        if (constant.side != store_.side() || undoes_) continue;
        names.push_back(sql::Identifier(constant.name).quoted());
        constants.push_back(
            value_of({class_of(constant.type)}, constant.value).value_or(Value(constant.value)));
    }
    names.insert(names.end(), others_.begin(), others_.end());
    std::string columns, places;
    for (std::size_t i = 0; i < names.size(); ++i) {
        columns += (i == 0 ? "" : ", ") + names[i];
        places += fmt::format("{}?{}", i == 0 ? "" : ", ", i + 1);
    }
    Statement put(connection_, "insert row",
                  fmt::format("INSERT INTO {} ({}) VALUES ({})", codec_.relation(), columns, places));
    for (PlannedWrite& write : writes_)
        if (pending(write, Write::insert)) insert_row(write, put, constants);
}

void SectionApply::insert_row(PlannedWrite& write, Statement& put, const std::vector<Value>& constants) {
    std::vector<Value> values;
    for (std::size_t i = 0; i < write.values.size(); ++i)
        if (i >= table().columns.size() || table().columns[i].on(store_.side()).writable)
            values.push_back(write.values[i]);
    values.insert(values.end(), constants.begin(), constants.end());
    values.insert(values.end(), write.others.begin(), write.others.end());
    mark_direct(write.values);
    if (put.run(values) == 1) finish(write, connection_.last_insert_rowid());
}

void SectionApply::erase() {
    Statement remove(connection_, "delete row",
                     fmt::format("DELETE FROM {} WHERE {} = ?1", codec_.relation(), codec_.rowid()));
    for (PlannedWrite& write : writes_) {
        if (!pending(write, Write::erase)) continue;
        mark_direct(write.claimed->values);
        if (remove.run({write.claimed->rowid}) == 1) finish(write, write.claimed->rowid);
    }
}

namespace {

bool applied(const PlannedWrite& write) { return write.outcome && write.outcome->fate == Fate::applied; }

}  // namespace

std::vector<RowOutcome> SectionApply::outcomes() const {
    std::vector<RowOutcome> outcomes;
    for (const PlannedWrite& write : writes_) {
        RowOutcome outcome = write.outcome.value_or(RowOutcome{});
        // Nobody was in the way, so a trigger said no.
        if (!write.outcome && pending(write, write.plan->write)) outcome.fate = Fate::suppressed;
        outcomes.push_back(outcome);
    }
    return outcomes;
}

PlannedCounts SectionApply::planned() const {
    PlannedCounts counts;
    for (const PlannedWrite& write : writes_) {
        if (!applied(write)) continue;
        if (write.plan->write == Write::insert) ++counts.inserted;
        if (write.plan->write == Write::erase) ++counts.deleted;
        if (write.after)
            counts.rows.insert(
                {write.claimed ? write.claimed->rowid : write.after->rowid, write.after->rowid});
    }
    return counts;
}

}  // namespace tideway::sqlite
