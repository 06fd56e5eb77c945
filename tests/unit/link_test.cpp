// Linking one [[table]] with hand-made catalogues.
#include <gtest/gtest.h>

#include "engine/link.hpp"

using namespace tideway;

namespace {

RelationColumn column(const std::string& name, const std::string& type, TypeClass type_class) {
    RelationColumn c;
    c.name = name;
    c.type = type;
    c.base_type = type.substr(0, type.find('('));
    c.type_class = type_class;
    return c;
}
RelationColumn number(const std::string& name) { return column(name, "bigint", TypeClass::integer); }
RelationColumn text(const std::string& name) { return column(name, "text", TypeClass::text); }
RelationColumn local_time(const std::string& name) {
    return column(name, "timestamp without time zone", TypeClass::instant);
}
RelationColumn zoned_time(const std::string& name) {
    return column(name, "timestamp with time zone", TypeClass::zoned_instant);
}

class Link : public testing::Test {
  protected:
    Link() {
        setting.desktop = setting.cloud = "jobs";
        for (Relation* r : {&desktop, &cloud}) {
            r->name = {"public", "jobs"};
            r->columns = {number("id"), text("note")};
            r->unique_keys = {{"jobs_pkey", {"id"}, true, true}};
            r->may_select = r->may_insert = r->may_update = r->may_delete = r->may_trigger = true;
        }
    }
    LinkResult linked() const { return link(setting, desktop, cloud); }
    // "TW302 cloud.jobs.x, ..." of all problems.
    std::string problems() const {
        std::string all;
        for (const Problem& p : linked().problems)
            all += (all.empty() ? "" : ", ") + std::string(info(p.code).id) + " " + p.where;
        return all;
    }
    static std::string keys(const LinkResult& result) {
        std::string names;
        for (const LinkedColumn* c : result.table.key_columns())
            names += c->desktop.name + ">" + c->cloud.name + " ";
        return names;
    }
    void add(const RelationColumn& d, const RelationColumn& c) {
        desktop.columns.push_back(d);
        cloud.columns.push_back(c);
    }

    TableSetting setting;
    Relation desktop, cloud;
};

TEST_F(Link, EqualTablesLinkColumnByColumnWithTheirPrimaryKey) {
    const LinkResult result = linked();
    EXPECT_TRUE(result.problems.empty());
    EXPECT_TRUE(result.remarks.empty());
    EXPECT_EQ(result.table.columns.size(), 2u);
    EXPECT_EQ(keys(result), "id>id ");
    EXPECT_TRUE(result.table.key_index_desktop && result.table.key_index_cloud);
}

TEST_F(Link, AMissingTableIsNamedWithItsSide) {
    const LinkResult result = link(setting, std::nullopt, cloud);
    ASSERT_EQ(result.problems.size(), 1u);
    EXPECT_EQ(result.problems[0].code, Code::table_missing);
    EXPECT_EQ(result.problems[0].where, "desktop.jobs");
}

TEST_F(Link, RenamedKeysAreFoundThroughTheCloudsPrimaryKey) {
    desktop.unique_keys.clear();
    cloud.columns[0].name = "job_id";
    cloud.unique_keys[0].columns = {"job_id"};
    setting.rename = {{"id", "job_id"}};
    const LinkResult result = linked();
    EXPECT_EQ(keys(result), "id>job_id ");
    EXPECT_FALSE(result.table.key_index_desktop);
    EXPECT_TRUE(result.table.key_index_cloud);
}

TEST_F(Link, WithoutAKeyNothingIsLinked) {
    desktop.unique_keys.clear();
    cloud.unique_keys.clear();
    EXPECT_EQ(problems(), "TW303 desktop.jobs");
    setting.key = {"nowhere"};
    EXPECT_EQ(problems(), "TW302 desktop.jobs.nowhere");
}

TEST_F(Link, APartialOrDeferredIndexIsNoKey) {
    desktop.unique_keys[0].usable = false;
    setting.key = {"id"};
    EXPECT_FALSE(linked().table.key_index_desktop);
}

TEST_F(Link, MissingNamesOfTheConfigurationAreProblems) {
    setting.rename = {{"a", "b"}};
    setting.skip = {"c"};
    EXPECT_EQ(problems(), "TW302 desktop.jobs.a, TW302 cloud.jobs.b, TW302 desktop.jobs.c");
}

TEST_F(Link, AColumnOfOneSideStaysThereUnlessItMustBeFilled) {
    cloud.columns.push_back(text("extra"));
    EXPECT_EQ(linked().remarks, std::vector<std::string>{"cloud.jobs.extra stays on the cloud side"});
    cloud.columns.back().not_null = true;
    EXPECT_EQ(problems(), "TW302 cloud.jobs.extra");
    cloud.columns.back().has_default = true;
    EXPECT_EQ(problems(), "");
    cloud.columns.back().has_default = false;
    setting.constant = {{"extra", "x"}};
    EXPECT_EQ(problems(), "");
    ASSERT_EQ(linked().table.constants.size(), 1u);
    EXPECT_EQ(linked().table.constants[0].side, Side::cloud);
}

TEST_F(Link, TypesThatWouldAlterValuesAreRefused) {
    add(column("day", "date", TypeClass::date), text("day"));
    EXPECT_EQ(problems(), "TW305 desktop.jobs.day");
    setting.skip = {"day"};
    EXPECT_EQ(problems(), "");
}

TEST_F(Link, TimesWithAndWithoutZoneNeedTheDesktopsZone) {
    add(local_time("at"), zoned_time("at"));
    EXPECT_EQ(problems(), "TW312 desktop.jobs.at");
    setting.timestamps.desktop_zone = "Asia/Kolkata";
    EXPECT_EQ(problems(), "");
    setting.key = {"id", "at"};
    EXPECT_EQ(problems(), "TW305 desktop.jobs.at");
}

TEST_F(Link, StampsTravelWithoutMakingAChange) {
    add(local_time("updated_at"), local_time("updated_at"));
    setting.timestamps = {"updated_at", std::nullopt, "UTC"};
    const LinkResult result = linked();
    EXPECT_EQ(result.table.stamp_desktop, "updated_at");
    EXPECT_EQ(result.table.stamp_cloud, "updated_at");
    EXPECT_FALSE(result.table.columns.back().hashed);
}

TEST_F(Link, TheOriginLetterIsSetOnInsertOnly) {
    add(text("source"), text("source"));
    setting.origin = OriginSetting{"source"};
    EXPECT_TRUE(linked().table.columns.back().insert_only);
    setting.key = {"source"};
    EXPECT_EQ(problems(), "TW103 desktop.jobs.source");
}

TEST_F(Link, AnOriginColumnOfTheCloudAloneIsFilledWithTheDesktopsLetter) {
    cloud.columns.push_back(text("source"));
    setting.origin = OriginSetting{"source"};
    const LinkedTable table = linked().table;
    ASSERT_EQ(table.constants.size(), 1u);
    EXPECT_EQ(table.constants[0].value, "D");
    ASSERT_TRUE(table.origin);
    EXPECT_FALSE(table.origin->desktop_column);
}

TEST_F(Link, MissingRightsAndHiddenRowsAreProblems) {
    desktop.may_insert = desktop.may_delete = false;
    cloud.rls = true;
    EXPECT_EQ(problems(), "TW309 desktop.jobs, TW308 cloud.jobs");
    EXPECT_EQ(linked().problems[0].text, "the role may not INSERT, DELETE");
}

TEST_F(Link, OnlyOrdinaryTablesAreLinked) {
    cloud.kind = 'v';
    EXPECT_EQ(problems(), "TW306 cloud.jobs");
}

TEST_F(Link, EqualityIsDecidedByWhatBothTypesMean) {
    const auto canon = [](const RelationColumn& d, const RelationColumn& c) { return canon_of(d, c); };
    const RelationColumn numeric = column("v", "numeric(5,0)", TypeClass::numeric),
                         padded = column("v", "bpchar", TypeClass::padded);
    const RelationColumn json = column("v", "json", TypeClass::json),
                         jsonb = column("v", "jsonb", TypeClass::jsonb);
    const RelationColumn small = column("v", "smallint", TypeClass::integer);
    EXPECT_EQ(canon(number("v"), number("v")), Canon::image);
    EXPECT_EQ(canon(number("v"), small), Canon::number);
    EXPECT_EQ(canon(numeric, number("v")), Canon::number);
    EXPECT_EQ(canon(text("v"), text("v")), Canon::image);
    EXPECT_EQ(canon(text("v"), padded), Canon::trimmed);
    EXPECT_EQ(canon(local_time("v"), zoned_time("v")), Canon::instant);
    EXPECT_EQ(canon(json, jsonb), Canon::json);
    EXPECT_EQ(canon(number("v"), text("v")), std::nullopt);
}

TEST_F(Link, AutomaticCaptureFollowsSideSizeAndRights) {
    Relation r = desktop;
    const auto resolve = [&](Side side, std::optional<Capture> before = std::nullopt) {
        return resolve_capture(Capture::automatic, LinkedTable{}, side, r, before);
    };
    EXPECT_EQ(resolve(Side::desktop), Capture::xmin);
    EXPECT_EQ(resolve(Side::cloud), Capture::changelog);
    r.estimated_rows = 600'000;
    EXPECT_EQ(resolve(Side::desktop), Capture::changelog);
    EXPECT_EQ(resolve(Side::desktop, Capture::xmin), Capture::xmin);
    r.may_trigger = false;
    EXPECT_EQ(resolve(Side::cloud), Capture::xmin);
    EXPECT_EQ(resolve(Side::cloud, Capture::changelog), Capture::xmin);
    EXPECT_EQ(resolve_capture(Capture::digest, LinkedTable{}, Side::cloud, r, std::nullopt), Capture::digest);
}

TEST(ParentsFirst, OrdersByReferencesOfEitherSideAndSurvivesCycles) {
    Relation task, job, client;
    task.name = {"public", "task"};
    job.name = {"public", "job"};
    client.name = {"public", "client"};
    task.foreign_keys = {{"f", {"job"}, {"id"}, job.name, 'a', 'a', false}};
    Relation none;
    Relation job_in_cloud = job;
    job_in_cloud.foreign_keys = {{"f", {"client"}, {"id"}, client.name, 'a', 'a', false}};
    EXPECT_EQ(parents_first({{&task, &none}, {&job, &job_in_cloud}, {&client, &client}}),
              (std::vector<std::size_t>{2, 1, 0}));
    Relation client_again = client;
    client_again.foreign_keys = {{"f", {"job"}, {"id"}, job.name, 'a', 'a', false}};
    EXPECT_EQ(parents_first({{&job_in_cloud, &none}, {&client_again, &none}}).size(), 2u);
}

}  // namespace
