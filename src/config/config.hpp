// The configuration file (docs/configuration.md) as a value. Loading checks everything that can be checked
// without a database; what must be compared with the catalogues is checked when tables are linked.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/policy.hpp"

namespace tideway {

struct OriginSetting {  // origin = { column = "source", desktop = "D", cloud = "M" }
    std::string column, desktop = "D", cloud = "M";
    bool operator==(const OriginSetting&) const = default;
};

struct TimestampSetting {  // timestamps = { updated = "...", created = "...", desktop_zone = "..." }; desktop
                           // names
    std::optional<std::string> updated, created, desktop_zone;
    bool operator==(const TimestampSetting&) const = default;
};

struct ColumnSetting {                     // [[table.column]]
    bool lossy = false;                    // the narrower side holds the beginning of a longer text
    std::optional<std::string> date;       // desktop name of the date that a time of day belongs to
    std::optional<std::string> refers_to;  // desktop name of the [[table]] whose row it names
    std::optional<Orphans> orphans;        // where that row is missing at the target
    ColumnPolicy policy = {};              // conflict = merge only
    bool operator==(const ColumnSetting&) const = default;
};

struct TableSetting {
    std::string desktop, cloud;    // "table" or "schema.table"
    std::vector<std::string> key;  // desktop names; empty: the primary key of the catalogue
    Identity identity = Identity::key;
    Policy policy;
    std::optional<SoftDelete> soft;  // with deletes = soft
    bool ownership_given =
        false;  // else: strict where origin is set, shared otherwise; policy already says so
    Capture capture_desktop = Capture::automatic, capture_cloud = Capture::automatic;
    std::optional<OriginSetting> origin;
    std::map<std::string, std::string> rename;  // desktop name -> cloud name
    std::set<std::string> skip;                 // names of either side
    std::map<std::string, std::string> constant;
    std::map<std::string, std::string> lookup;     // cloud column -> query
    std::map<std::string, ColumnSetting> columns;  // by desktop name
    std::optional<std::string> local_id;  // desktop name of a column that each side numbers by itself
    bool refill = false;                  // rewritten from elsewhere before each run (DESIGN.md 10.1)
    std::optional<std::string> where;
    TimestampSetting timestamps;
    std::vector<std::string> side_effects;  // tables that triggers may touch
    int line = 0;                           // of its [[table]] header
};

struct Limit {  // a change of more than max(rows, percent of the table) stops
    double percent = 0;
    long rows = 0;
    bool operator==(const Limit&) const = default;
};

struct GuardSetting {
    Limit max_deletes{2.0, 3};
    Limit max_updates{30.0, 50};
    bool operator==(const GuardSetting&) const = default;
};

struct SideSetting {
    std::string url;
    std::optional<std::string> password_file, password_command;  // not both; the file's path is absolute
    bool operator==(const SideSetting&) const = default;
};

struct Config {
    std::string path, pair = "main";
    SideSetting desktop, cloud;
    GuardSetting guard;
    std::vector<TableSetting> tables;
};

// Reads and checks the file. Throws Error with config_missing_file, config_syntax, config_unknown_key,
// config_value, config_env or not_in_this_version; the message has file:line:column, an unknown key a
// suggestion. Environment TIDEWAY_DESKTOP_URL and TIDEWAY_CLOUD_URL replace the URLs of the file; ${VAR} is
// expanded in string values ($$ is $).
Config load_config(const std::string& path);
// The same for a text; `path` is what messages call it and what a relative password_file is relative to.
Config parse_config(const std::string& toml, const std::string& path);

// The whole configuration with every default filled in, as TOML that load_config reads back to the same
// value. Passwords inside URLs are shown as ***.
std::string show_config(const Config& config);

// A libpq URI or keyword string with its passwords replaced by ***.
std::string without_password(const std::string& url);

// The password of a side: password_file, the first line of password_command's output, or none (libpq then
// uses the URL, PGPASSWORD or .pgpass). Throws Error(password_source).
std::optional<std::string> read_password(const SideSetting& side);

}  // namespace tideway
