#include "store/postgres/proof_records.hpp"

#include "store/postgres/schema.hpp"

namespace tideway::pg {

std::string proof_schema_sql() {
    return R"(
CREATE TABLE IF NOT EXISTS tideway.verification (
    pair text PRIMARY KEY REFERENCES tideway.pair ON DELETE CASCADE, pass text NOT NULL, selection text NOT NULL,
    started timestamptz NOT NULL DEFAULT clock_timestamp(), closed timestamptz);
CREATE TABLE IF NOT EXISTS tideway.proof (
    pair text NOT NULL REFERENCES tideway.pair ON DELETE CASCADE, tbl int NOT NULL, pass text NOT NULL,
    position int NOT NULL, began bigint NOT NULL, row_count bigint NOT NULL, listed bigint NOT NULL, changing bigint NOT NULL,
    ignored bigint NOT NULL, proven timestamptz, PRIMARY KEY (pair, tbl));
)";
}

// The tables are made here as well: a state that an earlier version installed lacks them.
ProofPass PgProofRecords::open(const std::string& id, const std::string& selection, int hours) {
    Connection& c = store_.writer();
    Transaction transaction(c);
    c.query({"create proof tables", proof_schema_sql()});
    const Result last = run(c, "read last verification", R"(
SELECT pass FROM tideway.verification WHERE pair = $1 AND selection = $2 AND closed IS NULL
AND started > clock_timestamp() - make_interval(hours => $3::int))",
                            {store_.pair(), selection, std::to_string(hours)});
    ProofPass pass{last.rows() > 0 ? std::string(last.text(0, 0)) : id, last.rows() > 0, {}};
    if (!pass.resumed)
        run(c, "begin verification", R"(
INSERT INTO tideway.verification AS v (pair, pass, selection) VALUES ($1, $2, $3) ON CONFLICT (pair) DO UPDATE SET
    pass = excluded.pass, selection = excluded.selection, started = clock_timestamp(), closed = NULL)",
            {store_.pair(), id, selection});
    const Result found = run(c, "read proofs", R"(
SELECT tbl, position, began, row_count, listed, changing, ignored FROM tideway.proof WHERE pair = $1 AND pass = $2)",
                             {store_.pair(), pass.id});
    for (int i = 0; i < found.rows(); ++i)
        pass.tables[static_cast<int>(found.integer(i, 0))] = {
            static_cast<int>(found.integer(i, 1)),
            found.integer(i, 2),
            {found.integer(i, 3), found.integer(i, 4), found.integer(i, 5), found.integer(i, 6)}};
    transaction.commit();
    return pass;
}

void PgProofRecords::note(const std::string& pass, int table_id, const ProofProgress& progress) {
    const auto number = [](std::int64_t value) { return Cell(std::to_string(value)); };
    Transaction transaction(store_.writer());
    run(store_.writer(), "note proof", R"(
INSERT INTO tideway.proof AS p (pair, tbl, pass, position, began, row_count, listed, changing, ignored, proven)
VALUES ($1, $2::int, $3, $4::int, $5::bigint, $6::bigint, $7::bigint, $8::bigint, $9::bigint,
        CASE WHEN $4::int = $10::int THEN to_timestamp($5::numeric / 1000000) END)
ON CONFLICT (pair, tbl) DO UPDATE SET pass = excluded.pass, position = excluded.position, began = excluded.began,
    row_count = excluded.row_count, listed = excluded.listed, changing = excluded.changing, ignored = excluded.ignored,
    proven = coalesce(excluded.proven, p.proven))",
        {store_.pair(), number(table_id), pass, number(progress.position), number(progress.began),
         number(progress.counts.rows), number(progress.counts.listed), number(progress.counts.changing),
         number(progress.counts.ignored), number(bucket_count)});
    transaction.commit();
}

void PgProofRecords::close(const std::string& pass) {
    Transaction transaction(store_.writer());
    run(store_.writer(), "end verification",
        "UPDATE tideway.verification AS v SET closed = clock_timestamp() WHERE v.pair = $1 AND v.pass = $2",
        {store_.pair(), pass});
    transaction.commit();
}

std::map<int, std::string> PgProofRecords::proven() {
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    std::map<int, std::string> proven;
    if (!run(c, "find proofs", "SELECT to_regclass('tideway.proof') IS NOT NULL").boolean(0, 0)) return proven;
    const Result found = run(c, "read proofs", R"(
SELECT tbl, to_char(proven AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM tideway.proof
WHERE pair = $1 AND proven IS NOT NULL)",
                             {store_.pair()});
    for (int i = 0; i < found.rows(); ++i)
        proven[static_cast<int>(found.integer(i, 0))] = found.text(i, 1);
    return proven;
}

}  // namespace tideway::pg
