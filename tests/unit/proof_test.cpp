// The pure parts of proving two sides equal: portions of blocks and buckets, comparing lists, the account of a run.
#include <gtest/gtest.h>

#include "engine/verify.hpp"
#include "model/account.hpp"
#include "store/postgres/block_walk.hpp"

namespace tideway {
namespace {

using pg::BlockWalk;

TEST(BlockWalk, covers_every_block_once_and_leaves_the_last_portion_open) {
    for (const std::int64_t blocks : {std::int64_t{0}, std::int64_t{1}, std::int64_t{16'384}, std::int64_t{1'000'000}}) {
        BlockWalk walk(blocks);
        std::int64_t expected = 0;
        bool open = false;
        while (const auto portion = walk.next()) {
            EXPECT_FALSE(open);
            EXPECT_EQ(portion->first, expected);
            open = !portion->end;
            if (portion->end) expected = *portion->end;
            walk.took(1'000'000);
        }
        EXPECT_TRUE(open) << blocks;
    }
}

TEST(BlockWalk, portions_grow_on_a_quick_server_and_shrink_on_a_slow_one) {
    BlockWalk walk(1LL << 40);
    walk.next();
    walk.took(100);
    const auto grown = walk.next();
    EXPECT_EQ(*grown->end - grown->first, BlockWalk::first_portion * 4);
    walk.took(BlockWalk::target_micros * 8);
    const auto cut = walk.next();
    EXPECT_EQ(*cut->end - cut->first, BlockWalk::first_portion / 2);
    walk.took(BlockWalk::target_micros * 1'000'000);
    const auto least = walk.next();
    EXPECT_EQ(*least->end - least->first, BlockWalk::smallest_portion);
}

TEST(Slices, cover_all_buckets_from_the_position_on) {
    for (const int position : {0, 5, 4096, bucket_count})
        for (const std::int64_t rows : {std::int64_t{0}, std::int64_t{2'000}, std::int64_t{1'000'000'000}}) {
            int expected = position;
            for (const BucketRange& slice : slices(position, rows, 500)) {
                EXPECT_EQ(slice.first, expected);
                EXPECT_GT(slice.end, slice.first);
                expected = slice.end;
            }
            EXPECT_EQ(expected, bucket_count);
        }
    EXPECT_EQ(slices(0, 2'000, 500).size(), 4U);
    EXPECT_EQ(slices(0, 2'000, 5'000'000).size(), 1U);
}

TEST(Buckets, unequal_ones_are_those_with_other_sums_or_on_one_side_only) {
    const std::map<int, BucketSum> desktop{{1, {1, 5, 5}}, {2, {1, 6, 6}}, {4, {1, 0, 0}}},
        cloud{{1, {1, 5, 5}}, {2, {1, 6, 7}}, {3, {2, 0, 0}}};
    EXPECT_EQ(unequal_groups(desktop, cloud), (std::vector<int>{2, 3, 4}));
    EXPECT_TRUE(unequal_groups(desktop, desktop).empty());
}

TEST(Buckets, portions_hold_as_many_rows_as_may_be_in_memory) {
    std::map<int, BucketSum> sums;
    for (int i = 0; i < 10; ++i) sums[i] = {30, 0, 0};
    const std::vector<int> all{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    const auto portions = bucket_portions(all, sums, sums, 150);  // 60 rows a bucket
    ASSERT_EQ(portions.size(), 5U);
    for (const auto& portion : portions) EXPECT_EQ(portion.size(), 2U);
    EXPECT_EQ(bucket_portions(all, sums, sums, 1).size(), 10U);
    EXPECT_TRUE(bucket_portions({}, sums, sums, 1).empty());
}

TEST(UnequalKeys, compares_all_rows_of_a_key_however_often_they_occur) {
    const auto row = [](const char* key, std::int64_t hash) { return ProofRow{{key}, {hash, hash}}; };
    const auto found = unequal_keys({row("same", 1), row("twice", 2), row("twice", 2), row("d", 3), row("x", 4)},
                                    {row("x", 5), row("twice", 2), row("c", 9), row("same", 1)});
    EXPECT_EQ(found, (std::map<Key, Unequal>{{{"twice"}, Unequal::differs},
                                             {{"x"}, Unequal::differs},
                                             {{"d"}, Unequal::only_desktop},
                                             {{"c"}, Unequal::only_cloud}}));
}

TEST(ProofForm, is_native_only_where_both_servers_hash_records_of_utf8) {
    ServerFacts modern;
    modern.version = 150'000;
    modern.encoding = "UTF8";
    ServerFacts old = modern, latin = modern, file = modern;
    old.version = 130'000;
    latin.encoding = "LATIN1";
    file.embedded = true;
    EXPECT_EQ(proof_form(modern, modern), ProofForm::native);
    EXPECT_EQ(proof_form(modern, old), ProofForm::text);
    EXPECT_EQ(proof_form(file, modern), ProofForm::text);
    EXPECT_EQ(proof_form(modern, latin), ProofForm::bytes);
    EXPECT_EQ(proof_form(latin, file), ProofForm::bytes);
}

AccountKey touched(const char* key, std::int64_t before, std::int64_t after, bool by_user, bool erased = false) {
    return {{key}, by_user, erased, before, after};
}

TEST(Account, what_users_removed_is_not_lost) {
    const Account account = account_of({touched("1", 1, 0, true), touched("2", 1, 0, false, true),
                                        touched("3", 0, 1, true), touched("4", 1, 1, true)},
                                       10, 9);
    EXPECT_EQ(account.removed_by_users, 2);
    EXPECT_EQ(account.lost, 0);
}

TEST(Account, a_row_that_only_the_run_touched_and_that_is_gone_is_lost) {
    const Account account = account_of({touched("1", 1, 0, false)}, 10, 9);
    EXPECT_EQ(account.lost, 1);
    EXPECT_EQ(account.lost_keys, std::vector<Key>{{"1"}});
}

TEST(Account, a_loss_that_nothing_logged_shows_behind_a_new_row_too) {
    EXPECT_EQ(account_of({touched("new", 0, 1, true)}, 10, 10).lost, 1);
    EXPECT_EQ(account_of({}, 10, 7).lost, 3);
    EXPECT_EQ(account_of({}, 10, 12).lost, 0);
}

}  // namespace
}  // namespace tideway
