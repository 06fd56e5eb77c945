// Hazards of values: how they are read, compared and carried over.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// ---- H36: settings of the session
// ----------------------------------------------------------------------------

using Gucs = std::vector<std::pair<const char*, const char*>>;
const Gucs odd_here{{"TimeZone", "Asia/Kolkata"},
                    {"DateStyle", "SQL, DMY"},
                    {"IntervalStyle", "postgres_verbose"},
                    {"extra_float_digits", "-5"},
                    {"bytea_output", "escape"},
                    {"xmloption", "document"},
                    {"array_nulls", "off"},
                    {"standard_conforming_strings", "off"},
                    {"client_encoding", "LATIN1"},
                    {"lc_monetary", "C"},
                    {"search_path", "pg_temp, elsewhere"},
                    {"default_transaction_isolation", "serializable"}};
const Gucs odd_there{{"TimeZone", "America/St_Johns"},
                     {"DateStyle", "German, YMD"},
                     {"IntervalStyle", "sql_standard"},
                     {"extra_float_digits", "0"},
                     {"bytea_output", "hex"},
                     {"xmloption", "content"},
                     {"backslash_quote", "off"},
                     {"quote_all_identifiers", "on"},
                     {"row_security", "off"},
                     {"lc_monetary", "C.UTF-8"},
                     {"search_path", ""},
                     {"default_transaction_deferrable", "on"}};

// For half of them by the database, for the others by the role in this database, as a hosting service may.
void set_for_new_sessions(const Database& database, const Gucs& gucs) {
    Db db(database);
    for (std::size_t i = 0; i < gucs.size(); ++i) {
        const auto [name, value] = gucs[i];
        const std::string target =
            i % 2 == 0 ? "alter database " + quote_identifier(database.name())
                       : "alter role postgres in database " + quote_identifier(database.name());
        db.exec(fmt::format("{} set {} = {}", target, name,
                            std::string(name) == "search_path" && *value ? value : quote_literal(value)));
    }
}

constexpr const char* sensitive_table =
    "create table sample (id int primary key, a text, b text, z timestamptz, y timestamp, d date, f float8, "
    "r real, i interval, "
    "o bytea, l int[], w text[], n numeric, m money)";
constexpr const char* sensitive_rows =
    "insert into sample select g, 'a' || g, case when g % 3 = 0 then null when g % 3 = 1 then '' else 'NULL' "
    "end, "
    "'2024-03-31 01:30:00.123456+00'::timestamptz + g * interval '1 hour', '2024-02-03 "
    "04:05:06.000001'::timestamp + g * interval '1 day', "
    "'2024-02-03'::date + g, g / 3.0::float8, (g / 7.0)::real, g * interval '1 mon 2 days -03:04:05.000006', "
    "decode(lpad(to_hex(g), 8, '0'), 'hex'), "
    "array[g, null, 1], array['NULL', null, '', 'a\"b', e'c\\\\d'], g / 3.0, g::text::money from "
    "generate_series(1, 50) g";
// As a session with settings of its own sees the rows: the same text on both sides.
constexpr const char* sensitive = "select sample::text from sample order by id";

// What a plain session of this database sees, whatever the database's own settings are.
std::string seen_plainly(const Database& database, const char* sql) {
    Db db(database);
    db.exec(
        "set search_path = public; set TimeZone = 'UTC'; set DateStyle = 'ISO, YMD'; set IntervalStyle = "
        "iso_8601; "
        "set extra_float_digits = 3; set bytea_output = hex; set lc_monetary = 'C'; set client_encoding = "
        "'UTF8'; set array_nulls = on");
    return dump(db, sql);
}

TEST(Hazard, H36_SettingsOfTheSessionsMakeNoDifference) {
    LivePair pair("h36");
    pair.both(sensitive_table);
    pair.both(sensitive_rows);
    set_for_new_sessions(pair.desktop_database, odd_here);
    set_for_new_sessions(pair.cloud_database, odd_there);
    for (const char* capture : {"auto", "changelog", "xmin", "digest"}) {
        SCOPED_TRACE(capture);
        pair.configure(fmt::format("[sync]\ncapture = '{}'\n[[table]]\nname = 'sample'\n", capture));
        expect_quiet(pair);  // equal rows are adopted, not copied
        expect_quiet(pair, 0, {"--mode", "full"});
        EXPECT_EQ(seen_plainly(pair.desktop_database, sensitive),
                  seen_plainly(pair.cloud_database, sensitive));
    }
    pair.desktop.exec(
        "update sample set z = z + interval '1 microsecond', i = i + interval '1 microsecond' where id = 3; "
        "update sample set f = f + 1e-13, o = o || '\\x00' where id = 4; "
        "insert into sample select id + 100, a, b, z, y, d, f, r, i, o, l, w, n, m from sample where id <= "
        "30");
    pair.cloud.exec(
        "update sample set d = d + 1, y = y + interval '1 microsecond' where id = 5; update sample set r = r "
        "* 1.0000002::real where id = 6; "
        "insert into sample select id + 200, a, b, z, y, d, f, r, i, o, l, w, n, m from sample where id <= "
        "30");
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(writes_reported(result), 64) << result.out;
    EXPECT_EQ(seen_plainly(pair.desktop_database, sensitive), seen_plainly(pair.cloud_database, sensitive));
    expect_quiet(pair, 0, {"--mode", "full"});
}

// ('a','bc') and ('ab','c') read the same when glued together; so do NULL and '' for those who are careless.
TEST(Hazard, H36_NeighbouringColumnsAreNotGluedTogether) {
    struct Edit {
        const char *before, *after;
    };
    const Edit edits[] = {{"'a', 'bc'", "'ab', 'c'"},
                          {"null, ''", "'', null"},
                          {"null, null", "'', ''"},
                          {"'', ''", "null, null"},
                          {"'a,b', 'c'", "'a', 'b,c'"},
                          {"'NULL', 'x'", "null, 'x'"},
                          {"'a\"', 'b'", "'a', '\"b'"},
                          {"'(', ')'", "')', '('"},
                          {"'\\', 'n'", "e'\\\\n', ''"},
                          {"'a ', 'b'", "'a', ' b'"},
                          {"e'a\\t', 'b'", "'a', e'\\tb'"},
                          {"'\\N', null", "null, '\\N'"},
                          {"e'x\\u00e9', ''", "e'xe\\u0301', ''"}};
    for (const char* capture : {"auto", "changelog", "digest"}) {
        SCOPED_TRACE(capture);
        LivePair pair("h36c");
        pair.both("create table two (id int primary key, a text, b text)");
        pair.configure(fmt::format("[sync]\ncapture = '{}'\n[[table]]\nname = 'two'\n", capture));
        int id = 0;
        for (const Edit& edit : edits)
            pair.desktop.exec(fmt::format("insert into two values ({}, {})", ++id, edit.before));
        EXPECT_EXIT_CODE(0, pair.sync());
        id = 0;
        for (const Edit& edit : edits) {
            ++id;
            (id % 2 == 0 ? pair.desktop : pair.cloud)
                .exec(fmt::format("update two set (a, b) = ({}) where id = {}", edit.after, id));
        }
        const TidewayResult result = pair.sync();
        EXPECT_EXIT_CODE(0, result);
        EXPECT_EQ(writes_reported(result), id);
        pair.expect_equal("select id, a, b from two order by id");
        id = 0;
        for (const Edit& edit : edits) {
            ++id;
            EXPECT_ROWS(
                pair.cloud,
                fmt::format("select (a, b) is not distinct from ({}) from two where id = {}", edit.after, id),
                "t");
        }
        expect_quiet(pair);
    }
}

// ---- H39: collations
// -----------------------------------------------------------------------------------------

const char* const words[] = {"a",      "B",  "b",      "Z",          "A",      "z",  "\u00e9",
                             "e",      "E",  "\u00c9", "e\u0301",    "\u00df", "ss", "SS",
                             "\u00e4", "ae", "zz",     "\u0131",     "I",      "i",  "\u0130",
                             "-a",     "a-", "a b",    "ab",         "A B",    "_",  "~",
                             "0",      "00", "\u4e2d", "\U0001F600", " ",      "  "};

// Every word under every prefix: a few thousand text keys that collations order in different ways.
std::string insert_words(const std::string& marks) {
    std::string values;
    for (const char* word : words)
        for (const char mark : marks)
            values += fmt::format("{}({}, 'body of {}')", values.empty() ? "" : ", ",
                                  quote_literal(std::string(1, mark) + word), mark);
    return "insert into word values " + values;
}

TEST(Hazard, H39_TextKeysMeetAcrossCollations) {
    for (const auto& [capture, collation] :
         {std::pair("auto", "en-x-icu"), {"changelog", "sv-x-icu"}, {"digest", "tr-x-icu"}, {"xmin", "C"}}) {
        SCOPED_TRACE(fmt::format("capture {}, cloud ordered by {}", capture, collation));
        LivePair pair("h39");
        pair.desktop.exec("create table word (k text collate \"C\" primary key, body text)");
        pair.cloud.exec(
            fmt::format("create table word (k text collate \"{}\" primary key, body text)", collation));
        pair.configure(fmt::format("[sync]\ncapture = '{}'\n[[table]]\nname = 'word'\n", capture));
        pair.both(insert_words("xyz"));
        expect_quiet(pair);  // adopted: no key is missing, none is surplus
        pair.desktop.exec(insert_words("abc") +
                          "; delete from word where k in ('xa', 'yB'); update word set body = 'edited' "
                          "where k like 'z%'");
        pair.cloud.exec(insert_words("pqr") + "; delete from word where k in ('xb', 'xB')");
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.expect_equal("select k collate \"C\", body from word order by k collate \"C\"");
        EXPECT_EQ(pair.cloud.number("select count(*) from word"),
                  9 * static_cast<long long>(std::size(words)) - 4);
        expect_quiet(pair);
        expect_quiet(pair, 0, {"--mode", "full"});
    }
}

// A whole database ordered by ICU, where even tideway's own comparisons would be linguistic.
TEST(Hazard, H39_ADatabaseOrderedByIcuAgreesWithOneOrderedByBytes) {
    LivePair pair("h39i");
    Db admin(shared_cloud().url("postgres"));
    const std::string name = pair.cloud_database.name() + "_icu";
    if (shared_cloud().version() < 15) GTEST_SKIP() << "ICU databases exist since PostgreSQL 15";
    admin.exec(
        fmt::format("create database {} template template0 locale_provider icu icu_locale 'en-US'", name));
    {
        pair.cloud = Db(shared_cloud().url(name));
        pair.cloud_url = shared_cloud().url(name);
        pair.both("create table word (k text primary key, body text)");
        pair.configure("[[table]]\nname = 'word'\n");
        pair.both(insert_words("xyz"));
        expect_quiet(pair);
        pair.desktop.exec(insert_words("abc"));
        pair.cloud.exec(insert_words("pqr") + "; update word set body = 'edited' where k >= 'zB'");
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.expect_equal("select k, body from word order by k collate \"C\"");
        expect_quiet(pair);
        expect_quiet(pair, 0, {"--mode", "full"});
        pair.cloud.close();
    }
    admin.exec(fmt::format("drop database {} with (force)", name));
}

// Where equal is not identical, an edit must still be seen and carried over.
TEST(Hazard, H39_AnEditThatOnlyChangesCaseTravelsUnderACaseBlindCollation) {
    LivePair pair("h39n");
    pair.both(
        "create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false); "
        "create table word (k int primary key, body text collate blind)");
    pair.configure("[[table]]\nname = 'word'\n");
    pair.desktop.exec("insert into word values (1, 'strasse'), (2, 'Resume')");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update word set body = 'STRASSE' where k = 1");
    pair.cloud.exec("update word set body = 'RESUME' where k = 2");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select k, body from word order by k", "1|STRASSE\n2|RESUME");
    pair.expect_equal("select k, body from word order by k");
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
