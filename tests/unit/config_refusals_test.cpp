// What a configuration file may not say, and what is said of it then.
#include "unit/config_files.hpp"

#include <tuple>

#include "support/temp_dir.hpp"

namespace tideway {
namespace {

TEST(Config, refuses_spans_and_sizes_that_are_none) {
    expect_refused({sides + "[journal]\nkeep = \"soon\"\n", Code::config_value,
                    "t.toml:6:8: keep cannot be \"soon\"", "30d"});
    expect_refused({sides + "[journal]\nmax_size = \"0MB\"\n", Code::config_value,
                    "t.toml:6:12: max_size cannot be \"0MB\"", "500MB"});
}

TEST(Config, refuses_unknown_keys_with_their_place_and_a_suggestion) {
    const Code unknown = Code::config_unknown_key;
    expect_refused({"piar = \"x\"\n" + sides, unknown,
                    "t.toml:1:1: unknown key \"piar\" in the top of the file", "did you mean \"pair\"?"});
    expect_refused({"[desctop]\n", unknown, "t.toml:1:2: unknown key \"desctop\"", "\"desktop\"?"});
    expect_refused({"[desktop]\n  ulr = \"x\"\n", unknown, "t.toml:2:3: unknown key \"ulr\" in [desktop]",
                    "did you mean \"url\"?"});
    expect_refused({sides + "[sync]\nconflct = \"latest\"\n", unknown,
                    "t.toml:6:1: unknown key \"conflct\" in [sync]", "did you mean \"conflict\"?"});
    expect_refused({sides + "[guard]\nmax_delets = 1\n", unknown,
                    "t.toml:6:1: unknown key \"max_delets\" in [guard]", "did you mean \"max_deletes\"?"});
    expect_refused({with_table("name = \"t\"\nkeys = [\"a\"]\n"), unknown,
                    "t.toml:7:1: unknown key \"keys\" in [[table]]", "did you mean \"key\"?"});
    expect_refused({with_table("name = \"t\"\norigin = { colum = \"a\" }\n"), unknown,
                    "t.toml:7:12: unknown key \"colum\" in origin = { ... } of [[table]]", "\"column\"?"});
    expect_refused({with_table("name = \"t\"\ntimestamps = { zone = \"a\" }\n"), unknown,
                    "t.toml:7:16: unknown key \"zone\"", "updated, created, desktop_zone"});
    expect_refused({with_table("name = \"t\"\ncapture = { mobile = \"xmin\" }\n"), unknown,
                    "t.toml:7:11: capture has no side \"mobile\"", "desktop = "});
    expect_refused({with_table("name = \"t\"\n[[table.column]]\nnme = \"a\"\n"), unknown,
                    "t.toml:8:1: unknown key \"nme\" in [[table.column]]", "did you mean \"name\"?"});
    expect_refused({with_table("name = \"t\"\n[serve]\nlistn = \"x\"\n"), unknown,
                    "t.toml:8:1: unknown key \"listn\" in [serve]", "did you mean \"listen\"?"});
    expect_refused({with_table("name = \"t\"\n[[serve.job]]\nevry = \"x\"\n"), unknown,
                    "t.toml:8:1: unknown key \"evry\" in [[serve.job]]", "did you mean \"every\"?"});
    expect_refused({sides + "[alert]\nwebhok = \"x\"\n", unknown,
                    "t.toml:6:1: unknown key \"webhok\" in [alert]", "did you mean \"webhook\"?"});
}

TEST(Config, says_where_a_known_key_belongs) {
    expect_refused({sides + "[sync]\nmax_deletes = 3\n", Code::config_unknown_key,
                    "t.toml:6:1:", "\"max_deletes\" belongs in [guard]"});
    expect_refused({"url = \"x\"\n" + sides, Code::config_unknown_key,
                    "t.toml:1:1:", "\"url\" belongs in [desktop] or [cloud]"});
    expect_refused({sides + "[sync]\norigin = { column = \"s\" }\n", Code::config_unknown_key,
                    "t.toml:6:1:", "\"origin\" belongs in [[table]]"});
    expect_refused({"[desktop]\nurl = \"service=d\"\nstatus_view = \"v\"\n", Code::config_unknown_key,
                    "t.toml:3:1:", "\"status_view\" belongs in [cloud]"});
}

TEST(Config, refuses_what_is_not_toml) {
    expect_refused({"pair = \"main\"\n[desktop\nurl = 1\n", Code::config_syntax, "t.toml:2:", "[name]"});
    expect_refused({"pair = main\n", Code::config_syntax, "t.toml:1:", ""});
    expect_refused({"pair = \"a\"\npair = \"b\"\n", Code::config_syntax, "t.toml:2:", ""});
}

TEST(Config, refuses_values_of_the_wrong_type) {
    const Code value = Code::config_value;
    expect_refused({"pair = 5\n" + sides, value, "t.toml:1:8: pair must be a text, not a whole number", ""});
    expect_refused({"pair = \"\"\n" + sides, value, "t.toml:1:8: pair is empty", "leave the key out"});
    expect_refused({"pair = \"a b\"\n" + sides, value, "t.toml:1:8: pair cannot be \"a b\"", "letters"});
    expect_refused(
        {"desktop = \"url\"\n", value, "t.toml:1:11: desktop must be a table, not a text", "[desktop]"});
    expect_refused(
        {sides + "[table]\nname = \"t\"\n", value, "t.toml:5:1: table must be written as [[table]]", ""});
    expect_refused({with_table("name = \"t\"\nkey = \"id\"\n"), value,
                    "t.toml:7:7: key must be a list, not a text", ""});
    expect_refused({with_table("name = \"t\"\nkey = [1]\n"), value,
                    "t.toml:7:8: an entry of key must be a text, not a whole number", ""});
    expect_refused({with_table("name = \"t\"\nrename = { a = 1 }\n"), value,
                    "t.toml:7:16: rename.a must be a text, not a whole number", ""});
    expect_refused({with_table("name = \"t\"\nconstant = { a = [] }\n"), value,
                    "t.toml:7:18: constant.a must be a text or a number, not a list", ""});
    expect_refused({with_table("name = \"t\"\nrefill = \"yes\"\n"), value,
                    "t.toml:7:10: refill must be true or false, not a text", ""});
    expect_refused(
        {with_table("name = 2024-01-01\n"), value, "t.toml:6:8: name must be a text, not a date", ""});
}

TEST(Config, refuses_words_that_it_does_not_know) {
    const Code value = Code::config_value;
    const auto table = [](const std::string& line) { return with_table("name = \"t\"\n" + line + "\n"); };
    expect_refused({table("conflict = \"latst\""), value,
                    "t.toml:7:12: conflict cannot be \"latst\"; it is one of latest, desktop, cloud, manual",
                    "did you mean \"latest\"?"});
    expect_refused({table("capture = \"wal\""), value, "t.toml:7:11: capture cannot be \"wal\"", ""});
    expect_refused({table("capture = { cloud = \"xmn\" }"), value, "t.toml:7:11: capture cannot be \"xmn\"",
                    "did you mean \"xmin\"?"});
    expect_refused(
        {table("ownership = \"strikt\""), value, "t.toml:7:13: ownership cannot be", "\"strict\"?"});
    expect_refused({table("deletes = \"hld\""), value, "t.toml:7:11: deletes cannot be", "\"hold\"?"});
    expect_refused({table("collision = \"x\""), value, "t.toml:7:13: collision cannot be \"x\"", ""});
    expect_refused(
        {table("identity = \"fullrow\""), value, "t.toml:7:12: identity cannot be", "\"full_row\"?"});
    expect_refused(
        {sides + "[sync]\ncapture = \"none\"\n", value, "t.toml:6:11: capture cannot be \"none\"", ""});
}

TEST(Config, refuses_bad_limits) {
    for (const char* bad :
         {"\"2\"", "\"x%\"", "-1", "\"101%\"", "\"-1%\"", "2.5", "true", "\"2% 3\"", "\"2%%\""})
        expect_refused({sides + "[guard]\nmax_updates = " + bad + "\n", Code::config_value,
                        "t.toml:6:15: max_updates must be a share", "100%"});
}

TEST(Config, refuses_sides_without_a_usable_url) {
    const Code value = Code::config_value;
    expect_refused({"[cloud]\nurl = \"service=c\"\n[[table]]\nname = \"t\"\n", value,
                    "t.toml:1:1: the desktop database has no url", "TIDEWAY_DESKTOP_URL"});
    expect_refused({"[desktop]\nurl = \"service=d\"\n\n[cloud]\npassword_file = \"x\"\n", value,
                    "t.toml:4:1: the cloud database has no url", "TIDEWAY_CLOUD_URL"});
    expect_refused(
        {"[desktop]\nurl = \"mysql://h/d\"\n", value, "t.toml:2:7: url is neither", "postgresql://"});
    expect_refused({"[desktop]\nurl = \"localhost\"\n", value, "t.toml:2:7: url is neither", "host="});
    expect_refused({"[desktop]\nurl = \"sqlite::memory:\"\n", value, "t.toml:2:7: url names no SQLite file",
                    "an existing file"});
    expect_refused({"[desktop]\nurl = \"sqlite:\"\n", value, "t.toml:2:7: url names no SQLite file", ""});
    expect_refused({"[desktop]\nurl = \"sqlite:a.db\"\npassword_file = \"f\"\n", value,
                    "t.toml:3:17: password_file means nothing", "remove it"});
    expect_refused({"[desktop]\nurl = \"service=d\"\n[cloud]\nurl = \"service=d\"\n[[table]]\nname = \"t\"\n",
                    value, "t.toml:1:1: desktop and cloud have the same url", "two databases"});
    expect_refused({"[desktop]\nurl = \"service=d\"\npassword_file = \"f\"\npassword_command = \"c\"\n",
                    value, "t.toml:3:17: password_file stands beside password_command", "one of the two"});
}

TEST(Config, refuses_variables_that_are_not_set) {
    expect_refused({"[desktop]\nurl = \"postgresql://${TIDEWAY_TEST_UNSET}/d\"\n", Code::config_env,
                    "t.toml:2:7: url: the environment variable TIDEWAY_TEST_UNSET is not set", "$$"});
    expect_refused({"pair = \"${\"\n", Code::config_value, "t.toml:1:8: pair: \"${\"", "$$"});
}

TEST(Config, refuses_tables_that_cannot_be_told_apart) {
    const Code value = Code::config_value;
    expect_refused({sides, value, "t.toml:1:1: table is missing", "tideway init"});
    expect_refused(
        {with_table("name = \"t\"\ncloud = \"u\"\n"), value, "t.toml:7:9: cloud stands beside name", ""});
    expect_refused({with_table("desktop = \"t\"\n"), value, "t.toml:5:1: cloud is missing", "name = "});
    expect_refused({with_table("cloud = \"t\"\n"), value, "t.toml:5:1: desktop is missing", ""});
    expect_refused({with_table("where = \"true\"\n"), value, "t.toml:5:1: desktop is missing", ""});
    for (const char* bad : {"a.b.c", ".a", "a.", "\\\"a"})
        expect_refused(
            {with_table(std::string("name = \"") + bad + "\"\n"), value, "t.toml:6:8: name cannot be", ""});
    expect_refused({with_table("name = \"t\"\n[[table]]\nname = \"public.t\"\n"), Code::duplicate_mapping,
                    "t.toml:8:8: name is \"public.t\", which the [[table]] of line 5 already maps", ""});
    expect_refused(
        {with_table("desktop = \"a\"\ncloud = \"b\"\n[[table]]\ndesktop = \"c\"\ncloud = \"\\\"b\\\"\"\n"),
         Code::duplicate_mapping, "t.toml:10:9: cloud is", "one [[table]] only"});
}

TEST(Config, refuses_columns_that_contradict_each_other) {
    const Code value = Code::config_value;
    const auto table = [](const std::string& lines) { return with_table("name = \"t\"\n" + lines + "\n"); };
    expect_refused({table("key = []"), value, "t.toml:7:7: key is an empty list", "primary key"});
    expect_refused({table("key = [\"a\", \"a\"]"), value, "t.toml:7:7: key names \"a\" twice", ""});
    expect_refused({table("skip = [\"a\", \"a\"]"), value, "t.toml:7:8: skip names \"a\" twice", ""});
    expect_refused({table("key = [\"a\"]\nskip = [\"a\"]"), value,
                    "t.toml:8:8: skip names \"a\", which is part of the key", ""});
    expect_refused({table("key = [\"a\"]\nrename = { a = \"b\" }\nskip = [\"b\"]"), value,
                    "t.toml:9:8: skip names", ""});
    expect_refused(
        {table("key = [\"a\"]\nconstant = { a = 1 }"), value, "t.toml:8:12: constant names \"a\"", ""});
    expect_refused(
        {table("key = [\"a\"]\nlookup = { a = \"q\" }"), value, "t.toml:8:10: lookup names \"a\"", ""});
    expect_refused({table("constant = { a = 1 }\nlookup = { a = \"q\" }"), value,
                    "t.toml:8:10: lookup and constant", ""});
    expect_refused(
        {table("rename = { a = \"c\", b = \"c\" }"), value, "t.toml:7:10: rename names \"c\" twice", ""});
    expect_refused({table("origin = { column = \"s\", desktop = \"M\" }"), value,
                    "t.toml:7:10: origin marks rows of both sides with \"M\"", "differ"});
    expect_refused(
        {table("origin = { desktop = \"D\" }"), value, "t.toml:7:10: origin needs the column", "source"});
    expect_refused(
        {table("identity = \"business_key\""), value, "t.toml:7:12: identity needs the columns", "key = "});
    expect_refused(
        {table("identity = \"full_row\"\nkey = [\"a\"]"), value, "t.toml:8:7: key has no effect", ""});
}

TEST(Config, refuses_merges_and_soft_deletes_that_cannot_work) {
    const Code merge = Code::merge_setting;
    const auto table = [](const std::string& lines) { return with_table("name = \"t\"\n" + lines + "\n"); };
    const auto column = [&](const std::string& policy) {
        return table("conflict = \"merge\"\n[[table.column]]\nname = \"c\"\npolicy = \"" + policy + "\"");
    };
    expect_refused({table("conflict = \"merge:both\""), merge, "t.toml:7:12: conflict cannot be", "manual"});
    expect_refused({table("conflict = \"merge:merge\""), merge, "t.toml:7:12: conflict cannot be", "manual"});
    expect_refused({table("deletes = \"soft:gone\""), merge, "t.toml:7:11: deletes cannot be", "is_deleted"});
    for (const char* policy : {"most", "sum:1", "advance:", "advance:A", "advance:A>A", "sql:", "table"})
        expect_refused({column(policy), merge, "t.toml:10:10: policy cannot be", "advance"});
    expect_refused({table("[[table.column]]\nname = \"c\"\npolicy = \"max\""), merge,
                    "t.toml:", "conflict = \"merge\""});
    expect_refused({table("conflict = \"merge\"\nrefill = true"), merge, "t.toml:8:10: refill", "latest"});
    expect_refused(
        {table("conflict = \"merge\"\nidentity = \"full_row\""), merge, "t.toml:8:12: identity", ""});
    expect_refused({table("deletes = \"soft:gone=true\"\nidentity = \"full_row\""), merge,
                    "t.toml:8:12: identity", "propagate"});
}

TEST(Config, alerts_that_cannot_be_sent_are_refused) {
    const std::string s = sides;
    const Code value = Code::config_value;
    expect_refused({s + "[alert]\ntimeout = \"5s\"\n", value, "t.toml:5:1: alert names nobody", "webhook"});
    expect_refused({s + "[alert]\nwebhook = \"ftp://x\"\n", value, "t.toml:6:11: webhook", "https"});
    expect_refused(
        {s + "[alert]\ncommand = \"c\"\nrepeat = \"soon\"\n", value, "t.toml:7:10: repeat", "24h"});
    expect_refused(
        {s + "[alert]\ncommand = \"c\"\nevents = [\"hold\"]\n", value, "t.toml:7:10: events", "held"});
    const std::string mail = s + "[alert]\n[alert.email]\nurl = \"smtp://m\"\nfrom = \"a@b\"\n";
    expect_refused({mail, value, "t.toml:6:1: to is missing", "url, from and to"});
    expect_refused({mail + "to = [\"a@b\\nBcc: x@y\"]\n", value, "t.toml:9:6: to", "name@host"});
}

TEST(Config, a_missing_file_is_named) {
    for (const std::string path : {"/nowhere/tideway.toml", "/tmp"}) {
        try {
            load_config(path);
            FAIL() << "accepted";
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), Code::config_missing_file);
            EXPECT_NE(std::string(e.what()).find(path), std::string::npos);
            EXPECT_NE(e.hint().find("tideway init"), std::string::npos);
        }
    }
}

}  // namespace
}  // namespace tideway
