#include "store/sqlite/restored_row.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "store/sqlite/types.hpp"

namespace tideway::sqlite {
namespace {

using Json = nlohmann::ordered_json;

// The reverse of what json_image() spells. Where a text may be a text or what stands for a blob or for a
// number without digits, the column's type decides; a wrong guess shows in the hash.
Value value_at(const Json& image, const std::string& column, TypeClass type) {
    const auto found = image.find(column);
    if (found == image.end() || found->is_null()) return {};
    if (found->is_number_integer()) return found->get<std::int64_t>();
    if (found->is_number()) return found->get<double>();
    if (found->is_object() && found->contains("text_bytes")) {
        const auto bytes = value_of({TypeClass::bytes}, found->at("text_bytes").get<std::string>());
        return bytes ? Value(std::get<Blob>(*bytes).bytes) : Value();
    }
    const std::string text = found->get<std::string>();
    if (type == TypeClass::bytes || type == TypeClass::floating)
        if (auto value = value_of({type}, text)) return *value;
    return text;
}

}  // namespace

RestoredRow restored_row(Connection& connection, const RowCodec& codec, std::int64_t entry) {
    Statement kept(connection, "read image",
                   "SELECT before, before_a, before_b FROM tideway_journal WHERE id = ?1", {entry});
    ensure(kept.step() && !kept.null(0), "an undo restores from an entry that has an image");
    const Json image = Json::parse(kept.text(0), nullptr, false);
    const Side side = codec.side();
    RestoredRow restored;
    Row row;
    std::set<std::string> linked;
    for (std::size_t i = 0; i < codec.table().columns.size(); ++i) {
        const std::string& name = codec.table().columns[i].on(side).name;
        row.values.push_back(value_at(image, name, codec.form(i).type));
        linked.insert(name);
    }
    restored.exact = codec.hash(row) == Hash{kept.integer(1), kept.integer(2)};
    restored.values = row.values;
    if (side == Side::cloud)
        for (const Lookup& lookup : codec.table().lookups) {
            restored.values.push_back(value_at(image, lookup.cloud.name, class_of(lookup.cloud.base_type)));
            linked.insert(lookup.cloud.name);
        }
    Statement columns(connection, "read columns",
                      "SELECT name, type FROM pragma_table_xinfo(?1) WHERE hidden = 0",
                      {codec.table().on(side).table});
    while (columns.step()) {
        if (linked.contains(columns.text(0))) continue;
        restored.others.push_back(sql::Identifier(columns.text(0)).quoted());
        restored.other_values.push_back(
            value_at(image, columns.text(0), declared_type(columns.text(1)).type_class));
    }
    return restored;
}

}  // namespace tideway::sqlite
