#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>
#include <string>

#include "engine/doctor.hpp"

namespace tideway::doctor {
namespace {

constexpr int oldest_untested_version = 190000;
constexpr std::int64_t tolerated_offset_micros = 2'000'000;

void check_file(Findings& found, Side side, const ServerFacts& server) {
    found.push_back({Severity::info, "server", name(side),
                     fmt::format("SQLite {}.{}.{}; {}", server.version / 1'000'000,
                                 server.version / 1000 % 1000, server.version % 1000, server.endpoint),
                     ""});
    if (server.read_only)
        found.push_back({Severity::error, "read-only", name(side),
                         "the file may not be written by this user, or lies on a read-only medium",
                         "give the user that runs tideway the right to write the file and its folder"});
    if (server.encoding != "UTF8")
        found.push_back({Severity::error, "encoding", name(side),
                         fmt::format("the file keeps text as {}", server.encoding),
                         "only files with UTF-8 text can be synchronised (PRAGMA encoding)"});
}

void check_role(Findings& found, Side side, const ServerFacts& server, bool installed) {
    const std::string role = sql::Identifier(server.user).quoted();
    found.push_back({Severity::info, "server", name(side),
                     fmt::format("PostgreSQL {}.{}, database {}, role {}; {}", server.version / 10000,
                                 server.version % 100, server.database, server.user, server.endpoint),
                     ""});
    if (server.version >= oldest_untested_version)
        found.push_back({Severity::warning, "version-untested", name(side),
                         "this version of tideway was tested with PostgreSQL 13 to 18", ""});
    if (server.superuser)
        found.push_back({Severity::info, "superuser", name(side),
                         fmt::format("role {} is a superuser, which sync does not need", server.user),
                         "tideway doctor --print-grants prints the SQL for a role of its own"});
    if (!server.may_create_temporary)
        found.push_back({Severity::error, std::string(info(Code::no_rights).id), name(side),
                         "the role may not create temporary tables, in which every run prepares its rows",
                         fmt::format("GRANT TEMPORARY ON DATABASE {} TO {};",
                                     sql::Identifier(server.database).quoted(), role)});
    if (!installed && !server.may_create_schema)
        found.push_back({Severity::error, std::string(info(Code::no_rights).id), name(side),
                         "the role may not create schema tideway, which keeps sync's own records",
                         fmt::format("GRANT CREATE ON DATABASE {} TO {};",
                                     sql::Identifier(server.database).quoted(), role)});
}

void check_state(Findings& found, Side side, const ServerFacts& server) {
    if (server.in_recovery)
        found.push_back({Severity::error, "read-only", name(side),
                         "the server is a standby: nothing can be written to it",
                         "put the primary server into the url"});
    else if (server.read_only)
        found.push_back(
            {Severity::error, "read-only", name(side),
             "transactions are read-only by default; hosted databases do that above their disk quota",
             fmt::format("free disk space, or ALTER DATABASE {} RESET default_transaction_read_only;",
                         sql::Identifier(server.database).quoted())});
    if (!server.track_counts)
        found.push_back({Severity::warning, "track-counts", name(side),
                         "track_counts is off, so rows that triggers and cascades change beside the plan "
                         "cannot be noticed",
                         "ALTER SYSTEM RESET track_counts; SELECT pg_reload_conf();"});
    if (server.encoding == "SQL_ASCII")
        found.push_back({Severity::warning, "encoding", name(side),
                         "the database does not know its encoding (SQL_ASCII): rows whose text is not UTF-8 "
                         "will be parked",
                         "dump the database and load it into one with ENCODING 'UTF8'"});
    else if (server.encoding != "UTF8")
        found.push_back(
            {Severity::warning, "encoding", name(side),
             fmt::format("the encoding is {}: rows of the other side with characters it lacks will be parked",
                         server.encoding),
             ""});
}

bool has_port(const std::string& text, std::string_view port) {
    const std::size_t at = text.find(fmt::format(":{}", port));
    return at != std::string::npos &&
           std::isdigit(static_cast<unsigned char>(text[std::min(at + port.size() + 1, text.size() - 1)])) ==
               0;
}

// What the url itself says; without it, servers on other machines are reached by verify-full.
void check_line(Findings& found, Side side, const ServerFacts& server, const SideSetting& setting) {
    if (server.transaction_pooled || has_port(server.endpoint, "6543"))
        found.push_back(
            {Severity::info, "pooler", name(side),
             "a pooler stands before the server; transaction mode is fine, sync keeps no session state", ""});
    for (const char* mode : {"disable", "allow", "prefer"})
        if (setting.url.find(std::string("sslmode=") + mode) != std::string::npos)
            found.push_back(
                {Severity::warning, "tls", name(side),
                 fmt::format("sslmode={} lets everybody on the way read passwords and rows", mode),
                 "sslmode=verify-full, or leave sslmode out of the url"});
    for (const char* mode : {"require", "verify-ca"})
        if (setting.url.find(std::string("sslmode=") + mode) != std::string::npos)
            found.push_back(
                {Severity::info, "tls", name(side),
                 fmt::format("sslmode={} encrypts, but does not prove which server answers", mode),
                 "sslmode=verify-full with sslrootcert=FILE"});
}

bool same_zone(const std::string& a, const std::string& b) {
    static const std::set<std::string> utc{"UTC", "Etc/UTC", "GMT",  "Etc/GMT",
                                           "UCT", "Etc/UCT", "Zulu", "Universal"};
    return a == b || (utc.contains(a) && utc.contains(b));
}

}  // namespace

Findings check_server(Side side, const ServerFacts& server, const SideSetting& setting, bool installed) {
    Findings found;
    if (server.embedded) {
        check_file(found, side, server);
        return found;
    }
    check_role(found, side, server, installed);
    check_state(found, side, server);
    check_line(found, side, server, setting);
    return found;
}

Findings check_clocks(const ClockFacts& clocks) {
    const std::int64_t off = std::abs(clocks.offset);
    if (off - clocks.uncertainty <= tolerated_offset_micros) return {};
    return {{Severity::warning, "clock-offset", "both sides",
             fmt::format("the cloud's clock is {:.1f} s {} the desktop's; conflict = \"latest\" compares "
                         "their time stamps",
                         static_cast<double>(off) / 1e6, clocks.offset > 0 ? "ahead of" : "behind"),
             "let the desktop's machine set its clock from the network (NTP)"}};
}

Findings check_needs(const ServerFacts& desktop, const ServerFacts& cloud,
                     const std::vector<TableUnderSync>& tables) {
    Findings found;
    std::set<std::string> zones;
    bool timestamps[2] = {false, false};
    for (const TableUnderSync& table : tables) {
        if (!table.problems.empty() || !table.not_synced.empty()) continue;
        if (!table.link.desktop_zone.empty()) zones.insert(table.link.desktop_zone);
        for (const Side side : {Side::desktop, Side::cloud})
            timestamps[side == Side::cloud] |= table.link.capture(side) == Capture::timestamp;
    }
    for (const std::string& zone : zones)
        if (!same_zone(zone, desktop.time_zone))
            found.push_back(
                {Severity::warning, "time-zone", "desktop",
                 fmt::format("desktop_zone is {}, but the server itself runs in {}: defaults such as now() "
                             "are written in the server's zone",
                             zone, desktop.time_zone),
                 fmt::format("make sure that the office software writes {}, or correct desktop_zone", zone)});
    for (const Side side : {Side::desktop, Side::cloud}) {
        const ServerFacts& server = side == Side::desktop ? desktop : cloud;
        if (timestamps[side == Side::cloud] && !server.sees_all_sessions)
            found.push_back(
                {Severity::warning, "hidden-sessions", name(side),
                 "capture = \"timestamp\" cannot see when other sessions' transactions began, so ones longer "
                 "than 15 minutes are missed",
                 fmt::format("GRANT pg_read_all_stats TO {};", sql::Identifier(server.user).quoted())});
    }
    return found;
}

}  // namespace tideway::doctor
