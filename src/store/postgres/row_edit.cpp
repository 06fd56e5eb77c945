// A row that is written as a user would: captured like an edit of theirs, and journaled.
#include <fmt/format.h>

#include "base/failpoint.hpp"
#include "store/postgres/pg_archive.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

class Edited {
  public:
    Edited(PgStore& store, Connection& connection, const RowEdit& edit)
        : store_(store), connection_(connection), edit_(edit), e_(store.expressions(*edit.table)) {}

    // False: the row is not as expected.
    bool write() {
        find();
        if (!as_expected()) return false;
        if (!there() && !edit_.image) return false;
        if (!edit_.image)
            erase();
        else if (there())
            update();
        else
            insert();
        return true;
    }

    std::string version() const { return version_; }

  private:
    bool there() const { return !at_.empty(); }

    bool as_expected() const {
        if (edit_.expected_version) return *edit_.expected_version == version_;
        return edit_.expected.has_value() == there() && same_;
    }

    // The row of the key, locked; where several share it, the one that is as expected. Without an index on
    // the key a user could make one meanwhile.
    void find() {
        if (!edit_.table->key_index(store_.side()) && (!edit_.expected || edit_.expected_version))
            connection_.query({"lock keyless table",
                               fmt::format("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", e_.relation())});
        std::vector<std::string> typed;
        std::vector<Cell> parameters{edit_.expected ? Cell(*edit_.expected) : Cell()};
        for (const std::string& type : e_.work_key_types()) {
            typed.push_back(fmt::format("${}::text::{} AS k{}", typed.size() + 2, type, typed.size() + 1));
            parameters.emplace_back(edit_.key[parameters.size() - 1]);
        }
        const Result found = run(
            connection_, "find row to edit",
            fmt::format(
                "SELECT t.ctid, {0} IS NOT DISTINCT FROM $1::jsonb AS same, {0}, {1}, {2}, {6} FROM (SELECT {3} "
                "OFFSET 0) w JOIN {4} t ON {5} ORDER BY same DESC, t.ctid FOR UPDATE OF t",
                e_.image(), e_.hash_a(), e_.hash_b(), join(typed), e_.relation(), e_.key_match("w"), e_.marked_deleted()),
            parameters);
        if (found.rows() == 0) return;
        at_ = found.text(0, 0);
        same_ = found.boolean(0, 1);
        before_ = found.cell(0, 2);
        before_hash_ = hash_at(found, 0, 3);
        version_ = version_text(before_hash_, found.boolean(0, 5));
    }

    void note_version(const Result& written) {
        version_ = edit_.image ? version_text(hash_at(written, 0, 0), written.boolean(0, 2)) : version_text(std::nullopt);
    }

    // The image's value of a column. A json text that jsonb refuses stands in it as {"json_text": "..."}.
    std::string value(const std::string& column) const {
        const auto& images =
            store_.side() == Side::desktop ? edit_.table->image_desktop : edit_.table->image_cloud;
        const std::string plain = "r." + sql::Identifier(column).quoted();
        for (const ImageColumn& image : images)
            if (image.name == column && image.json)
                return fmt::format("coalesce(($1::jsonb -> {} ->> 'json_text')::json, {})",
                                   sql::literal(column), plain);
        return plain;
    }

    std::string from_image() const {
        return fmt::format("FROM jsonb_populate_record(NULL::{}, $1::jsonb) r", e_.relation());
    }

    void update() {
        std::vector<std::string> assignments;
        for (const std::string& column : edit_.columns)
            assignments.push_back(fmt::format("{} = {}", sql::Identifier(column).quoted(), value(column)));
        finish('U', run(connection_, "update rows",
                        fmt::format("UPDATE {} AS t SET {} {} WHERE t.ctid = $2::tid RETURNING {}, {}, {}",
                                    e_.relation(), join(assignments), from_image(), e_.hash_a(), e_.hash_b(),
                                    e_.marked_deleted()),
                        {*edit_.image, at_}));
    }

    void insert() {
        std::vector<std::string> names, values;
        for (const std::string& column : edit_.columns) {
            names.push_back(sql::Identifier(column).quoted());
            values.push_back(value(column));
        }
        finish('I', run(connection_, "insert rows",
                        fmt::format(
                            "INSERT INTO {} AS t ({}) OVERRIDING SYSTEM VALUE SELECT {} {} RETURNING {}, {}, {}",
                            e_.relation(), join(names), join(values), from_image(), e_.hash_a(), e_.hash_b(),
                            e_.marked_deleted()),
                        {*edit_.image}));
    }

    void erase() {
        finish('D', run(connection_, "delete rows",
                        fmt::format(
                            "DELETE FROM {} AS t WHERE t.ctid = $1::tid RETURNING NULL::bigint, NULL::bigint",
                            e_.relation()),
                        {at_}));
    }

    void finish(char op, const Result& written) {
        if (written.rows() != 1)
            throw Refused({"TW-suppressed",
                           fmt::format("a trigger on {} suppressed the write",
                                       edit_.table->on(store_.side()).display()),
                           "", ""});
        const auto number = [](std::int64_t value) { return Cell(std::to_string(value)); };
        const bool replaced = there();
        run(connection_, "write journal", R"(
INSERT INTO tideway.journal (pair, run, batch, tbl, key, op, rule, before, before_a, before_b, after_a, after_b)
VALUES ($1, $2, 0, $3::int, $4::text[], $5, 'resolve', $6::jsonb, $7::bigint, $8::bigint, $9::bigint, $10::bigint))",
            {store_.pair(), edit_.run, std::to_string(edit_.table->id), text_array(edit_.key),
             std::string(1, op), before_, replaced ? number(before_hash_.a) : Cell(),
             replaced ? number(before_hash_.b) : Cell(), written.cell(0, 0), written.cell(0, 1)});
        note_version(written);
    }

    PgStore& store_;
    Connection& connection_;
    const RowEdit& edit_;
    Expressions e_;
    std::string at_;  // ctid; empty: there is no such row
    bool same_ = true;
    Cell before_;
    Hash before_hash_;
    std::string version_ = version_text(std::nullopt);
};

// False: somebody else has just reversed it.
bool mark_reversed(Connection& connection, const std::string& pair, std::int64_t conflict) {
    return run(connection, "mark conflict reversed",
               "UPDATE tideway.conflict SET status = 'reversed' WHERE pair = $1 AND id = $2::bigint AND "
               "status = "
               "'kept'",
               {pair, std::to_string(conflict)})
               .affected() == 1;
}

}  // namespace

std::optional<WrittenByUser> PgStore::write_as_user(const RowEdit& edit) try {
    Connection& c = writer();
    Transaction transaction(c);
    if (edit.conflict && !mark_reversed(c, pair_, *edit.conflict)) return std::nullopt;
    Edited edited(*this, c, edit);
    if (!edited.write()) return std::nullopt;
    c.query({"check constraints", "SET CONSTRAINTS ALL IMMEDIATE"});
    transaction.commit();
    failpoint("resolve.written");
    return WrittenByUser{edited.version()};
} catch (const DbError& error) {
    rethrow_for_batch(error);
}

void PgArchive::choose_key(const LinkedTable& table, const Key& key, const Choice& choice, const std::string& run_id) {
    Connection& c = store_.writer();
    Transaction transaction(c);
    run(c, "choose key", R"(
INSERT INTO tideway.waiting AS g (pair, tbl, key, kind, rule, reason, choice, run)
VALUES ($1, $2::int, $3::text[], 'conflict', 'reversed', 'a settled conflict was reversed', $4, $5)
ON CONFLICT (pair, tbl, key) DO UPDATE SET choice = excluded.choice)",
        {store_.pair(), std::to_string(table.id), text_array(key), choice.text(), run_id});
    transaction.commit();
}

}  // namespace tideway::pg
