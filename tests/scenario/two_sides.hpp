// An office and its cloud in the smallest faithful form: one table of jobs, without any key on the desktop
// and with the office's local time there; with a key, a column of the phones' own and UTC in the cloud.
#pragma once
#include <fmt/format.h>

#include <string>
#include <vector>

#include "support/fresh_database.hpp"
#include "support/rows.hpp"
#include "support/run_tideway.hpp"
#include "support/write_counters.hpp"

namespace tideway::test {

class TwoSides {
  public:
    explicit TwoSides(const std::string& hint) : TwoSides(shared_desktop(), shared_cloud(), hint) {}
    TwoSides(PgServer& desktop_server, PgServer& cloud_server, const std::string& hint)
        : desktop_database(desktop_server, hint + "_office"),
          cloud_database(cloud_server, hint + "_cloud"),
          desktop(desktop_database),
          cloud(cloud_database) {}

    // [desktop] and [cloud]; what follows them is up to the test.
    std::string sides_toml() const { return toml_for(desktop_database.url(), cloud_database.url()); }
    static std::string toml_for(const std::string& desktop_url, const std::string& cloud_url) {
        return fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n", desktop_url, cloud_url);
    }
    void on_both(const std::string& sql) {
        desktop.exec(sql);
        cloud.exec(sql);
    }

    Database desktop_database, cloud_database;
    Db desktop, cloud;  // closed before their databases go
};

constexpr const char* jobs_toml = R"(
[[table]]
name = "jobshead"
key = ["job_id"]
origin = { column = "source", desktop = "D", cloud = "M" }
timestamps = { updated = "updated_at", created = "created_at", desktop_zone = "Asia/Kolkata" }
)";

// The table `jobshead` on both sides, with `rows` jobs of the office (ids 1 to rows) on the desktop alone.
inline void make_jobs(TwoSides& sides, int rows) {
    sides.desktop.exec(R"(
        create table jobshead (job_id numeric(10), client_id numeric(7), job_name varchar(100), status varchar(20),
            source char(1) default 'D', created_at timestamp default timezone('Asia/Kolkata', now()),
            updated_at timestamp default timezone('Asia/Kolkata', now())))");
    sides.cloud.exec(R"(
        create table jobshead (job_id numeric(10) primary key, client_id numeric(7) not null, job_name varchar(100),
            status varchar(20), phone_note text, source char(1) default 'D', created_at timestamptz default now(),
            updated_at timestamptz default now()))");
    sides.desktop.exec(fmt::format(
        R"(insert into jobshead (job_id, client_id, job_name, status, created_at, updated_at)
           select i, 1 + i % 7, 'Job ' || i, 'Open', timestamp '2025-10-01 09:00', timestamp '2025-10-01 09:00'
           from generate_series(1, {}) i)",
        rows));
}

// What both sides must agree on, in one spelling.
inline std::string desktop_jobs(Db& db) {
    return dump(
        db,
        "select job_id, client_id, job_name, status, source, created_at, updated_at from jobshead order by "
        "job_id, job_name, updated_at");
}
inline std::string cloud_jobs(Db& db) {
    return dump(db,
                "select job_id, client_id, job_name, status, source, timezone('Asia/Kolkata', created_at), "
                "timezone('Asia/Kolkata', updated_at) from jobshead order by job_id, job_name, updated_at");
}

// The object of table `name` (its desktop name) in a report; null when it is not there.
inline nlohmann::json table_of(const nlohmann::json& report, const std::string& name) {
    if (!report.is_object() || !report.contains("tables")) return {};
    for (const auto& table : report["tables"])
        if (table["desktop"] == name) return table;
    return {};
}

inline nlohmann::json writes(int inserted, int updated, int deleted) {
    return {{"inserted", inserted}, {"updated", updated}, {"deleted", deleted}};
}

// Users' rows of both sides with their versions: equal before and after = nothing of theirs was written.
struct Versions {
    std::string desktop, cloud;
    bool operator==(const Versions&) const = default;
};
inline Versions versions_of(TwoSides& sides) {
    return {row_versions(sides.desktop), row_versions(sides.cloud)};
}
inline std::ostream& operator<<(std::ostream& out, const Versions& v) {
    return out << "desktop: " << v.desktop << "\ncloud: " << v.cloud;
}

// Something that no capture sees.
inline void behind_every_trigger(Db& side, const std::string& sql) {
    side.exec("alter table jobshead disable trigger user;" + sql +
              "; do $$ declare name text; begin for name in select tgname from pg_trigger where tgrelid = "
              "'jobshead'::regclass and not tgisinternal loop execute format('alter table jobshead enable always "
              "trigger %I', name); end loop; end $$");
}

}  // namespace tideway::test
