// Opening a connection: what is set, what can go wrong, and that no message gives a secret away.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "connection_fixture.hpp"
#include "support/free_port.hpp"
#include "support/pgbouncer.hpp"
#include "support/process.hpp"
#include "support/tcp_proxy.hpp"
#include "support/temp_dir.hpp"

namespace tideway::pg {
namespace {

class Connecting : public ConnectionTest {
  protected:
    std::string port() const { return std::to_string(database.server().port()); }
    // A host that means this machine, but not by a name that tideway takes for it.
    std::string remote_url() const {
        return "postgresql://postgres@0.0.0.0:" + port() + "/" + database.name();
    }
};

std::optional<Error> refused(const ConnectOptions& options, WaitHook* hook = nullptr) {
    return caught<Error>([&] { Connection::open(options, hook); });
}

std::optional<Error> refused(const std::string& url) {
    return refused(ConnectOptions{.url = url, .password = {}});
}

std::string setting(Connection& connection, const std::string& name) {
    return std::string(connection.query({"show", "show " + name}).text(0, 0));
}

TEST_F(Connecting, TellsWhereItIs) {
    Connection connection = Connection::open({.url = url(), .password = {}, .side = Side::cloud}, nullptr);
    EXPECT_EQ(connection.describe(), "cloud " + database.name() + "@127.0.0.1:" + port() + " as postgres");
    EXPECT_EQ(connection.side(), Side::cloud);
    EXPECT_EQ(connection.server_version() / 10000, database.server().version());
}

TEST_F(Connecting, NamesTheProgramUnlessTheUrlDoes) {
    Connection plain = connect(url());
    EXPECT_EQ(setting(plain, "application_name"), "tideway");
    EXPECT_EQ(setting(plain, "client_encoding"), "UTF8");
    Connection named = connect("host=127.0.0.1 user=postgres application_name=office port=" + port() +
                               " dbname=" + database.name());
    EXPECT_EQ(setting(named, "application_name"), "office");
}

TEST_F(Connecting, WorksOverAUnixSocket) {
    Connection connection = connect(database.server().socket_url(database.name()));
    expect_usable(connection);
}

TEST_F(Connecting, ToNobodyIsServerUnreachable) {
    test::PortLease nobody;
    const std::string where = "127.0.0.1:" + std::to_string(nobody.port());
    const auto error = refused("postgresql://me:s3cret@" + where + "/db");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::server_unreachable);
    const std::string what = error->what();
    EXPECT_TRUE(what.starts_with("desktop: connect: db@" + where + " as me: Connection refused")) << what;
    EXPECT_EQ(what.find("s3cret"), what.npos) << what;
    EXPECT_EQ(what.find('\n'), what.npos) << what;
}

TEST_F(Connecting, ToANameThatDoesNotExistIsServerUnreachable) {
    const auto error = refused("postgresql://me@no-such-host.invalid/db?sslmode=disable");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::server_unreachable);
}

TEST_F(Connecting, ToASilentServerEndsAtTheTimeLimit) {
    test::TcpProxy proxy(database.server().port());
    proxy.blackhole(true);
    const auto start = std::chrono::steady_clock::now();
    const auto error =
        refused({.url = proxy.url("postgres"), .password = {}, .connect_timeout = Millis(300)});
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::server_unreachable);
}

TEST_F(Connecting, StopsWhenTheHookThrows) {
    test::TcpProxy proxy(database.server().port());
    proxy.blackhole(true);
    TestHook hook;
    hook.throw_at = 1;
    EXPECT_THROW(connect(proxy.url("postgres"), &hook), StopRequested);
}

TEST_F(Connecting, ToAMissingDatabaseSaysSo) {
    const auto error = refused(database.server().url("no_such_database"));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::database_missing);
}

TEST_F(Connecting, WithoutTheRightToConnectSaysSo) {
    observer.exec(
        "drop role if exists tideway_guest; create role tideway_guest login;"
        "revoke connect on database \"" +
        database.name() + "\" from public");
    const auto error = refused(database.url("tideway_guest"));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::no_rights);
}

TEST_F(Connecting, ToAFullServerMayWorkLater) {
    observer.exec("drop role if exists tideway_many; create role tideway_many login connection limit 0");
    const auto error = caught<DbError>([&] { connect(database.url("tideway_many")); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::server_unreachable);
    EXPECT_EQ(error->sqlstate(), "53300");
    EXPECT_TRUE(error->transient());
}

TEST_F(Connecting, AsAnUnknownUserIsRefused) {
    const auto error = refused(database.url("no_such_user"));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::wrong_password);
}

TEST_F(Connecting, WithAUrlThatCannotBeParsedDoesNotRepeatIt) {
    for (const char* url : {"postgresql://me:s3cret@[::1/db", "host=x password='s3cret", "s3cret=x",
                            "postgresql://me:s3cret@host/db?passwort=x"}) {
        const auto error = refused(url);
        ASSERT_TRUE(error) << url;
        EXPECT_EQ(error->code(), Code::config_value) << url;
        EXPECT_EQ((error->what() + error->hint()).find("s3cret"), std::string::npos) << error->what();
    }
}

// Lets one client in, as a server of that version would, and says no more.
class OldServer {
  public:
    explicit OldServer(const std::string& version) {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(lease_.port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listener_, 1), 0);
        serving_ = std::thread([this, version] { serve(version); });
    }
    ~OldServer() {
        serving_.join();
        ::close(listener_);
    }
    std::string url() const {
        return "postgresql://me@127.0.0.1:" + std::to_string(lease_.port()) + "/db?sslmode=disable";
    }

  private:
    static std::string message(char type, const std::string& body) {
        return type + std::string{0, 0, 0, static_cast<char>(body.size() + 4)} + body;
    }
    void serve(const std::string& version) const {
        const int client = ::accept(listener_, nullptr, nullptr);
        char startup[1024];
        const std::string zero(1, '\0');
        const std::string answer = message('R', std::string(4, '\0')) +
                                   message('S', "server_version" + zero + version + zero) + message('Z', "I");
        EXPECT_GT(::recv(client, startup, sizeof startup, 0), 0);
        EXPECT_EQ(::send(client, answer.data(), answer.size(), 0), static_cast<ssize_t>(answer.size()));
        while (::recv(client, startup, sizeof startup, 0) > 0) continue;
        ::close(client);
    }

    test::PortLease lease_;
    int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::thread serving_;
};

TEST_F(Connecting, ToAServerThatIsTooOldNamesItsVersion) {
    const OldServer server("12.9");
    const auto error = refused(server.url());
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::server_version);
    EXPECT_NE(std::string(error->what()).find("PostgreSQL 12"), std::string::npos) << error->what();
}

class Passwords : public testing::Test {
  protected:
    static test::PgServer& server() {
        static test::PgServer one({.passwords = true});
        static const bool made = [] {
            test::Db(one.url("postgres")).exec("create role office login password 'r1ght'");
            return true;
        }();
        EXPECT_TRUE(made);
        return one;
    }
    static void expect_wrong(const std::string& url, std::optional<std::string> password) {
        const auto error = refused({.url = url, .password = std::move(password)});
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code(), Code::wrong_password) << error->what();
        EXPECT_EQ((error->what() + error->hint()).find("wr0ng"), std::string::npos) << error->what();
    }
};

TEST_F(Passwords, OfTheOptionsWinOverTheUrl) {
    const std::string at = "@127.0.0.1:" + std::to_string(server().port()) + "/postgres";
    EXPECT_NO_THROW(
        Connection::open({.url = "postgresql://office:wr0ng" + at, .password = "r1ght"}, nullptr));
    EXPECT_NO_THROW(Connection::open({.url = "postgresql://office:r1ght" + at, .password = {}}, nullptr));
}

TEST_F(Passwords, ThatAreWrongOrMissingAreRefusedWithoutBeingShown) {
    expect_wrong(server().url("postgres", "office"), "wr0ng");
    expect_wrong(server().url("postgres", "office"), std::nullopt);
}

TEST_F(Passwords, AreRefusedByAPoolerToo) {
    test::Pgbouncer pooler(server());
    EXPECT_NO_THROW(
        Connection::open({.url = pooler.url("postgres", "office"), .password = "r1ght"}, nullptr));
    expect_wrong(pooler.url("postgres", "office"), "wr0ng");
}

TEST_F(Connecting, ToAnotherMachineDemandsTls) {
    const auto error = refused(remote_url());
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::tls) << error->what();
    EXPECT_NE(error->hint().find("sslrootcert"), std::string::npos);
}

TEST_F(Connecting, ToAnotherMachineTakesTheModeThatSomebodyChose) {
    EXPECT_NO_THROW(connect(remote_url() + "?sslmode=prefer"));
    EXPECT_NO_THROW(connect(remote_url() + "?sslmode=disable"));
    ::setenv("PGSSLMODE", "disable", 1);
    EXPECT_NO_THROW(connect(remote_url()));
    ::unsetenv("PGSSLMODE");
}

// A server with a certificate for `name` that it signed itself.
class TlsServer {
  public:
    explicit TlsServer(const std::string& name) {
        test::run_checked(
            {"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name,
             "-addext", "subjectAltName=IP:" + name, "-keyout", key(), "-out", certificate()},
            {.as_postgres = true});
        server_ = std::make_unique<test::PgServer>(test::PgServerOptions{
            .settings = {{"ssl", "on"}, {"ssl_key_file", key()}, {"ssl_cert_file", certificate()}}});
    }
    std::string certificate() const { return dir_ / "certificate"; }
    std::string key() const { return dir_ / "key"; }
    std::string url(const std::string& rest = {}) const {
        return "postgresql://postgres@0.0.0.0:" + std::to_string(server_->port()) + "/postgres" + rest;
    }

  private:
    test::TempDir dir_{"/tmp", true};
    std::unique_ptr<test::PgServer> server_;
};

TEST(Tls, TrustsOnlyAKnownAuthorityAndTheRightName) {
    const TlsServer server("0.0.0.0"), other("10.0.0.1");
    EXPECT_EQ(refused(server.url())->code(), Code::tls);
    EXPECT_EQ(refused(other.url("?sslrootcert=" + other.certificate()))->code(), Code::tls);
    Connection connection = connect(server.url("?sslrootcert=" + server.certificate()));
    EXPECT_TRUE(
        connection.query({"x", "select ssl from pg_stat_ssl where pid = pg_backend_pid()"}).boolean(0, 0));
    EXPECT_NO_THROW(connect(other.url("?sslmode=require")));
}

}  // namespace
}  // namespace tideway::pg
