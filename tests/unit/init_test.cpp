// What init proposes for hand-made catalogues and rows.
#include <algorithm>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "engine/init.hpp"

using namespace tideway;
using namespace tideway::init;

namespace {

RelationColumn column(const std::string& name, const std::string& type = "numeric(10,0)") {
    RelationColumn c;
    c.name = name;
    c.type = type;
    c.base_type = type.substr(0, type.find('('));
    c.type_class = c.base_type == "numeric"                       ? TypeClass::numeric
                   : c.base_type == "bigint"                      ? TypeClass::integer
                   : c.base_type == "character"                   ? TypeClass::padded
                   : c.base_type == "timestamp without time zone" ? TypeClass::instant
                   : c.base_type == "timestamp with time zone"    ? TypeClass::zoned_instant
                   : c.base_type == "date"                        ? TypeClass::date
                                                                  : TypeClass::text;
    if (c.type_class == TypeClass::padded) c.length = 1;
    return c;
}

Relation relation(const std::string& name, std::vector<RelationColumn> columns) {
    Relation r;
    r.name = {"public", name};
    r.columns = std::move(columns);
    r.may_select = r.may_insert = r.may_update = r.may_delete = r.may_trigger = true;
    return r;
}

void promise(Relation& r, const std::vector<std::string>& key) {
    r.unique_keys.push_back({r.name.table + "_pkey", key, r.unique_keys.empty(), true});
    for (RelationColumn& c : r.columns)
        if (std::find(key.begin(), key.end(), c.name) != key.end()) c.not_null = true;
}

sql::TableName named(const std::string& table) { return {"public", table}; }

std::string text_of(const std::vector<TableMatch>& matches) {
    std::string text;
    for (const TableMatch& m : matches)
        text += m.desktop.table + (m.guessed ? "~" : "=") + m.cloud.table + " ";
    return text;
}

// ---- tables
// ------------------------------------------------------------------------------------------------

TEST(InitMatch, EqualNamesComeFirstAndAreNotGuessed) {
    const auto all_alike = [](const TableMatch&) { return 1.0; };
    const auto possible = possible_matches({named("jobs"), named("jobs_old")}, {named("jobs")});
    EXPECT_EQ(text_of(settle(possible, all_alike)), "jobs=jobs ");
}

TEST(InitMatch, ANameInsideAnotherIsOnlyAMatchWhereColumnsAgree) {
    const auto possible = possible_matches({named("mbreminder"), named("mbremdetail"), named("job")},
                                           {named("reminder"), named("remdetail"), named("jobtasks")});
    EXPECT_EQ(text_of(possible), "mbreminder~reminder mbremdetail~remdetail ");
    EXPECT_EQ(text_of(settle(possible,
                             [](const TableMatch& m) { return m.cloud.table == "reminder" ? 0.9 : 0.5; })),
              "mbreminder~reminder ");
}

TEST(InitMatch, TheMoreAlikeOfTwoGuessesWins) {
    const auto possible = possible_matches({named("client"), named("client_old")}, {named("clients")});
    EXPECT_EQ(text_of(settle(possible,
                             [](const TableMatch& m) { return m.desktop.table == "client" ? 0.8 : 0.6; })),
              "client~clients ");
}

TEST(InitMatch, CaseAndSchemaMayDiffer) {
    EXPECT_EQ(text_of(possible_matches({{"erp", "Jobs"}}, {named("jobs")})), "Jobs~jobs ");
}

TEST(InitMatch, ColumnsAreTakenByNameThenBySpelling) {
    const Relation desktop = relation(
        "t", {column("ClientName", "text"), column("org_id"), column("OrgId"), column("born", "date")});
    const Relation cloud =
        relation("t", {column("client_name", "text"), column("org_id"), column("BORN", "text")});
    EXPECT_EQ(match_columns(desktop, cloud),
              (std::map<std::string, std::string>{{"ClientName", "client_name"}, {"org_id", "org_id"}}));
    EXPECT_DOUBLE_EQ(likeness(desktop, cloud), 0.5);
}

// ---- one table
// ---------------------------------------------------------------------------------------------

using Names = std::vector<std::string>;

class InitTable : public testing::Test {
  protected:
    Proposal propose(const std::string& zone = "Asia/Kolkata") {
        return propose_table({desktop.name, cloud.name, desktop.name.table != cloud.name.table}, desktop,
                             cloud, zone, rows());
    }
    Rows rows() {
        return {[&](Side, const LinkedTable&) { return count; },
                [&](Side side, const LinkedTable& table) {
                    if (table.repeats()) return Names{};
                    asked.push_back(std::string(name(side)) + " " + key_names(table, side));
                    return unique.contains(key_names(table, side)) ? Names{} : Names{"7 (2 rows)"};
                },
                [&](Side side, const sql::TableName&, const Names& columns) -> std::optional<Spread> {
                    if (slow) return std::nullopt;
                    if (side == Side::cloud) return Spread{};
                    const std::string key = columns.front() + (columns.size() > 1 ? "+" : "");
                    return Spread{count, distinct(key), empty.contains(columns.front()) ? count : 0};
                },
                [](Side, const sql::TableName&) { return std::map<std::string, std::int64_t>{}; }};
    }

    Relation desktop = relation("jobs", {column("job_id"), column("task_id"), column("note", "text")});
    Relation cloud = relation("jobs", {column("job_id"), column("task_id"), column("note", "text")});
    // Of "job_id", and of "job_id+" for a longer key that begins with it.
    std::int64_t distinct(const std::string& key) const {
        const auto told = spreads.find(key);
        if (told != spreads.end()) return told->second;
        const bool all = key.ends_with("+") ? unique.contains("\"job_id\", \"task_id\"")
                                            : unique.contains("\"" + key + "\"");
        return all ? count : count / 2;
    }

    std::int64_t count = 1000;
    bool slow = false;                            // looking at the rows takes too long
    std::set<std::string> empty;                  // columns that hold nothing but NULL
    std::map<std::string, std::int64_t> spreads;  // what distinct() cannot tell from `unique`
    std::set<std::string> unique;                 // keys that identify a row, as key_names() spells them
    std::vector<std::string> asked;
};

TEST_F(InitTable, AKeyThatBothSidesPromiseNeedsNoGuessAndNoLookAtTheRows) {
    promise(desktop, {"job_id"});
    promise(cloud, {"job_id"});
    const Proposal p = propose();
    EXPECT_EQ(p.setting.key, Names{"job_id"});
    EXPECT_TRUE(p.obstacles.empty());
    EXPECT_FALSE(p.reasons.contains("key"));
    EXPECT_TRUE(asked.empty());
}

TEST_F(InitTable, AKeyOfTheCloudIsProvenByTheDesktopsRows) {
    promise(cloud, {"job_id"});
    unique = {"\"job_id\""};
    const Proposal p = propose();
    EXPECT_EQ(p.setting.key, Names{"job_id"});
    EXPECT_EQ(p.reasons.at("key"), "primary key in the cloud only; unique in today's rows at the desktop");
    EXPECT_EQ(asked, Names{"desktop \"job_id\""});
    count = 0;
    EXPECT_EQ(propose().reasons.at("key"),
              "primary key in the cloud only; the desktop table is empty, which proves nothing");
}

TEST_F(InitTable, AKeyThatRepeatsIsAnObstacleInPlainWords) {
    promise(cloud, {"job_id"});
    const Proposal p = propose();
    ASSERT_FALSE(p.obstacles.empty());
    EXPECT_EQ(p.obstacles[0], "\"job_id\" does not identify a row at the desktop: 7 (2 rows)");
    EXPECT_TRUE(p.setting.key.empty());
}

TEST_F(InitTable, AKeyThatOnlyTheRowsKnowIsTakenAndMarked) {
    cloud.columns.push_back(column("jt_id", "bigint"));
    desktop.columns.push_back(column("jt_id"));
    promise(cloud, {"jt_id"});
    cloud.columns.back().has_default = true;
    cloud.columns.back().sequence = "public.jobs_jt_id_seq";
    unique = {"\"job_id\", \"task_id\""};
    empty = {"jt_id"};
    const Proposal p = propose();
    EXPECT_EQ(p.setting.key, (Names{"job_id", "task_id"}));
    EXPECT_EQ(p.setting.identity, Identity::business_key);
    EXPECT_EQ(p.setting.skip, std::set<std::string>{"jt_id"});
    EXPECT_EQ(p.reasons.at("skip"), "jt_id is numbered by the cloud itself, and it is empty at the desktop");
    EXPECT_TRUE(p.obstacles.empty());
    EXPECT_TRUE(p.decisions.contains("key"));
    EXPECT_FALSE(p.decisions.contains("skip"));
    empty.clear();
    EXPECT_TRUE(propose().decisions.contains("skip"));
}

TEST_F(InitTable, ANumberThatTheDesktopLacksIsLeftToTheCloud) {
    cloud.columns.push_back(column("jt_id", "bigint"));
    promise(cloud, {"jt_id"});
    cloud.columns.back().has_default = true;
    cloud.columns.back().sequence = "public.jobs_jt_id_seq";
    const Proposal p = propose();
    EXPECT_EQ(p.setting.skip, std::set<std::string>{"jt_id"});
    EXPECT_EQ(p.reasons.at("skip"),
              "jt_id is numbered by the cloud itself, and the desktop has no such column");
}

TEST_F(InitTable, RowsThatRepeatTheBestKeyAreToldApartByOrdinals) {
    spreads = {{"job_id", 400}, {"job_id+", 990}, {"task_id", 50}};
    const Proposal p = propose();
    EXPECT_EQ(p.setting.key, (Names{"job_id", "task_id"}));
    EXPECT_EQ(p.setting.identity, Identity::business_key_ordinal);
    EXPECT_TRUE(p.obstacles.empty());
    EXPECT_NE(p.decisions.at("key").find("10 of today's 1000 rows"), std::string::npos)
        << p.decisions.at("key");
}

TEST_F(InitTable, AColumnThatHelpsLittleStaysOutOfTheKey) {
    spreads = {{"job_id", 400}, {"job_id+", 500}, {"task_id", 50}};
    EXPECT_EQ(propose().setting.key, Names{"job_id"});
}

TEST_F(InitTable, WhereLookingTakesTooLongTheNamesSpeak) {
    slow = true;
    const Proposal p = propose();
    EXPECT_EQ(p.setting.key, Names{"job_id"});
    EXPECT_EQ(p.setting.identity, Identity::business_key_ordinal);
}

TEST_F(InitTable, WholeRowsAreTheLastResort) {
    desktop = relation("t", {column("note", "text")});
    cloud = relation("t", {column("note", "text")});
    const Proposal p = propose();
    EXPECT_EQ(p.setting.identity, Identity::full_row);
    EXPECT_FALSE(p.obstacles.empty());
    EXPECT_TRUE(p.decisions.contains("key"));
}

TEST_F(InitTable, AColumnThatIsUniqueByAccidentIsNotOffered) {
    desktop.name = cloud.name = named("checklist");
    unique = {"\"job_id\"", "\"job_id\", \"task_id\""};
    EXPECT_TRUE(propose().setting.key.empty());
    desktop.name = cloud.name = named("jobs");
    EXPECT_EQ(propose().setting.key, Names{"job_id"});
}

TEST_F(InitTable, AFewRowsProveNoKey) {
    unique = {"\"job_id\""};
    count = 20;
    EXPECT_EQ(propose().setting.identity, Identity::business_key_ordinal);
}

TEST_F(InitTable, ColumnsWhoseTypesDoNotFitAreLeftOut) {
    promise(desktop, {"job_id"});
    promise(cloud, {"job_id"});
    desktop.columns.push_back(column("day", "date"));
    cloud.columns.push_back(column("day", "text"));
    const Proposal p = propose();
    EXPECT_TRUE(p.obstacles.empty());
    EXPECT_EQ(p.setting.skip, std::set<std::string>{"day"});
    EXPECT_NE(p.decisions.at("skip").find("day: date | text"), std::string::npos);
}

TEST_F(InitTable, ATimeOfDayGetsTheDateOfItsRow) {
    promise(desktop, {"job_id"});
    promise(cloud, {"job_id"});
    desktop.columns.push_back(column("day", "date"));
    desktop.columns.push_back(column("begun", "timestamp without time zone"));
    cloud.columns.push_back(column("day", "date"));
    cloud.columns.push_back(column("begun", "time without time zone"));
    cloud.columns.back().type_class = TypeClass::other;
    const Proposal p = propose();
    EXPECT_TRUE(p.obstacles.empty());
    EXPECT_EQ(p.setting.columns.at("begun"), (ColumnSetting{false, "day", {}, {}}));
    EXPECT_EQ(p.setting.timestamps, TimestampSetting{});
    EXPECT_TRUE(p.decisions.contains("column.date"));
    EXPECT_EQ(parse_config(
                  "[desktop]\nurl = \"postgresql://a\"\n[cloud]\nurl = \"postgresql://b\"\n" + table_text(p),
                  "t.toml")
                  .tables[0]
                  .columns,
              p.setting.columns);
}

TEST_F(InitTable, AShorterTextHoldsTheBeginningUnlessItIdentifies) {
    promise(desktop, {"job_id"});
    promise(cloud, {"job_id"});
    for (const char* name : {"note2", "code"}) {
        desktop.columns.push_back(column(name, "text"));
        desktop.columns.back().length = 50;
        cloud.columns.push_back(column(name, "text"));
    }
    cloud.unique_keys.push_back({"u", {"code"}, false, true});
    const Proposal p = propose();
    EXPECT_EQ(p.setting.columns,
              (std::map<std::string, ColumnSetting>{{"note2", {true, std::nullopt, {}, {}}}}));
    EXPECT_TRUE(p.decisions.contains("column.lossy"));
}

TEST_F(InitTable, AColumnThatNobodyCanFillIsAnObstacle) {
    promise(desktop, {"job_id"});
    promise(cloud, {"job_id"});
    cloud.columns.push_back(column("org_id"));
    cloud.columns.back().not_null = true;
    const Proposal p = propose();
    ASSERT_EQ(p.obstacles.size(), 1u);
    EXPECT_NE(p.obstacles[0].find("cloud.jobs.org_id"), std::string::npos);
}

TEST_F(InitTable, AnOriginLetterMakesATableStrict) {
    promise(desktop, {"job_id"});
    promise(cloud, {"job_id"});
    cloud.columns.push_back(column("source", "character(1)"));
    const Proposal p = propose();
    ASSERT_TRUE(p.setting.origin);
    EXPECT_EQ(*p.setting.origin, (OriginSetting{"source", "D", "M"}));
    EXPECT_EQ(p.setting.policy.ownership, Ownership::strict);
    cloud.columns.back() = column("source", "text");
    EXPECT_FALSE(propose().setting.origin);
}

TEST_F(InitTable, StampsWithoutZoneGetTheServersZone) {
    promise(desktop, {"job_id"});
    promise(cloud, {"job_id"});
    desktop.columns.push_back(column("updated_at", "timestamp without time zone"));
    cloud.columns.push_back(column("updated_at", "timestamp with time zone"));
    EXPECT_EQ(propose().setting.timestamps, (TimestampSetting{"updated_at", std::nullopt, "Asia/Kolkata"}));
    desktop.columns.back() = cloud.columns.back();
    EXPECT_EQ(propose().setting.timestamps, (TimestampSetting{"updated_at", std::nullopt, std::nullopt}));
}

TEST_F(InitTable, WithoutStampsAPersonDecidesConflicts) {
    promise(desktop, {"job_id"});
    promise(cloud, {"job_id"});
    const Proposal p = propose();
    EXPECT_EQ(p.setting.policy.conflict, ConflictPolicy::manual);
    EXPECT_TRUE(p.reasons.contains("conflict"));
}

TEST_F(InitTable, AColumnThatAnotherTableDeterminesIsOfferedAsALookUp) {
    promise(cloud, {"job_id", "task_id"});
    unique = {"\"job_id\", \"task_id\""};
    cloud.columns.push_back(column("client_id"));
    Relation heads = relation("jobshead", {column("job_id"), column("client_id")});
    spreads = {{"job_id", 400}, {"job_id+", 400}};
    const std::vector<const Relation*> tables{&desktop, &heads};
    Proposal p = propose();
    offer_lookups(p, desktop, cloud, tables, rows());
    EXPECT_EQ(p.offers.at("lookup"),
              "lookup = { client_id = \"select client_id from jobshead where job_id = :job_id\" }");
    EXPECT_NE(table_text(p).find("# DECIDE: the cloud alone has client_id"), std::string::npos);
    spreads["job_id+"] = 500;
    p = propose();
    offer_lookups(p, desktop, cloud, tables, rows());
    EXPECT_TRUE(p.offers.empty());
}

// ---- text
// --------------------------------------------------------------------------------------------------

std::string file(const std::string& table) {
    return "[desktop]\nurl = \"postgresql://a\"\n[cloud]\nurl = \"postgresql://b\"\n" + table;
}

TEST_F(InitTable, TheTextReadsBackAsTheSameSetting) {
    desktop.name = named("mb\"odd${x}");
    cloud = relation("o.dd", {column("Job_Id"), column("task_id"), column("note", "text"),
                              column("source", "character(1)")});
    promise(cloud, {"Job_Id"});
    unique = {"\"job_id\""};
    const Proposal p = propose();
    ASSERT_TRUE(p.obstacles.empty()) << p.obstacles[0];
    const Config config = parse_config(file(table_text(p)), "t.toml");
    const TableSetting& read = config.tables[0];
    EXPECT_EQ(read.desktop, p.setting.desktop);
    EXPECT_EQ(read.cloud, p.setting.cloud);
    EXPECT_EQ(read.key, Names{"job_id"});
    EXPECT_EQ(read.rename, (std::map<std::string, std::string>{{"job_id", "Job_Id"}}));
    EXPECT_EQ(read.origin, p.setting.origin);
    EXPECT_EQ(read.policy.ownership, Ownership::strict);
    EXPECT_EQ(read.policy.conflict, ConflictPolicy::manual);
}

TEST_F(InitTable, ATableWithAnObstacleIsACommentAsAWhole) {
    cloud.name = named("evil\n[[table]]");
    promise(cloud, {"job_id"});  // which the desktop's rows contradict
    const std::string text = table_text(propose());
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_TRUE(line.starts_with("# ")) << line;
    EXPECT_NE(text.find("# [[table]]\n"), std::string::npos);
}

TEST(InitUrl, PasswordsStayOut) {
    EXPECT_EQ(url_for_file("postgresql://me:secret@db:5432/x?sslmode=require"),
              "postgresql://me@db:5432/x?sslmode=require");
    EXPECT_EQ(url_for_file("postgresql://me@db:5432/x"), "postgresql://me@db:5432/x");
    EXPECT_EQ(url_for_file("postgresql://db/x?password=s&sslmode=require"),
              "postgresql://db/x?sslmode=require");
    EXPECT_EQ(url_for_file("postgresql://db/x?user=me&password=s"), "postgresql://db/x?user=me");
    EXPECT_EQ(url_for_file("host=db password='a b' dbname=x"), "host=db dbname=x");
}

}  // namespace
