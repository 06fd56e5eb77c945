// Kept conflicts and waiting keys, page by page: the file is read until a page is full.
#include <fmt/format.h>

#include "sql/text_array.hpp"
#include "store/sqlite/sqlite_archive.hpp"

namespace tideway::sqlite {
namespace {

struct Source {
    const char *table, *at, *condition;
    std::string columns;
};

std::string page_sql(const Source& from) {
    return fmt::format(R"(
SELECT {columns} FROM {table} WHERE pair = ?1
    AND (?2 = ',' OR instr(?2, ',' || tbl || ',') > 0) AND (?3 = ',' OR instr(?3, ',' || kind || ',') > 0)
    AND (?4 = '' OR {iso} >= ?4) AND (?5 = '' OR key = ?5 OR substr(key, 1, length(?6)) = ?6) AND (?7 IS NULL OR id = ?7)
    AND (?8 IS NULL OR {at} < ?8 OR ({at} = ?8 AND id < ?9)) AND {condition}
ORDER BY {at} DESC, id DESC LIMIT ?10)",
                       fmt::arg("columns", from.columns), fmt::arg("table", from.table),
                       fmt::arg("at", from.at), fmt::arg("iso", time_sql(from.at)),
                       fmt::arg("condition", from.condition));
}

// ",1,2,": no table number and no kind has a comma.
template <typename List, typename Text>
std::string listed(const List& list, const Text& text) {
    std::string out = ",";
    for (const auto& each : list) out += text(each) + ",";
    return out;
}

std::vector<Value> parameters_of(const std::string& pair, const CaseQuery& asked) {
    // With a cell behind it, the text of a key begins like this.
    const std::string key = asked.key.empty() ? "" : sql::text_array(asked.key);
    const std::string with_ordinal = key.empty() ? "" : key.substr(0, key.size() - 1) + ",";
    const auto or_null = [](const std::optional<std::int64_t>& value) {
        return value ? Value(*value) : Value();
    };
    const auto before = asked.before.value_or(CasePlace{});
    return {pair,
            listed(asked.tables, [](int table) { return std::to_string(table); }),
            listed(asked.kinds, [](const std::string& kind) { return kind; }),
            asked.since,
            key,
            with_ordinal,
            or_null(asked.id),
            asked.before ? Value(before.at_micros) : Value(),
            before.id,
            std::int64_t{asked.most} + 1};
}

template <typename Case, typename Read, typename Size>
CasePage<Case> page_of(Statement& found, const CaseQuery& asked, const Read& read, const Size& size) {
    CasePage<Case> page;
    std::int64_t bytes = 0;
    while (found.step()) {
        Case next = read();
        bytes += static_cast<std::int64_t>(size(next));
        page.more = page.cases.size() == static_cast<std::size_t>(asked.most) ||
                    (!page.cases.empty() && bytes > asked.most_bytes);
        if (page.more) break;
        page.cases.push_back(std::move(next));
    }
    return page;
}

}  // namespace

CasePage<KeptConflict> SqliteStore::conflicts(const CaseQuery& asked) {
    Statement found(
        asker(), "list conflicts",
        page_sql(
            {"tideway_conflict", "at", "1",
             fmt::format("id, tbl, key, kind, winner, policy, status, {}, reason, desktop_row, cloud_row, "
                         "run, coalesce(facts, ''), at",
                         time_sql("at"))}),
        parameters_of(pair_, asked));
    const auto read = [&] {
        return KeptConflict{found.integer(0),
                            static_cast<int>(found.integer(1)),
                            sql::parse_text_array(found.text(2)),
                            found.text(3),
                            found.text(4),
                            found.text(5),
                            found.text(6),
                            found.text(7),
                            found.text(8),
                            found.cell(9),
                            found.cell(10),
                            found.text(11),
                            found.text(12),
                            found.integer(13)};
    };
    return page_of<KeptConflict>(found, asked, read, [](const KeptConflict& each) {
        return each.desktop_row.value_or("").size() + each.cloud_row.value_or("").size();
    });
}

CasePage<WaitingEntry> SqliteArchive::waiting(const CaseQuery& asked) {
    Statement found(
        store_.asker(), "read waiting keys",
        page_sql(
            {"tideway_waiting", "first_seen", asked.undecided ? "choice IS NULL" : "1",
             fmt::format("id, tbl, key, kind, rule, reason, sqlstate, detail, constraint_name, choice, {}, "
                         "run, coalesce(facts, ''), first_seen",
                         time_sql("first_seen"))}),
        parameters_of(store_.pair(), asked));
    const auto read = [&] {
        return WaitingEntry{found.integer(0),
                            static_cast<int>(found.integer(1)),
                            sql::parse_text_array(found.text(2)),
                            found.text(3),
                            found.text(4),
                            found.text(5),
                            found.text(6),
                            found.text(7),
                            found.text(8),
                            found.text(9),
                            found.text(10),
                            found.text(11),
                            found.text(12),
                            found.integer(13)};
    };
    return page_of<WaitingEntry>(found, asked, read, [](const WaitingEntry& each) {
        return each.detail.size() + sql::text_array(each.key).size();
    });
}

}  // namespace tideway::sqlite
