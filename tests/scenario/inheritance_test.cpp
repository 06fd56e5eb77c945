// Tables with inheritance children or parents are refused by name, and nothing is written anywhere.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr const char* plain =
    "create table note (id int primary key, body text); create table other (id int primary key, body text);";
constexpr const char* as_parent = "create table sub () inherits (note);";
constexpr const char* as_child =
    "alter table note rename to old_note; create table above (id int, body text);"
    "create table note (primary key (id)) inherits (above);";

struct Family {
    const char *name, *desktop, *cloud;
};
void PrintTo(const Family& shown, std::ostream* out) { *out << shown.name; }
constexpr Family families[] = {{"desktop_parent", as_parent, ""}, {"cloud_parent", "", as_parent},
                               {"parents", as_parent, as_parent}, {"desktop_child", as_child, ""},
                               {"cloud_child", "", as_child},     {"children", as_child, as_child}};

class Inheritance : public testing::TestWithParam<Family> {
  public:
    void configure() { pair.configure(note_config + std::string("side_effects = ['sub']\n" + other)); }
    void inherit() {
        if (*GetParam().desktop != '\0') pair.desktop.exec(GetParam().desktop);
        if (*GetParam().cloud != '\0') pair.cloud.exec(GetParam().cloud);
    }
    std::string everything() {
        std::string text;
        for (Db* side : {&pair.desktop, &pair.cloud})
            text += row_versions(*side) +
                    dump(*side,
                         "select tgrelid::regclass, tgname from pg_trigger where not tgisinternal "
                         "order by 1, 2") +
                    dump(*side, "select nspname from pg_namespace order by 1");
        return text;
    }
    void expect_refused() {
        const std::string before = everything();
        for (const char* mode : {"incremental", "full"}) {
            const TidewayResult result = pair.sync({"--mode", mode});
            EXPECT_EXIT_CODE(2, result);
            EXPECT_EQ(error_code(result), "TW306") << told(result);
            EXPECT_NE(result.out.find("note"), std::string::npos) << told(result);
            EXPECT_NE(result.out.find("inherit"), std::string::npos)
                << "the reason is missing: " << told(result);
        }
        EXPECT_EQ(everything(), before);
    }
    const std::string other = "[[table]]\nname = 'other'\n";
    LivePair pair{"inherit"};
};
INSTANTIATE_TEST_SUITE_P(Of, Inheritance, testing::ValuesIn(families),
                         [](const auto& family) { return std::string(family.param.name); });

TEST_P(Inheritance, IsRefusedAtTheFirstRun) {
    pair.both(plain);
    inherit();
    pair.desktop.exec("insert into note values (1, 'x'); insert into other values (1, 'x')");
    configure();
    expect_refused();
}

TEST_P(Inheritance, ThatBeginsLaterIsRefusedFromThenOn) {
    pair.both(plain);
    pair.desktop.exec("insert into note values (1, 'x'), (2, 'y'); insert into other values (1, 'x')");
    configure();
    EXPECT_EXIT_CODE(0, pair.sync());
    inherit();
    pair.desktop.exec("update other set body = 'edited'");
    expect_refused();
}

// A table that only looks related goes on as before, and one whose child is gone again does too.
TEST(InheritanceThatEnded, IsNoReasonToRefuse) {
    LivePair pair("inherit_ended");
    pair.both(plain);
    pair.both(as_parent);
    pair.both("alter table sub no inherit note");
    pair.desktop.exec("insert into note values (1, 'x'); insert into sub values (2, 'y')");
    pair.configure(note_config);
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select * from note", "1|x");
    expect_quiet(pair);
}

TEST(InheritanceElsewhere, DoesNotConcernTheConfiguredTables) {
    LivePair pair("inherit_else");
    pair.both(plain);
    pair.both(as_parent);
    pair.desktop.exec("insert into other values (1, 'x')");
    pair.configure("[[table]]\nname = 'other'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select * from other", "1|x");
    expect_quiet(pair);
}

TEST(InheritanceDoctor, NamesTheTable) {
    LivePair pair("inherit_doc");
    pair.both(plain);
    pair.cloud.exec(as_parent);
    pair.configure(note_config);
    const TidewayResult result = pair.run({"doctor"});
    EXPECT_EXIT_CODE(1, result);
    bool found = false;
    for (const auto& finding : result.json["findings"])
        found = found || (finding["code"] == "TW306" &&
                          finding["where"].get<std::string>().find("note") != std::string::npos);
    EXPECT_TRUE(found) << told(result);
}

}  // namespace
}  // namespace tideway::test
