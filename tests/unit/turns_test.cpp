// Threads finish in the order in which they began, and one that gives up sets the others free.
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/turns.hpp"

namespace tideway {
namespace {

constexpr auto an_hour = std::chrono::hours(1);

TEST(Turns, come_in_order_whoever_is_ready_first) {
    Turns turns;
    std::vector<int> order;
    std::vector<std::thread> threads;
    for (int turn = 9; turn >= 0; --turn)
        threads.emplace_back([&, turn] {
            EXPECT_TRUE(turns.await(turn, an_hour, [] {}));
            order.push_back(turn);
            turns.pass();
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(Turns, none_comes_after_somebody_gave_up) {
    Turns turns;
    std::thread waiting([&] { EXPECT_FALSE(turns.await(1, an_hour, [] {})); });
    EXPECT_FALSE(turns.given_up());
    turns.give_up();
    waiting.join();
    EXPECT_TRUE(turns.given_up());
    EXPECT_FALSE(turns.await(0, an_hour, [] {}));
}

TEST(Turns, whoever_waits_is_heard_of_and_may_leave) {
    Turns turns;
    int asked = 0;
    const auto leave = [&] {
        if (++asked == 3) throw std::runtime_error("enough");
    };
    EXPECT_THROW(turns.await(1, std::chrono::milliseconds(1), leave), std::runtime_error);
    EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace tideway
