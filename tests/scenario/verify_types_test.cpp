// What counts as equal: types, forms of the same value, filters, mapped columns, references by key, encodings.
#include "scenario/live_pair.hpp"
#include "scenario/verify_fixture.hpp"

namespace tideway::test {
namespace {

PairOptions tables(const std::string& toml, const std::string& desktop, const std::string& cloud) {
    PairOptions options = kLogged;
    options.tables = toml;
    options.schema = desktop;
    options.cloud_schema = cloud;
    return options;
}

// One row a value; a value that the two sides spell differently counts as one.
TEST(VerifyTypes, HazardousValuesAreEqualAfterARunAndASmallChangeOfEachIsSeen) {
    const std::string schema =
        "create table job (id int primary key, n numeric, f double precision, r real, c char(5), v varchar(20), t text, j "
        "json, jb jsonb, a int[], ta text[], ts timestamp, tz timestamptz, d date, i interval, b bytea, u uuid, o boolean)";
    HazardPair pair("verify_types", tables("[[table]]\nname = 'job'\n", schema, schema));
    pair.open(At::desktop).exec(R"(insert into job (id, n, f, r, c, v, t, j, jb, a, ta, ts, tz, d, i, b, u, o) values
        (1, 1.500, '-0', '1e-30', 'ab', 'x', E'a\nb\t\\', '{"b":1, "a":[1, 2]}', '{"b":1,"a":2}', '{1,null,3}', '{"a,b",null,""}',
         'infinity', '-infinity', 'infinity', '1 mon 30 days', '\x00ff', '00000000-0000-0000-0000-000000000001', true),
        (2, 'NaN', 'NaN', 'infinity', '', '', '', 'null', 'null', '{}', '{}', '0044-03-15 12:00 BC', '1900-01-01 00:00:00.000001+05:30',
         '0001-01-01 BC', '-00:00:01', '', 'ffffffff-ffff-ffff-ffff-ffffffffffff', false),
        (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
        (4, 1e30, 1e308, 3.4e38, 'caf' || chr(233), chr(128512), '"(),\', '[1.0]', '1.0', '{{1,2},{3,4}}', '{x}', '2024-02-29', now(), 'today',
         '0', '\xdeadbeef', null, null))");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_SYNC(verify(pair), 0);
    for (const char* change : {"n = 1.51", "f = 0.5", "c = 'ac'", "t = t || ' '", "j = '{\"b\":1, \"a\":[2, 1]}'",
                               "a = '{1,null,4}'", "ta = '{\"a,b\",\"\",null}'", "ts = '-infinity'", "i = '60 days'",
                               "b = '\\x00fe'", "o = null"}) {
        behind_the_triggers(pair, At::cloud, fmt::format("update job set {} where id = 1", change));
        const TidewayResult result = verify(pair);
        EXPECT_SYNC(result, 5);
        EXPECT_EQ(table_in(result)["differences"], 1) << change;
        EXPECT_SYNC(verify(pair, {"--repair"}), 0);
    }
    EXPECT_SYNC(verify(pair), 0);
}

// What a server's own hash leaves out, and what is one value in two types.
TEST(VerifyTypes, TheLeastDifferenceOfANumberOrAMomentIsSeen) {
    const auto schema = [](const char* integer, const char* moment) {
        return fmt::format("create table job (id int primary key, a {}, n numeric(10,2), ti time, ts timestamp, tz timestamptz, due {})",
                           integer, moment);
    };
    HazardPair pair("verify_types", tables("[[table]]\nname = 'job'\ntimestamps = { desktop_zone = 'Asia/Kolkata' }\n",
                                           schema("integer", "timestamp"), schema("bigint", "timestamptz")));
    pair.open(At::desktop).exec(
        "insert into job select i, i - 3, 2 - i / 2.0, time '23:59:59' - i * interval '1 hour', timestamp '2024-02-29 12:00', "
        "'1999-12-31 23:59:59.999999+00', '2024-01-01' from generate_series(1, 9) i; insert into job values (10, null, 0, '24:00', "
        "'infinity', '-infinity', 'infinity')");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_SYNC(verify(pair), 0);
    behind_the_triggers(pair, At::cloud,
                        "update job set a = -a where id = 1; update job set n = -n where id = 2; update job set ti = ti + interval '1 "
                        "microsecond' where id = 3; update job set ts = ts + interval '1 microsecond' where id = 4; update job set tz = tz "
                        "- interval '1 microsecond' where id = 5; update job set due = due + interval '1 microsecond' where id = 6; "
                        "update job set ts = '-infinity', tz = 'infinity' where id = 10");
    const TidewayResult result = verify(pair);
    EXPECT_SYNC(result, 5);
    EXPECT_EQ(table_in(result)["differences"], 7) << text_of(result);
}

// Equal to the server, and yet not the same text.
TEST(VerifyTypes, TextsThatACollationCallsEqualAreTwoValues) {
    const std::string schema =
        "create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); create table job (id int "
        "primary key, t text collate ci, v varchar(20) collate ci)";
    HazardPair pair("verify_types", tables("[[table]]\nname = 'job'\n", schema, schema));
    pair.open(At::desktop).exec("insert into job values (1, 'Open', 'Open'), (2, 'x', 'x')");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_SYNC(verify(pair), 0);
    behind_the_triggers(pair, At::cloud, "update job set t = 'OPEN' where id = 1");
    EXPECT_SYNC(verify(pair), 5);
}

TEST(VerifyTypes, UnlikeTypesWithOneMeaningAreEqual) {
    HazardPair pair("verify_types",
                    tables("[[table]]\nname = 'job'\nrename = { des = 'description' }\nskip = ['local_only', 'cloud_only']\n"
                           "timestamps = { updated = 'at', desktop_zone = 'Asia/Kolkata' }\n",
                           "create table job (id numeric(10) primary key, amount numeric(10,2), code char(6), des text, at "
                           "timestamp, due timestamp, local_only text)",
                           "create table job (id bigint primary key, amount numeric, code varchar(6), description text, at "
                           "timestamptz, due timestamptz, cloud_only text default 'x')"));
    pair.open(At::desktop).exec(
        "insert into job select i, i / 4.0, 'c' || i, 'd', now(), timestamp '2024-01-01' + i * interval '1 hour', 'here' from "
        "generate_series(1, 200) i");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_SYNC(verify(pair), 0);
    behind_the_triggers(pair, At::cloud, "update job set amount = 7.000 where amount = 7");  // the same number
    EXPECT_SYNC(verify(pair), 0);
    behind_the_triggers(pair, At::cloud, "update job set due = due + interval '1 second' where id = 5");
    const TidewayResult result = verify(pair);
    EXPECT_SYNC(result, 5);
    EXPECT_EQ(found_in(result), "5 differs R9");
}

TEST(VerifyTypes, OnlyWhatTheFilterLetsInIsCompared) {
    const std::string schema = "create table job (id int primary key, org int, note text)";
    HazardPair pair("verify_types", tables("[[table]]\nname = 'job'\nwhere = 'org = 7'\n", schema, schema));
    pair.open(At::desktop).exec("insert into job values (1, 7, 'ours'), (2, 8, 'theirs')");
    pair.open(At::cloud).exec("insert into job values (3, 9, 'others')");
    EXPECT_SYNC(pair.sync(), 0);
    const TidewayResult result = verify(pair);
    EXPECT_SYNC(result, 0);
    EXPECT_EQ(table_in(result)["rows"], 1);
    behind_the_triggers(pair, At::cloud, "update job set note = 'x' where id in (1, 3)");
    EXPECT_EQ(table_in(verify(pair))["differences"], 1);
}

TEST(VerifyTypes, RowsWithoutAnyKeyAreComparedAsAMultiset) {
    const std::string schema = "create table job (a int, b text)";
    HazardPair pair("verify_types", tables("[[table]]\nname = 'job'\nidentity = 'full_row'\n", schema, schema));
    pair.open(At::desktop).exec("insert into job select i % 3, 'x' from generate_series(1, 30) i; insert into job values (null, null)");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_SYNC(verify(pair), 0);
    behind_the_triggers(pair, At::cloud, "delete from job where ctid = (select min(ctid) from job where a = 1)");
    // Every run compares such a table whole, so the next one carries it over.
    EXPECT_SYNC(verify(pair), 3);
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_SYNC(verify(pair), 0);
}

TEST(VerifyTypes, NumbersOfEachSidesOwnAreComparedByTheRowThatTheyName) {
    const std::string schema =
        "create table client (cid serial primary key, code text unique not null); create table job (id int primary key, cid "
        "int references client (cid), note text)";
    HazardPair pair("verify_types",
                    tables("[[table]]\nname = 'client'\nkey = ['code']\nidentity = 'business_key'\nlocal_id = 'cid'\n"
                           "[[table]]\nname = 'job'\n",
                           schema, schema));
    pair.open(At::cloud).exec("insert into client (code) values ('x'), ('y'); delete from client");
    pair.open(At::desktop).exec(
        "insert into client (code) values ('a'), ('b'); insert into job values (1, 1, 'n'), (2, 2, 'n'), (3, null, 'n')");
    EXPECT_SYNC(pair.sync(), 0);
    EXPECT_SYNC(verify(pair), 0);
    behind_the_triggers(pair, At::cloud, "update job set cid = (select cid from client where code = 'b') where id = 1");
    // Such a table is compared whole by every run.
    const TidewayResult result = verify(pair);
    EXPECT_EQ(table_in(result)["differences"].get<int>() + table_in(result)["changing"].get<int>(), 1) << text_of(result);
}

TEST(VerifyTypes, ADatabaseInAnotherEncodingIsComparedByMeaning) {
    LivePair pair(fresh_database(shared_desktop(), "verify", "encoding 'LATIN1' locale 'C'"),
                  fresh_database(shared_cloud(), "verify"));
    pair.both("create table job (name text primary key, note text)");
    pair.configure("[[table]]\nname = 'job'\ncapture = 'changelog'\n");
    pair.desktop.exec("insert into job values ('caf' || chr(233), 'na' || chr(239) || 've'), ('plain', 'x')");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EXIT_CODE(0, pair.run({"verify"}));
    pair.cloud.exec(past_the_triggers("update job set note = 'naive' where note <> 'x'"));
    EXPECT_EXIT_CODE(5, pair.run({"verify"}));
}

}  // namespace
}  // namespace tideway::test
