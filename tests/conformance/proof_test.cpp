// What stores offer for proving both sides equal: the same sums, lists and hashes for equal rows, whatever keeps them.
#include "conformance/pair.hpp"
#include "engine/verify.hpp"

namespace tideway::conformance {
namespace {

class Proving : public Pair {
  protected:
    ProofForm form() { return proof_form(desktop().server(), cloud().server()); }

    struct Read {
        std::map<int, BucketSum> all, buckets;
        std::vector<ProofRow> rows;
    };
    Read read(Side side, const LinkedTable& table, ProofForm how, BucketRange range = {}) {
        const auto snapshot = store(side).snapshot({&table});
        const auto reader = snapshot->proof(table, how);
        int pauses = 0;
        reader->read(range, [&] { return ++pauses > 0; });
        EXPECT_GT(pauses, 0);
        Read found{reader->sums(bucket_count, bucket_count, {0}), {}, {}};
        std::vector<int> middle(128), wanted;
        for (int i = 0; i < 128; ++i) middle[static_cast<std::size_t>(i)] = i;
        found.buckets = reader->sums(1, 128, middle);
        for (const auto& [bucket, sum] : found.buckets) wanted.push_back(bucket);
        if (!wanted.empty()) reader->list(wanted, [&](ProofRow&& row) { found.rows.push_back(std::move(row)); });
        std::sort(found.rows.begin(), found.rows.end());
        return found;
    }
    void expect_alike(const LinkedTable& table, ProofForm how) {
        const Read here = read(Side::desktop, table, how), there = read(Side::cloud, table, how);
        EXPECT_EQ(here.all, there.all);
        EXPECT_EQ(here.buckets, there.buckets);
        EXPECT_EQ(here.rows, there.rows);
        EXPECT_FALSE(here.rows.empty());
    }
};
CONFORMANCE_SUITE(Proving, all_kinds);

constexpr const char* job = "(id integer primary key, title text, price numeric, done boolean, day date)";
constexpr const char* some_rows =
    "insert into job values (1, 'plain', 1.50, true, '2024-02-29'), (2, 'quote \" and \\ , ()', 120, false, null), (3, "
    "'', -0.001, null, '1999-12-31'), (4, null, null, true, null), (-5, 'caf\u00e9', 7, true, '2024-01-01')";

TEST_P(Proving, EqualRowsHaveEqualSumsAndHashesInEveryFormThatBothSidesKnow) {
    const LinkedTable& table = synced(job);
    both(some_rows);
    expect_alike(table, form());
    expect_alike(table, ProofForm::text);
    expect_alike(table, ProofForm::bytes);
}

TEST_P(Proving, AnyOtherValueShowsInTheBucketOfItsKeyAlone) {
    const LinkedTable& table = synced(job);
    both(some_rows);
    db(Side::cloud).exec("update job set title = 'Plain' where id = 1");
    const Read here = read(Side::desktop, table, form()), there = read(Side::cloud, table, form());
    EXPECT_NE(here.all, there.all);
    EXPECT_EQ(unequal_groups(here.buckets, there.buckets).size(), 1U);
    EXPECT_EQ(unequal_keys(here.rows, there.rows), (std::map<Key, Unequal>{{{"1"}, Unequal::differs}}));
}

TEST_P(Proving, ARangeOfBucketsIsReadAloneAndTheRangesMakeUpTheWhole) {
    const LinkedTable& table = synced(job);
    both(some_rows);
    for (const Side side : {Side::desktop, Side::cloud}) {
        std::int64_t sum = 0;
        for (const BucketRange& range : slices(0, 40, 10)) {
            const Read part = read(side, table, form(), range);
            for (const auto& [bucket, found] : part.buckets) {
                EXPECT_GE(bucket, range.first);
                EXPECT_LT(bucket, range.end);
                sum += found.rows;
            }
        }
        EXPECT_EQ(sum, 5);
    }
}

TEST_P(Proving, KeysAreLookedAtAgainAndThoseThatAreGoneAreNotThere) {
    const LinkedTable& table = synced(job);
    both(some_rows);
    for (const Side side : {Side::desktop, Side::cloud}) {
        const auto snapshot = store(side).snapshot({&table});
        auto found = snapshot->proof(table, form())->look({{"2"}, {"-5"}, {"99"}});
        std::sort(found.begin(), found.end());
        ASSERT_EQ(found.size(), 2U);
        EXPECT_EQ(found[0].key, Key{"-5"});
        EXPECT_EQ(found[1].key, Key{"2"});
    }
}

TEST_P(Proving, RowsThatShareAKeyAreComparedAsAMultiset) {
    TableSetting setting;
    setting.identity = Identity::business_key_ordinal;
    setting.key = {"client"};
    both("create table job (id integer, client integer, title text)");
    install_pair();
    setting.skip = {"id"};
    const LinkedTable& table = linked("job", setting);
    install(table);
    db(Side::desktop).exec("insert into job values (1, 7, 'a'), (2, 7, 'a'), (3, null, 'b')");
    db(Side::cloud).exec("insert into job values (5, null, 'b'), (6, 7, 'a'), (9, 7, 'a')");
    expect_alike(table, form());
    db(Side::cloud).exec("delete from job where id = 9");
    EXPECT_EQ(unequal_keys(read(Side::desktop, table, form()).rows, read(Side::cloud, table, form()).rows).size(), 1U);
}

TEST_P(Proving, AnInterruptedVerificationIsTakenUpAndAClosedOneIsNot) {
    const LinkedTable& table = synced(job);
    ProofRecords& records = archive().proofs();
    EXPECT_TRUE(records.proven().empty());
    const ProofPass first = records.open("one", "job", 4);
    EXPECT_EQ(first.id, "one");
    EXPECT_FALSE(first.resumed);
    records.note("one", table.id, {100, 5'000'000, {10, 1, 2, 3}});
    EXPECT_TRUE(records.proven().empty()) << "half a table proves nothing";
    const ProofPass again = records.open("two", "job", 4);
    EXPECT_EQ(again.id, "one");
    EXPECT_TRUE(again.resumed);
    ASSERT_TRUE(again.tables.contains(table.id));
    const ProofProgress& known = again.tables.at(table.id);
    EXPECT_EQ(known.position, 100);
    EXPECT_EQ(known.counts.rows, 10);
    EXPECT_EQ(known.counts.in_flight(), 6);
    EXPECT_EQ(records.open("three", "other tables", 4).id, "three");
    records.note("three", table.id, {bucket_count, 1'700'000'000'000'000, {20, 0, 0, 0}});
    EXPECT_EQ(records.proven().at(table.id), "2023-11-14T22:13:20Z");
    records.close("three");
    EXPECT_FALSE(records.open("four", "other tables", 4).resumed);
    EXPECT_FALSE(records.open("five", "other tables", 0).resumed) << "not older than nothing";
    EXPECT_EQ(records.proven().at(table.id), "2023-11-14T22:13:20Z") << "a new pass forgets no proof";
}

}  // namespace
}  // namespace tideway::conformance
