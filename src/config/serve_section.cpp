#include "config/serve_section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/time_zone.hpp"
#include "config/cron.hpp"
#include "config/duration.hpp"
#include "config/state_file.hpp"
#include "sql/identifier.hpp"

namespace tideway::config {
namespace {

// A run takes three connections to a side, and the watch over it one.
constexpr std::int64_t fewest_connections = 4;

bool on_loopback(const std::string& host) {
    return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

void check_listen(const Section& section, const ServeConfig& serve) {
    const auto colon = serve.listen.rfind(':');
    const std::string host = serve.listen.substr(0, colon),
                      port = colon == std::string::npos ? "" : serve.listen.substr(colon + 1);
    int number = 0;
    const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
    const bool valid = !host.empty() && failure == std::errc() && end == port.data() + port.size() &&
                       number >= 0 && number <= 65'535;
    if (!valid || (host.find(':') != std::string::npos && !host.starts_with('[')))
        section.refuse(Code::config_value, "listen", "is no address with a port",
                       "write \"127.0.0.1:8484\", \"[::1]:8484\", or \"\" for no console");
    if (!on_loopback(host) && !serve.is_public)
        section.refuse(Code::config_value, "listen", "is an address that other machines can reach",
                       "listen on 127.0.0.1 and let a reverse proxy with TLS stand in front; or add "
                       "public = true");
}

std::string read_listen(Section& section) {
    const Node* node = section.node("listen");
    if (node != nullptr && node->kind == Node::Kind::text && node->text.empty()) return "";
    return section.text("listen").value_or(ServeConfig{}.listen);
}

int read_max_connections(Section& section) {
    const Node* node = section.node("max_connections");
    if (node == nullptr) return 0;
    if (node->kind != Node::Kind::integer || node->integer < fewest_connections || node->integer > 10'000)
        section.refuse(Code::config_value, "max_connections", "is no number of connections",
                       "write a number from 4 on: a run takes three to each side, the watch over it one");
    return static_cast<int>(node->integer);
}

void read_time(Section& section, JobSetting& job) {
    const std::optional<std::string> every = section.text("every");
    job.cron = section.text("cron");
    if (every.has_value() == job.cron.has_value())
        section.refuse(Code::config_value, every ? "cron" : "every",
                       every ? "stands beside every" : "is missing, and so is cron",
                       "give a job either every = \"5m\" or cron = \"0 2 * * *\"");
    if (every) {
        job.every = parse_duration(*every);
        if (!job.every)
            section.refuse(Code::config_value, "every", "is no time", "write \"30s\", \"5m\", \"24h\" or \"7d\"");
        return;
    }
    if (!parse_cron(*job.cron))
        section.refuse(Code::config_value, "cron", "is no cron expression that ever comes true",
                       "write minute, hour, day, month and weekday: \"0 2 * * *\" is every night at two");
    job.zone = section.text("time_zone").value_or("");
    if (!job.zone.empty() && !TimeZone::named(job.zone))
        section.refuse(Code::config_value, "time_zone", fmt::format("\"{}\" is not known to this system", job.zone),
                       "write a name such as \"Europe/Berlin\" or \"Asia/Kolkata\"; the package tzdata has them");
}

JobSetting read_job(Section& section) {
    JobSetting job;
    read_time(section, job);
    const std::string run = section.text("run").value_or("sync");
    if (run != "sync" && run != "verify") section.not_a_word("run", run, {"sync", "verify"});
    job.verify = run == "verify";
    if (!job.verify) {
        job.mode = section.word<Mode>("mode", parse_mode, {"incremental", "full"}).value_or(job.mode);
        job.direction = section.word<Direction>("direction", parse_direction, {"both", "forward", "reverse"})
                            .value_or(job.direction);
    }
    job.tables = section.texts("tables").value_or(job.tables);
    section.finish();
    return job;
}

bool is_configured(const std::string& name, const std::vector<TableSetting>& tables) {
    const auto shown = [](const std::string& text) { return sql::TableName::parse(text).display(); };
    return std::any_of(tables.begin(), tables.end(), [&](const TableSetting& table) {
        return shown(table.desktop) == shown(name) || shown(table.cloud) == shown(name);
    });
}

std::vector<JobSetting> read_jobs(Section& serve, const std::vector<TableSetting>& tables) {
    std::vector<JobSetting> jobs;
    for (Section& section : serve.sections("job")) {
        JobSetting job = read_job(section);
        for (const std::string& table : job.tables)
            if (!is_configured(table, tables))
                section.refuse(Code::config_value, "tables", fmt::format("names \"{}\", which has no [[table]]", table),
                               "add a [[table]] for it, or take it out");
        for (const JobSetting& other : jobs)
            if (other == job)
                serve.refuse(Code::config_value, "job", "stands there twice", "remove one of the two");
        jobs.push_back(std::move(job));
    }
    return jobs.empty() ? default_jobs() : jobs;
}

}  // namespace

ServeConfig read_serve(Section& top, const std::string& path, const std::vector<TableSetting>& tables) {
    ServeConfig serve;
    std::optional<Section> section = top.section("serve");
    serve.token_file = state_file(path, ".token");
    serve.memory = state_file(path, ".jobs");
    if (section) {
        serve.listen = read_listen(*section);
        serve.is_public = section->flag("public").value_or(false);
        if (!serve.listen.empty()) check_listen(*section, serve);
        if (const auto file = section->text("token_file")) serve.token_file = beside(path, *file);
        serve.hosts = section->texts("hosts").value_or(serve.hosts);
        serve.push = section->flag("push").value_or(true);
        serve.max_connections = read_max_connections(*section);
        if (const auto file = section->text("memory")) serve.memory = beside(path, *file);
        serve.jobs = read_jobs(*section, tables);
        section->finish();
    }
    return serve;
}

}  // namespace tideway::config
