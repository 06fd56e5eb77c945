#include "config/config.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <tuple>

#include "base/error.hpp"
#include "support/temp_dir.hpp"
#include "unit/config_files.hpp"

namespace tideway {
namespace {

class Variable {
  public:
    Variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
    ~Variable() { unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    const char* name_;
};

// ---------------------------------------------------------------- values

TEST(Config, the_smallest_file_gets_every_default) {
    const Config config = parse_config(with_table("name = \"jobs\"\n"), "t.toml");
    EXPECT_EQ(config.path, "t.toml");
    EXPECT_EQ(config.pair, "main");
    EXPECT_EQ(config.guard, GuardSetting{});
    EXPECT_EQ(config.guard.max_deletes, (Limit{2.0, 3}));
    EXPECT_EQ(config.guard.max_updates, (Limit{30.0, 50}));
    EXPECT_EQ(config.desktop, (SideSetting{"postgresql://a@localhost/d", {}, {}}));
    EXPECT_EQ(config.cloud.url, "postgresql://a@localhost/c");
    const TableSetting& table = config.tables.at(0);
    EXPECT_EQ(table.desktop, "jobs");
    EXPECT_EQ(table.cloud, "jobs");
    EXPECT_TRUE(table.key.empty());
    EXPECT_EQ(table.identity, Identity::key);
    EXPECT_EQ(table.policy.conflict, ConflictPolicy::latest);
    EXPECT_EQ(table.policy.ownership, Ownership::shared);
    EXPECT_EQ(table.policy.deletes, DeletePolicy::propagate);
    EXPECT_FALSE(table.ownership_given);
    EXPECT_EQ(table.capture_desktop, Capture::automatic);
    EXPECT_EQ(table.capture_cloud, Capture::automatic);
    EXPECT_FALSE(table.origin || table.where);
    EXPECT_EQ(table.line, 5);
}

TEST(Config, reads_every_key_of_a_table) {
    const TableSetting table = table_of(R"(
desktop = "app.mbreminder"
cloud = "reminder"
key = ["rem_id", "part"]
identity = "key"
capture = { desktop = "xmin", cloud = "changelog" }
conflict = "manual"
ownership = "shared"
deletes = "hold"
collision = "protect"
origin = { column = "source", desktop = "A", cloud = "B" }
rename = { des = "description" }
skip = ["legacy", "jt_id"]
constant = { source = "D", n = 5, active = true }
where = "org_id = 7"
timestamps = { updated = "u", created = "c", desktop_zone = "Asia/Kolkata" }
refill = false
side_effects = ["audit", "app.log"]
)");
    EXPECT_EQ(table.desktop, "app.mbreminder");
    EXPECT_EQ(table.cloud, "reminder");
    EXPECT_EQ(table.key, (std::vector<std::string>{"rem_id", "part"}));
    EXPECT_EQ(table.capture_desktop, Capture::xmin);
    EXPECT_EQ(table.capture_cloud, Capture::changelog);
    EXPECT_EQ(table.policy.conflict, ConflictPolicy::manual);
    EXPECT_EQ(table.policy.ownership, Ownership::shared);
    EXPECT_TRUE(table.ownership_given);
    EXPECT_EQ(table.policy.deletes, DeletePolicy::hold);
    EXPECT_EQ(table.origin, (OriginSetting{"source", "A", "B"}));
    EXPECT_EQ(table.rename, (std::map<std::string, std::string>{{"des", "description"}}));
    EXPECT_EQ(table.skip, (std::set<std::string>{"jt_id", "legacy"}));
    EXPECT_EQ(table.constant,
              (std::map<std::string, std::string>{{"active", "true"}, {"n", "5"}, {"source", "D"}}));
    EXPECT_EQ(table.where, "org_id = 7");
    EXPECT_EQ(table.timestamps, (TimestampSetting{"u", "c", "Asia/Kolkata"}));
    EXPECT_EQ(table.side_effects, (std::vector<std::string>{"audit", "app.log"}));
}

TEST(Config, reads_how_long_and_how_much_the_journal_keeps) {
    EXPECT_EQ(with("").journal, (JournalSetting{30 * 86'400, 500'000'000}));
    EXPECT_EQ(with("[journal]\nkeep = \"12h\"\nmax_size = \"2GB\"").journal,
              (JournalSetting{12 * 3'600, 2'000'000'000}));
    EXPECT_EQ(with("[journal]\nkeep = \"forever\"\nmax_size = \"unlimited\"").journal,
              (JournalSetting{0, 0}));
}

TEST(Config, reads_pair_sides_and_guard) {
    const Config config = parse_config(R"(
pair = "office-7"
[desktop]
url = "host=localhost dbname=d"
password_file = "/etc/tideway/desktop"
[cloud]
url = "service=cloud"
password_command = "pass show cloud"
[guard]
max_deletes = "2.5%"
max_updates = 12
[[table]]
name = "t"
)",
                                       "t.toml");
    EXPECT_EQ(config.pair, "office-7");
    EXPECT_EQ(config.desktop.url, "host=localhost dbname=d");
    EXPECT_EQ(config.desktop.password_file, "/etc/tideway/desktop");
    EXPECT_EQ(config.cloud.password_command, "pass show cloud");
    EXPECT_EQ(config.guard.max_deletes, (Limit{2.5, 3}));
    EXPECT_EQ(config.guard.max_updates, (Limit{0, 12}));
}

TEST(Config, no_share_at_all_means_no_row_at_all) {
    EXPECT_EQ(with("[guard]\nmax_deletes = \"0%\"").guard.max_deletes, (Limit{0, 0}));
    EXPECT_EQ(with("[guard]\nmax_deletes = 0").guard.max_deletes, (Limit{0, 0}));
}

TEST(Config, defaults_of_sync_hold_where_a_table_says_nothing) {
    const Config config = parse_config(sides + R"([sync]
capture = "digest"
conflict = "cloud"
ownership = "strict"
deletes = "ignore"
collision = "protect"
[[table]]
name = "a"
[[table]]
name = "b"
capture = { cloud = "timestamp" }
conflict = "desktop"
ownership = "shared"
deletes = "hold"
)",
                                       "t.toml");
    const TableSetting& a = config.tables.at(0);
    EXPECT_EQ(a.capture_desktop, Capture::digest);
    EXPECT_EQ(a.capture_cloud, Capture::digest);
    EXPECT_EQ(a.policy.conflict, ConflictPolicy::cloud);
    EXPECT_EQ(a.policy.ownership, Ownership::strict);
    EXPECT_EQ(a.policy.deletes, DeletePolicy::ignore);
    const TableSetting& b = config.tables.at(1);
    EXPECT_EQ(b.capture_desktop, Capture::digest);
    EXPECT_EQ(b.capture_cloud, Capture::timestamp);
    EXPECT_EQ(b.policy.conflict, ConflictPolicy::desktop);
    EXPECT_EQ(b.policy.ownership, Ownership::shared);
    EXPECT_EQ(b.policy.deletes, DeletePolicy::hold);
}

TEST(Config, an_origin_column_makes_a_table_strict_unless_the_table_itself_says_otherwise) {
    const std::string origin = "name = \"t\"\norigin = { column = \"source\" }\n";
    const TableSetting open = table_of(origin);
    EXPECT_EQ(open.policy.ownership, Ownership::strict);
    EXPECT_FALSE(open.ownership_given);
    EXPECT_EQ(open.origin, (OriginSetting{"source", "D", "M"}));
    EXPECT_EQ(table_of(origin + "ownership = \"shared\"\n").policy.ownership, Ownership::shared);
    const Config config =
        parse_config(sides + "[sync]\nownership = \"shared\"\n[[table]]\n" + origin, "t.toml");
    EXPECT_EQ(config.tables.at(0).policy.ownership, Ownership::strict);
}

// ---------------------------------------------------------------- environment

TEST(Config, expands_variables_in_texts) {
    const Variable host("TIDEWAY_TEST_HOST", "db.example");
    const Config config = parse_config(
        "[desktop]\nurl = \"postgresql://${TIDEWAY_TEST_HOST}/d\"\n[cloud]\nurl = \"service=c\"\n"
        "[[table]]\nname = \"t\"\nskip = [\"${TIDEWAY_TEST_HOST}\"]\nconstant = { c = \"a$$b $1 "
        "${TIDEWAY_TEST_HOST}\" "
        "}\nwhere = \"x ~ 'a$'\"\n",
        "t.toml");
    EXPECT_EQ(config.desktop.url, "postgresql://db.example/d");
    EXPECT_EQ(config.tables.at(0).skip, std::set<std::string>{"db.example"});
    EXPECT_EQ(config.tables.at(0).constant.at("c"), "a$b $1 db.example");
    EXPECT_EQ(config.tables.at(0).where, "x ~ 'a$'");
}

TEST(Config, urls_of_the_environment_replace_those_of_the_file) {
    const Variable desktop("TIDEWAY_DESKTOP_URL", "service=other");
    const Variable cloud("TIDEWAY_CLOUD_URL", "service=elsewhere");
    const Config config = parse_config(
        "[desktop]\nurl = \"postgresql://${TIDEWAY_TEST_UNSET}/d\"\n[[table]]\nname = \"t\"\n", "t.toml");
    EXPECT_EQ(config.desktop.url, "service=other");
    EXPECT_EQ(config.cloud.url, "service=elsewhere");
}

TEST(Config, finds_sqlite_files_beside_itself) {
    const std::string tables = "[[table]]\nname = \"t\"\n";
    const auto desktop_of = [&](const std::string& url) {
        return parse_config("[desktop]\nurl = \"" + url + "\"\n[cloud]\nurl = \"service=c\"\n" + tables,
                            "/etc/tideway/t.toml")
            .desktop.url;
    };
    EXPECT_EQ(desktop_of("sqlite:data.db"), "sqlite:/etc/tideway/data.db");
    EXPECT_EQ(desktop_of("sqlite:../data.db"), "sqlite:/etc/data.db");
    EXPECT_EQ(desktop_of("sqlite:/srv/data.db"), "sqlite:/srv/data.db");
    EXPECT_EQ(desktop_of("sqlite:///srv/data.db"), "sqlite:/srv/data.db");
}

TEST(Config, two_tables_may_cross_their_names) {
    const Config config = parse_config(
        with_table("desktop = \"a\"\ncloud = \"b\"\n[[table]]\ndesktop = \"b\"\ncloud = \"a\"\n"), "t.toml");
    EXPECT_EQ(config.tables.size(), 2U);
}

TEST(Config, reads_merges_and_soft_deletes_and_shows_them_as_they_are_written) {
    const Config config = parse_config(
        with_table("name = \"t\"\nconflict = \"merge:manual\"\ndeletes = \"soft:state=X Y\"\n"
                   "[[table.column]]\nname = \"a\"\npolicy = \"advance:Open > On Hold>Done\"\n"
                   "[[table.column]]\nname = \"b\"\npolicy = \"sql:greatest(:desktop, :cloud)\"\n"),
        "t.toml");
    const TableSetting& table = config.tables.front();
    EXPECT_TRUE(table.policy.merges());
    EXPECT_EQ(table.policy.fallback, ConflictPolicy::manual);
    EXPECT_EQ(table.soft, (SoftDelete{"state", "X Y"}));
    EXPECT_EQ(table.columns.at("a").policy.order, (std::vector<std::string>{"Open", "On Hold", "Done"}));
    const Config again = parse_config(show_config(config), "t.toml");
    EXPECT_EQ(again.tables.front().columns, table.columns);
    EXPECT_EQ(again.tables.front().soft, table.soft);
    EXPECT_EQ(again.tables.front().policy.fallback, table.policy.fallback);
}

TEST(Config, alerts_name_who_is_told_and_how) {
    const AlertSetting alert = *parse_config(std::string(sides) + R"([alert]
command = "notify"
webhook = "https://hooks.example/T/secret"
heartbeat_url = "http://beat.example/x"
timeout = "3s"
events = ["run_failed", "held"]
[alert.email]
url = "smtps://clerk@mail.example:465"
password_file = "mail.secret"
from = "tideway@office.example"
to = ["a@office.example"]
[[table]]
name = "t"
)",
                                            "/etc/office/t.toml")
                                   .alert;
    EXPECT_EQ(alert.command, "notify");
    EXPECT_EQ(alert.timeout, std::chrono::seconds(3));
    EXPECT_EQ(alert.repeat, std::chrono::hours(24));
    EXPECT_EQ(alert.events, (std::set<AlertKind>{AlertKind::run_failed, AlertKind::held}));
    EXPECT_EQ(alert.memory, "/etc/office/t.alerts");
    EXPECT_EQ(alert.email->server.password_file, "/etc/office/mail.secret");
    EXPECT_TRUE(alert.email->must_encrypt);
}

TEST(Config, views_and_copies_are_named) {
    const std::string s = sides;
    const Config config = parse_config(s + "status_view = \"public._sync\"\nconflicts_view = \"app.lost\"\n"
                                           "[rehearsal]\ndesktop = \"service=copy\"\n[[table]]\nname = \"t\"\n",
                                       "t.toml");
    EXPECT_EQ(config.status_view, "public._sync");
    EXPECT_EQ(config.conflicts_view, "app.lost");
    EXPECT_EQ(config.rehearsal_desktop, "service=copy");
    expect_refused({s + "status_view = \"tideway.x\"\n", Code::config_value, "t.toml:5:15: status_view", "outside"});
    expect_refused({s + "status_view = \"v\"\nconflicts_view = \"v\"\n", Code::config_value,
                    "t.toml:6:18: conflicts_view", "of its own"});
}

// ---------------------------------------------------------------- files

TEST(Config, loads_a_file_and_finds_its_password_file_beside_it) {
    const test::TempDir dir;
    test::write_file(
        dir / "tideway.toml",
        "[desktop]\nurl = \"service=d\"\npassword_file = \"secret\"\n[cloud]\nurl = \"service=c\"\n"
        "[[table]]\nname = \"t\"\n");
    const Config config = load_config((dir / "tideway.toml").string());
    EXPECT_EQ(config.desktop.password_file, (dir / "secret").string());
}

// ---------------------------------------------------------------- show

void expect_same(const TableSetting& a, const TableSetting& b) {
    EXPECT_EQ(std::tie(a.desktop, a.cloud, a.key, a.identity, a.policy.conflict, a.policy.ownership,
                       a.policy.deletes),
              std::tie(b.desktop, b.cloud, b.key, b.identity, b.policy.conflict, b.policy.ownership,
                       b.policy.deletes));
    EXPECT_EQ(std::tie(a.ownership_given, a.capture_desktop, a.capture_cloud, a.origin, a.rename, a.skip),
              std::tie(b.ownership_given, b.capture_desktop, b.capture_cloud, b.origin, b.rename, b.skip));
    EXPECT_EQ(std::tie(a.constant, a.lookup, a.where, a.timestamps, a.side_effects, a.columns, a.refill),
              std::tie(b.constant, b.lookup, b.where, b.timestamps, b.side_effects, b.columns, b.refill));
}

TEST(Config, what_is_shown_reads_back_to_the_same_value) {
    const Config config = parse_config(R"(
pair = "p"
[desktop]
url = "postgresql://u@h:1/d?sslmode=require"
password_command = "printf '%s\\n' \"$$HOME\" 'x\u0001y'"
[cloud]
url = "service=c"
password_file = "/x/y"
[sync]
ownership = "strict"
[guard]
max_deletes = "0.5%"
max_updates = 7
[[table]]
name = "plain"
[[table]]
name = "marked"
origin = { column = "source" }
[[table]]
desktop = "a.\"odd.name\""
cloud = "b"
key = ["x", "$${y}"]
identity = "business_key"
capture = { desktop = "timestamp" }
conflict = "cloud"
ownership = "shared"
deletes = "ignore"
origin = { column = "s", desktop = "1", cloud = "2" }
rename = { "de s" = "na\"me", "${k}" = "v" }
skip = ["q", "r"]
constant = { e = "", t = "tab\there", u = "\u00e9" }
lookup = { z = "select z from y where k = :x" }
where = "a = '$$1' and b ~ '\\d'"
timestamps = { updated = "u", desktop_zone = "Asia/Kolkata" }
side_effects = ["log"]
)",
                                       "t.toml");
    const Config again = parse_config(show_config(config), "t.toml");
    EXPECT_EQ(again.pair, config.pair);
    EXPECT_EQ(again.desktop, config.desktop);
    EXPECT_EQ(again.cloud, config.cloud);
    EXPECT_EQ(again.guard, config.guard);
    ASSERT_EQ(again.tables.size(), config.tables.size());
    for (std::size_t i = 0; i < config.tables.size(); ++i) {
        SCOPED_TRACE(config.tables[i].desktop);
        expect_same(again.tables[i], config.tables[i]);
    }
    EXPECT_EQ(show_config(again), show_config(config));
}

TEST(Config, show_fills_in_the_defaults) {
    const std::string shown = show_config(parse_config(with_table("name = \"t\"\n"), "t.toml"));
    for (const char* line :
         {"pair = \"main\"\n", "max_deletes = \"2%\"\n", "max_updates = \"30%\"\n",
          "capture = { desktop = \"auto\", cloud = \"auto\" }\n", "conflict = \"latest\"\n",
          "# default: ownership = \"shared\"\n", "deletes = \"propagate\"\n", "identity = \"key\"\n"})
        EXPECT_NE(shown.find(line), std::string::npos) << line << shown;
}

TEST(Config, passwords_are_never_shown) {
    EXPECT_EQ(without_password("postgresql://u:s3cr:et@h:5432/d"), "postgresql://u:***@h:5432/d");
    EXPECT_EQ(without_password("postgres://u:p@q@h/d?password=s3cret&x=1"),
              "postgres://u:***@h/d?password=***&x=1");
    EXPECT_EQ(without_password("postgresql://h/d?sslpassword=s"), "postgresql://h/d?sslpassword=***");
    EXPECT_EQ(without_password("host=h password=s3cret user=u"), "host=h password=*** user=u");
    EXPECT_EQ(without_password("host=h password = 's3 \\' cret' user=u"), "host=h password = *** user=u");
    EXPECT_EQ(without_password("host=h password=s\\ t"), "host=h password=***");
    EXPECT_EQ(without_password("postgresql://u@h:5432/d?a=b:c@e"), "postgresql://u@h:5432/d?a=b:c@e");
    EXPECT_EQ(without_password("user=password host=h"), "user=password host=h");
    const std::string shown = show_config(parse_config(
        "[desktop]\nurl = \"postgresql://u:s3cret@h/d\"\n[cloud]\nurl = \"host=h password=s3cret\"\n"
        "[[table]]\nname = \"t\"\n",
        "t.toml"));
    EXPECT_EQ(shown.find("s3cret"), std::string::npos) << shown;
}

}  // namespace
}  // namespace tideway
