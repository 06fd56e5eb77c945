// What doctor says about hand-made servers and tables.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "engine/doctor.hpp"

using namespace tideway;
using namespace tideway::doctor;

namespace {

RelationColumn column(const std::string& name, const std::string& type, TypeClass type_class,
                      int length = -1) {
    RelationColumn c;
    c.name = name;
    c.type = type;
    c.base_type = type.substr(0, type.find('('));
    c.type_class = type_class;
    c.length = length;
    c.not_null = true;
    return c;
}

Relation jobs() {
    Relation r;
    r.name = {"public", "jobs"};
    r.owner = "boss";
    r.columns = {column("id", "bigint", TypeClass::integer), column("note", "text", TypeClass::text)};
    r.unique_keys = {{"jobs_pkey", {"id"}, true, true}};
    r.may_select = r.may_insert = r.may_update = r.may_delete = r.may_trigger = r.owned = true;
    return r;
}

class Doctor : public testing::Test {
  protected:
    // As Session::link_tables() leaves a table.
    TableUnderSync linked() {
        TableUnderSync table;
        table.setting = &setting;
        table.desktop = desktop;
        table.cloud = cloud;
        LinkResult result = link(setting, desktop, cloud);
        table.link = std::move(result.table);
        table.problems = std::move(result.problems);
        table.remarks = std::move(result.remarks);
        table.link.capture_desktop =
            resolve_capture(setting.capture_desktop, table.link, Side::desktop, desktop, std::nullopt);
        table.link.capture_cloud =
            resolve_capture(setting.capture_cloud, table.link, Side::cloud, cloud, std::nullopt);
        return table;
    }
    static ServerFacts server() {
        ServerFacts facts;
        facts.version = 150018;
        facts.database = "office";
        facts.user = "sync";
        facts.encoding = "UTF8";
        facts.time_zone = "UTC";
        facts.endpoint = "cloud office@db.example:5432 as sync";
        return facts;
    }
    static const Finding* with(const Findings& findings, const std::string& code) {
        const auto found =
            std::find_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.code == code; });
        return found == findings.end() ? nullptr : &*found;
    }
    static Findings server_findings(const ServerFacts& facts, const std::string& url = "postgresql://db",
                                    bool installed = false) {
        SideSetting side;
        side.url = url;
        return check_server(Side::cloud, facts, side, installed);
    }

    TableSetting setting = [] {
        TableSetting s;
        s.desktop = s.cloud = "jobs";
        s.policy.conflict = ConflictPolicy::cloud;
        return s;
    }();
    Relation desktop = jobs(), cloud = jobs();
};

#define ASSERT_FINDING(findings, code_)           \
    const Finding* found = with(findings, code_); \
    ASSERT_NE(found, nullptr)

TEST_F(Doctor, OnAFitServerItOnlyIntroducesIt) {
    const Findings findings = server_findings(server());
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].code, "server");
    EXPECT_EQ(findings[0].severity, Severity::info);
}

TEST_F(Doctor, MissingRightToCreateTheSchemaIsAnErrorUntilItIsThere) {
    ServerFacts facts = server();
    facts.may_create_schema = false;
    { ASSERT_FINDING(server_findings(facts), "TW309"); }
    const Findings findings = server_findings(facts);
    ASSERT_FINDING(findings, "TW309");
    EXPECT_EQ(found->remedy, "GRANT CREATE ON DATABASE \"office\" TO \"sync\";");
    EXPECT_EQ(with(server_findings(facts, "postgresql://db", true), "TW309"), nullptr);
}

TEST_F(Doctor, TemporaryTablesAreNeededAlwaysAndNamedWithTheirGrant) {
    ServerFacts facts = server();
    facts.may_create_temporary = false;
    const Findings findings = server_findings(facts, "postgresql://db", true);
    ASSERT_FINDING(findings, "TW309");
    EXPECT_EQ(found->remedy, "GRANT TEMPORARY ON DATABASE \"office\" TO \"sync\";");
}

TEST_F(Doctor, NamesEveryStateOfAServerThatMatters) {
    const auto code_after = [](const std::function<void(ServerFacts&)>& change, const std::string& code) {
        ServerFacts facts = server();
        change(facts);
        const Findings findings = server_findings(facts);
        const Finding* found = with(findings, code);
        return found ? std::optional(found->severity) : std::nullopt;
    };
    EXPECT_EQ(code_after([](ServerFacts& f) { f.superuser = true; }, "superuser"), Severity::info);
    EXPECT_EQ(code_after([](ServerFacts& f) { f.in_recovery = true; }, "read-only"), Severity::error);
    EXPECT_EQ(code_after([](ServerFacts& f) { f.read_only = true; }, "read-only"), Severity::error);
    EXPECT_EQ(code_after([](ServerFacts& f) { f.track_counts = false; }, "track-counts"), Severity::warning);
    EXPECT_EQ(code_after([](ServerFacts& f) { f.encoding = "SQL_ASCII"; }, "encoding"), Severity::warning);
    EXPECT_EQ(code_after([](ServerFacts& f) { f.transaction_pooled = true; }, "pooler"), Severity::info);
    EXPECT_EQ(code_after([](ServerFacts& f) { f.endpoint = "cloud x@pooler.example:6543 as a"; }, "pooler"),
              Severity::info);
    EXPECT_EQ(code_after([](ServerFacts& f) { f.endpoint = "cloud x@pooler.example:65430 as a"; }, "pooler"),
              std::nullopt);
    EXPECT_EQ(code_after([](ServerFacts& f) { f.version = 190001; }, "version-untested"), Severity::warning);
}

TEST_F(Doctor, WarnsOfAnOpenLine) {
    EXPECT_EQ(with(server_findings(server(), "postgresql://db/x?sslmode=prefer"), "tls")->severity,
              Severity::warning);
    EXPECT_EQ(with(server_findings(server(), "host=db sslmode=require"), "tls")->severity, Severity::info);
    EXPECT_EQ(with(server_findings(server(), "postgresql://db/x?sslmode=verify-full"), "tls"), nullptr);
}

TEST_F(Doctor, ClocksMayDifferByWhatTheMeasurementCannotTell) {
    EXPECT_TRUE(check_clocks({0, 0, -2'500'000, 600'000}).empty());
    const Findings findings = check_clocks({0, 0, -2'500'000, 100'000});
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_NE(findings[0].text.find("2.5 s behind"), std::string::npos);
}

TEST_F(Doctor, AFitTableGivesNoFinding) {
    const TableUnderSync table = linked();
    Findings all = check_linking(table, server(), server());
    add(all, check_capture(table, server(), server()));
    add(all, check_policy(table));
    add(all, check_columns(table));
    add(all, check_numbering(table, table.link.columns[0], {}, server(), server()));
    add(all, check_key_space(table, table.link.columns[0], {}));
    add(all, check_key(table, Side::desktop, {}));
    add(all, suggest_indexes(Side::cloud, {&table}));
    add(all, check_effects({table}));
    EXPECT_TRUE(all.empty()) << all[0].code << " " << all[0].text;
    EXPECT_FALSE(key_needs_proof(table, Side::desktop));
}

TEST_F(Doctor, AMissingRightComesWithItsGrant) {
    cloud.may_delete = false;
    const Findings findings = check_linking(linked(), server(), server());
    ASSERT_FINDING(findings, "TW309");
    EXPECT_EQ(found->severity, Severity::error);
    EXPECT_EQ(found->where, "cloud.jobs");
    EXPECT_EQ(found->remedy, "GRANT DELETE ON \"public\".\"jobs\" TO \"sync\";");
}

TEST_F(Doctor, RowsHiddenByPoliciesAreAnErrorWithTheRightToGive) {
    cloud.rls = true;
    const Findings findings = check_linking(linked(), server(), server());
    ASSERT_FINDING(findings, "TW308");
    EXPECT_EQ(found->remedy, "ALTER ROLE \"sync\" BYPASSRLS; or, as its owner: GRANT \"boss\" TO \"sync\";");
}

TEST_F(Doctor, SchemasAndSequencesNeedRightsToo) {
    desktop.may_use_schema = false;
    cloud.columns.push_back(column("no", "bigint", TypeClass::integer));
    cloud.columns.back().has_default = true;
    cloud.columns.back().sequence = "public.jobs_no_seq";
    cloud.columns.back().may_use_sequence = false;
    const Findings findings = check_linking(linked(), server(), server());
    std::vector<std::string> remedies;
    for (const Finding& f : findings)
        if (f.code == "TW309") remedies.push_back(f.remedy);
    EXPECT_EQ(remedies,
              (std::vector<std::string>{"GRANT USAGE ON SCHEMA \"public\" TO \"sync\";",
                                        "GRANT USAGE ON SEQUENCE public.jobs_no_seq TO \"sync\";"}));
}

TEST_F(Doctor, SaysWhichCaptureFollowsFromAMissingTriggerRight) {
    cloud.may_trigger = false;
    const Findings findings = check_capture(linked(), server(), server());
    ASSERT_FINDING(findings, "no-trigger-right");
    EXPECT_EQ(found->where, "cloud.jobs");
    EXPECT_EQ(found->remedy, "GRANT TRIGGER ON \"public\".\"jobs\" TO \"sync\";");
    // A small desktop table uses xmin anyway.
    cloud.may_trigger = true;
    desktop.may_trigger = false;
    EXPECT_TRUE(check_capture(linked(), server(), server()).empty());
}

TEST_F(Doctor, TriggersThatMaySleepAreAWarning) {
    cloud.owned = false;
    const Findings findings = check_capture(linked(), server(), server());
    ASSERT_FINDING(findings, "not-always");
    EXPECT_EQ(found->where, "cloud.jobs");
}

TEST_F(Doctor, TimestampCaptureIsNamedWithWhatItMisses) {
    setting.capture_desktop = Capture::timestamp;
    EXPECT_NE(with(check_capture(linked(), server(), server()), "timestamp-capture"), nullptr);
    EXPECT_NE(with(check_needs(server(), server(), {linked()}), "hidden-sessions"), nullptr);
}

TEST_F(Doctor, LatestNeedsStampsOnBothSides) {
    setting.policy.conflict = ConflictPolicy::latest;
    setting.timestamps.updated = "updated";
    setting.timestamps.desktop_zone = "UTC";
    desktop.columns.push_back(column("updated", "timestamp with time zone", TypeClass::zoned_instant));
    desktop.columns.back().not_null = false;
    const Findings findings = check_policy(linked());
    ASSERT_FINDING(findings, "no-timestamps");
    EXPECT_NE(found->text.find("the cloud has none"), std::string::npos);
    cloud.columns.push_back(desktop.columns.back());
    EXPECT_TRUE(check_policy(linked()).empty());
}

TEST_F(Doctor, AZoneOtherThanTheServersIsAWarning) {
    setting.timestamps.desktop_zone = "Asia/Kolkata";
    EXPECT_NE(with(check_needs(server(), server(), {linked()}), "time-zone"), nullptr);
    setting.timestamps.desktop_zone = "Etc/UTC";
    EXPECT_EQ(with(check_needs(server(), server(), {linked()}), "time-zone"), nullptr);
}

TEST_F(Doctor, KeysThatRepeatAreAnErrorWithTheKeys) {
    const Findings findings = check_key(linked(), Side::desktop, {"8533 (24 rows)"});
    ASSERT_FINDING(findings, "TW304");
    EXPECT_EQ(found->where, "desktop.jobs");
    EXPECT_NE(found->text.find("8533 (24 rows)"), std::string::npos);
}

TEST_F(Doctor, ProposesTheIndexThatIsMissing) {
    desktop.unique_keys.clear();
    const TableUnderSync table = linked();
    EXPECT_TRUE(key_needs_proof(table, Side::desktop));
    const Findings findings = suggest_indexes(Side::desktop, {&table});
    ASSERT_FINDING(findings, "no-unique-index");
    EXPECT_EQ(found->remedy, "CREATE UNIQUE INDEX CONCURRENTLY ON \"public\".\"jobs\" (\"id\");");
}

TEST_F(Doctor, AUniqueIndexOnANullableColumnProvesNothingAboutNull) {
    desktop.columns[0].not_null = false;
    EXPECT_TRUE(key_needs_proof(linked(), Side::desktop));
}

Findings numbering(const TableUnderSync& table, const KeyNumbers& numbers) {
    ServerFacts facts;
    facts.user = "sync";
    return check_numbering(table, *numbered_keys(table).at(0), numbers, facts, facts);
}
SequenceFacts counting(std::int64_t next, std::int64_t step = 1, std::int64_t start = 1) {
    return {step, start, 1, 9'223'372'036'854'775'807, next};
}
std::string remedies(const Findings& findings) {
    std::string all;
    for (const Finding& each : findings) all += each.where + ": " + each.remedy + "\n";
    return all;
}

TEST_F(Doctor, ASequenceOfOneSideIsMovedToARangeOfItsOwn) {
    cloud.columns[0].counter = "public.jobs_id_seq";
    desktop.columns[0] = column("id", "integer", TypeClass::integer);
    KeyNumbers numbers;
    numbers.cloud.sequence = counting(40);
    EXPECT_EQ(remedies(numbering(linked(), numbers)),
              "cloud.jobs.id: ALTER SEQUENCE public.jobs_id_seq START WITH 1000000000 RESTART WITH "
              "1000000000;\n");
    numbers.cloud.sequence = counting(1'000'000'040, 1, 1'000'000'000);
    numbers.desktop.below_range = 5'000;
    EXPECT_TRUE(numbering(linked(), numbers).empty());
    numbers.desktop.below_range = 999'999'000;
    EXPECT_EQ(with(numbering(linked(), numbers), "key-numbering")->where, "cloud.jobs.id");
}

TEST_F(Doctor, TwoSequencesThatCanMeetAreSharedOut) {
    desktop.columns[0].counter = "public.d";
    cloud.columns[0].counter = "public.c";
    KeyNumbers numbers;
    numbers.desktop.sequence = counting(1001);
    numbers.cloud.sequence = counting(41);
    numbers.cloud.used.within_reach = 2500;
    const Findings findings = numbering(linked(), numbers);
    ASSERT_FINDING(findings, "numbering-collides");
    EXPECT_EQ(found->severity, Severity::warning);
    EXPECT_EQ(remedies(findings),
              "desktop.jobs.id: ALTER SEQUENCE public.d INCREMENT BY 2 RESTART WITH 3501;\n"
              "cloud.jobs.id: ALTER SEQUENCE public.c INCREMENT BY 2 RESTART WITH 3502;\n");
}

TEST_F(Doctor, SequencesThatNeverMeetAreFine) {
    desktop.columns[0].counter = cloud.columns[0].counter = "public.q";
    const auto meet = [&](const SequenceFacts& a, const SequenceFacts& b) {
        KeyNumbers numbers;
        numbers.desktop.sequence = a;
        numbers.cloud.sequence = b;
        return !numbering(linked(), numbers).empty();
    };
    EXPECT_FALSE(meet(counting(7, 2), counting(8, 2)));
    EXPECT_TRUE(meet(counting(7, 2), counting(9, 2)));
    EXPECT_TRUE(meet(counting(7, 2), counting(8, 3)));
    EXPECT_FALSE(meet(counting(4, 3), counting(5, 3)));
    EXPECT_FALSE(meet(counting(40), counting(1'000'000'007, 1, 1'000'000'000)));
    EXPECT_TRUE(meet(counting(999'990'000), counting(1'000'000'007, 1, 1'000'000'000)));
    EXPECT_FALSE(meet(counting(40), {-1, -1, -1'000'000, -1, -7}));
    EXPECT_FALSE(meet({1, 1, 1, 1000, 40}, counting(5000, 1, 1001)));
}

TEST_F(Doctor, AKeyThatRunsOutIsNamedWithTheWideningOfTheNarrowerSide) {
    cloud.columns[0] = column("id", "smallint", TypeClass::integer);
    KeyNumbers numbers;
    numbers.desktop.used = {30'000, 2, 27'000, 26'213};
    const TableUnderSync table = linked();
    const Findings findings = check_key_space(table, *numbered_keys(table).at(0), numbers);
    ASSERT_FINDING(findings, "key-nearly-full");
    EXPECT_EQ(remedies(findings),
              "cloud.jobs.id: ALTER TABLE \"public\".\"jobs\" ALTER COLUMN \"id\" TYPE bigint;\n");
    numbers.desktop.used.beyond = 1;  // a special value
    EXPECT_TRUE(check_key_space(table, *numbered_keys(table).at(0), numbers).empty());
}

TEST_F(Doctor, FewNumbersThatNobodyCountsUpAreNamed) {
    desktop.columns[0] = cloud.columns[0] = column("id", "numeric(5,0)", TypeClass::numeric);
    const TableUnderSync table = linked();
    KeyNumbers numbers;
    const Findings empty = check_key_space(table, *numbered_keys(table).at(0), numbers);
    ASSERT_FINDING(empty, "key-space-small");
    EXPECT_EQ(empty.size(), 2u);
    EXPECT_EQ(found->remedy, "ALTER TABLE \"public\".\"jobs\" ALTER COLUMN \"id\" TYPE numeric(18);");
    numbers.desktop.used = {2, 0, 2, 2};  // counted up
    EXPECT_TRUE(check_key_space(table, *numbered_keys(table).at(0), numbers).empty());
    numbers.cloud.used = {4, 0, 70'004, 70'004};
    EXPECT_FALSE(check_key_space(table, *numbered_keys(table).at(0), numbers).empty());
}

TEST_F(Doctor, SequencesThatTheRoleMayNotReadAreSaidToBeSo) {
    cloud.columns[0].counter = "public.jobs_id_seq";
    EXPECT_EQ(with(numbering(linked(), {}), "numbers-unseen")->where, "cloud.jobs.id");
}

struct Width {
    RelationColumn desktop, cloud;
    std::string expected;  // code and where, empty: nothing
};

TEST_F(Doctor, FindsColumnsThatCannotHoldTheOtherSidesValues) {
    const auto number = [](const std::string& type) {
        return column("v", type, type.starts_with("numeric") ? TypeClass::numeric : TypeClass::integer);
    };
    const auto text = [](const std::string& type, int length) {
        return column("v", type, TypeClass::text, length);
    };
    const auto time = [](const std::string& type) { return column("v", type, TypeClass::zoned_instant); };
    const std::vector<Width> cases{
        {number("bigint"), number("integer"), "column-narrower cloud.jobs.v"},
        {number("numeric(5,0)"), number("bigint"), "column-narrower desktop.jobs.v"},
        {number("numeric(10,0)"), number("integer"), "column-narrower cloud.jobs.v"},
        {number("numeric(9,0)"), number("integer"), "column-narrower desktop.jobs.v"},
        {number("numeric(8,2)"), number("numeric(8,0)"),
         "column-narrower desktop.jobs.v, fraction-lost cloud.jobs.v"},
        {number("numeric"), number("numeric(8,2)"),
         "column-narrower cloud.jobs.v, fraction-lost cloud.jobs.v"},
        {number("numeric(4,0)"), number("numeric(4,0)"), ""},
        {text("text", -1), text("character varying(50)", 50), "column-narrower cloud.jobs.v"},
        {text("character varying(50)", 50), text("character varying(50)", 50), ""},
        {time("timestamp(0) with time zone"), time("timestamp with time zone"),
         "fraction-lost desktop.jobs.v"},
    };
    for (const Width& each : cases) {
        desktop = cloud = jobs();
        desktop.columns.push_back(each.desktop);
        cloud.columns.push_back(each.cloud);
        for (Relation* r : {&desktop, &cloud})
            if (r->columns.back().type_class == TypeClass::zoned_instant)
                r->columns.back().base_type = "timestamp with time zone";
        std::string seen;
        for (const Finding& f : check_columns(linked()))
            seen += (seen.empty() ? "" : ", ") + f.code + " " + f.where;
        EXPECT_EQ(seen, each.expected) << each.desktop.type << " | " << each.cloud.type;
    }
}

TEST_F(Doctor, ATextThatMayBeShortenedNeedsNoRoom) {
    desktop.columns[1] = column("note", "character varying(50)", TypeClass::text, 50);
    EXPECT_NE(with(check_columns(linked()), "column-narrower"), nullptr);
    setting.columns["note"].lossy = true;
    EXPECT_EQ(with(check_columns(linked()), "column-narrower"), nullptr);
}

TEST_F(Doctor, ANarrowerKeyHasACodeOfItsOwn) {
    cloud.columns[0] = column("id", "numeric(5,0)", TypeClass::numeric);
    const Findings findings = check_columns(linked());
    ASSERT_FINDING(findings, "key-narrower");
    EXPECT_EQ(found->where, "cloud.jobs.id");
    EXPECT_EQ(found->remedy, "ALTER TABLE \"public\".\"jobs\" ALTER COLUMN \"id\" TYPE bigint;");
}

TEST_F(Doctor, CascadesAreWarningsUnlessDeclaredOrSynchronised) {
    cloud.cascades = {{"notes_job_fkey", {"public", "notes"}, 'c', 'a'}};
    {
        const Findings findings = check_effects({linked()});
        ASSERT_FINDING(findings, "cascade");
        EXPECT_EQ(found->severity, Severity::warning);
        EXPECT_NE(found->text.find("deletes rows of notes"), std::string::npos);
    }
    setting.side_effects = {"notes"};
    EXPECT_EQ(with(check_effects({linked()}), "cascade"), nullptr);
    setting.side_effects.clear();
    cloud.cascades[0].child = cloud.name;
    EXPECT_EQ(with(check_effects({linked()}), "cascade")->severity, Severity::info);
}

TEST_F(Doctor, TriggersAndReferencesAreListedPerSide) {
    cloud.triggers = {"touch"};
    cloud.foreign_keys = {{"jobs_client_fkey", {"note"}, {"id"}, {"public", "clients"}, 'a', 'a', false}};
    const Findings findings = check_effects({linked()});
    EXPECT_NE(with(findings, "triggers")->text.find("jobs (touch)"), std::string::npos);
    EXPECT_NE(with(findings, "reference-outside")->text.find("clients"), std::string::npos);
    EXPECT_EQ(with(findings, "reference-outside")->where, "cloud");
}

TEST_F(Doctor, NamesTablesOfBothSidesThatNobodyMentions) {
    const sql::TableName notes{"public", "notes"}, local{"public", "local"};
    const Findings findings =
        check_unmentioned({linked()}, {desktop.name, notes, local}, {cloud.name, notes});
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].text,
              "these tables exist on both sides, but the configuration does not mention them: notes");
}

TEST_F(Doctor, EveryProblemOfLinkingIsAnErrorOfItsOwnCode) {
    desktop.columns.push_back(column("when", "date", TypeClass::date));
    cloud.columns.push_back(column("when", "boolean", TypeClass::boolean));
    desktop.columns.back().not_null = cloud.columns.back().not_null = false;
    cloud.columns.push_back(column("must", "text", TypeClass::text));
    const Findings findings = check_linking(linked(), server(), server());
    EXPECT_EQ(with(findings, "TW305")->where, "desktop.jobs.when");
    EXPECT_EQ(with(findings, "TW302")->where, "cloud.jobs.must");
}

}  // namespace
