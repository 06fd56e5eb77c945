#include "store/sqlite/proof_records.hpp"

#include <fmt/format.h>

#include "store/sqlite/schema.hpp"

namespace tideway::sqlite {

std::string proof_schema_sql() {
    return R"(
CREATE TABLE IF NOT EXISTS tideway_verification (
    pair TEXT NOT NULL PRIMARY KEY, pass TEXT NOT NULL, selection TEXT NOT NULL, started INTEGER NOT NULL, closed INTEGER);
CREATE TABLE IF NOT EXISTS tideway_proof (
    pair TEXT NOT NULL, tbl INTEGER NOT NULL, pass TEXT NOT NULL, position INTEGER NOT NULL, began INTEGER NOT NULL,
    row_count INTEGER NOT NULL, listed INTEGER NOT NULL, changing INTEGER NOT NULL, ignored INTEGER NOT NULL,
    proven INTEGER, PRIMARY KEY (pair, tbl));
)";
}

// The tables are made here as well: a state that an earlier version installed lacks them.
ProofPass SqliteProofRecords::open(const std::string& id, const std::string& selection, int hours) {
    Connection& c = store_.writer();
    Transaction transaction(c, Access::write);
    c.execute("create proof tables", proof_schema_sql());
    Statement last(
        c, "read last verification",
        "SELECT pass FROM tideway_verification WHERE pair = ?1 AND selection = ?2 AND closed IS NULL AND "
        "started > ?3",
        {store_.pair(), selection, store_.now_micros() - std::int64_t{hours} * 3'600'000'000});
    ProofPass pass{id, last.step(), {}};
    if (pass.resumed)
        pass.id = last.text(0);
    else
        Statement(c, "begin verification",
                  "INSERT INTO tideway_verification (pair, pass, selection, started) VALUES (?1, ?2, ?3, ?4) "
                  "ON CONFLICT "
                  "(pair) DO UPDATE SET pass = excluded.pass, selection = excluded.selection, started = "
                  "excluded.started, closed = NULL")
            .run({store_.pair(), id, selection, store_.now_micros()});
    Statement found(c, "read proofs",
                    "SELECT tbl, position, began, row_count, listed, changing, ignored FROM tideway_proof "
                    "WHERE pair = ?1 "
                    "AND pass = ?2",
                    {store_.pair(), pass.id});
    while (found.step())
        pass.tables[static_cast<int>(found.integer(0))] = {
            static_cast<int>(found.integer(1)),
            found.integer(2),
            {found.integer(3), found.integer(4), found.integer(5), found.integer(6)}};
    transaction.commit();
    return pass;
}

void SqliteProofRecords::note(const std::string& pass, int table_id, const ProofProgress& progress) {
    Connection& c = store_.writer();
    Transaction transaction(c, Access::write);
    Statement(c, "note proof",
              "INSERT INTO tideway_proof AS p (pair, tbl, pass, position, began, row_count, listed, "
              "changing, ignored, "
              "proven) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, CASE WHEN ?4 = ?10 THEN ?5 END) ON "
              "CONFLICT (pair, "
              "tbl) DO UPDATE SET pass = excluded.pass, position = excluded.position, began = "
              "excluded.began, row_count "
              "= excluded.row_count, listed = excluded.listed, changing = excluded.changing, ignored = "
              "excluded.ignored, proven = coalesce(excluded.proven, p.proven)")
        .run({store_.pair(), std::int64_t{table_id}, pass, std::int64_t{progress.position}, progress.began,
              progress.counts.rows, progress.counts.listed, progress.counts.changing, progress.counts.ignored,
              std::int64_t{bucket_count}});
    transaction.commit();
}

void SqliteProofRecords::close(const std::string& pass) {
    Connection& c = store_.writer();
    Transaction transaction(c, Access::write);
    Statement(c, "end verification",
              "UPDATE tideway_verification SET closed = ?3 WHERE pair = ?1 AND pass = ?2")
        .run({store_.pair(), pass, store_.now_micros()});
    transaction.commit();
}

std::map<int, std::string> SqliteProofRecords::proven() {
    std::map<int, std::string> proven;
    Connection& c = store_.asker();
    if (!table_exists(c, "tideway_proof")) return proven;
    Statement found(c, "read proofs",
                    fmt::format("SELECT tbl, {} FROM tideway_proof WHERE pair = ?1 AND proven IS NOT NULL",
                                time_sql("proven")),
                    {store_.pair()});
    while (found.step()) proven[static_cast<int>(found.integer(0))] = found.text(1);
    return proven;
}

}  // namespace tideway::sqlite
