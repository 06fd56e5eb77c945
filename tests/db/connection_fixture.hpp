// What the tests of db/postgres share: a database of their own, and hooks that count or throw.
#pragma once
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "db/postgres/connection.hpp"
#include "support/db.hpp"
#include "support/fresh_database.hpp"

namespace tideway::pg {

struct StopRequested {};

class TestHook : public WaitHook {
  public:
    void tick() override {
        ++ticks;
        if (throw_at > 0 && ticks >= throw_at) throw StopRequested{};
    }
    int ticks = 0;
    int throw_at = 0;  // 0 = never
};

inline Connection connect(const std::string& url, WaitHook* hook = nullptr, Millis deadline = Millis(0)) {
    return Connection::open({.url = url, .password = {}, .statement_deadline = deadline}, hook);
}

// What `act` throws; a failure of the test when it throws nothing or something else.
template <class Failure, class Act>
std::optional<Failure> caught(Act act) {
    try {
        act();
        ADD_FAILURE() << "nothing was thrown";
    } catch (const Failure& failure) {
        return failure;
    } catch (const std::exception& other) {
        ADD_FAILURE() << "something else was thrown: " << other.what();
    }
    return std::nullopt;
}

class ConnectionTest : public testing::Test {
  protected:
    // The connection still does what it should.
    static void expect_usable(Connection& connection) {
        EXPECT_FALSE(connection.lost());
        EXPECT_FALSE(connection.in_transaction());
        EXPECT_EQ(connection.query({"probe", "select 'alive'"}).text(0, 0), "alive");
    }
    std::string url() const { return database.url(); }

    test::Database database = test::fresh_database(test::shared_desktop(), "connection");
    test::Db observer{database};
};

}  // namespace tideway::pg
