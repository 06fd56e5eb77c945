// Hazards of names: odd ones (H75), and those that somebody made to be found instead of the real ones (H77).
#include <algorithm>
#include <random>

#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// Inside a TOML basic string.
std::string toml_text(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (c == '$') {
            out += "$$";  // a single one may begin the name of an environment variable
        } else if (static_cast<unsigned char>(c) < 32 || c == 127) {
            out += fmt::format("\\u{:04x}", static_cast<int>(c));
        } else {
            out += c;
        }
    }
    return out + "\"";
}

// A table's name as the configuration wants it: quoted inside, so that dots and quotes belong to the name.
std::string table_in_toml(const std::string& name) { return toml_text(quote_identifier(name)); }

const std::vector<std::string> odd_names = {
    "a\"; drop table x; --",
    "select",
    "MixedCase",
    "Mixed Case",
    "1st",
    "100%",
    "$1",
    "a$1b",
    "back\\slash",
    "\\",
    "quo'te",
    "{}",
    "{0}",
    "%s%n",
    "a.b",
    "public.x",
    "-- c",
    "/* c */",
    "user",
    "table",
    "null",
    "stage_0",
    "t",
    "s",
    "found",
    "outcome",
    "n",
    "op",
    "key",
    "ctid_",
    "k1",
    "c1",
    "hd_a",
    "state",
    std::string(63, 'w'),
    "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
    "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9x",
    "\u4e2d\u6587\u8868\u4e2d\u6587\u8868\u4e2d\u6587\u8868\u4e2d\u6587\u8868\u4e2d\u6587\u8868\u4e2d\u6587"
    "\u8868\u4e2d\u6587\u8868",
    "tab\there",
    "new\nline",
    " lead",
    "trail ",
    "E'x'",
    "$tideway$",
    "tideway_new",
    "tideway_old",
    "new",
    "old",
    "excluded",
    "$$",
    "U&\"x\"",
    "\u00a0",
    "id\u200b"};

// `key` and `value` are columns of table `name` on both sides; one edit travels each way.
void odd_table(LivePair& pair, const std::string& name, const std::string& key, const std::string& value) {
    const std::string table = quote_identifier(name);
    pair.both(fmt::format("create table {} ({} int primary key, {} text)", table, quote_identifier(key),
                          quote_identifier(value)));
    pair.desktop.exec(
        fmt::format("insert into {} select i, 'row ' || i from generate_series(1, 5) i", table));
    pair.cloud.exec(fmt::format("insert into {} values (11, 'mobile')", table));
}

void edit_both_sides(LivePair& pair, const std::string& name, const std::string& key,
                     const std::string& value) {
    const std::string text = "update {} set {} = 'edited' where {} = {}";
    const std::string t = quote_identifier(name), k = quote_identifier(key), v = quote_identifier(value);
    pair.desktop.exec(fmt::format(fmt::runtime(text), t, v, k, 11));
    pair.cloud.exec(fmt::format(fmt::runtime(text), t, v, k, 2) +
                    fmt::format("; delete from {} where {} = 3", t, k));
}

void expect_both_edits(LivePair& pair, const std::string& name, const std::string& key) {
    const std::string all =
        fmt::format("select * from {} order by {}", quote_identifier(name), quote_identifier(key));
    pair.expect_equal(all);
    EXPECT_ROWS(pair.desktop, all, "1|row 1\n2|edited\n4|row 4\n5|row 5\n11|edited");
}

void tables_named(const std::vector<std::string>& names, const std::string& sync_section) {
    LivePair pair("h75");
    pair.both("create table x (id int primary key); insert into x values (1)");
    std::string toml = sync_section;
    for (const std::string& name : names) {
        odd_table(pair, name, "id", "body");
        toml += fmt::format("[[table]]\nname = {}\n", table_in_toml(name));
    }
    pair.configure(toml);
    ASSERT_EXIT_CODE(0, pair.sync());
    for (const std::string& name : names) edit_both_sides(pair, name, "id", "body");
    EXPECT_EXIT_CODE(0, pair.sync());
    for (const std::string& name : names) expect_both_edits(pair, name, "id");
    EXPECT_ROWS(pair.cloud, "select * from x", "1");
    expect_quiet(pair);
}

TEST(Hazard, H75_TablesWithOddNamesSync) {
    tables_named(odd_names, "[sync]\ncapture = 'changelog'\n");
    tables_named(odd_names, "");
}

// Every odd name once as a key and once as a value column; explicit `key` and none.
TEST(Hazard, H75_ColumnsWithOddNamesSync) {
    for (const char* capture : {"auto", "changelog"}) {
        LivePair pair("h75c");
        std::string toml = fmt::format("[sync]\ncapture = '{}'\n", capture);
        std::vector<std::pair<std::string, std::string>> columns;
        for (std::size_t i = 0; i < odd_names.size(); ++i)
            columns.emplace_back(odd_names[i], odd_names[(i + 1) % odd_names.size()]);
        for (std::size_t i = 0; i < columns.size(); ++i) {
            odd_table(pair, fmt::format("t{}", i), columns[i].first, columns[i].second);
            toml += fmt::format("[[table]]\nname = 't{}'\n{}", i,
                                i % 2 == 0 ? "" : fmt::format("key = [{}]\n", toml_text(columns[i].first)));
        }
        pair.configure(toml);
        ASSERT_EXIT_CODE(0, pair.sync());
        for (std::size_t i = 0; i < columns.size(); ++i)
            edit_both_sides(pair, fmt::format("t{}", i), columns[i].first, columns[i].second);
        EXPECT_EXIT_CODE(0, pair.sync());
        for (std::size_t i = 0; i < columns.size(); ++i)
            expect_both_edits(pair, fmt::format("t{}", i), columns[i].first);
        expect_quiet(pair);
    }
}

// As the server keeps names: at most 63 bytes, no character cut in two, nothing empty.
std::string random_name(std::mt19937& random) {
    static const std::vector<std::string> pieces = {
        "\"", "'",  "\\",     ";",      "--",         "$1",     "$$",
        "%",  "{",  "}",      ".",      ",",          " ",      "(",
        ")",  "[",  "]",      "a",      "Z",          "_",      "0",
        "/*", "*/", "\u00e9", "\u4e2d", "\U0001F600", "select", "drop table x;",
        "::", "@",  "?",      "`",      "\t",         "\n",     "=",
        "<",  ">",  "&",      "|",      "\x01"};
    std::string name;
    const std::size_t wanted = 1 + random() % 63;
    for (int tries = 0; name.size() < wanted && tries < 200; ++tries) {
        const std::string& piece = pieces[random() % pieces.size()];
        if (name.size() + piece.size() <= 63) name += piece;
    }
    return name;
}

TEST(Hazard, H75_RandomNamesSync) {
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random(seed);
    std::vector<std::string> names;
    while (names.size() < 48) {
        const std::string name = random_name(random);
        if (name != "x" && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    tables_named(names, "");
}

TEST(Hazard, H75_SchemasAndRenamesWithOddNamesSync) {
    LivePair pair("h75s");
    pair.both("create schema \"My \"\"Schema\"\".1\"; create schema \"select\"");
    pair.desktop.exec(
        R"(create table "My ""Schema"".1"."The.Table" ("K;1" int primary key, "a'b" text, "$1" text))");
    pair.cloud.exec(R"(create table "select"."from" ("where" int primary key, "a\b" text, "%s" text))");
    pair.configure(R"([[table]]
desktop = '"My ""Schema"".1"."The.Table"'
cloud = 'select.from'
rename = { "K;1" = "where", "a'b" = 'a\b', "$1" = "%s" }
)");
    pair.desktop.exec(R"(insert into "My ""Schema"".1"."The.Table" values (1, 'a', 'b'), (2, 'c', 'd'))");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.cloud.exec(R"(update "select"."from" set "%s" = 'edited' where "where" = 2)");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, R"(select * from "My ""Schema"".1"."The.Table" order by 1)",
                "1|a|b\n2|c|edited");
    EXPECT_ROWS(pair.cloud, R"(select * from "select"."from" order by 1)", "1|a|b\n2|c|edited");
    expect_quiet(pair);
}

// ---- H77: shadowing
// --------------------------------------------------------------------------------------------

// Functions and operators that note who calls them. An attacker who may create objects in public can do this.
constexpr const char* shadows = R"(
create table public.caught (who text, what text);
grant insert, select on public.caught to public;
create function public.note_caller(what text) returns void language plpgsql as $$
begin insert into public.caught values (current_user, what); end $$;
create function public.md5(text) returns text language plpgsql as $$ begin perform public.note_caller('md5'); return 'x'; end $$;
create function public.hashtextextended(text, bigint) returns bigint language plpgsql as $$ begin perform public.note_caller('hashtextextended'); return 1; end $$;
create function public.hash_record_extended(record, bigint) returns bigint language plpgsql as $$ begin perform public.note_caller('hash_record'); return 1; end $$;
create function public.to_jsonb(anyelement) returns jsonb language plpgsql as $$ begin perform public.note_caller('to_jsonb'); return '{}'; end $$;
create function public.set_config(text, text, boolean) returns text language plpgsql as $$ begin perform public.note_caller('set_config'); return ''; end $$;
create function public.current_setting(text, boolean) returns text language plpgsql as $$ begin perform public.note_caller('current_setting'); return ''; end $$;
create function public.pg_current_xact_id() returns xid8 language plpgsql as $$ begin perform public.note_caller('xact_id'); return '3'::xid8; end $$;
create function public.clock_timestamp() returns timestamptz language plpgsql as $$ begin perform public.note_caller('clock'); return '2000-01-01'; end $$;
create function public.pg_trigger_depth() returns int language plpgsql as $$ begin perform public.note_caller('depth'); return 1; end $$;
create function public.now() returns timestamptz language plpgsql as $$ begin perform public.note_caller('now'); return '2000-01-01'; end $$;
create function public.same(anyelement, anyelement) returns boolean language plpgsql as $$ begin perform public.note_caller('='); return false; end $$;
create function public.same_int(int, int) returns boolean language plpgsql as $$ begin perform public.note_caller('int ='); return false; end $$;
create function public.same_text(text, text) returns boolean language plpgsql as $$ begin perform public.note_caller('text ='); return false; end $$;
create operator public.= (leftarg = int, rightarg = int, procedure = public.same_int);
create operator public.= (leftarg = text, rightarg = text, procedure = public.same_text);
create operator public.= (leftarg = anyelement, rightarg = anyelement, procedure = public.same);
create operator public.|| (leftarg = text, rightarg = text, procedure = public.same_text);
)";

void shadowed_pair(LivePair& pair) {
    pair.both(
        "drop role if exists intruder; create role intruder; grant create, usage on schema public to "
        "intruder");
    pair.both(shadows);
    for (Db* side : {&pair.desktop, &pair.cloud})
        side->exec(
            "do $$ begin execute format('alter database %I set search_path = public, pg_catalog', "
            "current_database()); end $$");
}

void drop_intruder(LivePair& pair) { pair.both("drop owned by intruder; drop role intruder"); }

void expect_nobody_caught(LivePair& pair) {
    for (Db* side : {&pair.desktop, &pair.cloud})
        EXPECT_ROWS(*side, "select who, what, count(*) from public.caught group by 1, 2 order by 1, 2", "");
}

TEST(Hazard, H77_NothingInPublicIsCalledInsteadOfTheSystems) {
    for (const char* capture : {"auto", "changelog", "digest"}) {
        SCOPED_TRACE(capture);
        LivePair pair("h77");
        pair.both(note_table);
        shadowed_pair(pair);
        pair.configure(fmt::format("[sync]\ncapture = '{}'\n{}", capture, note_config));
        pair.desktop.exec("insert into note select i, 'note' from generate_series(1, 20) i");
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.desktop.exec("update note set body = 'desktop' where id operator(pg_catalog.=) 3");
        pair.cloud.exec("update note set body = 'mobile' where id operator(pg_catalog.=) 4");
        EXPECT_EXIT_CODE(0, pair.sync());
        EXPECT_EXIT_CODE(0, pair.sync({"--mode", "full"}));
        for (const Args& command : {Args{"plan"}, Args{"doctor"}, Args{"status"}, Args{"conflicts", "list"}})
            pair.run(command);
        EXPECT_ROWS(pair.desktop,
                    "select id, body from note where id operator(pg_catalog.=) any (array[3, 4]) order by 1",
                    "3|desktop\n4|mobile");
        expect_nobody_caught(pair);
        pair.expect_equal(notes);
        expect_quiet(pair);
        drop_intruder(pair);
    }
}

// Our functions run with our rights in the sessions of others. A session's own search_path, temporary tables
// and functions must not reach them, and must not stop the session from writing either.
TEST(Hazard, H77_CaptureFunctionsIgnoreTheCallersSearchPathAndTemporaryObjects) {
    LivePair pair("h77c");
    pair.both(note_table);
    shadowed_pair(pair);
    pair.both("grant select, insert, update, delete on note to intruder");
    pair.configure(std::string("[sync]\ncapture = 'changelog'\n") + note_config);
    pair.desktop.exec("insert into note select i, 'note' from generate_series(1, 20) i");
    EXPECT_EXIT_CODE(0, pair.sync());
    for (const Database* side : {&pair.desktop_database, &pair.cloud_database}) {
        Db session(*side);
        const Rows own = session.query(
            "select c.relname from pg_class c join pg_namespace n on n.oid operator(pg_catalog.=) "
            "c.relnamespace "
            "where n.nspname operator(pg_catalog.=) 'tideway'::name and c.relkind operator(pg_catalog.=) "
            "'r'::\"char\"");
        session.exec("set session authorization intruder");
        for (const auto& table : own)
            session.exec(fmt::format("create temp table {} (k1 int, op text, note text)",
                                     quote_identifier(*table[0])));
        session.exec(
            "create temp table tideway_new (id int); create temp table tideway_old (id int); "
            "create function pg_temp.current_setting(text, boolean) returns text language sql as $$ select "
            "'x' $$; "
            "create function pg_temp.pg_trigger_depth() returns int language sql as $$ select 1 $$; "
            "set search_path = pg_temp, public, pg_catalog");
        const int base = side == &pair.desktop_database ? 100 : 200;
        session.exec(fmt::format("insert into public.note values ({0}, 'x'), ({0} + 1, 'x')", base));
        session.exec(
            fmt::format("update public.note set body = 'intruder' where id operator(pg_catalog.=) {}", base));
        session.exec(fmt::format("delete from public.note where id operator(pg_catalog.=) {} ", base + 1));
        session.exec(fmt::format(
            "set search_path = ''; update public.note set n = 7 where id operator(pg_catalog.=) {}", base));
        EXPECT_ROWS(session,
                    "select current_setting('tideway.direct', true) is null or "
                    "current_setting('tideway.direct', true) operator(pg_catalog.=) ''::text",
                    "t");
    }
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select id, body, n from note where id operator(pg_catalog.>) 20 order by 1",
                "100|intruder|7\n200|intruder|7");
    expect_nobody_caught(pair);
    pair.expect_equal(notes);
    expect_quiet(pair);
    drop_intruder(pair);
}

// A trigger on a user's table runs in our session. It can do what our role may do; it must not be able to do
// so through names that our own statements use, and the apply role needs no superuser (H83).
TEST(Hazard, H77_AUsersTriggerCannotSwitchOffCapture) {
    LivePair pair("h77t");
    pair.both("create table other (id int primary key, body text)");
    twenty_notes(pair,
                 "capture = 'changelog'\nside_effects = ['other']\n[[table]]\nname = 'other'\ncapture = "
                 "'changelog'\n");
    pair.cloud.exec(
        "create function sly() returns trigger language plpgsql as $$ begin "
        "insert into public.other values (new.id, 'by trigger'); return null; end $$; "
        "create trigger sly after update on note for each row execute function sly()");
    pair.desktop.exec("update note set body = 'edited' where id = 3");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select * from other", "3|by trigger");
    pair.expect_equal("select * from other");
    pair.expect_equal(notes);
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
