#include "cli/conflict_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/iso_time.hpp"
#include "cli/conflicts_text.hpp"
#include "report/report_json.hpp"
#include "cli/with_engine.hpp"

namespace tideway::cli {
namespace {

ConflictFilter filter_of(const Request& request) {
    return {request.tables, request.conflicts.kind, request.since ? iso_time(*request.since) : "",
            request.conflicts.open};
}

// The oldest first.
std::vector<ConflictEntry> entries(const Request& request, const ConflictFilter& filter, std::ostream& err) {
    std::vector<ConflictEntry> found =
        with_engine(request, err, [&](Engine& e) { return e.conflicts(filter).entries; });
    std::reverse(found.begin(), found.end());
    return found;
}

std::string read_row(const std::string& path) {
    std::ostringstream text;
    const std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path))
        throw Error(Code::usage, fmt::format("--take {}: there is no such file, or it cannot be read", path),
                    "--take desktop, --take cloud, or the path of a file with a row as a JSON object");
    text << file.rdbuf();
    return text.str();
}

// A single one that could not be done is an error, so that its reason has a code; of several each is listed.
void require_done(const std::vector<Resolution>& resolutions) {
    if (resolutions.size() != 1 || resolutions.front().done()) return;
    const Resolution& only = resolutions.front();
    throw Error(Code::row_changed_since,
                fmt::format("conflict {} ({} {}): {}", only.id, only.table, only.key, only.reason));
}

std::vector<Resolution> resolve(const Request& request, const std::vector<std::int64_t>& ids,
                                std::ostream& err) {
    return with_engine(request, err, [&](Engine& e) -> std::vector<Resolution> {
        if (request.take == "desktop") return e.resolve(ids, Side::desktop);
        if (request.take == "cloud") return e.resolve(ids, Side::cloud);
        return {e.resolve_with_row(ids.front(), read_row(request.take))};
    });
}

Exit show_what_would_be(const Request& request, const std::vector<ConflictEntry>& found, std::ostream& out) {
    if (request.json) {
        Json json = conflicts_json(found);
        out << dump({{"version", 1},
                     {"status", "preview"},
                     {"take", request.take},
                     {"would_resolve", json["conflicts"]}});
    } else {
        out << would_resolve_text(found, request.take);
    }
    return Exit::ok;
}

}  // namespace

Exit list_conflicts(const Request& request, std::ostream& out, std::ostream& err) {
    const std::vector<ConflictEntry> found = entries(request, filter_of(request), err);
    out << (request.json ? dump(conflicts_json(found)) : conflicts_text(found));
    return Exit::ok;
}

Exit show_conflict(const Request& request, std::ostream& out, std::ostream& err) {
    const ConflictEntry entry =
        with_engine(request, err, [&](Engine& e) { return e.conflict(request.conflict); });
    out << (request.json ? dump({{"version", 1}, {"conflict", conflict_json(entry)}}) : conflict_text(entry));
    return Exit::ok;
}

Exit resolve_conflicts(const Request& request, std::ostream& out, std::ostream& err) {
    std::vector<std::int64_t> ids = request.conflicts.ids;
    if (ids.empty()) {
        ConflictFilter filter = filter_of(request);
        filter.open = true;
        const std::vector<ConflictEntry> found = entries(request, filter, err);
        if (!request.conflicts.yes) return show_what_would_be(request, found, out);
        for (const ConflictEntry& entry : found) ids.push_back(entry.id);
    }
    const std::vector<Resolution> resolutions = resolve(request, ids, err);
    require_done(resolutions);
    out << (request.json ? dump(resolutions_json(resolutions, request.take))
                         : resolutions_text(resolutions, request.take));
    for (const Resolution& each : resolutions)
        if (!each.done()) return Exit::attention;
    return Exit::ok;
}

}  // namespace tideway::cli
