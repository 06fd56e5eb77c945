// tideway verify where a side is an SQLite file: rows are hashed by the program, as the server does it.
#include "scenario/verify_fixture.hpp"
#include "support/sqlite_file.hpp"

namespace tideway::test {
namespace {

constexpr const char* schema =
    "create table job (id integer primary key, note text, price numeric, done boolean, day date, at timestamp)";
constexpr const char* rows =
    "insert into job values (1, 'plain', 1.50, true, '2024-02-29', '2024-02-29 12:00:00'), (2, 'quote \" \\ ,()', 12, false, "
    "null, '1999-12-31 23:59:59'), (3, '', null, null, '1999-12-31', null)";

std::string toml(const std::string& desktop, const std::string& cloud) {
    return fmt::format("[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n[[table]]\nname = 'job'\n", desktop, cloud);
}

TidewayResult run(const ConfigFile& config, std::vector<std::string> args) {
    args.emplace_back("--json");
    return run_tideway(config, args);
}

TEST(VerifySqlite, AFileAndAServerAreProvenEqualAndAWrongRowIsFound) {
    SqliteFile desktop;
    const Database cloud = fresh_database(shared_cloud(), "verify_file");
    desktop.exec(schema);
    desktop.exec(rows);
    Db(cloud).exec(schema);
    const ConfigFile config(toml("sqlite:" + desktop.path(), cloud.url()));
    EXPECT_SYNC(run(config, {"sync"}), 0);
    EXPECT_SYNC(run(config, {"verify"}), 0);
    Db(cloud).exec(past_the_triggers("update job set note = 'silent' where id = 2"));
    const TidewayResult found = run(config, {"verify"});
    EXPECT_SYNC(found, 5);
    EXPECT_EQ(found_in(found), "2 differs R9");
    EXPECT_SYNC(run(config, {"verify", "--repair"}), 0);
    EXPECT_EQ(desktop.query("select note from job where id = 2").at(0).at(0), "silent");
    const TidewayResult status = run(config, {"status"});
    EXPECT_TRUE(status.json["tables"][0]["last_proof"].is_string()) << text_of(status);
    EXPECT_SYNC(run(config, {"uninstall"}), 0);
    EXPECT_SYNC(run(config, {"uninstall", "--check"}), 0);
}

TEST(VerifySqlite, TwoFilesToo) {
    SqliteFile desktop, cloud;
    desktop.exec(schema);
    desktop.exec(rows);
    cloud.exec(schema);
    const ConfigFile config(toml("sqlite:" + desktop.path(), "sqlite:" + cloud.path()));
    EXPECT_SYNC(run(config, {"sync"}), 0);
    EXPECT_SYNC(run(config, {"verify"}), 0);
    cloud.exec("update job set note = 'edited' where id = 1");
    EXPECT_SYNC(run(config, {"verify"}), 3);
}

}  // namespace
}  // namespace tideway::test
