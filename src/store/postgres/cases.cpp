// Kept conflicts and waiting keys, page by page: the server sorts and cuts, so that no more than a page is
// held.
#include <fmt/format.h>

#include "store/postgres/pg_archive.hpp"

namespace tideway::pg {
namespace {

constexpr const char* iso = R"(to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))";

struct Source {
    const char *table, *at, *bytes, *condition;
    std::string columns;
};

// The columns asked for, then the moment and how many there are without the limit of bytes.
std::string page_sql(const Source& from) {
    return fmt::format(R"(
SELECT {columns}, micros, found FROM (
    SELECT c.*, (extract(epoch FROM {at}) * 1000000)::bigint AS micros, count(*) OVER () AS found, row_number() OVER w AS nth,
           sum({bytes}) OVER w AS size
    FROM (SELECT * FROM {table} WHERE pair = $1
          AND ($2::int[] = '{{}}' OR tbl = ANY ($2::int[])) AND ($3::text[] = '{{}}' OR kind = ANY ($3::text[]))
          AND ($4::text = '' OR {iso} COLLATE "C" >= $4::text)
          AND ($5::text[] = '{{}}' OR key[1:cardinality($5::text[])] = $5::text[]) AND ($6::bigint IS NULL OR id = $6::bigint)
          AND ($7::bigint IS NULL OR ({at}, id) < (timestamptz 'epoch' + $7::bigint * interval '1 microsecond', $8::bigint))
          AND {condition}
          ORDER BY {at} DESC, id DESC LIMIT $9::bigint) c
    WINDOW w AS (ORDER BY {at} DESC, id DESC)) p
WHERE nth = 1 OR size <= $10::bigint ORDER BY nth)",
                       fmt::arg("columns", from.columns), fmt::arg("table", from.table),
                       fmt::arg("at", from.at), fmt::arg("bytes", from.bytes),
                       fmt::arg("condition", from.condition),
                       fmt::arg("iso", fmt::format(fmt::runtime(iso), from.at)));
}

std::vector<Cell> parameters_of(const std::string& pair, const CaseQuery& asked) {
    std::vector<std::string> tables;
    for (const int table : asked.tables) tables.push_back(std::to_string(table));
    const auto number = [](std::int64_t value) { return Cell(std::to_string(value)); };
    return {pair,
            text_array(tables),
            text_array(asked.kinds),
            asked.since,
            text_array(asked.key),
            asked.id ? number(*asked.id) : Cell(),
            asked.before ? number(asked.before->at_micros) : Cell(),
            asked.before ? number(asked.before->id) : Cell(),
            number(std::int64_t{asked.most} + 1),
            number(asked.most_bytes)};
}

// One more than asked for was looked for, so that it is known whether there are any.
template <typename Case, typename Read>
CasePage<Case> page_of(const Result& found, const CaseQuery& asked, const Read& read) {
    CasePage<Case> page;
    const int given = std::min(found.rows(), asked.most);
    for (int i = 0; i < given; ++i) page.cases.push_back(read(i));
    page.more = given > 0 && found.integer(0, found.columns() - 1) > given;
    return page;
}

}  // namespace

CasePage<KeptConflict> PgStore::conflicts(const CaseQuery& asked) {
    Connection& c = asker();
    Transaction transaction(c, {.read_only = true});
    const Result found = run(
        c, "list conflicts",
        page_sql({"tideway.conflict", "at",
                  "coalesce(octet_length(desktop_row::text), 0) + coalesce(octet_length(cloud_row::text), 0)",
                  "true",
                  "id, tbl, key, kind, winner, policy, status, " + fmt::format(fmt::runtime(iso), "at") +
                      ", reason, desktop_row, cloud_row, run, coalesce(facts, '')"}),
        parameters_of(pair_, asked));
    const auto text = [&](int row, int column) { return std::string(found.text(row, column)); };
    const auto read = [&](int i) {
        return KeptConflict{found.integer(i, 0),
                            static_cast<int>(found.integer(i, 1)),
                            parse_text_array(found.text(i, 2)),
                            text(i, 3),
                            text(i, 4),
                            text(i, 5),
                            text(i, 6),
                            text(i, 7),
                            text(i, 8),
                            found.cell(i, 9),
                            found.cell(i, 10),
                            text(i, 11),
                            text(i, 12),
                            found.integer(i, 13)};
    };
    CasePage<KeptConflict> page = page_of<KeptConflict>(found, asked, read);
    transaction.commit();
    return page;
}

CasePage<WaitingEntry> PgArchive::waiting(const CaseQuery& asked) {
    Connection& c = store_.asker();
    Transaction transaction(c, {.read_only = true});
    const Result found =
        run(c, "read waiting keys",
            page_sql({"tideway.waiting", "first_seen",
                      "octet_length(key::text) + coalesce(octet_length(detail), 0)",
                      asked.undecided ? "choice IS NULL" : "true",
                      "id, tbl, key, kind, rule, reason, coalesce(sqlstate, ''), coalesce(detail, ''), "
                      "coalesce(constraint_name, ''), coalesce(choice, ''), " +
                          fmt::format(fmt::runtime(iso), "first_seen") + ", run, coalesce(facts::text, '')"}),
            parameters_of(store_.pair(), asked));
    const auto text = [&](int row, int column) { return std::string(found.text(row, column)); };
    const auto read = [&](int i) {
        return WaitingEntry{found.integer(i, 0),
                            static_cast<int>(found.integer(i, 1)),
                            parse_text_array(found.text(i, 2)),
                            text(i, 3),
                            text(i, 4),
                            text(i, 5),
                            text(i, 6),
                            text(i, 7),
                            text(i, 8),
                            text(i, 9),
                            text(i, 10),
                            text(i, 11),
                            text(i, 12),
                            found.integer(i, 13)};
    };
    CasePage<WaitingEntry> page = page_of<WaitingEntry>(found, asked, read);
    transaction.commit();
    return page;
}

}  // namespace tideway::pg
