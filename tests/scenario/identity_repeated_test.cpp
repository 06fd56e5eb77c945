// Tables whose rows share a key (H18): jobs with one row per assigned person, and tables without any key.
#include <random>

#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr const char* assignment_table =
    "create table assignment (job_id numeric(10), person numeric(8), note text, minutes int)";
constexpr const char* assignments =
    "select job_id, person, note, minutes from assignment order by 1, 2, 3, 4";
constexpr const char* generous = "[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n";

struct Kind {
    const char *name, *identity;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class Repeated : public testing::TestWithParam<Kind> {
  public:
    void SetUp() override {
        pair.both(assignment_table);
        pair.configure(std::string(generous) + "[[table]]\nname = 'assignment'\n" + GetParam().identity);
    }
    void expect_settled() {
        pair.expect_equal(assignments);
        expect_quiet(pair);
        expect_quiet(pair, 0, {"--mode", "full"});
    }
    LivePair pair{"repeated"};
};
INSTANTIATE_TEST_SUITE_P(
    Identity, Repeated,
    testing::Values(Kind{"ordinal", "key = ['job_id', 'person']\nidentity = 'business_key+ordinal'\n"},
                    Kind{"ordinal_changelog",
                         "key = ['job_id', 'person']\nidentity = 'business_key+ordinal'\ncapture "
                         "= 'changelog'\n"},
                    Kind{"full_row", "identity = 'full_row'\n"}),
    [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Repeated, H18_TwentyFourRowsOfOneJobTravelAndOneDeletedIsOneDeleted) {
    pair.desktop.exec(
        "insert into assignment select 8533, i % 6, 'n' || i % 3, 0 from generate_series(1, 24) i; "
        "insert into assignment values (1, null, 'nobody', 1), (1, null, 'nobody', 1), (null, null, null, "
        "null), "
        "(2, 5, E'back\\\\slash', 1), (2, 5, '', 1)");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.cloud.number("select count(*) from assignment"), 29);
    expect_settled();
    pair.desktop.exec(
        "delete from assignment where ctid = (select min(ctid) from assignment where job_id = 8533)");
    pair.cloud.exec(
        "delete from assignment where ctid = (select min(ctid) from assignment where job_id = 1)");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.cloud.number("select count(*) from assignment where job_id = 8533"), 23);
    EXPECT_EQ(pair.desktop.number("select count(*) from assignment where job_id = 1"), 1);
    expect_settled();
}

TEST_P(Repeated, AnEditOfOneOfThemReachesOneOfThem) {
    pair.desktop.exec(
        "insert into assignment select 8533, 7, 'n' || i / 2, i / 2 from generate_series(0, 9) i");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.cloud.exec(
        "update assignment set minutes = 90 where ctid = (select min(ctid) from assignment where note "
        "= 'n2')");
    pair.desktop.exec(
        "update assignment set note = 'edited' where ctid = (select max(ctid) from assignment where "
        "note = 'n4')");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select note, minutes, count(*) from assignment group by 1, 2 order by 1, 2",
                "edited|4|1\nn0|0|2\nn1|1|2\nn2|2|1\nn2|90|1\nn3|3|2\nn4|4|1");
    expect_settled();
}

TEST_P(Repeated, TwoFilledSidesMeetWithoutDoublesOrDeletes) {
    for (Db* side : {&pair.desktop, &pair.cloud})
        side->exec(
            "insert into assignment select 1 + i % 3, 7, 'same ' || i, i from generate_series(1, 30) i; "
            "insert into assignment values (1, 7, 'same 3', 3)");
    pair.desktop.exec("insert into assignment values (50, 1, 'office', 1)");
    pair.cloud.exec("insert into assignment values (60, 1, 'phone', 1)");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.cloud.number("select count(*) from assignment"), 33);
    expect_settled();
}

TEST_P(Repeated, DirectionsInAnyOrderNeverDouble) {
    pair.desktop.exec("insert into assignment select 8533, i % 4, 'n', 0 from generate_series(1, 24) i");
    for (int round = 0; round < 3; ++round)
        for (const char* direction : {"forward", "reverse", "both", "reverse", "forward"}) {
            const TidewayResult result = pair.sync({"--direction", direction});
            EXPECT_EQ(result.exit_code, 0) << told(result);
        }
    EXPECT_EQ(pair.cloud.number("select count(*) from assignment"), 24);
    EXPECT_EQ(pair.desktop.number("select count(*) from assignment"), 24);
    expect_settled();
}

// Random edits and doubles on both sides against a model that knows what each user wrote: every row that
// nobody deleted or changed again is on both sides, as often as it was written.
TEST_P(Repeated, RandomEditsOnBothSidesEndAsOneMultiset) {
    for (unsigned seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        std::mt19937 random(seed);
        const auto below = [&](unsigned limit) { return static_cast<int>(random() % limit); };
        for (int round = 0; round < 4; ++round) {
            for (int i = 0; i < 25; ++i) {
                Db& side = below(2) == 0 ? pair.desktop : pair.cloud;
                const std::string one = fmt::format(
                    "(select ctid from assignment order by md5(job_id::text || note || '{}') limit 1)",
                    random());
                switch (below(4)) {
                    case 0:
                    case 1:
                        side.exec(fmt::format("insert into assignment values ({}, {}, 'n{}', {})", below(3),
                                              below(2), below(4), below(3)));
                        break;
                    case 2:
                        side.exec("delete from assignment where ctid = " + one);
                        break;
                    default:
                        side.exec(fmt::format(
                            "update assignment set note = 'edit {}', minutes = {} where ctid = {}", random(),
                            below(3), one));
                }
            }
            const std::string wanted = "select note from assignment where note like 'edit%' order by 1";
            const std::string before = dump(pair.desktop, wanted) + "\n" + dump(pair.cloud, wanted);
            const TidewayResult result = pair.sync();
            EXPECT_EQ(result.exit_code, 0) << told(result);
            std::istringstream lines(before);
            for (std::string line; std::getline(lines, line);)
                if (!line.empty()) expect_accounted(pair, "assignment", line);
            expect_settled();
        }
    }
}

}  // namespace
}  // namespace tideway::test
