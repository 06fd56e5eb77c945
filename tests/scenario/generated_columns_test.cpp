// Columns that a server computes: alone beside the key, and computed on one side only.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr const char* keyed = "id int primary key";
constexpr const char* computed = "gross int generated always as (id * 2) stored";

struct Sides {
    const char* name;
    bool desktop, cloud;  // where the column is computed
};
void PrintTo(const Sides& shown, std::ostream* out) { *out << shown.name; }
constexpr Sides one_side[] = {{"desktop", true, false}, {"cloud", false, true}};
constexpr Sides some_side[] = {{"desktop", true, false}, {"cloud", false, true}, {"both", true, true}};

class KeyAndGeneratedColumn : public testing::TestWithParam<Sides> {
  public:
    void SetUp() override {
        for (const auto& [side, here] :
             {std::pair(&pair.desktop, GetParam().desktop), std::pair(&pair.cloud, GetParam().cloud)})
            side->exec(fmt::format("create table note ({}, {})", keyed, here ? computed : "gross int"));
        pair.configure(note_config);
    }
    LivePair pair{"generated"};
};
INSTANTIATE_TEST_SUITE_P(ComputedOn, KeyAndGeneratedColumn, testing::ValuesIn(some_side),
                         [](const auto& sides) { return std::string(sides.param.name); });

TEST_P(KeyAndGeneratedColumn, AreSyncedByTheKeyAlone) {
    pair.desktop.exec("insert into note (id) values (1), (2)");
    pair.cloud.exec("insert into note (id) values (3)");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select id from note order by id");
    EXPECT_ROWS(pair.cloud, "select count(*) from note", "3");
    expect_quiet(pair);
    pair.desktop.exec("delete from note where id = 3");
    pair.cloud.exec("delete from note where id = 1; insert into note (id) values (4)");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select id from note order by id", "2\n4");
    pair.expect_equal("select id from note order by id");
    expect_quiet(pair);
}

TEST_P(KeyAndGeneratedColumn, MayDifferInThatColumnForGood) {
    pair.desktop.exec("insert into note (id) values (1)");
    EXPECT_EXIT_CODE(0, pair.sync());
    if (GetParam().desktop && GetParam().cloud) return;  // nobody can write it
    Db& plain = GetParam().desktop ? pair.cloud : pair.desktop;
    plain.exec("update note set gross = 99");
    for (const char* mode : {"incremental", "full"}) expect_quiet(pair, 0, {"--mode", mode});
    EXPECT_ROWS(plain, "select gross from note", "99");
}

TEST_P(KeyAndGeneratedColumn, MeetOnTwoFilledSides) {
    for (Db* side : {&pair.desktop, &pair.cloud}) side->exec("insert into note (id) values (1), (2)");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select id from note order by id", "1\n2");
    expect_quiet(pair);
}

class GeneratedOnOneSide : public testing::TestWithParam<Sides> {
  public:
    void SetUp() override {
        constexpr const char* net_and_gross = "create table note (id int primary key, net int, gross int{})";
        for (const auto& [side, here] :
             {std::pair(&pair.desktop, GetParam().desktop), std::pair(&pair.cloud, GetParam().cloud)})
            side->exec(fmt::format(net_and_gross, here ? " generated always as (net * 2) stored" : ""));
        pair.configure(note_config + std::string("conflict = 'desktop'\n"));
        pair.desktop.exec("insert into note (id, net) values (1, 10), (2, 20)");
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    Db& plain() { return GetParam().desktop ? pair.cloud : pair.desktop; }
    LivePair pair{"generated_one"};
};
INSTANTIATE_TEST_SUITE_P(The, GeneratedOnOneSide, testing::ValuesIn(one_side),
                         [](const auto& sides) { return std::string(sides.param.name); });

TEST_P(GeneratedOnOneSide, IsNoChangeByItsDifferenceAlone) {
    plain().exec("update note set gross = 99 where id = 1");
    for (const char* mode : {"incremental", "full"}) expect_quiet(pair, 0, {"--mode", mode});
    EXPECT_ROWS(plain(), "select gross from note where id = 1", "99");
}

TEST_P(GeneratedOnOneSide, LetsTheOtherColumnsTravelBothWays) {
    pair.desktop.exec("update note set net = 11 where id = 1");
    pair.cloud.exec("update note set net = 21 where id = 2");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select id, net from note order by id", "1|11\n2|21");
    pair.expect_equal("select id, net from note order by id");
    expect_quiet(pair);
}

TEST_P(GeneratedOnOneSide, IsNamedByDoctor) {
    const TidewayResult result = pair.run({"doctor"});
    EXPECT_EXIT_CODE(0, result);
    int found = 0;
    for (const auto& finding : result.json["findings"])
        if (finding["code"] == "generated-column") {
            ++found;
            EXPECT_NE(finding["severity"], "error") << finding;
            const std::string told = finding["where"].get<std::string>() + finding["text"].get<std::string>();
            EXPECT_NE(told.find("note"), std::string::npos) << finding;
            EXPECT_NE(told.find("gross"), std::string::npos) << finding;
        }
    EXPECT_EQ(found, 1) << told(result);
}

}  // namespace
}  // namespace tideway::test
