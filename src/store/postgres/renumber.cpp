// Another key for a row of the desktop and for the rows that refer to it (collision = "remap").
#include <fmt/format.h>

#include <numeric>
#include <set>

#include "store/postgres/pg_archive.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

// A sequence further behind the numbers in use is not what numbers the rows.
constexpr int most_draws = 1'000;

std::string key_column(const LinkedTable& table) {
    return sql::Identifier(table.key_columns().front()->desktop.name).quoted();
}

// Quoted, so that it takes the type of whatever column it goes to.
std::string number_of(const Renumbering& r) { return sql::literal(std::to_string(r.number)); }

// One table's part: which rows, and what becomes of their columns.
struct Part {
    const LinkedTable* table;
    std::string rows, assignments;
};

Part part_of_parent(const Expressions& e, const Renumbering& r, const std::string& old_number,
                    const std::vector<std::size_t>& own_references) {
    Part part{r.table,
              fmt::format("t.{} = {} AND {} = {} AND {} = {}", key_column(*r.table), old_number, e.hash_a(),
                          r.expected.a, e.hash_b(), r.expected.b),
              fmt::format("{} = {}", key_column(*r.table), number_of(r))};
    for (const std::size_t at : own_references) {
        const std::string name = sql::Identifier(r.table->columns[at].desktop.name).quoted();
        part.assignments += fmt::format(", {0} = CASE WHEN t.{0} = {1} THEN {2} ELSE t.{0} END", name,
                                        old_number, number_of(r));
    }
    return part;
}

// A row that came from the phone and is as it came means the phone's row: that one keeps the key.
std::string from_the_cloud(const Expressions& e, const std::string& base) {
    return fmt::format(
        "EXISTS (SELECT FROM {} b WHERE {} AND b.state = 'L' AND b.origin = 'M' AND b.hd_a = {} AND "
        "b.hd_b = {})",
        base, e.key_match("b"), e.hash_a(), e.hash_b());
}

Part part_of_child(const Renumbering& r, const Renumbering::Dependent& child, const std::string& old_number) {
    Part part{child.table, "", ""};
    for (const std::size_t at : child.columns) {
        const std::string name = sql::Identifier(child.table->columns[at].desktop.name).quoted();
        part.rows += fmt::format("{}t.{} = {}", part.rows.empty() ? "(" : " OR ", name, old_number);
        part.assignments += fmt::format("{0}{1} = CASE WHEN t.{1} = {2} THEN {3} ELSE t.{1} END",
                                        part.assignments.empty() ? "" : ", ", name, old_number, number_of(r));
    }
    part.rows += ")";
    if (child.table == r.table)  // the row itself is changed with its key
        part.rows += fmt::format(" AND t.{} <> {}", key_column(*r.table), old_number);
    return part;
}

class Renumbered {
  public:
    Renumbered(PgStore& store, Connection& connection, const Renumbering& renumbering)
        : store_(store),
          connection_(connection),
          r_(renumbering),
          old_(sql::literal(renumbering.key.front())) {
        std::vector<std::size_t> own;
        for (const Renumbering::Dependent& child : r_.dependents)
            if (child.table == r_.table) own = child.columns;
        parts_.push_back(part_of_parent(store_.expressions(*r_.table), r_, old_, own));
        for (const Renumbering::Dependent& child : r_.dependents)
            parts_.push_back(part_of_child(r_, child, old_));
        for (auto part = parts_.begin() + 1; part != parts_.end(); ++part)
            if (has_base(*part->table))
                part->rows +=
                    " AND NOT " + from_the_cloud(store_.expressions(*part->table), base_of(*part->table));
    }

    // False: the row is not as expected any more, or rows came or went meanwhile.
    bool write() {
        std::vector<std::int64_t> kept;
        for (const Part& part : parts_) kept.push_back(keep(part));
        if (kept.front() != 1) return false;
        const std::int64_t following = std::accumulate(kept.begin() + 1, kept.end(), std::int64_t{0});
        note(following);
        return change() == kept;
    }

  private:
    std::string base_of(const LinkedTable& table) const { return base_name(store_.pair_number(), table.id); }

    // A table that no run has taken along yet has none.
    bool has_base(const LinkedTable& table) {
        return run(connection_, "look for base", "SELECT to_regclass($1) IS NOT NULL", {base_of(table)})
            .boolean(0, 0);
    }

    // Locks the rows and writes them into the journal.
    std::int64_t keep(const Part& part) {
        const Expressions e = store_.expressions(*part.table);
        connection_.query(
            {"lock rows to renumber",
             fmt::format("SELECT FROM {} t WHERE {} ORDER BY t.ctid FOR UPDATE", e.relation(), part.rows)});
        return connection_
            .query(
                {"write journal",
                 fmt::format(
                     "INSERT INTO tideway.journal (pair, run, batch, tbl, key, op, rule, before, before_a, "
                     "before_b) SELECT {}, {}, 0, {}, ARRAY[{}]::text[], 'U', {}, {}, {}, {} FROM {} t WHERE "
                     "{}",
                     sql::literal(store_.pair()), sql::literal(r_.run), part.table->id, join(e.key_cells()),
                     sql::literal(r_.rule), e.image(), e.hash_a(), e.hash_b(), e.relation(), part.rows)})
            .affected();
    }

    void note(std::int64_t following) {
        const Part& parent = parts_.front();
        const Expressions e = store_.expressions(*parent.table);
        connection_.query(
            {"keep conflict",
             fmt::format(
                 "INSERT INTO tideway.conflict (pair, run, tbl, key, kind, policy, winner, reason, "
                 "desktop_row) "
                 "SELECT {}, {}, {}, {}::text[], 'collision', 'remap', 'cloud', {}, {} FROM {} t WHERE {}",
                 sql::literal(store_.pair()), sql::literal(r_.run), parent.table->id,
                 sql::literal(text_array(r_.key)),
                 sql::literal(fmt::format("{} ({} rows)", r_.reason, following)), e.image(), e.relation(),
                 parent.rows)});
    }

    // One statement: the server checks foreign keys at its end, when parent and children agree again.
    std::vector<std::int64_t> change() {
        std::vector<std::string> changes, counts;
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            changes.push_back(fmt::format("p{} AS (UPDATE {} AS t SET {} WHERE {} RETURNING 1)", i,
                                          parts_[i].table->desktop.quoted(), parts_[i].assignments,
                                          parts_[i].rows));
            counts.push_back(fmt::format("(SELECT count(*) FROM p{})", i));
        }
        const Result found =
            connection_.query({"renumber", fmt::format("WITH {} SELECT {}", join(changes), join(counts))});
        std::vector<std::int64_t> changed;
        for (std::size_t i = 0; i < parts_.size(); ++i)
            changed.push_back(found.integer(0, static_cast<int>(i)));
        return changed;
    }

    PgStore& store_;
    Connection& connection_;
    const Renumbering& r_;
    std::string old_;
    std::vector<Part> parts_;  // the parent first
};

}  // namespace

namespace {

bool number(const LinkedColumn& column) {
    static const std::set<std::string> types{"smallint", "integer", "bigint", "numeric"};
    return types.contains(column.desktop.base_type);
}

// Every column of the desktop that holds this key: the table's own and those that refer to it.
std::vector<std::pair<sql::TableName, const LinkedColumn*>> holders(
    const LinkedTable& table, const std::vector<Renumbering::Dependent>& dependents) {
    std::vector<std::pair<sql::TableName, const LinkedColumn*>> found{
        {table.desktop, table.key_columns().front()}};
    for (const Renumbering::Dependent& child : dependents)
        for (const std::size_t at : child.columns)
            found.emplace_back(child.table->desktop, &child.table->columns[at]);
    return found;
}

// No row of the desktop has this number or refers to it: an orphan must not find a parent by chance.
std::string is_free(const LinkedTable& table, const std::vector<Renumbering::Dependent>& dependents) {
    std::vector<std::string> parts;
    for (const auto& [relation, column] : holders(table, dependents))
        parts.push_back(fmt::format("NOT EXISTS (SELECT FROM {} t WHERE t.{} = c.n{})", relation.quoted(),
                                    sql::Identifier(column->desktop.name).quoted(),
                                    number(*column) ? "" : "::text"));
    return join(parts, " AND ");
}

// The numbers behind those that are taken.
std::string candidates(const LinkedTable& table, const std::vector<Renumbering::Dependent>& dependents) {
    std::string text = "SELECT $1::bigint + 1 AS n";
    for (const auto& [relation, column] : holders(table, dependents))
        if (number(*column))
            text += fmt::format(
                " UNION SELECT floor(t.{0})::bigint + 1 FROM {1} t WHERE t.{0} > $1::bigint AND t.{0} < "
                "$2::bigint",
                sql::Identifier(column->desktop.name).quoted(), relation.quoted());
    return text;
}

}  // namespace

std::optional<std::int64_t> PgArchive::drawn_number(const std::string& counter, const std::string& free) try {
    Connection& c = store_.writer();
    Transaction transaction(c);
    for (int tries = 0; tries < most_draws; ++tries) {
        const Result drawn =
            run(c, "draw number",
                fmt::format("SELECT c.n, {} FROM (SELECT nextval($1::regclass) AS n) c", free), {counter});
        if (!drawn.boolean(0, 1)) continue;
        transaction.commit();
        return drawn.integer(0, 0);
    }
    return std::nullopt;
} catch (const DbError& error) {
    if (error.sqlstate() == "2200H") return std::nullopt;  // the sequence is at its end
    throw;
}

std::optional<std::int64_t> PgArchive::free_number(const LinkedTable& table,
                                                   const std::vector<Renumbering::Dependent>& dependents,
                                                   std::int64_t above) {
    const std::string free = is_free(table, dependents);
    const std::string& counter = table.key_columns().front()->desktop.counter;
    if (!counter.empty() && above > 0)
        if (const auto drawn = drawn_number(counter, free)) return drawn;
    const std::int64_t largest = largest_number(table);
    if (above >= largest) return std::nullopt;
    Connection& c = store_.writer();
    Transaction transaction(c);
    const Result found =
        run(c, "find free number",
            fmt::format("SELECT c.n FROM ({}) c WHERE c.n <= $2::bigint AND {} ORDER BY c.n LIMIT 1",
                        candidates(table, dependents), free),
            {std::to_string(above), std::to_string(largest)});
    transaction.commit();
    if (found.rows() == 0) return std::nullopt;
    return found.integer(0, 0);
}

bool PgArchive::renumber(const Renumbering& renumbering, std::int64_t fence) try {
    Connection& c = store_.writer();
    Transaction transaction(c);
    check_fence(c, fence);
    failpoint("M3.renumber");
    if (!Renumbered(store_, c, renumbering).write()) return false;
    transaction.commit();
    failpoint("M3.renumbered");
    return true;
} catch (const DbError& error) {
    rethrow_for_batch(error);
}

}  // namespace tideway::pg
