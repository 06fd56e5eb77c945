// The least rights that sync needs, as SQL for whoever administers each side.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "engine/app_views.hpp"
#include "engine/session.hpp"

namespace tideway {
namespace {

struct Need {
    const TableSetting& setting;
    Relation here;
    std::optional<Relation> there;
};

// A superuser needs no grants: then they are printed for a role that is still to be made.
std::string role_of(const ServerFacts& server) {
    return sql::Identifier(server.superuser ? "tideway" : server.user).quoted();
}

// Names may hold anything, also what would end a comment.
std::string comment(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return "-- " + text + "\n";
}

bool needs_trigger(const Need& need, Side side) {
    Relation with_right = need.here;
    with_right.may_trigger = true;
    const Capture setting = side == Side::desktop ? need.setting.capture_desktop : need.setting.capture_cloud;
    LinkedTable table;
    table.identity = need.setting.identity;
    return resolve_capture(setting, table, side, with_right, std::nullopt) == Capture::changelog;
}

// A column that the other side does not fill draws its number from the sequence; one that it fills takes the
// sequence along.
bool filled_from_there(const Need& need, Side side, const std::string& column) {
    if (!need.there || need.setting.skip.contains(column)) return false;
    const auto& rename = need.setting.rename;
    if (side == Side::desktop)
        return need.there->column(rename.contains(column) ? rename.at(column) : column) != nullptr;
    const auto renamed =
        std::find_if(rename.begin(), rename.end(), [&](const auto& pair) { return pair.second == column; });
    return need.there->column(renamed == rename.end() ? column : renamed->first) != nullptr;
}

std::string table_grants(const std::vector<Need>& needs, Side side, const std::string& role) {
    std::string text;
    std::set<std::string> used, moved;
    for (const Need& need : needs) {
        text += fmt::format("GRANT SELECT, INSERT, UPDATE, DELETE{} ON {} TO {};\n",
                            needs_trigger(need, side) ? ", TRIGGER" : "", need.here.name.quoted(), role);
        for (const RelationColumn& column : need.here.columns)
            if (filled_from_there(need, side, column.name)) {
                if (!column.counter.empty()) moved.insert(column.counter);
            } else if (!column.sequence.empty()) {
                used.insert(column.sequence);
            }
    }
    for (const std::string& sequence : moved)
        text += fmt::format("GRANT SELECT, UPDATE ON SEQUENCE {} TO {};\n", sequence, role);
    for (const std::string& sequence : used)
        text += fmt::format("GRANT USAGE ON SEQUENCE {} TO {};\n", sequence, role);
    return text;
}

std::string optional_grants(const std::vector<Need>& needs, Side side, const std::string& role) {
    const bool hidden =
        std::any_of(needs.begin(), needs.end(), [](const Need& need) { return need.here.rls; });
    const bool timestamps = std::any_of(needs.begin(), needs.end(), [&](const Need& need) {
        return (side == Side::desktop ? need.setting.capture_desktop : need.setting.capture_cloud) ==
               Capture::timestamp;
    });
    std::set<std::string> owners;
    for (const Need& need : needs)
        if (needs_trigger(need, side)) owners.insert(sql::Identifier(need.here.owner).quoted());
    owners.erase(role);
    const std::string bypass = fmt::format("ALTER ROLE {} BYPASSRLS;", role);
    std::string text = hidden ? "-- Row level security hides rows from the role:\n" + bypass + "\n"
                              : "-- Only where row level security is on:\n" + comment(bypass);
    if (timestamps)
        text += fmt::format("-- For capture = \"timestamp\":\nGRANT pg_read_all_stats TO {};\n", role);
    for (const std::string& owner : owners)
        text +=
            "-- Not needed, but then capture also sees sessions with session_replication_role = replica:\n" +
            comment(fmt::format("GRANT {} TO {};", owner, role));
    return text;
}

std::string side_grants(Side side, const ServerFacts& server, const std::vector<Need>& needs) {
    if (server.embedded)
        return fmt::format(
            "-- {} side: a file; the user that runs tideway must be able to write {} and its folder.\n",
            name(side), server.endpoint);
    const std::string role = role_of(server), database = sql::Identifier(server.database).quoted();
    std::string text =
        fmt::format("-- {} side: run this as the owner of its tables or as an administrator.\n", name(side));
    if (server.superuser)
        text += fmt::format("CREATE ROLE {} LOGIN;  -- then give it a password: \\password\n", role);
    text += fmt::format(
        "GRANT CONNECT, TEMPORARY, CREATE ON DATABASE {} TO {};  -- CREATE: for schema tideway, which the "
        "first sync "
        "makes\n",
        database, role);
    std::set<std::string> schemas;
    for (const Need& need : needs) schemas.insert(sql::Identifier(need.here.name.schema).quoted());
    for (const std::string& schema : schemas)
        text += fmt::format("GRANT USAGE ON SCHEMA {} TO {};\n", schema, role);
    return text + table_grants(needs, side, role) + optional_grants(needs, side, role);
}

std::string view_grants(const std::vector<AppView>& views, const ServerFacts& cloud) {
    if (views.empty() || cloud.embedded) return "";
    std::set<std::string> schemas;
    for (const AppView& view : views) schemas.insert(sql::Identifier(view.name.schema).quoted());
    std::string text = "-- For the views that the app reads:\n";
    for (const std::string& schema : schemas)
        text += fmt::format("GRANT USAGE, CREATE ON SCHEMA {} TO {};\n", schema, role_of(cloud));
    return text;
}

}  // namespace

std::string Engine::grants() {
    progress_.phase("reading catalogues");
    Pulse pulse(world_);
    const std::unique_ptr<Store> desktop = connector_.open(Side::desktop, pulse);
    const std::unique_ptr<Store> cloud = connector_.open(Side::cloud, pulse);
    std::vector<Need> on_desktop, on_cloud;
    for (const TableSetting& setting : config_.tables) {
        const auto d = desktop->relation(sql::TableName::parse(setting.desktop));
        const auto c = cloud->relation(sql::TableName::parse(setting.cloud));
        if (d) on_desktop.push_back({setting, *d, c});
        if (c) on_cloud.push_back({setting, *c, d});
    }
    return side_grants(Side::desktop, desktop->server(), on_desktop) + "\n" +
           side_grants(Side::cloud, cloud->server(), on_cloud) +
           view_grants(configured_views(config_), cloud->server());
}

}  // namespace tideway
