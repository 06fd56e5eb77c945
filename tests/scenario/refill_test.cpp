// Tables that something else rewrites before each run (refill = true, DESIGN.md 10.1).
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// The office's own table `card`, from which `job` is refilled.
constexpr const char* refill =
    "delete from job; insert into job (id, body, status, created_at, updated_at) select id, body, status, "
    "now(), now() from "
    "card";
constexpr const char* jobs = "select id, body, status from job order by id";

struct Kind {
    const char *name, *key;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class Refill : public testing::TestWithParam<Kind> {
  public:
    void SetUp() override {
        pair.both(
            "create table job (id int, body text, status text, created_at timestamptz, updated_at "
            "timestamptz)");
        pair.desktop.exec("create table card (id int, body text, status text)");
        pair.desktop.exec("insert into card select i, 'job ' || i, 'Open' from generate_series(1, 40) i");
        pair.configure(fmt::format(
            "[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n[[table]]\nname = 'job'\nrefill = "
            "true\n{}timestamps = {{ updated = 'updated_at', created = 'created_at' }}\n",
            GetParam().key));
        pair.desktop.exec(refill);
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    TidewayResult refill_and_sync() {
        pair.desktop.exec(refill);
        return pair.sync();
    }
    LivePair pair{"refill"};
};
INSTANTIATE_TEST_SUITE_P(Identity, Refill,
                         testing::Values(Kind{"key", "key = ['id']\n"},
                                         Kind{"ordinal",
                                              "key = ['id']\nidentity = 'business_key+ordinal'\n"}),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Refill, WithEqualContentWritesNothing) {
    const std::string before = row_versions(pair.cloud);
    for (int i = 0; i < 3; ++i) {
        const TidewayResult result = refill_and_sync();
        EXPECT_EXIT_CODE(0, result);
        EXPECT_EQ(writes_reported(result), 0);
    }
    EXPECT_EQ(row_versions(pair.cloud), before);
}

TEST_P(Refill, WithOneChangeWritesOneRowAndKeepsWhenRowsWereMade) {
    const std::string made = dump(pair.cloud, "select id, created_at from job order by id");
    pair.desktop.exec("update card set body = 'changed' where id = 7");
    const TidewayResult result = refill_and_sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(writes_reported(result), 1);
    EXPECT_EQ(dump(pair.cloud, "select id, created_at from job order by id"), made);
    pair.expect_equal(jobs);
}

TEST_P(Refill, APhoneEditSurvivesTenRounds) {
    pair.cloud.exec("update job set status = 'Done' where id = 5");
    for (int round = 0; round < 10; ++round) {
        const TidewayResult result = refill_and_sync();
        EXPECT_EXIT_CODE(0, result);
        EXPECT_EQ(reported(result, "reasserted"), round == 0 || round == 5 ? 0 : 1) << told(result);
        EXPECT_EQ(pair.cloud.number("select count(*) from job where id = 5 and status = 'Done'"), 1);
        EXPECT_EQ(pair.desktop.number("select count(*) from job where id = 5 and status = 'Done'"), 1);
        if (round == 4) pair.cloud.exec("update job set body = 'edited again' where id = 5");
    }
    EXPECT_EQ(pair.desktop.number("select count(*) from job where id = 5 and body = 'edited again'"), 1);
}

TEST_P(Refill, APhoneEditAfterAQuietRoundSurvivesToo) {
    pair.cloud.exec("update job set status = 'Done' where id = 5");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.cloud.exec("update job set status = 'Billed' where id = 5");
    EXPECT_EXIT_CODE(0, pair.sync());
    for (int round = 0; round < 3; ++round) {
        EXPECT_EXIT_CODE(0, refill_and_sync());
        EXPECT_EQ(pair.cloud.number("select count(*) from job where id = 5 and status = 'Billed'"), 1);
    }
}

TEST_P(Refill, APhoneDeleteSurvivesTenRounds) {
    pair.cloud.exec("delete from job where id = 6");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(pair.desktop.number("select count(*) from job where id = 6"), 0);
    for (int round = 0; round < 10; ++round) {
        const TidewayResult result = refill_and_sync();
        EXPECT_EXIT_CODE(3, result);  // held and listed: the office still has it
        EXPECT_EQ(reported(result, "held"), 1);
        EXPECT_EQ(pair.cloud.number("select count(*) from job where id = 6"), 0);
    }
    pair.desktop.exec("delete from card where id = 6");
    EXPECT_EXIT_CODE(0, refill_and_sync());
}

TEST_P(Refill, AnOfficeEditAfterAPhoneEditTravels) {
    pair.cloud.exec("update job set status = 'Done' where id = 5");
    EXPECT_EXIT_CODE(0, refill_and_sync());
    pair.desktop.exec("update card set status = 'Reopened' where id = 5");
    EXPECT_EXIT_CODE(0, refill_and_sync());
    EXPECT_EQ(pair.cloud.number("select count(*) from job where id = 5 and status = 'Reopened'"), 1);
}

TEST_P(Refill, EditsOfBothSidesWaitBecauseARefillHasNoTime) {
    pair.cloud.exec("update job set status = 'Done' where id = 5");
    pair.desktop.exec("update card set status = 'Reopened' where id = 5");
    const TidewayResult result = refill_and_sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "open_conflicts"), 1);
    EXPECT_EQ(pair.cloud.number("select count(*) from job where id = 5 and status = 'Done'"), 1);
}

}  // namespace
}  // namespace tideway::test
