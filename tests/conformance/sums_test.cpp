// What only servers do: add up whole tables, adopt what both hold, and leave out of a row what nobody needs.
#include "conformance/pair.hpp"

namespace tideway::conformance {
namespace {

class Sums : public Pair {
  protected:
    // Before version 14 a server hashes rows otherwise, so nothing is adopted from or by another one.
    void SetUp() override {
        const auto hashes_records = [&](Side side) { return store(side).server().version >= 140000; };
        if (hashes_records(Side::desktop) != hashes_records(Side::cloud)) GTEST_SKIP() << "the two servers hash rows differently";
    }
    const LinkedTable& filled(const std::string& definition = "(id integer primary key, title text)") {
        const LinkedTable& table = synced(definition);
        both("insert into job (id, title) select i, 'title ' || i from generate_series(1, 3000) i");
        return table;
    }
    Digest sums(Side side, const LinkedTable& table, Summed summed) { return store(side).snapshot({&table})->sums(table, summed); }
    Adopted adopt(const LinkedTable& table) {
        return archive().adopt(table, 1, desktop_fence, [&] { return sums(Side::cloud, table, Summed::adoptable); });
    }
    AgreedSums agreed(const LinkedTable& table) {
        const auto snapshot = desktop().snapshot({&table});
        return archive().worklist(table, true)->agreed_sums();
    }
    std::string base(const std::string& what) { return db(Side::desktop).scalar("select " + what + " from tideway.base_1_1"); }
};
CONFORMANCE_SUITE(Sums, servers_only);

TEST_P(Sums, OfEqualTablesAreEqualAndOneCellChangesOneGroup) {
    const LinkedTable& table = filled();
    for (const Summed summed : {Summed::agreed, Summed::adoptable}) {
        EXPECT_GT(sums(Side::desktop, table, summed).size(), 900U);
        EXPECT_TRUE(sums(Side::desktop, table, summed) == sums(Side::cloud, table, summed));
    }
    for (const char* change : {"update job set title = title || '.' where id = 77", "delete from job where id = 78", "insert into job values (9000, '')"}) {
        const Digest before = sums(Side::cloud, table, Summed::agreed);
        db(Side::cloud).exec(change);
        EXPECT_EQ(unequal_buckets(before, sums(Side::cloud, table, Summed::agreed)).size(), 1U) << change;
    }
}

TEST_P(Sums, AdoptPutsEveryRowThatBothHoldIntoTheBaseAndNoOther) {
    const LinkedTable& table = filled();
    db(Side::cloud).exec("update job set title = 'phone' where id = 10; delete from job where id = 20; insert into job values (9000, 'phone')");
    db(Side::desktop).exec("insert into job values (9001, 'office')");
    const Adopted adopted = adopt(table);
    EXPECT_EQ(std::to_string(adopted.rows), base("count(*)"));
    EXPECT_GT(adopted.rows, 2'950);
    EXPECT_LE(adopted.unequal.size(), 4U * buckets_of_group);
    EXPECT_EQ(base("count(*) filter (where k1 in (10, 20, 9000, 9001))"), "0");
    EXPECT_EQ(base("count(*) filter (where state <> 'L' or origin <> 'D' or (hd_a, hd_b) <> (hc_a, hc_b))"), "0");
    // What is unequal now lies where it was found to be.
    const AgreedSums known = agreed(table);
    const auto differing = [&](const Digest& one, Side side) { return buckets_of(unequal_buckets(one, sums(side, table, Summed::agreed))); };
    for (const auto& buckets : {differing(known.desktop, Side::desktop), differing(known.cloud, Side::cloud)}) {
        EXPECT_FALSE(buckets.empty());
        EXPECT_TRUE(std::includes(adopted.unequal.begin(), adopted.unequal.end(), buckets.begin(), buckets.end()));
    }
    const std::string changed = " " + changed_keys(table) + " ";
    for (const char* key : {" 10 ", " 20 ", " 9001 "}) EXPECT_NE(changed.find(key), std::string::npos) << changed;
}

TEST_P(Sums, AdoptLeavesWhatIsKnownOfDeletedRowsAlone) {
    const LinkedTable& table = filled();
    // In the groups of keys that differ, in others, and for a row that is there again.
    db(Side::desktop).exec("insert into tideway.base_1_1 (k1, state) select i, 'T' from generate_series(3001, 6000) i");
    db(Side::cloud).exec("update job set title = 'phone' where id in (10, 11, 12)");
    EXPECT_LE(adopt(table).unequal.size(), 3U * buckets_of_group);
    EXPECT_EQ(base("count(*) filter (where state = 'T')"), "3000");
    db(Side::desktop).exec("delete from tideway.base_1_1 where state = 'L'; insert into tideway.base_1_1 (k1, state) values (20, 'T')");
    EXPECT_EQ(adopt(table).rows, 0) << "20 came back: that is for rules to decide";
    EXPECT_EQ(base("count(*) filter (where state = 'T')"), "3001");
}

TEST_P(Sums, WhereMostDiffersNothingIsAdopted) {
    const LinkedTable& table = filled();
    db(Side::cloud).exec("update job set title = 'phone'");
    const Adopted adopted = adopt(table);
    EXPECT_EQ(adopted.rows, 0);
    EXPECT_EQ(adopted.unequal, all_buckets());
    EXPECT_EQ(base("count(*)"), "0");
}

TEST_P(Sums, ARowInDoubtMakesItsGroupUnequalWhateverItHolds) {
    const LinkedTable& table = filled();
    adopt(table);
    EXPECT_TRUE(agreed(table).desktop == sums(Side::desktop, table, Summed::agreed));
    EXPECT_TRUE(agreed(table).cloud == sums(Side::cloud, table, Summed::agreed));
    db(Side::desktop).exec("update tideway.base_1_1 set state = 'U' where k1 in (5, 6); delete from job where id = 6");
    EXPECT_EQ(unequal_buckets(agreed(table).desktop, sums(Side::desktop, table, Summed::agreed)).size(), 2U);
    const auto snapshot = desktop().snapshot({&table});
    const auto worklist = archive().worklist(table, true);
    worklist->add_desktop_buckets(buckets_of(unequal_buckets(worklist->agreed_sums().desktop, snapshot->sums(table, Summed::agreed))));
    std::set<std::string> keys;
    for (const CandidateGroup& group : worklist->next(Part::everything, 100, 1 << 20)) keys.insert(display(group.key));
    EXPECT_EQ(fmt::format("{}", fmt::join(keys, " ")), "5 6");
}

TEST_P(Sums, ATallyCountsAsManyAgreedRowsAsItIsAskedFor) {
    const LinkedTable& table = filled();
    adopt(table);
    db(Side::desktop).exec("update job set title = 'office' where id <= 3");
    auto snapshot = desktop().snapshot({&table});
    auto worklist = archive().worklist(table, true);
    worklist->add_desktop_hints(Capture::digest, "");
    const RowsThatTell enough{100, 200};
    EXPECT_EQ(worklist->tally(enough).base_rows, 300);
    EXPECT_EQ(worklist->tally(RowsThatTell{100'000, 1}).base_rows, 3'000);
    EXPECT_EQ(worklist->tally().base_rows, 3'000);
    EXPECT_EQ(worklist->tally(enough).desktop_updated, 3);
    db(Side::desktop).exec("delete from job where id between 10 and 14");
    worklist.reset();
    snapshot.reset();
    snapshot = desktop().snapshot({&table});
    worklist = archive().worklist(table, true);
    worklist->add_desktop_hints(Capture::digest, "");
    EXPECT_EQ(worklist->tally(enough).base_rows, 1'000);
}

TEST_P(Sums, ARowThatIsAsAgreedOnComesWithoutWhatNobodyNeeds) {
    both("create table client (id integer primary key)");
    both("insert into client values (7)");
    const LinkedTable& table = synced("(id integer primary key, title text, client integer references client (id))");
    both("insert into job values (1, 'one', 7), (2, 'two', 7), (3, 'three', 7)");
    const Hash first = row(Side::cloud, table, {"1"}).facts.hash;
    const auto snapshot = cloud().snapshot({&table});
    auto images = snapshot->rows_of({{&table, {{"1"}, {"2"}, {"3"}}, {first, first, std::nullopt}}}).front();
    std::sort(images.begin(), images.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    ASSERT_EQ(images.size(), 3U);
    EXPECT_TRUE(images[0].as_agreed);
    EXPECT_EQ(images[0].cells, (Cells{"1", std::nullopt, "7"}));
    EXPECT_EQ(images[0].facts.hash, first);
    for (const std::size_t whole : {1U, 2U}) {
        EXPECT_FALSE(images[whole].as_agreed);
        EXPECT_EQ(images[whole].cells.at(1), whole == 1 ? "two" : "three");
    }
    EXPECT_EQ(snapshot->rows(table, {{"1"}}).at(0).cells.at(1), "one");
}

}  // namespace
}  // namespace tideway::conformance
