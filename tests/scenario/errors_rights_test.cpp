// Roles that may not do what sync needs, or do not see all rows.
#include <gtest/gtest.h>

#include "errors_fixture.hpp"

namespace tideway::test {
namespace {

class Rights : public Errors {
  protected:
    void SetUp() override {
        Errors::SetUp();
        clerk = sides.cloud_database.name() + "_clerk";
        sides.cloud.exec(fmt::format("create role {0} login; grant create on database {1} to {0}",
                                     quote_identifier(clerk), quote_identifier(sides.cloud_database.name())));
    }
    void TearDown() override {
        sides.cloud.exec(fmt::format("reassign owned by {0} to postgres; drop owned by {0}; drop role {0}",
                                     quote_identifier(clerk)));
    }
    std::string clerk_toml() const {
        return TwoSides::toml_for(desktop_url(), with_secret(sides.cloud_database.url(clerk), clerk)) +
               jobs_toml;
    }
    void grant(const std::string& rights) {
        sides.cloud.exec(fmt::format("grant {} on jobshead to {}", rights, quote_identifier(clerk)));
    }
    std::string clerk;
};

TEST_F(Rights, RoleWithoutInsert) {
    grant("select, update, delete, trigger");
    expect_refused(clerk_toml(), {2, "TW309", {"cloud.jobshead", "INSERT", "GRANT INSERT"}});
    grant("insert");
    first_sync(clerk_toml());
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

TEST_F(Rights, RoleWithoutAnyRight) {
    expect_refused(clerk_toml(), {2, "TW309", {"cloud.jobshead", "SELECT"}});
}

TEST_F(Rights, RoleThatLosesARightLater) {
    grant("select, insert, update, delete, trigger");
    first_sync(clerk_toml());
    edit_both();
    sides.cloud.exec("revoke update on jobshead from " + quote_identifier(clerk));
    expect_refused(clerk_toml(), {2, "TW309", {"cloud.jobshead", "UPDATE"}});
}

TEST_F(Rights, H74_WithoutTheRightToKeepOldImagesNothingIsWritten) {
    grant("select, insert, update, delete, trigger");
    first_sync(clerk_toml());
    sides.desktop.exec("update jobshead set status = 'Office' where job_id = 3");
    sides.cloud.exec("revoke insert on tideway.journal from " + quote_identifier(clerk));
    const std::string before = cloud_jobs(sides.cloud);
    const ConfigFile config(clerk_toml());
    EXPECT_NE(run_tideway(config, {"sync"}).exit_code, 0);
    EXPECT_EQ(cloud_jobs(sides.cloud), before);
    sides.cloud.exec("grant insert on tideway.journal to " + quote_identifier(clerk));
    EXPECT_EQ(run_tideway(config, {"sync"}).exit_code, 0);
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

TEST_F(Rights, RoleThatMayNotCreateASchema) {
    grant("select, insert, update, delete, trigger");
    sides.cloud.exec(fmt::format("revoke create on database {} from {}",
                                 quote_identifier(sides.cloud_database.name()), quote_identifier(clerk)));
    expect_refused(clerk_toml(), {2, "TW309", {"cloud"}});
}

TEST_F(Rights, RowSecurityThatHidesRows) {
    grant("select, insert, update, delete, trigger");
    first_sync(clerk_toml());
    edit_both();
    sides.cloud.exec(
        fmt::format("alter table jobshead enable row level security; create policy few on jobshead to {} "
                    "using (job_id <= 2)",
                    quote_identifier(clerk)));
    expect_refused(clerk_toml(), {2, "TW308", {"cloud.jobshead", "BYPASSRLS"}});
    expect_refused(clerk_toml(), {2, "TW308"}, {"sync", "--mode", "full"});
    sides.cloud.exec("alter role " + quote_identifier(clerk) + " bypassrls");
    first_sync(clerk_toml());
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

TEST_F(Rights, RowSecurityOnTheFirstRun) {
    grant("select, insert, update, delete, trigger");
    sides.cloud.exec("alter table jobshead enable row level security");
    expect_refused(clerk_toml(), {2, "TW308", {"cloud.jobshead"}});
}

}  // namespace
}  // namespace tideway::test
