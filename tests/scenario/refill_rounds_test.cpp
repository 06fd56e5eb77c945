// Ten working days of the first users: the office program refills its ten tables before each run, phones have
// edited and deleted rows that it knows, and now and then somebody works in the office program
// (DESIGN.md 10.1).
#include <iterator>

#include "scenario/powerca_pair.hpp"

namespace tideway::test {
namespace {

constexpr double scale = 0.1;

struct Refilled {
    const char *table, *key;
};
constexpr Refilled refilled[] = {{"orgmaster", "org_id"},         {"locmaster", "loc_id"},
                                 {"conmaster", "con_id"},         {"climaster", "client_id"},
                                 {"mbstaff", "staff_id"},         {"jobshead", "job_id, sporg_id"},
                                 {"jobtasks", "job_id, task_id"}, {"taskchecklist", "task_id, checklistdesc"},
                                 {"mbreminder", "rem_id"},        {"mbremdetail", "remdetid"}};

// What a phone does to one of the rows at `where`; `value` is assignment and test in one.
struct Edit {
    const char *cloud, *desktop, *where, *value;
};
constexpr Edit edits[] = {
    {"taskchecklist", "taskchecklist", "checklistdesc like 'Step 50:%'", "checkliststatus = 1"},
    {"climaster", "climaster", "client_id = 11", "clientphone = '+91 90000 00001'"},
    {"jobtasks", "jobtasks", "job_id = 60 and taskorder = 1", "actual_man_min = 90"},
    {"reminder", "mbreminder", "rem_id = 3", "remstatus = 0"},
    {"remdetail", "mbremdetail", "remdetid = 2", "remresponse = 'on my way'"},
    {"jobshead", "jobshead", "job_id = 50", "job_status = 'X'"},
    // one of two rows that are alike in everything that the cloud has of them
    {"jobshead", "jobshead", "job_id = 1003 and sporg_id = 13", "job_status = 'X'"}};

struct Delete {
    const char *table, *where;
};
constexpr Delete deletes[] = {{"jobtasks", "job_id = 61 and taskorder = 1"},
                              {"taskchecklist", "checklistdesc like 'Step 60:%'"},
                              {"jobshead", "job_id = 1004 and sporg_id = 14"}};  // as above, one of two

std::string one_row(const char* table, const char* where) {
    return fmt::format("ctid = (select ctid from {} where {} limit 1)", table, where);
}

class RefillRounds : public testing::Test {
  public:
    void SetUp() override {
        pair.create(scale, "current");
        ASSERT_EXIT_CODE(3, pair.sync());  // 3 clients and 6 jobs name a location that does not exist
        pair.cloud.exec(
            "create temp table was_jobtasks as select jt_id, job_id, task_id from jobtasks; create temp "
            "table was_taskchecklist as select tc_id, task_id, checklistdesc from taskchecklist");
        for (const Delete& gone : deletes) rows_before.push_back(count(pair.cloud, gone.table, gone.where));
    }

    void work_on_phones() {
        for (const Edit& edit : edits)
            pair.cloud.exec(fmt::format("update {} set {} where {}", edit.cloud, edit.value,
                                        one_row(edit.cloud, edit.where)));
        for (const Delete& gone : deletes)
            pair.cloud.exec(
                fmt::format("delete from {} where {}", gone.table, one_row(gone.table, gone.where)));
        pair.cloud.exec(
            "insert into jobshead (org_id, con_id, loc_id, job_id, client_id, work_desc, sporg_id, source) "
            "values (1, 1, 1, 9999999, 1, 'job opened on a phone', 1, 'M')");
    }

    // How many rows of the refilled tables come, go or change with the next refill because of that.
    long long work_at_the_office() {
        for (const Refilled& each : refilled)
            pair.desktop.exec(fmt::format(
                "drop table if exists was_{0}; create temp table was_{0} as table office.v_{0}", each.table));
        powerca(pair.desktop_database, "office_activity", {.scale = scale});
        long long rows = 0;
        for (const Refilled& each : refilled) rows += changed_rows(each);
        return rows;
    }
    long long changed_rows(const Refilled& each) {
        const std::string columns = pair.desktop.scalar(fmt::format(
            "select string_agg(column_name, ', ') from information_schema.columns where table_schema = "
            "'office' and table_name = 'v_{}' and column_name not in ('entered_at', 'edited_at', "
            "'jctincharge')",
            each.table));
        return pair.desktop.number(fmt::format(
            "select coalesce(sum(greatest(gone, come)), 0) from (select count(*) filter (where side = 1) as "
            "gone, count(*) filter (where side = 2) as come from (select 1 as side, * from (select {1} from "
            "was_{0} except all select {1} from office.v_{0}) g union all select 2, * from (select {1} from "
            "office.v_{0} except all select {1} from was_{0}) c) x group by {2}) y",
            each.table, columns, each.key));
    }

    // What the run wrote in the cloud must be `changed` rows: by its own account and by the server's.
    TidewayResult refill_and_sync(long long changed) {
        pair.refill();
        const long long before = write_counters(pair.cloud);
        TidewayResult result = pair.sync();
        EXPECT_EXIT_CODE(3, result);
        EXPECT_EQ(write_counters(pair.cloud) - before, changed) << told(result);
        long long said = 0;
        for (const auto& table : result.json["tables"])
            for (const auto& rows : table["to_cloud"]) said += rows.get<long long>();
        EXPECT_EQ(said, changed) << told(result);
        return result;
    }

    static long long count(Db& db, const char* table, const std::string& where) {
        return db.number(fmt::format("select count(*) from {} where {}", table, where));
    }

    // The phones' rows as phones left them, on both sides; at the desktop the refill has brought back what
    // they deleted, and there it stays, held, until the office program lets go of it.
    void expect_what_phones_did(bool brought_back) {
        for (const Edit& edit : edits) {
            const std::string edited = fmt::format("{} and {}", edit.where, edit.value);
            EXPECT_EQ(count(pair.cloud, edit.cloud, edited), 1) << edited;
            EXPECT_EQ(count(pair.desktop, edit.desktop, edited), 1) << edited;
        }
        for (std::size_t i = 0; i < std::size(deletes); ++i) {
            const auto& [table, where] = deletes[i];
            EXPECT_EQ(count(pair.cloud, table, where), rows_before[i] - 1) << where;
            EXPECT_EQ(count(pair.desktop, table, where), rows_before[i] - !brought_back) << where;
        }
        EXPECT_EQ(count(pair.desktop, "jobshead", "job_id = 9999999"), 1);
    }

    // Apart from rows that are parked or held, the two sides have the same rows.
    void expect_equal_sides(bool brought_back) {
        pair.desktop.exec(
            "begin; delete from climaster where loc_id = 2; delete from jobshead where loc_id = 2");
        for (const Delete& held : deletes)
            if (brought_back)
                pair.desktop.exec(
                    fmt::format("delete from {} where {}", held.table, one_row(held.table, held.where)));
        pair.expect_equal("select * from fixture_fingerprint()");
        pair.desktop.exec("rollback");
    }

    void expect_times_of_the_office() {
        for (const Refilled& each : {refilled[3], refilled[5], refilled[6], refilled[7]}) {
            std::string rows = "true";
            for (const Delete& gone : deletes)
                if (gone.table == std::string_view(each.table)) rows = fmt::format("not ({})", gone.where);
            if (each.table != std::string_view("jobtasks")) rows += " and loc_id <> 2";
            const auto sql = [&](const std::string& from, const std::string& time) {
                return fmt::format(
                    "select {0}, {2} from {1} where {2} < '2025-10-31' and {3} order by {0}, {2}", each.key,
                    from, time, rows);
            };
            EXPECT_EQ(dump(pair.cloud, sql(each.table, "(created_at at time zone 'Asia/Kolkata')")),
                      dump(pair.desktop, sql(fmt::format("office.v_{}", each.table), "entered_at")))
                << each.table;
        }
    }

    void expect_ids_of_the_cloud() {
        EXPECT_EQ(pair.cloud.number("select count(*) from was_jobtasks w join jobtasks t using (job_id, "
                                    "task_id) where t.jt_id <> w.jt_id"),
                  0);
        EXPECT_EQ(pair.cloud.number("select count(*) from was_taskchecklist w join taskchecklist t on "
                                    "t.task_id is not distinct from w.task_id and t.checklistdesc = "
                                    "w.checklistdesc where t.tc_id <> w.tc_id"),
                  0);
    }

    PowercaPair pair{"refill_rounds"};
    std::vector<long long> rows_before;
};

TEST_F(RefillRounds, WhatPhonesDidSurvivesTenOfThemAndTheOfficesChangesTravelAlone) {
    work_on_phones();
    for (int round = 1; round <= 10; ++round) {
        SCOPED_TRACE(fmt::format("round {}", round));
        const long long changed = round == 4 || round == 8 ? work_at_the_office() : 0;
        const TidewayResult result = refill_and_sync(changed);
        const bool brought_back = round > 1;
        EXPECT_EQ(reported(result, "reasserted"), brought_back ? std::ssize(edits) : 0) << told(result);
        EXPECT_EQ(reported(result, "held"), brought_back ? std::ssize(deletes) : 0) << told(result);
        expect_what_phones_did(brought_back);
        expect_equal_sides(brought_back);
    }
    expect_times_of_the_office();
    expect_ids_of_the_cloud();
}

}  // namespace
}  // namespace tideway::test
