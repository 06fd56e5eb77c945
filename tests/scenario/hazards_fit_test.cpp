// Hazards of sides that do not fit each other: texts too long (H37), types that hold less (H43), and names
// that are no ordinary tables (H54).
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// The cloud holds more than the desktop can.
struct Fit {
    const char *name, *desktop_type, *cloud_type, *fits, *too_much, *sqlstate;
};
void PrintTo(const Fit& fit, std::ostream* out) { *out << fit.name; }

class TooMuch : public testing::TestWithParam<Fit> {};
INSTANTIATE_TEST_SUITE_P(
    Of, TooMuch,
    testing::Values(Fit{"text_H37", "varchar(50)", "varchar(200)", "'short'", "repeat('n', 120)", "22001"},
                    Fit{"integer_H43", "int", "bigint", "7", "3000000000", "22003"},
                    Fit{"numeric_H43", "int", "numeric(10)", "7", "3000000000", "22003"}),
    [](const auto& fit) { return std::string(fit.param.name); });

TEST_P(TooMuch, WaitsIsNeverCutAndComesWhenItFits) {
    const Fit& fit = GetParam();
    LivePair pair("fit");
    pair.desktop.exec(fmt::format("create table diary (id int primary key, v {})", fit.desktop_type));
    pair.cloud.exec(fmt::format("create table diary (id int primary key, v {})", fit.cloud_type));
    pair.configure("[[table]]\nname = 'diary'\n");
    pair.cloud.exec(
        fmt::format("insert into diary values (1, {}), (2, {}), (3, {})", fit.fits, fit.too_much, fit.fits));
    EXPECT_EXIT_CODE(3, pair.sync());
    pair.cloud.exec(fmt::format("update diary set v = {} where id = 3", fit.too_much));
    for (const char* mode : {"incremental", "full"}) {
        const TidewayResult result = pair.sync({"--mode", mode});
        EXPECT_EXIT_CODE(3, result);
        EXPECT_EQ(reported(result, "parked"), 2) << told(result);
        EXPECT_EQ(pair.desktop.number(fmt::format("select count(*) from diary where v = {}", fit.fits)), 2);
        EXPECT_EQ(pair.cloud.number(fmt::format("select count(*) from diary where v = {}", fit.too_much)), 2);
    }
    const TidewayResult list = pair.run({"parked", "list"});
    for (const auto& row : list.json["parked"]) EXPECT_EQ(row["sqlstate"], fit.sqlstate) << told(list);
    pair.cloud.exec(fmt::format("update diary set v = {}", fit.fits));
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select id, v from diary order by id");
    expect_quiet(pair);
}

TEST(Hazard, H43_ATimeOfDayComesBackAsItWas) {
    LivePair pair("h43");
    pair.desktop.exec("create table diary (id int primary key, day date, at timestamp, note text)");
    pair.cloud.exec("create table diary (id int primary key, day date, at time, note text)");
    pair.configure("[[table]]\nname = 'diary'\n[[table.column]]\nname = 'at'\ndate = 'day'\n");
    pair.cloud.exec(
        "insert into diary values (1, '2025-12-27', '09:30:00.000001', 'a'), (2, null, '10:00', 'b'), (3, "
        "'2025-12-27', null, 'c'), (4, '2025-12-27', '23:59:59.999999', 'd'), (5, '2025-12-27', '00:00', "
        "'e')");
    const std::string times = "select id, day, at from diary order by id";
    const std::string before = dump(pair.cloud, times);
    EXPECT_EXIT_CODE(0, pair.sync());
    for (const char* mode : {"incremental", "full"}) {
        pair.desktop.exec("update diary set note = note || '!'");
        EXPECT_EXIT_CODE(0, pair.sync({"--mode", mode}));
        EXPECT_EQ(dump(pair.cloud, times), before);
    }
    EXPECT_ROWS(pair.cloud, "select string_agg(note, ' ' order by id) from diary", "a!! b!! c!! d!! e!!");
    expect_quiet(pair);
}

TEST(Hazard, H43_ADateAndAnInstantAreNotTheSameThing) {
    LivePair pair("h43_date");
    pair.desktop.exec("create table diary (id int primary key, day date)");
    pair.cloud.exec("create table diary (id int primary key, day timestamptz)");
    pair.configure("[[table]]\nname = 'diary'\n");
    pair.cloud.exec("insert into diary values (1, '2025-12-27 20:00+00')");
    const TidewayResult result = pair.sync();
    EXPECT_EQ(error_code(result), "TW305") << told(result);
    EXPECT_EQ(pair.desktop.number("select count(*) from diary"), 0);
}

// ---- H54 -------------------------------------------------------------------------------------------------

struct Odd {
    const char *name, *ddl;
};
void PrintTo(const Odd& odd, std::ostream* out) { *out << odd.name; }

class NoOrdinaryTable : public testing::TestWithParam<Odd> {};
INSTANTIATE_TEST_SUITE_P(
    H54, NoOrdinaryTable,
    testing::Values(
        Odd{"partitioned",
            "alter table note rename to old_note; create table note (id int primary key, body text, n int) "
            "partition by range (id); alter table note attach partition old_note for values from (1) to "
            "(1000)"},
        Odd{"partition_of_another",
            "create table above (id int not null, body text, n int default 0) partition by range (id); alter "
            "table above attach partition note for values from (1) to (1000); create table above_rest "
            "partition of above default"},
        Odd{"view", "alter table note rename to old_note; create view note as select * from old_note"},
        Odd{"materialized_view",
            "alter table note rename to old_note; create materialized view note as select * from old_note"}),
    [](const auto& odd) { return std::string(odd.param.name); });

// Rows that move between partitions pass by the triggers of the partition.
TEST_P(NoOrdinaryTable, IsRefusedByNameOnEitherSideAlsoWhenItBecomesOneLater) {
    for (const bool cloud : {false, true}) {
        SCOPED_TRACE(cloud ? "cloud" : "desktop");
        LivePair pair("h54");
        twenty_notes(pair);
        Db& odd = cloud ? pair.cloud : pair.desktop;
        Db& other = cloud ? pair.desktop : pair.cloud;
        odd.exec(GetParam().ddl);
        const std::string before = row_versions(other);
        for (const char* mode : {"incremental", "full"}) {
            const TidewayResult result = pair.sync({"--mode", mode});
            EXPECT_EXIT_CODE(2, result);
            EXPECT_EQ(error_code(result), "TW306") << told(result);
            EXPECT_EQ(row_versions(other), before);
        }
        EXPECT_NE(pair.run({"doctor"}).out.find("TW306"), std::string::npos);
    }
}

}  // namespace
}  // namespace tideway::test
