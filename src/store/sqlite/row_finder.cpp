#include "store/sqlite/row_finder.hpp"

#include <fmt/format.h>

#include "sql/text_array.hpp"

namespace tideway::sqlite {

void scan(Connection& connection, const RowCodec& codec, const std::function<void(Row&&)>& sink) {
    Statement rows(connection, "read table", codec.select());
    while (rows.step()) sink(codec.row_at(rows));
}

RowFinder::RowFinder(SqliteStore& store, Connection& connection, const RowCodec& codec)
    : store_(store), connection_(connection), codec_(codec) {
    if (!codec.finds_by_index()) {
        map_rows();
        return;
    }
    std::string condition;
    for (std::size_t i = 0; i < codec.key_positions().size(); ++i)
        condition += fmt::format("{}t.{} = ?{}", i == 0 ? " WHERE " : " AND ",
                                 codec.column(codec.key_positions()[i]), i + 1);
    by_key_.emplace(connection, "find row", codec.select() + condition);
}

void RowFinder::map_rows() {
    map_.emplace(store_, connection_, "rows", "(key TEXT NOT NULL, at INTEGER NOT NULL)");
    {
        Statement put(connection_, "fill row map",
                      fmt::format("INSERT INTO {} VALUES (?1, ?2)", map_->name()));
        scan(connection_, codec_, [&](Row&& row) {
            if (const auto key = codec_.key(row)) put.run({sql::text_array(*key), row.rowid});
        });
    }
    map_->index_by_key();
    by_key_.emplace(connection_, "find row",
                    fmt::format("SELECT at FROM {} WHERE key = ?1 ORDER BY at", map_->name()));
    by_rowid_.emplace(connection_, "read row",
                      codec_.select() + fmt::format(" WHERE t.{} = ?1", codec_.rowid()));
}

std::vector<Row> RowFinder::find(const Key& key) {
    std::vector<Row> rows;
    if (!map_) {
        const auto values = codec_.key_values(key);
        if (!values) return rows;
        by_key_->bind(*values);
        while (by_key_->step()) rows.push_back(codec_.row_at(*by_key_));
        return rows;
    }
    by_key_->bind({sql::text_array(key)});
    while (by_key_->step()) {
        by_rowid_->bind({by_key_->integer(0)});
        if (by_rowid_->step()) rows.push_back(codec_.row_at(*by_rowid_));
    }
    return rows;
}

}  // namespace tideway::sqlite
