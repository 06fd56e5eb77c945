// A state that an earlier version made is completed by the next sync, and refused by name until then.
#include <gtest/gtest.h>

#include "commands_fixture.hpp"

namespace tideway::test {
namespace {

class StateUpgrade : public Commands {};

// As the first version made them.
constexpr const char* earlier =
    "drop table if exists tideway.kept_key, tideway.kept_plan, tideway.proof, tideway.verification; "
    "alter table if exists tideway.conflict drop column if exists facts; "
    "alter table if exists tideway.waiting drop column if exists facts; update tideway.pair set "
    "state_version = 1";

TEST_F(StateUpgrade, SyncCompletesTheTablesOfAnEarlierVersionAndGoesOn) {
    make_jobs(sides, 20);
    run_json({"sync"}, 0);
    sides.desktop.exec(earlier);
    sides.cloud.exec(earlier);
    sides.cloud.exec("alter table tideway.inbox add constraint inbox_pair_fkey foreign key (pair) references tideway.pair");
    for (const char* command : {"plan", "status", "verify"})
        EXPECT_EQ(run_json({command}, 2)["error"]["code"], "TW310") << command;
    sides.desktop.exec("update jobshead set status = 'x' where job_id = 1");
    run_json({"sync"}, 0);
    EXPECT_EQ(sides.cloud.scalar("select status from jobshead where job_id = 1"), "x");
    EXPECT_EQ(sides.cloud.scalar("select count(*) from pg_constraint where conname = 'inbox_pair_fkey'"), "0");
    for (const char* command : {"plan", "status", "verify"}) run_json({command}, 0);
}

TEST_F(StateUpgrade, ANewerStateIsLeftAlone) {
    make_jobs(sides, 5);
    run_json({"sync"}, 0);
    sides.cloud.exec("update tideway.pair set state_version = 99");
    EXPECT_EQ(run_json({"sync"}, 2)["error"]["code"], "TW310");
    EXPECT_EQ(sides.cloud.scalar("select state_version from tideway.pair"), "99");
}

}  // namespace
}  // namespace tideway::test
