#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/amount.hpp"
#include "config/config.hpp"
#include "config/duration.hpp"
#include "config/environment.hpp"
#include "config/guard_keys.hpp"
#include "config/hidden_url.hpp"

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

std::vector<std::string> guard_lines(const GuardSetting& guard) {
    return {"max_deletes = " + config::limit_text(guard.max_deletes),
            "max_updates = " + config::limit_text(guard.max_updates),
            "max_shrinkage = " + config::limit_text(guard.max_shrinkage),
            fmt::format("stop_emptied = {}", guard.stop_emptied),
            fmt::format("stop_replaced = {}", guard.stop_replaced),
            "max_clock_difference = " + config::seconds_text(guard.max_clock_difference_s),
            fmt::format("triggers = {}", guard.triggers)};
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

std::string table_text(const TableSetting& table, const GuardSetting& common) {
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
    if (!(table.guard == common))
        out += fmt::format("guard = {{ {} }}\n", fmt::join(guard_lines(table.guard), ", "));
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

std::string optional_text(const char* key, const std::optional<std::string>& value) {
    return value ? fmt::format("{} = {}\n", key, quoted(*value)) : "";
}

std::string shown_url(const char* key, const std::optional<std::string>& url) {
    return url ? fmt::format("{} = {}\n", key, quoted(hidden_url(*url))) : "";
}

std::string alert_text(const AlertSetting& alert) {
    std::vector<std::string> events;
    for (const AlertKind kind : alert.events) events.emplace_back(to_string(kind));
    std::string out = "\n[alert]\n" + optional_text("command", alert.command) +
                      shown_url("webhook", alert.webhook) + shown_url("heartbeat_url", alert.heartbeat_url);
    out += fmt::format("timeout = \"{}\"\nrepeat = \"{}\"\nevents = {}\nmemory = {}\n",
                       config::duration_text(alert.timeout), config::duration_text(alert.repeat),
                       list(events), quoted(alert.memory));
    if (!alert.email) return out;
    const MailSetting& mail = *alert.email;
    return out + fmt::format("[alert.email]\nurl = {}\n", quoted(hidden_url(mail.server.url))) +
           optional_text("password_file", mail.server.password_file) +
           optional_text("password_command", mail.server.password_command) +
           fmt::format("from = {}\nto = {}\ntls = \"{}\"\n", quoted(mail.from), list(mail.to),
                       mail.must_encrypt ? "always" : "if_offered");
}

std::string job_text(const JobSetting& job) {
    std::string out = "[[serve.job]]\n";
    if (job.every) out += fmt::format("every = \"{}\"\n", config::duration_text(*job.every));
    out += optional_text("cron", job.cron);
    if (!job.zone.empty()) out += fmt::format("time_zone = {}\n", quoted(job.zone));
    out += fmt::format("run = \"{}\"\n", job.verify ? "verify" : "sync");
    if (!job.verify)
        out +=
            fmt::format("mode = \"{}\"\ndirection = \"{}\"\n", to_string(job.mode), to_string(job.direction));
    return out + fmt::format("tables = {}\n", list(job.tables));
}

std::string serve_text(const ServeConfig& serve) {
    std::string out = fmt::format("\n[serve]\nlisten = {}\ntoken_file = {}\n", quoted(serve.listen),
                                  quoted(serve.token_file));
    out +=
        fmt::format("hosts = {}\npublic = {}\npush = {}\n", list(serve.hosts), serve.is_public, serve.push);
    if (serve.max_connections > 0) out += fmt::format("max_connections = {}\n", serve.max_connections);
    out += fmt::format("memory = {}\n", quoted(serve.memory));
    for (const JobSetting& job : serve.jobs) out += job_text(job);
    return out;
}

std::string rehearsal_text(const Config& config) {
    std::string out = "\n[rehearsal]\n";
    if (config.rehearsal_desktop)
        out += fmt::format("desktop = {}\n", quoted(without_password(*config.rehearsal_desktop)));
    if (config.rehearsal_cloud)
        out += fmt::format("cloud = {}\n", quoted(without_password(*config.rehearsal_cloud)));
    return out;
}

std::string journal_text(const JournalSetting& journal) {
    return fmt::format("\n[journal]\nkeep = \"{}\"\nmax_size = \"{}\"\n",
                       journal.keep_seconds == 0
                           ? "forever"
                           : config::duration_text(std::chrono::seconds(journal.keep_seconds)),
                       journal.max_bytes == 0 ? "unlimited" : config::amount_text(journal.max_bytes));
}

}  // namespace

std::string show_config(const Config& config) {
    std::string out = fmt::format("pair = {}\n", quoted(config.pair));
    out += side_text("desktop", config.desktop) + side_text("cloud", config.cloud);
    out += optional_text("status_view", config.status_view) +
           optional_text("conflicts_view", config.conflicts_view);
    if (config.rehearsal_desktop || config.rehearsal_cloud) out += rehearsal_text(config);
    out += fmt::format("\n[guard]\n{}\nrestored = \"{}\"\nbackup = \"{}\"\n",
                       fmt::join(guard_lines(config.guard), "\n"), config.stop_restored ? "stop" : "continue",
                       config.journal.backup_table ? "table" : "none");
    out += journal_text(config.journal);
    if (config.alert) out += alert_text(*config.alert);
    out += serve_text(config.serve);
    for (const TableSetting& table : config.tables) out += table_text(table, config.guard);
    return out;
}

}  // namespace tideway
