#include "checker/history_json.hpp"

#include <nlohmann/json.hpp>

namespace tideway::checker {
namespace {

using Json = nlohmann::json;

Json json_of(const Image& image) {
    if (!image) return nullptr;
    Json object = Json::object();
    for (const auto& [column, value] : *image) object[column] = value ? Json(*value) : Json();
    return object;
}

Image image_of(const Json& json) {
    if (json.is_null()) return std::nullopt;
    Row row;
    for (const auto& [column, value] : json.items())
        row[column] = value.is_null()     ? Cell()
                      : value.is_string() ? Cell(value.get<std::string>())
                                          : Cell(value.dump());
    return row;
}

Side side_of(const Json& json) { return json == "desktop" ? Side::desktop : Side::cloud; }

Json json_of(const TableRules& rules) {
    Json references = Json::array();
    for (const Reference& each : rules.references)
        references.push_back({each.column, each.table, each.parent_column});
    return {
        {"table", rules.table},           {"key", rules.key},         {"content", rules.content},
        {"version", rules.version},       {"repeats", rules.repeats}, {"full_row", rules.full_row},
        {"strict", rules.strict},         {"origin", rules.origin},   {"desktop_mark", rules.desktop_mark},
        {"cloud_mark", rules.cloud_mark}, {"policy", rules.policy},   {"stamp", rules.stamp},
        {"references", references}};
}

TableRules rules_of(const Json& json) {
    TableRules rules;
    rules.table = json.at("table");
    rules.key = json.at("key");
    rules.content = json.at("content");
    rules.version = json.at("version");
    rules.repeats = json.at("repeats");
    rules.full_row = json.at("full_row");
    rules.strict = json.at("strict");
    rules.origin = json.at("origin");
    rules.desktop_mark = json.at("desktop_mark");
    rules.cloud_mark = json.at("cloud_mark");
    rules.policy = json.at("policy");
    rules.stamp = json.at("stamp");
    for (const Json& each : json.at("references")) rules.references.push_back({each[0], each[1], each[2]});
    return rules;
}

Json json_of(const Write& write) {
    return {{"side", name(write.side)},
            {"seq", write.seq},
            {"xid", write.xid},
            {"at", write.at},
            {"by_sync", write.by_sync},
            {"table", write.table},
            {"before", json_of(write.before)},
            {"after", json_of(write.after)}};
}

Write write_of(const Json& json) {
    return {side_of(json.at("side")),
            json.at("seq"),
            json.at("xid"),
            json.at("at"),
            json.at("by_sync"),
            json.at("table"),
            image_of(json.at("before")),
            image_of(json.at("after"))};
}

constexpr const char* outcomes[] = {"committed", "failed", "unknown"};

Json json_of(const UserTransaction& user) {
    return {{"number", user.number},
            {"side", name(user.side)},
            {"outcome", outcomes[static_cast<std::size_t>(user.outcome)]},
            {"versions", user.versions}};
}

UserTransaction user_of(const Json& json) {
    UserTransaction user{json.at("number"), side_of(json.at("side")), Outcome::committed,
                         json.at("versions")};
    for (const Outcome each : {Outcome::failed, Outcome::unknown})
        if (json.at("outcome") == outcomes[static_cast<std::size_t>(each)]) user.outcome = each;
    return user;
}

Json json_of(const Conflict& conflict) {
    return {{"side", name(conflict.side)},     {"xid", conflict.xid},
            {"table", conflict.table},         {"key", conflict.key},
            {"kind", conflict.kind},           {"policy", conflict.policy},
            {"winner", conflict.winner},       {"desktop", json_of(conflict.desktop)},
            {"cloud", json_of(conflict.cloud)}};
}

Conflict conflict_of(const Json& json) {
    return {side_of(json.at("side")),  json.at("xid"),    json.at("table"),  json.at("key"),
            json.at("kind"),           json.at("policy"), json.at("winner"), image_of(json.at("desktop")),
            image_of(json.at("cloud"))};
}

Json json_of(const JournalEntry& entry) {
    return {{"side", name(entry.side)},
            {"xid", entry.xid},
            {"table", entry.table},
            {"op", entry.op},
            {"before", json_of(entry.before)}};
}

JournalEntry journal_of(const Json& json) {
    return {side_of(json.at("side")), json.at("xid"), json.at("table"), json.at("op"),
            image_of(json.at("before"))};
}

Json json_of(const Waiting& each) {
    return {{"table", each.table},
            {"key", each.key},
            {"kind", each.kind},
            {"rule", each.rule},
            {"reason", each.reason}};
}

Waiting waiting_of(const Json& json) {
    return {json.at("table"), json.at("key"), json.at("kind"), json.at("rule"), json.at("reason")};
}

Json json_of(const Restore& each) {
    return {{"side", name(each.side)},
            {"seq", each.seq},
            {"to", each.to},
            {"since", each.since},
            {"at", each.at}};
}

Restore restore_of(const Json& json) {
    return {side_of(json.at("side")), json.at("seq"), json.at("to"), json.at("since"), json.at("at")};
}

Json json_of(const Note& note) { return {{"at", note.at}, {"text", note.text}}; }
Note note_of(const Json& json) { return {json.at("at"), json.at("text")}; }

template <typename T>
Json list_of(const std::vector<T>& items) {
    Json list = Json::array();
    for (const T& item : items) list.push_back(json_of(item));
    return list;
}

template <typename T, typename Read>
std::vector<T> read_list(const Json& json, const Read& read) {
    std::vector<T> items;
    for (const Json& each : json) items.push_back(read(each));
    return items;
}

Json rows_json(const std::map<std::string, std::vector<Row>>& tables) {
    Json json = Json::object();
    for (const auto& [table, rows] : tables) {
        json[table] = Json::array();
        for (const Row& row : rows) json[table].push_back(json_of(Image(row)));
    }
    return json;
}

}  // namespace

std::string to_json(const History& history) {
    Json json{{"tables", list_of(history.tables)},         {"writes", list_of(history.writes)},
              {"users", list_of(history.users)},           {"conflicts", list_of(history.conflicts)},
              {"journal", list_of(history.journal)},       {"waiting", list_of(history.waiting)},
              {"notes", list_of(history.notes)},           {"restores", list_of(history.restores)},
              {"clocks_were_set", history.clocks_were_set}};
    for (const Side side : sides) {
        json["rows"][name(side)] = rows_json(history.rows[index(side)]);
        const auto& since = history.quiet_since[index(side)];
        json["quiet_since"][name(side)] = since ? Json(*since) : Json();
    }
    return json.dump(1);
}

History from_json(const std::string& text) {
    const Json json = Json::parse(text);
    History history;
    history.tables = read_list<TableRules>(json.at("tables"), rules_of);
    history.writes = read_list<Write>(json.at("writes"), write_of);
    history.users = read_list<UserTransaction>(json.at("users"), user_of);
    history.conflicts = read_list<Conflict>(json.at("conflicts"), conflict_of);
    history.journal = read_list<JournalEntry>(json.at("journal"), journal_of);
    history.waiting = read_list<Waiting>(json.at("waiting"), waiting_of);
    history.notes = read_list<Note>(json.at("notes"), note_of);
    history.restores = read_list<Restore>(json.value("restores", Json::array()), restore_of);
    history.clocks_were_set = json.value("clocks_were_set", false);
    for (const Side side : sides) {
        for (const auto& [table, rows] : json.at("rows").at(name(side)).items())
            for (const Json& row : rows) history.rows[index(side)][table].push_back(*image_of(row));
        const Json& since = json.at("quiet_since").at(name(side));
        if (!since.is_null()) history.quiet_since[index(side)] = since.get<long long>();
    }
    return history;
}

Image image_from_json(const std::string& text) {
    return text.empty() ? std::nullopt : image_of(Json::parse(text));
}

}  // namespace tideway::checker
