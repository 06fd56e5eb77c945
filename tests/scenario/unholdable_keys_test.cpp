// A key that the other side's key column cannot hold leaves its table out by name; the other tables flow.
#include "scenario/live_pair.hpp"
#include "scenario/two_sides.hpp"

namespace tideway::test {
namespace {

struct Misfit {
    const char *name, *desktop, *cloud;
    bool in_cloud;  // where the key is that the other side cannot hold
    const char* key;
};
void PrintTo(const Misfit& shown, std::ostream* out) { *out << shown.name; }
constexpr Misfit misfits[] = {
    {"a_cloud_number_too_big_for_int", "int", "bigint", true, "4000000000"},
    {"a_desktop_number_too_big_for_int", "bigint", "int", false, "4000000000"},
    {"a_cloud_text_too_long", "varchar(5)", "text", true, "'far too long'"},
    {"a_desktop_text_too_long", "text", "varchar(5)", false, "'far too long'"},
    {"a_cloud_number_that_is_no_integer", "int", "numeric", true, "1.5"},
    {"a_cloud_number_that_is_none", "int", "numeric", true, "'NaN'"},
    {"a_cloud_number_with_too_many_digits", "numeric(5)", "numeric(12)", true, "4000000000"}};

class UnholdableKey : public testing::TestWithParam<Misfit> {
  public:
    void SetUp() override {
        pair.desktop.exec(
            fmt::format("create table note (id {} primary key, body text)", GetParam().desktop));
        pair.cloud.exec(fmt::format("create table note (id {} primary key, body text)", GetParam().cloud));
        pair.both("create table other (id int primary key, body text)");
        pair.desktop.exec("insert into note values ('1', 'x')");
        pair.configure(note_config + std::string("[[table]]\nname = 'other'\n"));
    }
    Db& holder() { return GetParam().in_cloud ? pair.cloud : pair.desktop; }
    void insert_misfit() {
        holder().exec(fmt::format("insert into note values ({}, 'big')", GetParam().key));
    }
    void remove_misfit() { holder().exec(fmt::format("delete from note where id = {}", GetParam().key)); }

    void expect_left_out() {
        const TidewayResult result = pair.sync();
        EXPECT_EXIT_CODE(3, result);
        const nlohmann::json table = table_of(result.json, "note");
        ASSERT_TRUE(table.is_object() && table["not_synced"].is_string()) << told(result);
        EXPECT_NE(table["not_synced"].get<std::string>().find("id"), std::string::npos)
            << "the key is not named: " << table["not_synced"];
        EXPECT_TRUE(table_of(result.json, "other")["not_synced"].is_null()) << told(result);
    }
    LivePair pair{"misfit"};
};
INSTANTIATE_TEST_SUITE_P(Is, UnholdableKey, testing::ValuesIn(misfits),
                         [](const auto& misfit) { return std::string(misfit.param.name); });

TEST_P(UnholdableKey, LeavesItsTableOutUntilTheRowIsGoneAndTheOthersFlow) {
    EXPECT_EXIT_CODE(0, pair.sync());
    insert_misfit();
    pair.desktop.exec("insert into note values ('2', 'small'); insert into other values (1, 'other')");
    pair.cloud.exec("insert into other values (2, 'mobile')");
    expect_left_out();
    for (Db* side : {&pair.desktop, &pair.cloud})
        EXPECT_ROWS(*side, "select * from other order by id", "1|other\n2|mobile");
    EXPECT_ROWS(holder(), "select count(*) from note where body = 'big'", "1");
    expect_quiet(pair, 3);
    remove_misfit();
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select body from note order by body", "small\nx");
    pair.expect_equal("select body from note order by id");
    expect_quiet(pair);
}

TEST_P(UnholdableKey, LeavesItsTableOutFromTheFirstRunOn) {
    insert_misfit();
    pair.desktop.exec("insert into other values (1, 'other')");
    expect_left_out();
    EXPECT_ROWS(pair.cloud, "select * from other", "1|other");
    EXPECT_EXIT_CODE(3, pair.sync({"--mode", "full"}));
    remove_misfit();
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select body from note order by id");
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
