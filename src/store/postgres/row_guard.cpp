#include "store/postgres/row_guard.hpp"

#include <fmt/format.h>

#include "store/postgres/pg_store.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {

const char* const begin_guarded_writes = "SET LOCAL tideway.apply = 'on'";
const std::array<const char*, 3> index_work_tables{
    "CREATE INDEX ON pg_temp.tideway_found (at)", "CREATE INDEX ON pg_temp.tideway_outcome (now)",
    "GRANT SELECT ON pg_temp.tideway_found, pg_temp.tideway_outcome TO PUBLIC"};

std::string guard_function_name(int pair, int table) {
    return fmt::format("tideway.guard_{}_{}", pair, table);
}

namespace {

// A row is in the plan if the transaction has locked it for that, or wrote it before. The condition of the
// triggers names no column, so that nobody's ALTER TABLE meets it. Rows of the office end at the outer
// condition, which needs no query. Neither SECURITY DEFINER nor SET: they cost more than all the rest. So
// every name is qualified, and a cascade, which runs as the owner of its table, may read the work tables.
std::string function_sql(const Expressions& e, int pair) {
    const std::string column = "OLD." + sql::Identifier(*e.table().origin->cloud_column).quoted();
    const std::string body = fmt::format(R"(
BEGIN
    IF TG_OP OPERATOR(pg_catalog.=) 'TRUNCATE' THEN
        RAISE EXCEPTION '% would be emptied while rows are brought', TG_TABLE_NAME USING ERRCODE = 'TW413';
    END IF;
    IF {0}::pg_catalog.text OPERATOR(pg_catalog.=) {1}::pg_catalog.text THEN
        IF NOT EXISTS (SELECT FROM pg_temp.tideway_found AS f WHERE f.at OPERATOR(pg_catalog.=) OLD.ctid)
           AND NOT EXISTS (SELECT FROM pg_temp.tideway_outcome AS o WHERE o.now OPERATOR(pg_catalog.=) OLD.ctid) THEN
            RAISE EXCEPTION '% of a row of % that was created in the cloud and is not in the plan', TG_OP,
                TG_TABLE_NAME USING ERRCODE = 'TW413';
        END IF;
    END IF;
    IF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END )",
                                         column, sql::literal(e.table().origin->cloud_letter));
    return fmt::format(R"(CREATE OR REPLACE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql AS {1};
REVOKE ALL ON FUNCTION {0}() FROM PUBLIC;
)",
                       guard_function_name(pair, e.table().id), sql::literal(body));
}

std::string triggers_sql(const Expressions& e, int pair, bool enable_always) {
    std::string text;
    for (const auto& [letter, event] : {std::pair('g', "BEFORE UPDATE OR DELETE ON {} FOR EACH ROW"),
                                        std::pair('h', "BEFORE TRUNCATE ON {} FOR EACH STATEMENT")}) {
        const std::string name = trigger_name(pair, e.table().id, letter);
        text += fmt::format(
            "CREATE TRIGGER {} {} WHEN (pg_catalog.current_setting('tideway.apply', true) = 'on') EXECUTE "
            "FUNCTION {}();\n",
            name, fmt::format(fmt::runtime(event), e.relation()), guard_function_name(pair, e.table().id));
        if (enable_always)
            text += fmt::format("ALTER TABLE {} ENABLE ALWAYS TRIGGER {};\n", e.relation(), name);
    }
    return text;
}

}  // namespace

void PgStore::guard_rows(const LinkedTable& table) {
    known_ahead_.reset();
    const Expressions e = expressions(table);
    Connection& c = writer();
    Transaction transaction(c);
    c.query({"drop row guard", fmt::format("DROP FUNCTION IF EXISTS {}() CASCADE",
                                           guard_function_name(pair_number_, table.id))});
    if (table.row_guard) {
        const Result owner =
            run(c, "ask owner",
                "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = $1::regclass",
                {e.relation()});
        c.query({"create row guard",
                 function_sql(e, pair_number_) + triggers_sql(e, pair_number_, owner.boolean(0, 0))});
    }
    transaction.commit();
}

}  // namespace tideway::pg
