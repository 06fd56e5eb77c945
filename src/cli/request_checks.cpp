// What the values of options may be, and which of them go together.
#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/world.hpp"
#include "cli/moment.hpp"
#include "cli/raw_request.hpp"
#include "config/nearest.hpp"

namespace tideway::cli {
namespace {

[[noreturn]] void refuse_word(const char* option, const std::string& given,
                              const std::vector<std::string>& words) {
    const std::string meant = config::nearest(given, words);
    throw Error(Code::usage,
                fmt::format("{} cannot be \"{}\"; it is one of {}", option, given, fmt::join(words, ", ")),
                meant.empty() ? "" : fmt::format("did you mean \"{}\"?", meant));
}

template <typename E>
E choose(const char* option, const std::string& given, std::optional<E> (*parse)(std::string_view),
         const std::vector<std::string>& words) {
    const std::optional<E> value = parse(given);
    if (!value) refuse_word(option, given, words);
    return *value;
}

std::string environment_or(const char* name, const char* fallback) {
    const char* value = std::getenv(name);
    return value == nullptr || *value == '\0' ? fallback : value;
}

void check_log_level(const std::string& level) {
    const std::vector<std::string> levels = {"debug", "info", "warning", "error"};
    if (std::find(levels.begin(), levels.end(), level) == levels.end())
        refuse_word("--log-level", level, levels);
}

std::optional<std::int64_t> moment(const std::string& given) {
    if (given.empty()) return std::nullopt;
    const auto at = parse_moment(given, real_world().clock.now_micros());
    if (!at)
        throw Error(Code::usage, fmt::format("--since cannot be \"{}\"", given),
                    "a time such as 2026-11-26T10:00Z (UTC where no zone is given), or how long ago: 2h");
    return at;
}

void check_undo(Raw& raw) {
    Request& request = raw.request;
    if (!raw.table.empty()) request.tables = {raw.table};
    request.dry_run = raw.dry_run;
    if (request.command == Command::explain) return;
    if (raw.list) {
        if (request.undo_run || request.since || !raw.table.empty())
            throw Error(Code::usage, "--list stands alone", "tideway undo --list");
        request.command = Command::undo_list;
        return;
    }
    const std::string way_out = "tideway undo --run ID | --since TIME | --table NAME --key KEY";
    if (!request.key.empty() && request.tables.empty())
        throw Error(Code::usage, "--key needs --table", way_out);
    if (!request.undo_run && !request.since && request.key.empty())
        throw Error(Code::usage, "undo needs to know what: a run, a time, or a row", way_out);
}

void check_init(Request& request) {
    if (request.desktop_url.empty()) request.desktop_url = environment_or("TIDEWAY_DESKTOP_URL", "");
    if (request.cloud_url.empty()) request.cloud_url = environment_or("TIDEWAY_CLOUD_URL", "");
    if (request.desktop_url.empty() || request.cloud_url.empty())
        throw Error(Code::usage, "init needs the url of both databases",
                    "tideway init --desktop URL --cloud URL (or TIDEWAY_DESKTOP_URL and TIDEWAY_CLOUD_URL)");
}

void check_selftest(Raw& raw) {
    simulate::SelftestOptions& options = raw.request.selftest;
    if (raw.only_seed) {
        options.first = *raw.only_seed;
        options.seeds = 1;
    }
    if (raw.sabotage.empty()) return;
    const auto known = simulate::parse_sabotage(raw.sabotage);
    if (known) {
        options.sabotage = *known;
        return;
    }
    std::vector<std::string> names;
    for (const simulate::SabotageName& each : simulate::all_sabotage()) names.emplace_back(each.name);
    refuse_word("--defect", raw.sabotage, names);
}

void check_resolve(const Request& request) {
    const ConflictChoice& choice = request.conflicts;
    const bool filtered = !request.tables.empty() || !choice.kind.empty() || request.since;
    if (choice.ids.empty() && !filtered)
        throw Error(Code::usage,
                    "conflicts resolve needs the number of a conflict, or --table, --kind or --since",
                    "tideway conflicts list shows the numbers");
    if (!choice.ids.empty() && (filtered || choice.yes))
        throw Error(Code::usage, "numbers of conflicts do not go with --table, --kind, --since or --yes",
                    "give the numbers alone, or the filters alone");
    const bool file = request.take != "desktop" && request.take != "cloud";
    if (file && choice.ids.size() != 1)
        throw Error(Code::usage, "a row from a file is for one conflict", "give its number");
}

}  // namespace

Request checked(Raw& raw) {
    Request& request = raw.request;
    if (request.config_path.empty()) request.config_path = environment_or("TIDEWAY_CONFIG", "tideway.toml");
    check_log_level(request.log_level);
    request.mode = choose("--mode", raw.mode, parse_mode, {"incremental", "full"});
    request.direction = choose("--direction", raw.direction, parse_direction, {"both", "forward", "reverse"});
    if (request.command == Command::sync && raw.dry_run) {
        if (request.confirm)
            throw Error(Code::usage, "--confirm and --dry-run exclude each other",
                        "a dry run writes nothing");
        request.command = Command::plan;
    }
    if (request.log_format != "text" && request.log_format != "json")
        refuse_word("--log-format", request.log_format, {"text", "json"});
    request.since = moment(raw.since);
    if (request.command == Command::init) check_init(request);
    if (request.command == Command::selftest) check_selftest(raw);
    if (request.command == Command::conflicts_resolve) check_resolve(request);
    if (request.command == Command::sync && !request.rehearse &&
        (!request.desktop_url.empty() || !request.cloud_url.empty()))
        throw Error(Code::usage, "sync takes its databases from the configuration",
                    "--desktop and --cloud name the copies of sync --rehearse");
    if (request.command == Command::plan && request.rehearse)
        throw Error(Code::usage, "--rehearse and --dry-run exclude each other",
                    "a rehearsal writes to the copies that it is given");
    if (request.command == Command::undo || request.command == Command::explain) check_undo(raw);
    if (request.command == Command::demo && request.fixture && !request.postgres)
        throw Error(Code::usage, "--fixture goes with --postgres", "the demo on files brings its own tables");
    return request;
}

}  // namespace tideway::cli
