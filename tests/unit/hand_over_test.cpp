// Values cross between two threads in order, and either side may leave.
#include <gtest/gtest.h>

#include <numeric>
#include <thread>
#include <vector>

#include "base/hand_over.hpp"

namespace tideway {
namespace {

TEST(HandOver, values_arrive_in_order_and_the_end_is_seen) {
    HandOver<int> values(2);
    std::thread giver([&] {
        for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(values.give(i));
        values.close();
    });
    std::vector<int> taken;
    while (const std::optional<int> value = values.take()) taken.push_back(*value);
    giver.join();
    std::vector<int> expected(1'000);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(taken, expected);
}

TEST(HandOver, a_taker_that_leaves_sets_a_waiting_giver_free) {
    HandOver<int> values(1);
    std::thread giver([&] {
        while (values.give(1)) {
        }
    });
    EXPECT_TRUE(values.take().has_value());
    values.abandon();
    giver.join();
    EXPECT_FALSE(values.give(2));
}

TEST(HandOver, what_was_given_before_the_end_is_still_taken) {
    HandOver<int> values(2);
    {
        const ClosesAtEnd<int> end{values};
        EXPECT_TRUE(values.give(7));
    }
    EXPECT_EQ(values.take(), 7);
    EXPECT_EQ(values.take(), std::nullopt);
}

}  // namespace
}  // namespace tideway
