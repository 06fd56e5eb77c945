// What a store reads: catalogue, snapshots, hints, digests, rows, and the worklist made of them.
#include "conformance/pair.hpp"
#include "sql/record_text.hpp"

namespace tideway::conformance {
namespace {

class Reading : public Pair {};
CONFORMANCE_SUITE(Reading, all_kinds);

constexpr const char* job = "(id integer primary key, title text)";

TEST_P(Reading, TheCatalogueNamesColumnsKeysAndReferences) {
    both("create table client (id integer primary key, name text not null)");
    both(
        "create table job (id integer primary key, client integer references client (id) on delete cascade, "
        "code text unique, amount numeric default 0)");
    for (const Side side : {Side::desktop, Side::cloud}) {
        EXPECT_EQ(store(side).tables(),
                  (std::vector<sql::TableName>{{"public", "client"}, {"public", "job"}}));
        EXPECT_FALSE(store(side).relation({"public", "nothing"}).has_value());
        const auto client = store(side).relation({"public", "client"}),
                   job_found = store(side).relation({"public", "job"});
        ASSERT_TRUE(client && job_found);
        EXPECT_EQ(job_found->kind, 'r');
        EXPECT_TRUE(client->column("name")->not_null);
        EXPECT_EQ(job_found->column("amount")->type_class, TypeClass::numeric);
        EXPECT_TRUE(job_found->column("amount")->has_default);
        EXPECT_EQ(job_found->column("code")->type_class, TypeClass::text);
        ASSERT_EQ(job_found->unique_keys.size(), 2U);
        EXPECT_TRUE(job_found->unique_keys[0].primary);
        EXPECT_EQ(job_found->unique_keys[1].columns, std::vector<std::string>{"code"});
        ASSERT_EQ(job_found->foreign_keys.size(), 1U);
        EXPECT_EQ(job_found->foreign_keys[0].parent, (sql::TableName{"public", "client"}));
        EXPECT_EQ(job_found->foreign_keys[0].parent_columns, std::vector<std::string>{"id"});
        ASSERT_EQ(client->cascades.size(), 1U);
        EXPECT_EQ(client->cascades[0].on_delete, 'c');
        const std::string before = job_found->fingerprint;
        db(side).exec("alter table job add column extra text");
        EXPECT_NE(store(side).relation({"public", "job"})->fingerprint, before);
    }
}

TEST_P(Reading, ASnapshotShowsOneMoment) {
    const LinkedTable& table = synced(job);
    both("insert into job values (1, 'old')");
    for (const Side side : {Side::desktop, Side::cloud}) {
        const auto snapshot = store(side).snapshot({&table});
        db(side).exec("update job set title = 'new'; insert into job values (2, 'later')");
        ASSERT_EQ(snapshot->rows(table, {{"1"}, {"2"}}).size(), 1U);
        EXPECT_EQ(snapshot->rows(table, {{"1"}}).at(0).cells.at(1), "old");
        EXPECT_EQ(snapshot->count(table), 1);
    }
    for (const Side side : {Side::desktop, Side::cloud}) {
        EXPECT_EQ(row(side, table, {"1"}).cells.at(1), "new");
        EXPECT_EQ(store(side).snapshot({&table})->count(table), 2);
    }
}

TEST_P(Reading, ATableThatChangedSinceItWasLinkedIsRefused) {
    const LinkedTable& table = synced(job);
    both("alter table job add column extra text");
    for (const Side side : {Side::desktop, Side::cloud})
        EXPECT_EQ(caught<Error>([&] { store(side).snapshot({&table}); })->code(), Code::schema_changed);
}

TEST_P(Reading, TheChangelogHintsEveryKeyThatWasTouchedSinceTheMark) {
    const LinkedTable& table = synced(job);
    both("insert into job values (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')");
    for (const Side side : {Side::desktop, Side::cloud}) {
        const std::string since = mark(side, table);
        EXPECT_EQ(hinted(side, table, Capture::changelog, since), "");
        db(side).exec("update job set title = 'z' where id = 1");
        db(side).exec("delete from job where id = 2");
        db(side).exec("update job set id = 30 where id = 3");
        db(side).exec("insert into job values (5, 'e')");
        db(side).exec("begin; insert into job values (6, 'f'); rollback");
        EXPECT_EQ(hinted(side, table, Capture::changelog, since), "-2 -3 1 30 5");
        EXPECT_EQ(hinted(side, table, Capture::changelog, mark(side, table)), "");
    }
}

TEST_P(Reading, AQuickLookCallsATableQuietOnlyWhileNobodyWrites) {
    const LinkedTable& table = synced(job);
    both("insert into job values (1, 'a'), (2, 'b')");
    for (const Side side : {Side::desktop, Side::cloud})
        for (const char* write :
             {"insert into job values (3, 'c')", "update job set title = 'x' where id = 1",
              "delete from job where id = 2", "delete from job"}) {
            const std::string mark = store(side).snapshot({&table})->mark(table);
            const auto quiet = [&] { return store(side).look({{&table, Capture::changelog, mark}}).quiet; };
            // A file is looked through as quickly by the ordinary way.
            EXPECT_EQ(quiet(), db(side).kind() == Kind::postgres) << write;
            db(side).exec(write);
            EXPECT_FALSE(quiet()) << write;
        }
}

TEST_P(Reading, AQuickLookWithoutAMarkIsNotQuiet) {
    const LinkedTable& table = synced(job);
    for (const Side side : {Side::desktop, Side::cloud}) {
        EXPECT_FALSE(store(side).look({{&table, Capture::changelog, ""}}).quiet);
        const std::string mark = store(side).snapshot({&table})->mark(table);
        EXPECT_FALSE(store(side).look({{&table, Capture::digest, mark}}).quiet);
    }
}

TEST_P(Reading, ATableIsUntouchedUntilSomebodyWritesOrOneOfItsKeysWaits) {
    const LinkedTable& table = synced(job);
    both("insert into job values (1, 'a')");
    const auto untouched = [&](Side side, Capture by, const std::string& since) {
        return store(side).snapshot_of({{&table, by, since}})->untouched(table);
    };
    for (const Side side : {Side::desktop, Side::cloud}) {
        const std::string since = mark(side, table);
        // A file does not tell; it is looked through.
        EXPECT_EQ(untouched(side, Capture::changelog, since), db(side).kind() == Kind::postgres);
        EXPECT_FALSE(untouched(side, Capture::changelog, ""));
        EXPECT_FALSE(untouched(side, Capture::digest, since));
        db(side).exec("update job set title = 'z' where id = 1");
        EXPECT_FALSE(untouched(side, Capture::changelog, since));
    }
    const std::string since = mark(Side::desktop, table);
    Booking booking;
    booking.run = "run-1";
    booking.waiting = {{&table, {"1"}, "parked", "R7", "no parent", {"23503", "", "", "fk"}}};
    archive().book(booking, desktop_fence);
    EXPECT_FALSE(untouched(Side::desktop, Capture::changelog, since));
}

TEST_P(Reading, AChangelogThatCannotTellAsksForADigest) {
    const LinkedTable& table = synced(job);
    for (const Side side : {Side::desktop, Side::cloud}) {
        const std::string since = mark(side, table);
        EXPECT_EQ(hinted(side, table, Capture::changelog, ""), "digest");
        EXPECT_EQ(hinted(side, table, Capture::digest, since), "digest");
        store(side).install_table(table);  // a new changelog knows nothing of the time before
        const std::string after = hinted(side, table, Capture::changelog, since);
        EXPECT_EQ(after, db(side).kind() == Kind::sqlite ? "digest" : "");
    }
}

TEST_P(Reading, PurgingForgetsOnlyWhatTheMarkHasSeen) {
    const LinkedTable& table = synced(job);
    for (const Side side : {Side::desktop, Side::cloud}) {
        const std::string start = mark(side, table);
        db(side).exec("insert into job values (1, 'a')");
        const std::string seen = mark(side, table);
        db(side).exec("insert into job values (2, 'b')");
        store(side).purge_changes(table, seen);
        EXPECT_EQ(hinted(side, table, Capture::changelog, seen), "2");
        store(side).purge_changes(table, mark(side, table));
        const std::string later = mark(side, table);
        db(side).exec("insert into job values (3, 'c')");
        EXPECT_EQ(hinted(side, table, Capture::changelog, later), "3");
    }
}

TEST_P(Reading, TimestampCaptureSeesRowsStampedSinceTheMark) {
    TableSetting setting;
    setting.timestamps.updated = "at";
    setting.timestamps.desktop_zone = "UTC";
    const LinkedTable& table = synced("(id integer primary key, title text, at timestamp)", setting);
    both("insert into job values (1, 'old', '2001-01-01 00:00:00')");
    for (const Side side : {Side::desktop, Side::cloud}) {
        const std::string since = mark(side, table);
        db(side).exec("insert into job values (2, 'new', '2099-01-01 00:00:00'), (3, 'never', null)");
        EXPECT_EQ(hinted(side, table, Capture::timestamp, since), "2 3");
        EXPECT_EQ(row(side, table, {"1"}).facts.stamp, 978'307'200'000'000);
    }
}

TEST_P(Reading, KeysOfEqualTablesGiveEqualDigestsOnBothSides) {
    const LinkedTable& table = synced("(id text primary key, title text)");
    both(
        "insert into job values ('a', 'x'), ('a, \"b\"', 'y'), ('', 'z'), ('ü \\ (1)', 'w'), "
        "('a rather long key that needs more than one round', 'v')");
    const Digest desktop_keys = desktop().snapshot({&table})->digest(table, true);
    EXPECT_EQ(desktop_keys, cloud().snapshot({&table})->digest(table, true));
    std::int64_t rows_seen = 0;
    for (const auto& [bucket, sum] : desktop_keys) {
        EXPECT_TRUE(bucket >= 0 && bucket < 16384);
        rows_seen += sum.rows;
    }
    EXPECT_EQ(rows_seen, 5);
}

TEST_P(Reading, TheBaseHasTheDigestOfTheCloudThatWasAgreedOn) {
    const LinkedTable& table = synced(job);
    std::vector<Key> keys;
    for (int i = 1; i <= 40; ++i) {
        db(Side::desktop).exec(fmt::format("insert into job values ({}, 'job {}')", i, i));
        keys.push_back({std::to_string(i)});
    }
    agree_on(table, keys);
    const auto base_digest = [&](bool keys_only) {
        const auto snapshot = desktop().snapshot({&table});
        return archive().worklist(table, true)->base_digest(keys_only);
    };
    EXPECT_EQ(base_digest(false), cloud().snapshot({&table})->digest(table, false));
    EXPECT_EQ(base_digest(true), cloud().snapshot({&table})->digest(table, true));

    db(Side::cloud).exec("update job set title = 'edited' where id = 7");
    const auto snapshot = cloud().snapshot({&table});
    const Digest before = base_digest(false), now = snapshot->digest(table, false);
    std::vector<int> unequal;
    for (const auto& [bucket, sum] : now)
        if (!(before.at(bucket) == sum)) unequal.push_back(bucket);
    ASSERT_EQ(unequal.size(), 1U);
    std::set<std::string> listed;
    snapshot->list_buckets(table, unequal, [&](CloudHint&& hint) {
        EXPECT_TRUE(hint.hash.has_value());
        listed.insert(display(hint.key));
    });
    EXPECT_TRUE(listed.contains("7"));
}

// A store may compare in its own way: it finds what a comparison of the two digests finds.
TEST_P(Reading, ExactlyTheBucketsThatAreNotAsAgreedAreUnequal) {
    const LinkedTable& table = synced(job);
    std::vector<Key> keys;
    std::string values;
    for (int i = 1; i <= 400; ++i) {
        values += fmt::format("{}({}, 'job {}')", i == 1 ? "" : ", ", i, i);
        keys.push_back({std::to_string(i)});
    }
    db(Side::desktop).exec("insert into job values " + values);
    agree_on(table, keys);
    const auto expect_exact = [&](std::size_t at_least) {
        const auto desktop_snapshot = desktop().snapshot({&table});
        const auto snapshot = cloud().snapshot({&table});
        const auto worklist = archive().worklist(table, true);
        for (const bool keys_only : {false, true}) {
            const Digest agreed = worklist->base_digest(keys_only);
            const std::vector<int> unequal = snapshot->unequal_buckets(table, keys_only, agreed);
            EXPECT_EQ(unequal, unequal_buckets(agreed, snapshot->digest(table, keys_only)));
            EXPECT_GE(unequal.size(), keys_only ? 0 : at_least);
        }
    };
    expect_exact(0);
    db(Side::cloud).exec("update job set title = 'edited' where id in (7, 300)");
    expect_exact(2);
    db(Side::cloud).exec("insert into job values (1001, 'new')");
    db(Side::cloud).exec("delete from job where id in (11, 12)");
    expect_exact(4);
    db(Side::cloud).exec("delete from job where id > 0");
    expect_exact(300);
}

TEST_P(Reading, ValuesThatChangePlacesBetweenRowsMakeADifference) {
    const auto bucket = [](int id) { return sql::text_hash(fmt::format("({})", id), 0) & (bucket_count - 1); };
    int other = 2;
    while (bucket(other) != bucket(1)) ++other;
    const LinkedTable& table = synced(job);
    both(fmt::format("insert into job values (1, 'one'), (2, 'two'), ({}, 'other')", other));
    const Digest agreed = cloud().snapshot({&table})->digest(table, false);
    for (const int second : {2, other}) {  // in two buckets, and in one
        db(Side::cloud).exec(fmt::format("update job set title = '{1}' where id = 1; update job set title = 'one' where id = {0}",
                                         second, second == 2 ? "two" : "other"));
        EXPECT_FALSE(cloud().snapshot({&table})->unequal_buckets(table, false, agreed).empty()) << second;
        db(Side::cloud).exec(fmt::format("update job set title = 'one' where id = 1; update job set title = 'two' where id = 2; "
                                         "update job set title = 'other' where id = {}", other));
        EXPECT_TRUE(cloud().snapshot({&table})->unequal_buckets(table, false, agreed).empty()) << second;
    }
}

TEST_P(Reading, ValuesReadTheSameOnBothSides) {
    const LinkedTable& table = synced(
        "(id integer primary key, t text, n numeric, f double precision, b boolean, d date, at timestamp, y "
        "{bytes})");
    const auto exec = [&](const std::string& values, const char* bytes_postgres, const char* bytes_sqlite,
                          const char* yes, const char* no) {
        for (const Side side : {Side::desktop, Side::cloud}) {
            const bool postgres = db(side).kind() == Kind::postgres;
            db(side).exec(fmt::format(fmt::runtime("insert into job values " + values),
                                      fmt::arg("y", postgres ? bytes_postgres : bytes_sqlite),
                                      fmt::arg("yes", postgres ? "true" : yes),
                                      fmt::arg("no", postgres ? "false" : no)));
        }
    };
    exec("(1, 'plain', 12.50, 0.1, {yes}, '2024-02-29', '2024-02-29 12:00:00.500', {y})", "'\\x00ff'",
         "x'00ff'", "1", "0");
    exec("(2, '', 0, 0, {no}, '0099-12-31', '1969-12-31 23:59:59', {y})", "'\\x'", "x''", "1", "0");
    exec(
        "(3, 'a \"quoted\", (odd) \\ one', -0.001, 1e15, {yes}, '9999-12-31', '2024-01-01 00:00:00.000001', "
        "{y})",
        "'\\x616263'", "x'616263'", "1", "0");
    exec("(4, null, null, null, null, null, null, {y})", "null", "null", "1", "0");
    exec("(5, 'über\n\t', 1234567, 1.5e-7, {no}, '2000-01-01', '2000-01-01 00:00:00', {y})", "'\\x7f'",
         "x'7f'", "1", "0");
    exec("(6, '日本', -7, 123456789.125, {no}, '2000-01-01', '2000-01-01 00:00:01', {y})", "'\\x7f'", "x'7f'",
         "1", "0");
    exec("(7, 'x', 100, 99999999999999, {no}, '2000-01-01', '2000-01-01 00:00:01', {y})", "'\\x7f'", "x'7f'",
         "1", "0");
    exec("(8, 'x', 0.1, 1.7976931348623157e308, {no}, '2000-01-01', '2000-01-01 00:00:01', {y})", "'\\x7f'",
         "x'7f'", "1", "0");
    for (int id = 1; id <= 8; ++id) {
        const Key key{std::to_string(id)};
        const RowImage here = row(Side::desktop, table, key), there = row(Side::cloud, table, key);
        EXPECT_EQ(here.facts.canonical, there.facts.canonical) << id;
        for (std::size_t i = 0; i < here.cells.size(); ++i) {
            if (table.columns[i].canon == Canon::number || i == 2) continue;  // 12.50 and 12.5
            EXPECT_EQ(here.cells[i], there.cells[i]) << id << " " << table.columns[i].desktop.name;
        }
        EXPECT_TRUE(here.misfit.empty() && there.misfit.empty());
    }
    EXPECT_NE(row(Side::desktop, table, {"1"}).facts.canonical,
              row(Side::cloud, table, {"2"}).facts.canonical);
}

TEST_P(Reading, ValuesArriveAsTheyWereSent) {
    const LinkedTable& table = synced(
        "(id integer primary key, t text, n numeric, f double precision, b boolean, d date, at timestamp, y "
        "{bytes})");
    const bool postgres = db(Side::desktop).kind() == Kind::postgres;
    const std::string yes = postgres ? "true" : "1", bytes = postgres ? "'\\x00ff'" : "x'00ff'";
    db(Side::desktop)
        .exec(fmt::format("insert into job values (1, 'a \"b\", \\ ü', -12.25, 1e-7, {0}, '2024-02-29', "
                          "'2024-02-29 12:00:00.25', {1}), (2, null, null, null, null, null, null, null)",
                          yes, bytes));
    agree_on(table, {{"1"}, {"2"}});
    for (const Key& key : {Key{"1"}, Key{"2"}})
        EXPECT_EQ(row(Side::desktop, table, key).facts.canonical,
                  row(Side::cloud, table, key).facts.canonical);
}

TEST_P(Reading, AnyChangeOfAValueIsAChangeOfTheHash) {
    const LinkedTable& table = synced("(id integer primary key, t text, n numeric, f double precision)");
    both("insert into job values (1, 'a', 1, 1)");
    for (const Side side : {Side::desktop, Side::cloud}) {
        std::set<std::pair<std::int64_t, std::int64_t>> seen;
        const auto note = [&] {
            const Hash hash = row(side, table, {"1"}).facts.hash;
            return seen.insert({hash.a, hash.b}).second;
        };
        EXPECT_TRUE(note());
        EXPECT_FALSE(note());
        for (const char* change :
             {"t = 'A'", "t = null", "t = ''", "n = 1.5", "n = null", "f = 1.0000000000000002"}) {
            db(side).exec(fmt::format("update job set {}", change));
            EXPECT_TRUE(note()) << change;
        }
    }
}

TEST_P(Reading, TheFilterDecidesWhatIsSeen) {
    TableSetting setting;
    setting.where.emplace("title = 'mine'");
    const LinkedTable& table = synced(job, setting);
    both("insert into job values (1, 'mine'), (2, 'theirs')");
    EXPECT_EQ(changed_keys(table), "1");
    for (const Side side : {Side::desktop, Side::cloud}) {
        EXPECT_FALSE(row(side, table, {"1"}).facts.outside);
        EXPECT_TRUE(row(side, table, {"2"}).facts.outside);
        std::int64_t counted = 0;
        for (const auto& [bucket, sum] : store(side).snapshot({&table})->digest(table, true))
            counted += sum.rows;
        EXPECT_EQ(counted, 1);
    }
}

TEST_P(Reading, RowsOfMobileOriginAreMarkedAndCounted) {
    TableSetting setting;
    setting.origin = OriginSetting{"source", "D", "M"};
    const LinkedTable& table = synced("(id integer primary key, source text)", setting);
    both("insert into job values (1, 'D'), (2, 'M'), (3, null)");
    for (const Side side : {Side::desktop, Side::cloud}) {
        EXPECT_EQ(store(side).snapshot({&table})->count_protected(table), 1);
        EXPECT_TRUE(row(side, table, {"2"}).facts.marked_mobile);
        EXPECT_FALSE(row(side, table, {"3"}).facts.marked_mobile);
    }
}

TEST_P(Reading, KeysThatIdentifyNothingAreNamed) {
    TableSetting setting;
    setting.key = {"code"};
    const LinkedTable& table = synced("(id integer, code text)", setting);
    both("insert into job values (1, 'a'), (2, 'b')");
    for (const Side side : {Side::desktop, Side::cloud}) {
        EXPECT_TRUE(store(side).snapshot({&table})->duplicate_keys(table, 5).empty());
        db(side).exec("insert into job values (3, 'a'), (4, null)");
        const auto found = store(side).snapshot({&table})->duplicate_keys(table, 5);
        ASSERT_EQ(found.size(), 2U);
        EXPECT_TRUE(std::find(found.begin(), found.end(), "a (2 rows)") != found.end());
        EXPECT_TRUE(std::find(found.begin(), found.end(), "NULL") != found.end());
    }
}

}  // namespace
}  // namespace tideway::conformance
