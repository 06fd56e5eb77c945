#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/config.hpp"
#include "config/environment.hpp"

namespace tideway {
namespace {

std::string quoted(const std::string& value) {
    std::string out = "\"";
    for (const char c : config::protect_dollars(value)) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out += std::string("\\") + c;
        else if (code < 0x20 || code == 0x7f)
            out += fmt::format("\\u{:04X}", code);
        else
            out += c;
    }
    return out + "\"";
}

// A key may hold anything, and ${VAR} means nothing in it.
std::string quoted_key(const std::string& key) {
    std::string out = quoted(key);
    for (std::size_t at = 0; (at = out.find("$$", at)) != std::string::npos; ++at) out.erase(at, 1);
    return out;
}

template <typename Container>
std::string list(const Container& values) {
    std::vector<std::string> out;
    for (const std::string& value : values) out.push_back(quoted(value));
    return fmt::format("[{}]", fmt::join(out, ", "));
}

std::string inline_table(const std::map<std::string, std::string>& values) {
    std::vector<std::string> out;
    for (const auto& [key, value] : values)
        out.push_back(fmt::format("{} = {}", quoted_key(key), quoted(value)));
    return out.empty() ? "{}" : fmt::format("{{ {} }}", fmt::join(out, ", "));
}

std::string limit(const Limit& value) {
    return value.percent > 0 ? fmt::format("\"{}%\"", value.percent) : fmt::format("{}", value.rows);
}

std::string side_text(const char* name, const SideSetting& side) {
    std::string out = fmt::format("\n[{}]\nurl = {}\n", name, quoted(without_password(side.url)));
    if (side.password_file) out += fmt::format("password_file = {}\n", quoted(*side.password_file));
    if (side.password_command) out += fmt::format("password_command = {}\n", quoted(*side.password_command));
    return out;
}

std::string conflict_text(const Policy& policy) {
    if (!policy.merges()) return std::string(to_string(policy.conflict));
    return fmt::format("merge:{}", to_string(policy.fallback));
}

std::string deletes_text(const TableSetting& table) {
    if (!table.soft) return std::string(to_string(table.policy.deletes));
    return fmt::format("soft:{}={}", table.soft->column, table.soft->value);
}

std::string policy_text(const TableSetting& table) {
    std::string out = fmt::format("capture = {{ desktop = \"{}\", cloud = \"{}\" }}\nconflict = \"{}\"\n",
                                  to_string(table.capture_desktop), to_string(table.capture_cloud),
                                  conflict_text(table.policy));
    // Left open, it follows the origin column; written out, it would not any more.
    out += fmt::format("{}ownership = \"{}\"\n",
                       table.ownership_given ? "" : "# default: ", to_string(table.policy.ownership));
    return out + fmt::format("deletes = {}\ncollision = \"{}\"\n", quoted(deletes_text(table)),
                             to_string(table.policy.collision));
}

std::string timestamps_text(const TimestampSetting& timestamps) {
    std::vector<std::string> parts;
    const auto add = [&](const char* key, const std::optional<std::string>& value) {
        if (value) parts.push_back(fmt::format("{} = {}", key, quoted(*value)));
    };
    add("updated", timestamps.updated);
    add("created", timestamps.created);
    add("desktop_zone", timestamps.desktop_zone);
    if (parts.empty()) return "";
    return fmt::format("timestamps = {{ {} }}\n", fmt::join(parts, ", "));
}

std::string names_text(const TableSetting& table) {
    if (table.desktop == table.cloud) return fmt::format("name = {}\n", quoted(table.desktop));
    return fmt::format("desktop = {}\ncloud = {}\n", quoted(table.desktop), quoted(table.cloud));
}

std::string table_text(const TableSetting& table) {
    std::string out = "\n[[table]]\n" + names_text(table);
    out += table.key.empty() ? "# default: key = the primary key of the table\n"
                             : fmt::format("key = {}\n", list(table.key));
    out += fmt::format("identity = \"{}\"\n{}", to_string(table.identity), policy_text(table));
    if (table.origin)
        out += fmt::format("origin = {{ column = {}, desktop = {}, cloud = {} }}\n",
                           quoted(table.origin->column), quoted(table.origin->desktop),
                           quoted(table.origin->cloud));
    out += fmt::format("rename = {}\nskip = {}\nconstant = {}\nlookup = {}\n", inline_table(table.rename),
                       list(table.skip), inline_table(table.constant), inline_table(table.lookup));
    if (table.local_id) out += fmt::format("local_id = {}\n", quoted(*table.local_id));
    if (table.where) out += fmt::format("where = {}\n", quoted(*table.where));
    out += timestamps_text(table.timestamps);
    out += fmt::format("refill = {}\nside_effects = {}\n", table.refill, list(table.side_effects));
    for (const auto& [name, column] : table.columns) {
        out += fmt::format("[[table.column]]\nname = {}\nlossy = {}\n", quoted(name), column.lossy);
        if (column.date) out += fmt::format("date = {}\n", quoted(*column.date));
        if (column.refers_to) out += fmt::format("refers_to = {}\n", quoted(*column.refers_to));
        if (column.policy.rule != ColumnRule::table)
            out += fmt::format("policy = {}\n", quoted(to_text(column.policy)));
        if (column.orphans) out += fmt::format("orphans = \"{}\"\n", to_string(*column.orphans));
    }
    return out;
}

}  // namespace

std::string show_config(const Config& config) {
    std::string out = fmt::format("pair = {}\n", quoted(config.pair));
    out += side_text("desktop", config.desktop) + side_text("cloud", config.cloud);
    out += fmt::format("\n[guard]\nmax_deletes = {}\nmax_updates = {}\n", limit(config.guard.max_deletes),
                       limit(config.guard.max_updates));
    for (const TableSetting& table : config.tables) out += table_text(table);
    return out;
}

}  // namespace tideway
