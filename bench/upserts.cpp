#include "upserts.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

namespace tideway::bench {
namespace {

constexpr int kBatch = 1'000, kMostParameters = 65'535;

struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

Result checked(test::Db& db, PGresult* result, ExecStatusType wanted) {
    Result rows(result);
    if (PQresultStatus(rows.get()) != wanted) throw std::runtime_error(PQerrorMessage(db.handle()));
    return rows;
}

std::vector<std::string> columns_of(test::Db& db, const std::string& table) {
    std::vector<std::string> names;
    for (const auto& row : db.query(fmt::format("select attname from pg_attribute where attrelid = '{}'::regclass and "
                                                "attnum > 0 and not attisdropped and attgenerated = '' order by attnum",
                                                table)))
        names.push_back(*row[0]);
    return names;
}

std::vector<std::string> shared_columns(BenchPair& pair, const UpsertTable& table) {
    const std::vector<std::string> cloud = columns_of(pair.cloud, table.cloud);
    std::vector<std::string> shared;
    for (const std::string& name : columns_of(pair.desktop, table.desktop)) {
        if (table.skip_times && (name == "timefrom" || name == "timeto")) continue;
        if (std::find(cloud.begin(), cloud.end(), name) != cloud.end()) shared.push_back(name);
    }
    return shared;
}

std::string upsert_text(const UpsertTable& table, const std::vector<std::string>& columns, int rows) {
    std::string text = fmt::format("insert into {} ({}) values ", table.cloud, fmt::join(columns, ", "));
    std::size_t parameter = 0;
    for (int row = 0; row < rows; ++row) {
        text += row == 0 ? "(" : "), (";
        for (std::size_t i = 0; i < columns.size(); ++i)
            text += fmt::format("{}${}", i == 0 ? "" : ", ", ++parameter);
    }
    std::vector<std::string> set;
    for (const std::string& column : columns) set.push_back(fmt::format("{0} = excluded.{0}", column));
    return text + fmt::format(") on conflict ({}) do update set {}", table.key, fmt::join(set, ", "));
}

void write_page(test::Db& cloud, const PGresult* page, const std::string& text) {
    std::vector<const char*> values;
    for (int row = 0; row < PQntuples(page); ++row)
        for (int i = 0; i < PQnfields(page); ++i)
            values.push_back(PQgetisnull(page, row, i) != 0 ? nullptr : PQgetvalue(page, row, i));
    checked(cloud,
            PQexecParams(cloud.handle(), text.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                         nullptr, 0),
            PGRES_COMMAND_OK);
}

}  // namespace

void upsert_rows(BenchPair& pair, const UpsertTable& table) {
    const std::vector<std::string> columns = shared_columns(pair, table);
    const int batch = std::min(kBatch, kMostParameters / static_cast<int>(columns.size()));
    pair.desktop.exec(fmt::format("begin; declare rows cursor for select {} from {}", fmt::join(columns, ", "), table.desktop));
    for (;;) {
        const Result page =
            checked(pair.desktop, PQexec(pair.desktop.handle(), fmt::format("fetch {} from rows", batch).c_str()),
                    PGRES_TUPLES_OK);
        if (PQntuples(page.get()) == 0) break;
        write_page(pair.cloud, page.get(), upsert_text(table, columns, PQntuples(page.get())));
    }
    pair.desktop.exec("commit");
}

}  // namespace tideway::bench
