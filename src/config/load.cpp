#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "config/alert_section.hpp"
#include "config/amount.hpp"
#include "config/config.hpp"
#include "config/duration.hpp"
#include "config/guard_keys.hpp"
#include "config/serve_section.hpp"
#include "config/sqlite_url.hpp"
#include "config/table_section.hpp"
#include "sql/identifier.hpp"

namespace tideway {
namespace {

using namespace config;

std::string read_pair(Section& top) {
    const std::string pair = top.text("pair").value_or("main");
    const bool plain = std::all_of(pair.begin(), pair.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
    });
    if (!plain || pair.size() > 63)
        top.refuse(Code::config_value, "pair", fmt::format("cannot be \"{}\"", pair),
                   "a name of at most 63 letters, digits, \"_\", \"-\" or \".\"");
    return pair;
}

void check_url(const Section& section, const std::string& url, const char* key = "url") {
    const std::size_t scheme_end = url.find("://");
    const std::string scheme = url.substr(0, scheme_end == std::string::npos ? 0 : scheme_end);
    const bool uri = scheme == "postgresql" || scheme == "postgres";
    if (const auto file = sqlite_path(url)) {
        if (file->empty() || file->starts_with(":") || file->find('?') != std::string::npos)
            section.refuse(Code::config_value, key, "names no SQLite file",
                           "write \"sqlite:FILE\": the path of an existing file, without parameters");
        return;
    }
    const bool keywords =
        url.find('=') != std::string::npos && (scheme_end == std::string::npos || url.find('=') < scheme_end);
    if (!uri && !keywords)
        section.refuse(Code::config_value, key, "is neither a PostgreSQL URI nor keywords",
                       "write \"postgresql://user@host:port/database\", \"host=... dbname=...\" or "
                       "\"sqlite:FILE\"");
}

void read_passwords(Section& section, const std::string& config_path, SideSetting& side) {
    side.password_command = section.text("password_command");
    side.password_file = section.text("password_file");
    if (side.password_command && side.password_file)
        section.refuse(Code::config_value, "password_file", "stands beside password_command",
                       "keep one of the two");
    if (side.password_file) {
        const std::filesystem::path base = std::filesystem::absolute(config_path).parent_path();
        side.password_file = (base / *side.password_file).lexically_normal().string();
    }
}

SideSetting read_side(Section& top, const Source& source, const std::string& path, const std::string& name) {
    const std::string variable = name == "desktop" ? "TIDEWAY_DESKTOP_URL" : "TIDEWAY_CLOUD_URL";
    std::optional<std::string> override = source.environment(variable);
    if (override && override->empty()) override.reset();

    SideSetting side;
    std::optional<Section> section = top.section(name);
    if (section) {
        // With an override, a ${VAR} inside the unused url need not be set.
        const std::optional<std::string> given =
            override && section->node("url") != nullptr ? override : section->text("url");
        read_passwords(*section, path, side);
        if (name == "cloud")  // read_views() takes them
            for (const char* key : {"status_view", "conflicts_view"}) section->node(key);
        section->finish();
        if (given && !override) check_url(*section, *given);
        side.url = absolute_sqlite_url(given.value_or(""), std::filesystem::absolute(path).parent_path());
    }
    if (override) side.url = absolute_sqlite_url(*override, std::filesystem::current_path());
    if (sqlite_path(side.url) && (side.password_command || side.password_file))
        section->refuse(Code::config_value, side.password_command ? "password_command" : "password_file",
                        "means nothing for an SQLite file", "remove it");
    if (side.url.empty())
        source.fail(
            Code::config_value, section ? section->place() : Place{1, 1},
            fmt::format("the {} database has no url", name),
            fmt::format("add url = \"postgresql://user@host/database\" to [{}], or set {}", name, variable));
    return side;
}

void read_guard(Section& top, Config& config) {
    std::optional<Section> section = top.section("guard");
    if (!section) return;
    config.guard = read_guard_keys(*section, config.guard);
    const std::string restored = section->text("restored").value_or("continue");
    if (restored != "continue" && restored != "stop")
        section->not_a_word("restored", restored, {"continue", "stop"});
    config.stop_restored = restored == "stop";
    const std::string backup = section->text("backup").value_or("none");
    if (backup != "none" && backup != "table") section->not_a_word("backup", backup, {"none", "table"});
    config.journal.backup_table = backup == "table";
    section->finish();
}

std::optional<std::string> read_view(Section& cloud, std::string_view key) {
    const std::optional<std::string> name = cloud.text(key);
    if (!name) return std::nullopt;
    try {
        if (sql::TableName::parse(*name).schema != "tideway") return name;
    } catch (const Error&) {
    }
    cloud.refuse(Code::config_value, key, "names no view that can be made",
                 "write \"schema.view\", outside schema tideway");
}

void read_views(Section& top, Config& config) {
    std::optional<Section> cloud = top.section("cloud");
    if (!cloud) return;
    config.status_view = read_view(*cloud, "status_view");
    config.conflicts_view = read_view(*cloud, "conflicts_view");
    if (config.status_view && config.status_view == config.conflicts_view)
        cloud->refuse(Code::config_value, "conflicts_view", "is the same name as status_view",
                      "give each view a name of its own");
}

void read_rehearsal(Section& top, const std::string& path, Config& config) {
    std::optional<Section> section = top.section("rehearsal");
    if (!section) return;
    for (const char* key : {"desktop", "cloud"}) {
        const std::optional<std::string> url = section->text(key);
        if (!url) continue;
        check_url(*section, *url, key);
        (key[0] == 'd' ? config.rehearsal_desktop : config.rehearsal_cloud) =
            absolute_sqlite_url(*url, std::filesystem::absolute(path).parent_path());
    }
    section->finish();
}

// A text in the form of its kind, or the word for "without a limit".
std::int64_t read_measure(Section& section, std::string_view key, std::string_view endless,
                          std::optional<std::int64_t> (*parse)(std::string_view), std::int64_t otherwise,
                          const char* form) {
    const std::optional<std::string> given = section.text(key);
    if (!given) return otherwise;
    if (*given == endless) return 0;
    const std::optional<std::int64_t> value = parse(*given);
    if (!value || *value == 0)
        section.refuse(Code::config_value, key, fmt::format("cannot be \"{}\"", *given), form);
    return *value;
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
    const auto duration = parse_duration(text);
    return duration ? std::optional<std::int64_t>(duration->count()) : std::nullopt;
}

void read_journal(Section& top, JournalSetting& journal) {
    std::optional<Section> section = top.section("journal");
    if (!section) return;
    journal.keep_seconds = read_measure(*section, "keep", "forever", parse_seconds, journal.keep_seconds,
                                        "a span such as \"30d\", \"12h\" or \"8w\", or \"forever\"");
    journal.max_bytes = read_measure(*section, "max_size", "unlimited", parse_amount, journal.max_bytes,
                                     "a size such as \"500MB\" or \"2GB\", or \"unlimited\"");
    section->finish();
}

SyncKeys read_defaults(Section& top) {
    std::optional<Section> section = top.section("sync");
    if (!section) return {};
    const SyncKeys keys = read_sync_keys(*section);
    section->finish();
    return keys;
}

std::vector<TableSetting> read_tables(Section& top, const SyncKeys& defaults, const GuardSetting& guard) {
    std::vector<Section> sections = top.sections("table");
    if (sections.empty())
        top.refuse(Code::config_value, "table", "is missing: there is nothing to synchronise",
                   "add a [[table]] with name = \"...\" for each table; tideway init writes them");
    std::vector<TableSetting> tables;
    for (Section& section : sections) tables.push_back(read_table(section, defaults, guard));
    refuse_shared_tables(tables, sections);
    return tables;
}

}  // namespace

Config parse_config(const std::string& toml, const std::string& path) {
    const Source source{path};
    const Node document = parse_document(toml, path);
    Section top(source, document, "");
    Config config;
    config.path = path;
    config.pair = read_pair(top);
    config.desktop = read_side(top, source, path, "desktop");
    config.cloud = read_side(top, source, path, "cloud");
    if (config.desktop.url == config.cloud.url)
        source.fail(Code::config_value, document.place, "desktop and cloud have the same url",
                    "a pair needs two databases");
    read_guard(top, config);
    read_journal(top, config.journal);
    read_views(top, config);
    read_rehearsal(top, path, config);
    config.alert = read_alert(top, path);
    config.tables = read_tables(top, read_defaults(top), config.guard);
    config.serve = read_serve(top, path, config.tables);
    top.finish();
    return config;
}

Config load_config(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    if (!in || std::filesystem::is_directory(path) || !(text << in.rdbuf()))
        throw Error(Code::config_missing_file,
                    fmt::format("{}: there is no such file, or it cannot be read", path),
                    "name the file with -c FILE or TIDEWAY_CONFIG; tideway init writes a new one");
    return parse_config(text.str(), path);
}

}  // namespace tideway
