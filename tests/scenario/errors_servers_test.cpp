// Servers that cannot be reached, that refuse us, that are read-only or busy with another run.
#include <gtest/gtest.h>

#include <chrono>

#include "errors_fixture.hpp"
#include "support/pause_at.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::test {
namespace {

class Unreachable : public Errors, public testing::WithParamInterface<const char*> {
  protected:
    std::string toml_with(const std::string& url) const {
        const bool desktop = std::string(GetParam()) == "desktop";
        return TwoSides::toml_for(desktop ? url : desktop_url(), desktop ? cloud_url() : url) + jobs_toml;
    }
    void expect_unreachable(const std::string& toml, const std::vector<std::string>& says) {
        const auto begin = std::chrono::steady_clock::now();
        expect_refused(toml, {1, "TW201", says});
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << "two runs of 10 s";
    }
};
INSTANTIATE_TEST_SUITE_P(Side, Unreachable, testing::Values("desktop", "cloud"),
                         [](const auto& side) { return std::string(side.param); });

TEST_P(Unreachable, NothingListensThere) {
    const PortLease nobody;
    const std::string url =
        fmt::format("postgresql://postgres:{}@127.0.0.1:{}/postgres", secret, nobody.port());
    expect_unreachable(toml_with(url), {GetParam(), "127.0.0.1", std::to_string(nobody.port())});
}

TEST_P(Unreachable, TheNameDoesNotResolve) {
    expect_unreachable(
        toml_with(fmt::format("postgresql://postgres:{}@no-such-host.invalid:6543/postgres?sslmode=disable",
                              secret)),
        {GetParam(), "no-such-host.invalid", "6543"});
}

TEST_P(Unreachable, ThePortSwallowsEverything) {
    TcpProxy hole(shared_cloud().port());
    hole.blackhole(true);
    expect_unreachable(toml_with(with_secret(hole.url("postgres"))),
                       {GetParam(), "127.0.0.1", std::to_string(hole.port())});
}

TEST_P(Unreachable, TheServerComesBackAndTheNextRunGoesOn) {
    TcpProxy proxy((std::string(GetParam()) == "desktop" ? shared_desktop() : shared_cloud()).port());
    const std::string name =
        std::string(GetParam()) == "desktop" ? sides.desktop_database.name() : sides.cloud_database.name();
    const std::string toml = toml_with(with_secret(proxy.url(name)));
    first_sync(toml);
    edit_both();
    proxy.refuse_new(true);
    expect_unreachable(toml, {GetParam()});
    proxy.clear_faults();
    first_sync(toml);
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

TEST_F(Errors, MissingDatabase) {
    const std::string nowhere = with_secret(shared_cloud().url("no_such_database"));
    expect_refused(TwoSides::toml_for(desktop_url(), nowhere) + jobs_toml,
                   {2, "TW203", {"cloud", "no_such_database"}});
    expect_refused(TwoSides::toml_for(nowhere, cloud_url()) + jobs_toml,
                   {2, "TW203", {"desktop", "no_such_database"}});
}

TEST_F(Errors, EncryptionThatTheServerDoesNotOffer) {
    expect_refused(TwoSides::toml_for(desktop_url(), cloud_url() + "?sslmode=require") + jobs_toml,
                   {2, "TW207", {"cloud"}});
}

class Passwords : public Errors {
  protected:
    void SetUp() override {
        Errors::SetUp();
        Db(locked.url("postgres")).exec("create role clerk login password 'the right one'");
    }
    std::string locked_url(const std::string& parameters = "") const {
        return locked.url("postgres", "clerk") + parameters;
    }
    std::string toml(const std::string& url, const std::string& more) const {
        return fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n{}\n{}", desktop_url(), url, more,
                           jobs_toml);
    }
    PgServer locked{PgServerOptions{.passwords = true}};
    TempDir dir;
};

TEST_F(Passwords, WrongPasswordInTheUrl) {
    expect_refused(toml(with_secret(locked_url(), "clerk"), ""), {2, "TW202", {"cloud", "clerk"}});
}

TEST_F(Passwords, WrongPasswordAsAParameter) {
    expect_refused(toml(locked_url(fmt::format("?password={}", secret)), ""), {2, "TW202", {"cloud"}});
}

TEST_F(Passwords, WrongPasswordInAFile) {
    write_file(dir / "password", secret);
    expect_refused(toml(locked_url(), fmt::format("password_file = '{}'", (dir / "password").string())),
                   {2, "TW202", {"cloud"}});
}

TEST_F(Passwords, NoPasswordAtAll) { expect_refused(toml(locked_url(), ""), {2, "TW202", {"cloud"}}); }

TEST_F(Passwords, FileThatIsNotThere) {
    expect_refused(toml(locked_url(), "password_file = '/no/such/file'"), {2, "TW204", {"/no/such/file"}});
}

TEST_F(Passwords, CommandThatFails) {
    expect_refused(toml(locked_url(), fmt::format("password_command = 'echo {}; exit 3'", secret)),
                   {2, "TW204", {"cloud"}});
}

TEST_F(Passwords, TheRightOneIsNeverShownEither) {
    const ConfigFile config(toml(locked_url(), "password_command = 'echo the right one'"));
    for (const char* command : {"sync", "plan", "status", "doctor"})
        for (const bool json : {false, true}) {
            const TidewayResult run = run_tideway(config, json ? std::vector<std::string>{command, "--json"}
                                                               : std::vector<std::string>{command});
            EXPECT_FALSE(contains(run.out + run.err, "TW202")) << command << run.err;
            EXPECT_FALSE(contains(run.out + run.err, "the right one")) << command << run.out << run.err;
            EXPECT_FALSE(contains(run.out + run.err, secret)) << command << run.out << run.err;
        }
}

TEST_F(Errors, ServerThatIsReadOnly) {
    const std::string toml = good_toml();
    const std::string name = quote_identifier(sides.cloud_database.name());
    sides.cloud.exec("alter database " + name + " set default_transaction_read_only = on");
    expect_refused(toml, {1, "TW405", {"cloud", "read-only"}});
    sides.cloud.exec("set default_transaction_read_only = off; alter database " + name +
                     " reset default_transaction_read_only");
    first_sync(toml);
    edit_both();
    sides.cloud.exec("alter database " + name + " set default_transaction_read_only = on");
    expect_refused(toml, {1, "TW405", {"cloud", "read-only"}});
    sides.cloud.exec("alter database " + name + " reset default_transaction_read_only");
    first_sync(toml);
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
}

TEST_F(Errors, AnotherRunHoldsTheLease) {
    first_sync(good_toml());
    edit_both();
    const ConfigFile config(good_toml());
    const PauseAt pause("M3.before");
    const auto first = start_tideway(config, {"sync", "--json"}, pause.env());
    pause.wait_until_reached();
    expect_refused(good_toml(), {6, "TW401"});
    expect_refused(good_toml(), {6, "TW401"}, {"sync", "--mode", "full"});
    expect_refused(good_toml(), {6, "TW401"}, {"sync", "--direction", "reverse"});
    pause.release();
    EXPECT_EQ(first->wait(std::chrono::seconds(60)), 0) << first->out() << first->err();
    EXPECT_EQ(cloud_jobs(sides.cloud), desktop_jobs(sides.desktop));
    EXPECT_ROWS(sides.cloud, "select status from jobshead where job_id < 3 order by job_id", "Office\nPhone");
    EXPECT_EQ(run_tideway(config, {"sync"}).exit_code, 0) << "the lease was not given back";
}

}  // namespace
}  // namespace tideway::test
