// The configuration file (docs/configuration.md) as a value. Loading checks everything that can be checked
// without a database; what must be compared with the catalogues is checked when tables are linked.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/serve_config.hpp"
#include "model/alert_kind.hpp"
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

struct Limit {  // a change of more than max(rows, percent of the table) stops
    double percent = 0;
    long rows = 0;
    bool operator==(const Limit&) const = default;
};

// What stops a table before anything of it is written (docs/configuration.md, [guard]).
struct GuardSetting {
    Limit max_deletes{2.0, 3};
    Limit max_updates{30.0, 50};
    Limit max_shrinkage{30.0, 50};  // rows gone from a side, whatever would become of them
    bool stop_emptied = true;       // a table that had rows and reads empty
    bool stop_replaced = true;      // another table under the old name, with other rows in it
    long max_clock_difference_s = 7'200;  // beyond it time stamps decide nothing
    bool triggers = true;                 // on strict tables in the cloud, against our own transactions
    bool operator==(const GuardSetting&) const = default;
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
    GuardSetting guard = {};                // [guard], and what the table says itself
    int line = 0;                           // of its [[table]] header
};

struct JournalSetting {  // 0: without a limit
    std::int64_t keep_seconds = 30 * 86'400;
    std::int64_t max_bytes = 500'000'000;
    bool backup_table = false;  // [guard] backup = "table": what a run replaces or removes is also copied into tables
    bool operator==(const JournalSetting&) const = default;
};

struct SideSetting {
    std::string url;
    std::optional<std::string> password_file, password_command;  // not both; the file's path is absolute
    bool operator==(const SideSetting&) const = default;
};

struct MailSetting {  // [alert.email]
    SideSetting server;  // the mail server's url and password, with the same sources as a database's
    std::string from;
    std::vector<std::string> to;
    bool must_encrypt = true;
    bool operator==(const MailSetting&) const = default;
};

struct AlertSetting {
    std::optional<std::string> command, webhook, heartbeat_url;
    std::optional<MailSetting> email;
    std::chrono::seconds timeout{10};            // for each of them
    std::chrono::seconds repeat{24 * 60 * 60};  // what lasts is told again after this time
    std::set<AlertKind> events;
    std::string memory;  // absolute path of the file that says what was told
    bool operator==(const AlertSetting&) const = default;
};

struct Config {
    std::string path, pair = "main";
    SideSetting desktop, cloud;
    GuardSetting guard;
    bool stop_restored = false;  // [guard] restored = "stop": a side that went back to an older state
    JournalSetting journal;
    std::vector<TableSetting> tables;
    std::optional<AlertSetting> alert = {};
    std::optional<std::string> status_view = {}, conflicts_view = {};  // for the app, in the cloud
    std::optional<std::string> rehearsal_desktop = {}, rehearsal_cloud = {};  // urls of the copies
    ServeConfig serve = {};
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
