// Hazards of types (H40): every value arrives as it was written, and an edit that a type calls equal travels
// too.
#include <random>

#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

struct TypeCase {
    const char* type;
    const char* random;                   // an expression that gives another value in each row
    std::vector<const char*> edges = {};  // literals
};

#define WORD "substr(md5(random()::text), 1, (random() * 12)::int)"
#define INT4 "(random() * 4e9 - 2e9)::int8::int4"
#define INSTANT "(timestamptz '1900-01-01' + random() * interval '200 years')"
#define JSON "json_build_object(" WORD " || 'k', random(), 'a', array[" INT4 ", null], 'b', " WORD ")"

const std::vector<TypeCase> cases = {
    {"int2", "(random() * 65535 - 32768)::int4::int2", {"-32768", "32767"}},
    {"int4", INT4, {"-2147483648", "2147483647"}},
    {"int8", "(random() * 1.8e19 - 9e18)::numeric::int8", {"-9223372036854775808", "9223372036854775807"}},
    {"numeric",
     "round((random() * 10 ^ (random() * 40 - 20)::int)::numeric, (random() * 30)::int)",
     {"0", "-0.0", "1.0", "1.00", "1.10", "1e100", "-1e-100", "NaN", "00012.500"}},
    {"numeric(12,2)", "(random() * 1e9)::numeric(12,2)", {"0", "0.10", "-9999999999.99", "NaN"}},
    {"float4",
     "(random() * 10 ^ (random() * 60 - 30)::int)::float4",
     {"NaN", "Infinity", "-Infinity", "-0", "0", "1e-45", "3.4028235e38", "0.1"}},
    {"float8",
     "random() * 10 ^ (random() * 600 - 300)::int",
     {"NaN", "Infinity", "-Infinity", "-0", "0", "5e-324", "1.7976931348623157e308", "0.1"}},
    {"money", "(random() * 1e6)::numeric::money", {"0", "-12.34"}},
    {"bool", "random() < 0.5", {"t", "f"}},
    {"text",
     WORD,
     {"", " ", "\\", "\\N", "\t", "\n", "\r\n", "a\\tb", "NULL", "null", "'", "\"", "{}", "\u00e9", "e\u0301",
      "\U0001F600", "\\.", ",", "\u200b"}},
    {"varchar(20)", WORD, {"", "  trailing  "}},
    {"char(10)",
     "substr(md5(random()::text), 1, (random() * 9)::int)",
     {"", "a", "a         ", "          ", " a"}},
    {"\"char\"", "chr(33 + (random() * 90)::int)::\"char\"", {"", "\\"}},
    {"name", WORD "::name", {"", "select"}},
    {"bytea", "decode(md5(random()::text), 'hex')", {"", "\\x00", "\\x5c5c", "\\xc027ff"}},
    {"date", "(" INSTANT ")::date", {"infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"}},
    {"time", "(" INSTANT ")::time", {"00:00", "24:00", "23:59:59.999999"}},
    {"timetz", "(" INSTANT ")::timetz", {"00:00+00", "24:00-15:59", "12:00:00.000001+05:30"}},
    {"timestamp",
     "(" INSTANT ")::timestamp",
     {"infinity", "-infinity", "4713-01-01 00:00:00 BC", "294276-12-31 23:59:59.999999", "2024-03-31 02:30"}},
    {"timestamptz",
     INSTANT,
     {"infinity", "-infinity", "4713-01-01 00:00:00+00 BC", "1900-01-01 00:00:00.000001+05:21:10"}},
    {"interval",
     "(random() * 100)::int * interval '1 mon -2 days' + random() * interval '1 hour'",
     {"1 mon", "30 days", "720:00", "-1 mon +1 day -00:00:00.000001", "178000000 years", "0"}},
    {"uuid", "gen_random_uuid()", {"00000000-0000-0000-0000-000000000000"}},
    {"json",
     JSON,
     {"null", "1.0", "1.00", "{\"a\":1,\"a\":2}", "{ \"b\" : 1 ,\"a\":  [ ] }", "\"\\u00e9\"",
      "\"\\ud83d\\ude00\"", "[]"}},
    {"jsonb", JSON "::jsonb", {"null", "1.0", "1.00", "{\"b\":1,\"a\":{}}", "\"\u00e9\"", "[null, 1e5]"}},
    {"xml", "xmlelement(name a, " WORD ")", {"<a/>", "<a></a>", "<a b='1'>&lt;</a>"}},
    {"inet", "('10.' || (random() * 255)::int || '.0.1')::inet", {"::1", "10.0.0.1/8", "2001:db8::/32"}},
    {"cidr", "('10.' || (random() * 255)::int || '.0.0/16')::cidr", {"0.0.0.0/0", "2001:db8::/32"}},
    {"macaddr", "substr(md5(random()::text), 1, 12)::macaddr", {"00:00:00:00:00:00"}},
    {"macaddr8", "substr(md5(random()::text), 1, 16)::macaddr8", {"ff:ff:ff:ff:ff:ff:ff:ff"}},
    {"bit(9)", "(random() * 511)::int::bit(9)", {"000000000"}},
    {"varbit",
     "substr((random() * 2e9)::int::bit(32)::text, 1, 1 + (random() * 30)::int)::varbit",
     {"", "1"}},
    {"point", "point(random(), random())", {"(0,0)", "(-0,0)", "(Infinity,NaN)", "(1e-300,1)"}},
    {"line", "line(point(0, random()), point(1, 2 + random()))", {"{1,-1,0}"}},
    {"lseg", "lseg(point(random(), 1), point(1, random()))"},
    {"box", "box(point(random(), 1), point(1, random()))", {"(1,1),(0,0)"}},
    {"path", "path(polygon(3, circle(point(0, 0), random())))", {"[(0,0),(1,1)]", "((0,0),(1,1))"}},
    {"polygon", "polygon(5, circle(point(0, 0), random()))"},
    {"circle", "circle(point(random(), 0), random())", {"<(0,0),0>"}},
    {"tsvector", "to_tsvector('simple', " WORD " || ' ' || " WORD ")", {"", "'a b':1A,2 c"}},
    {"tsquery", "plainto_tsquery('simple', 'x ' || " WORD ")", {"", "'a' & !'b' <-> 'c'"}},
    {"jsonpath", "('$.a[' || (random() * 9)::int || ']')::jsonpath", {"strict $.a ? (@ > 1)"}},
    {"pg_lsn", "('0/' || to_hex((random() * 2e9)::int))::pg_lsn", {"FFFFFFFF/FFFFFFFF"}},
    {"oid", "(random() * 4e9)::int8::oid", {"0", "4294967295"}},
    {"xid8", "((random() * 9e9)::int8::text)::xid8", {"18446744073709551615"}},
    {"int4range", "int4range(0, (random() * 100)::int)", {"empty", "(,)", "[1,5]", "(,5)"}},
    {"numrange", "numrange(0, random()::numeric)", {"[1.0,2)", "[1.00,2)", "empty", "(,)"}},
    {"tstzrange", "tstzrange(" INSTANT ", null)", {"empty", "[-infinity,infinity]", "(,)"}},
    {"int4multirange",
     "int4multirange(int4range(0, (random() * 9)::int), int4range(20, 30))",
     {"{}", "{(,)}"}},
    {"int4[]",
     "array[" INT4 ", null, " INT4 "]",
     {"{}", "{NULL}", "[0:1]={1,2}", "{{1,2},{3,NULL}}", "[2:3][-1:0]={{1,2},{3,4}}"}},
    {"text[]",
     "array[" WORD ", null, 'NULL', '']",
     {"{}", "{NULL,\"NULL\",\"\"}", "{\"a,b\",\"c\\\"d\",\"e\\\\f\",\"{}\"}", "{\" \"}"}},
    {"numeric[]", "array[random()::numeric, 1.0, 1.00]", {"{1.0}", "{1.00}", "{NaN,NULL}"}},
    {"timestamptz[]", "array[" INSTANT "]", {"{infinity,NULL}"}},
    {"mood",
     "(array['sad', 'so so', 'it''s \"ok\"'])[1 + (random() * 2)::int]::mood",
     {"so so", "it's \"ok\""}},
    {"mood[]", "array['sad', null]::mood[]", {"{\"so so\",NULL}"}},
    {"amount", "random()::numeric", {"1.0", "1.00"}},
    {"label", WORD, {"", "x"}},
    {"pair_of",
     "row(" WORD ", random()::numeric, array[1, null])::pair_of",
     {"(,,)", "(\"\",1.0,{})", "(\"a,\"\"b\\\\\",1.00,\"{1,NULL}\")"}},
    {"pair_of[]", "array[row(" WORD ", 1.0, null)::pair_of, null]", {"{}", "{\"(\\\"a,b\\\",1.0,)\"}"}},
    {"money_range", "money_range(0, random()::numeric)", {"empty", "[1.0,1.00]"}},
    {"citext", WORD "::citext", {"", "Abc", "ABC", "\u00c9"}},
    {"hstore", "hstore(" WORD ", " WORD ")", {"", "a=>NULL, \"b c\"=>\"\\\"\""}},
    {"ltree", "('Top.' || 'x' || " WORD ")::ltree", {"", "a.B.c"}}};

constexpr const char* own_types =
    "create extension citext; create extension hstore; create extension ltree; "
    "create type mood as enum ('sad', 'so so', 'it''s \"ok\"'); create domain amount as numeric; create "
    "domain label as varchar(30) check (length(value) < 30); "
    "create type pair_of as (a text, b numeric, c int[]); create type money_range as range (subtype = "
    "numeric)";

std::string table_of(std::size_t i) { return fmt::format("t{}", i); }

void create_tables(LivePair& pair, const std::string& sync_section) {
    pair.both(own_types);
    std::string toml = sync_section;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        pair.both(fmt::format("create table {} (id int primary key, v {})", table_of(i), cases[i].type));
        toml += fmt::format("[[table]]\nname = '{}'\n", table_of(i));
    }
    pair.configure(toml + "[guard]\nmax_updates = '100%'\n");
}

void insert_values(Db& db, std::size_t i, int first, int count) {
    const TypeCase& each = cases[i];
    db.exec(fmt::format("insert into {0} select {1} + i, {2} from generate_series(1, {3}) i", table_of(i),
                        first, each.random, count));
    int id = first + count;
    for (const char* edge : each.edges)
        db.exec(fmt::format("insert into {} values ({}, {})", table_of(i), ++id, quote_literal(edge)));
    db.exec(fmt::format("insert into {} values ({}, null)", table_of(i), ++id));
}

void expect_same_values(LivePair& pair) {
    for (std::size_t i = 0; i < cases.size(); ++i) {
        SCOPED_TRACE(cases[i].type);
        pair.expect_equal(fmt::format("select t::text from {} t order by id", table_of(i)));
    }
}

std::string sync_section(const char* capture) { return fmt::format("[sync]\ncapture = '{}'\n", capture); }

void make_the_round_trip(const char* capture) {
    const double seed =
        std::uniform_real_distribution<double>(-1, 1)(*std::make_unique<std::random_device>());
    SCOPED_TRACE(fmt::format("setseed({})", seed));
    LivePair pair("h40");
    create_tables(pair, sync_section(capture));
    pair.both(fmt::format("select setseed({})", seed));
    for (std::size_t i = 0; i < cases.size(); ++i) {
        insert_values(pair.desktop, i, 0, 200);
        insert_values(pair.cloud, i, 1000, 200);
    }
    ASSERT_EXIT_CODE(0, pair.sync());
    expect_same_values(pair);
    expect_quiet(pair);
    expect_quiet(pair, 0, {"--mode", "full"});
    for (std::size_t i = 0; i < cases.size(); ++i) {
        pair.desktop.exec(fmt::format("update {} set v = {} where id % 7 = 0", table_of(i), cases[i].random));
        pair.cloud.exec(fmt::format("update {} set v = {} where id % 7 = 1", table_of(i), cases[i].random));
    }
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_same_values(pair);
    expect_quiet(pair);
}

TEST(Hazard, H40_RandomValuesOfEveryTypeMakeTheRoundTrip) {
    for (const char* capture : {"auto", "changelog"}) {
        SCOPED_TRACE(capture);
        make_the_round_trip(capture);
    }
}

// Both sides hold the same values before the first run: all are recognised, none is written.
TEST(Hazard, H40_EqualRowsOfEveryTypeAreAdopted) {
    LivePair pair("h40a");
    create_tables(pair, "");
    for (Db* side : {&pair.desktop, &pair.cloud}) {
        side->exec("select setseed(0.5)");
        for (std::size_t i = 0; i < cases.size(); ++i)
            if (std::string(cases[i].type) != "uuid") insert_values(*side, i, 0, 50);
    }
    expect_quiet(pair);
    expect_quiet(pair, 0, {"--mode", "full"});
    expect_same_values(pair);
}

struct Twin {
    const char *type, *before, *after;
};
// Values that their type calls equal, or that some hash or text form does not tell apart.
const Twin twins[] = {{"numeric", "1.0", "1.00"},
                      {"numeric", "1000", "1000.0"},
                      {"numeric", "0", "0.000"},
                      {"amount", "1.0", "1.00"},
                      {"float8", "-0", "0"},
                      {"float8", "0", "-0"},
                      {"float4", "-0", "0"},
                      {"interval", "1 mon", "30 days"},
                      {"interval", "1 day", "24:00"},
                      {"json", "{\"a\":1}", "{ \"a\" : 1 }"},
                      {"json", "{\"a\":1,\"a\":2}", "{\"a\":2}"},
                      {"json", "[1.0]", "[1.00]"},
                      {"jsonb", "[1.0]", "[1.00]"},
                      {"jsonb", "{\"a\": 1.0}", "{\"a\": 1.00}"},
                      {"citext", "abc", "ABC"},
                      {"numeric[]", "{1.0}", "{1.00}"},
                      {"float8[]", "{-0}", "{0}"},
                      {"numrange", "[1.0,2)", "[1.00,2)"},
                      {"pair_of", "(x,1.0,)", "(x,1.00,)"},
                      {"pair_of", "(,,)", "(\"\",,)"},
                      {"money_range", "[1.0,2)", "[1.00,2)"},
                      {"point", "(0,0)", "(-0,0)"},
                      {"text", "a", "a "},
                      {"varchar(20)", "a", "a "},
                      {"int4[]", "[0:1]={1,2}", "{1,2}"},
                      {"text[]", "{NULL}", "{\"NULL\"}"},
                      {"text", "e\u0301", "\u00e9"},
                      {"timetz", "12:00+00", "14:00+02"},
                      {"hstore", "a=>NULL", "a=>\"NULL\""},
                      {"path", "((0,0),(1,1))", "[(0,0),(1,1)]"},
                      {"xml", "<a/>", "<a></a>"},
                      {"interval[]", "{1 mon}", "{30 days}"},
                      {"citext[]", "{abc}", "{ABC}"},
                      {"varbit", "1", "10"},
                      {"inet", "10.0.0.1/24", "10.0.0.1/25"}};

// Once edited on the desktop, once in the cloud.
void edit_between_twins(const char* capture) {
    LivePair pair("h40e");
    pair.both(own_types);
    std::string toml = sync_section(capture);
    for (std::size_t i = 0; i < std::size(twins); ++i) {
        pair.both(fmt::format("create table {} (id int primary key, v {})", table_of(i), twins[i].type));
        pair.desktop.exec(fmt::format("insert into {0} values (1, {1}), (2, {1})", table_of(i),
                                      quote_literal(twins[i].before)));
        toml += fmt::format("[[table]]\nname = '{}'\n", table_of(i));
    }
    pair.configure(toml);
    ASSERT_EXIT_CODE(0, pair.sync());
    for (std::size_t i = 0; i < std::size(twins); ++i) {
        pair.desktop.exec(
            fmt::format("update {} set v = {} where id = 1", table_of(i), quote_literal(twins[i].after)));
        pair.cloud.exec(
            fmt::format("update {} set v = {} where id = 2", table_of(i), quote_literal(twins[i].after)));
    }
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(writes_reported(result), 2 * static_cast<long long>(std::size(twins)));
    for (std::size_t i = 0; i < std::size(twins); ++i) {
        SCOPED_TRACE(fmt::format("{}: {} to {}", twins[i].type, twins[i].before, twins[i].after));
        const std::string all = fmt::format("select id, v::text from {} order by id", table_of(i));
        pair.expect_equal(all);
        EXPECT_ROWS(pair.cloud,
                    fmt::format("select distinct v::text = {}::{}::text from {}",
                                quote_literal(twins[i].after), twins[i].type, table_of(i)),
                    "t");
    }
    expect_quiet(pair);
    expect_quiet(pair, 0, {"--mode", "full"});
}

TEST(Hazard, H40_AnEditBetweenValuesThatAreCalledEqualTravels) {
    for (const char* capture : {"auto", "changelog"}) {
        SCOPED_TRACE(capture);
        edit_between_twins(capture);
    }
}

// At first contact there is no base: what means the same is linked, not fought over.
TEST(Hazard, H40_RowsThatMeanTheSameAreAdoptedAtFirstContact) {
    const Twin same[] = {{"numeric", "1.0", "1.00"},
                         {"amount", "2.50", "2.5"},
                         {"char(10)", "a", "a  "},
                         {"timestamptz", "2024-01-01 00:00+00", "2024-01-01 05:30+05:30"},
                         {"jsonb", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"},
                         {"float8", "0.1", "0.10000000000000001"},
                         {"uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc999c0b4ef8bb6d6bb9bd380a11"},
                         {"bytea", "\\x61", "a"},
                         {"int4range", "[1,5]", "[1,6)"}};
    LivePair pair("h40s");
    pair.both(own_types);
    std::string toml;
    for (std::size_t i = 0; i < std::size(same); ++i) {
        pair.both(fmt::format("create table {} (id int primary key, v {})", table_of(i), same[i].type));
        pair.desktop.exec(
            fmt::format("insert into {} values (1, {})", table_of(i), quote_literal(same[i].before)));
        pair.cloud.exec(
            fmt::format("insert into {} values (1, {})", table_of(i), quote_literal(same[i].after)));
        toml += fmt::format("[[table]]\nname = '{}'\n", table_of(i));
    }
    pair.configure(toml);
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(0, result);
    for (const auto& table : result.json["tables"]) {
        const std::size_t i = std::stoul(table["desktop"].get<std::string>().substr(1));
        EXPECT_EQ(table["adopted"], 1) << same[i].type << ": " << same[i].before << " and " << same[i].after;
    }
    expect_quiet(pair);
}

// Spaces and the order of names mean nothing in json (correctness.md 2.3).
TEST(Hazard, H40_JsonThatMeansTheSameIsAdoptedAtFirstContact) {
    LivePair pair("h40j");
    pair.both("create table doc (id int primary key, v json)");
    pair.desktop.exec(R"(insert into doc values (1, '{"a":1,"b":2}'))");
    pair.cloud.exec(R"(insert into doc values (1, '{ "b" : 2, "a" : 1 }'))");
    pair.configure("[[table]]\nname = 'doc'\n");
    expect_quiet(pair);
}

// A json text may hold what jsonb refuses: zero characters and half surrogate pairs.
TEST(Hazard, H40_JsonThatJsonbCannotHoldTravels) {
    LivePair pair("h40z");
    pair.both("create table doc (id int primary key, v json)");
    pair.desktop.exec(
        R"(insert into doc values (1, '"\u0000"'), (2, '"\ud83d"'), (3, '["\udead"]'), (4, '"\u0000"'))");
    pair.configure("[[table]]\nname = 'doc'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec(R"(update doc set v = '"edited"' where id = 1; delete from doc where id = 4)");
    pair.cloud.exec(R"(update doc set v = '"edited \u0000"' where id = 2)");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select * from doc order by id", R"(1|"edited"
2|"edited \\u0000"
3|["\\udead"])");
    pair.expect_equal("select * from doc order by id");
    expect_quiet(pair);
}

// Keys of many types: found on the other side, however its server writes them.
TEST(Hazard, H40_KeysOfManyTypesMeet) {
    const Twin keys[] = {{"numeric", "1.0", "1.00"},
                         {"numeric(8,3)", "1", "1.000"},
                         {"text", "a b", "a b"},
                         {"char(10)", "a", "a "},
                         {"varchar(9)", "\u00e9", "\u00e9"},
                         {"timestamptz", "2024-01-01 00:00:00.000001+00", "2024-01-01 05:30:00.000001+05:30"},
                         {"timestamp", "2024-03-31 02:30", "2024-03-31 02:30"},
                         {"date", "infinity", "infinity"},
                         {"uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc999c0b4ef8bb6d6bb9bd380a11"},
                         {"bytea", "\\x00ff", "\\x00FF"},
                         {"float8", "0.1", "1e-1"},
                         {"inet", "10.0.0.1", "10.0.0.1/32"},
                         {"mood", "so so", "so so"},
                         {"amount", "1.0", "1.00"},
                         {"bool", "t", "true"},
                         {"int8", "9223372036854775807", "9223372036854775807"},
                         {"int4[]", "{1,2}", "{1, 2}"},
                         {"int4range", "[1,5]", "[1,6)"}};
    LivePair pair("h40k");
    pair.both(own_types);
    std::string toml;
    for (std::size_t i = 0; i < std::size(keys); ++i) {
        pair.both(fmt::format("create table {} (k {} primary key, v text)", table_of(i), keys[i].type));
        pair.desktop.exec(
            fmt::format("insert into {} values ({}, 'same')", table_of(i), quote_literal(keys[i].before)));
        pair.cloud.exec(
            fmt::format("insert into {} values ({}, 'same')", table_of(i), quote_literal(keys[i].after)));
        toml += fmt::format("[[table]]\nname = '{}'\n", table_of(i));
    }
    pair.configure(toml);
    expect_quiet(pair);
    for (std::size_t i = 0; i < std::size(keys); ++i)
        (i % 2 == 0 ? pair.desktop : pair.cloud).exec(fmt::format("update {} set v = 'edited'", table_of(i)));
    EXPECT_EXIT_CODE(0, pair.sync());
    for (std::size_t i = 0; i < std::size(keys); ++i) {
        SCOPED_TRACE(keys[i].type);
        EXPECT_ROWS(pair.desktop, fmt::format("select v from {}", table_of(i)), "edited");
        EXPECT_ROWS(pair.cloud, fmt::format("select v from {}", table_of(i)), "edited");
    }
    for (std::size_t i = 0; i < std::size(keys); ++i)
        (i % 2 == 0 ? pair.cloud : pair.desktop).exec(fmt::format("delete from {}", table_of(i)));
    EXPECT_EXIT_CODE(0, pair.sync());
    for (std::size_t i = 0; i < std::size(keys); ++i)
        for (Db* side : {&pair.desktop, &pair.cloud})
            EXPECT_EQ(side->number(fmt::format("select count(*) from {}", table_of(i))), 0) << keys[i].type;
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
