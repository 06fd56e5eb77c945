#include "wide_table.hpp"

#include <fmt/format.h>

namespace tideway::bench {

std::string create_wide(const std::string& name) {
    return fmt::format(R"(create table {} (
        job_id bigint primary key, org_id int not null, con_id int, loc_id int not null, year_id int,
        client_id bigint not null, jobdate date, targetdate date, job_nature char(1), work_desc varchar(100),
        worklocation varchar(15), act_man_min numeric(10,2), drivefolderpath varchar(100),
        drivefolderkey varchar(100), job_status char(1), sporg_id bigint, job_uid varchar(25), jctincharge char(1),
        billable boolean, remarks text, source char(1) default 'D', created_at timestamptz, updated_at timestamptz))",
                       name);
}

std::string fill_wide(const std::string& name, long long rows) {
    return fmt::format(
        R"(insert into {} select i, 1, i % 5, 1, 2024 + i % 2, 1 + i % 729, date '2024-04-01' + (i % 500)::int,
        date '2024-05-01' + (i % 500)::int, chr(65 + (i % 6)::int), 'Return for client ' || i % 729 || ', year ' || 2020 + i % 5,
        'Office ' || i % 9, (i % 960) / 4.0, '/clients/' || i % 729 || '/jobs/' || i, md5(i::text), chr(79 + (i % 3)::int),
        1 + i % 16, 'J-' || lpad(i::text, 9, '0'), case when i % 3 = 0 then 'Y' end, i % 4 > 0,
        case when i % 5 > 0 then 'as agreed with staff member ' || i % 16 end, 'D',
        timestamptz '2024-04-01 09:00+05:30' + i * interval '7 seconds', timestamptz '2024-04-02 11:00+05:30' + i * interval '7 seconds'
        from generate_series(1::bigint, {}) i)",
        name, rows);
}

std::string read_wide() { return "copy wide to '/dev/null' (format binary)"; }

std::string wide_toml(const std::string& capture, const std::string& guard) {
    return fmt::format(
        "[sync]\ncapture = '{}'\n[guard]\n{}[[table]]\nname = 'wide'\n"
        "timestamps = {{ updated = 'updated_at', created = 'created_at' }}\n",
        capture, guard);
}

std::string edit_wide(const std::string& name) {
    return fmt::format(
        "update {} t set remarks = 'seen ' || clock_timestamp(), updated_at = clock_timestamp() from changed "
        "c "
        "where t.job_id = c.job_id",
        name);
}

}  // namespace tideway::bench
