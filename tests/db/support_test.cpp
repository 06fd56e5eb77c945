#include <gtest/gtest.h>

#include "support/db.hpp"
#include "support/fresh_database.hpp"
#include "support/pg_binaries.hpp"
#include "support/pg_server.hpp"
#include "support/rows.hpp"

namespace tideway::test {
namespace {

TEST(SupportServer, EveryInstalledVersionStartsAndServes) {
    for (const int version : {13, 14, 15, 16, 17, 18}) {
        if (!pg_available(version)) continue;
        PgServer server({.version = version});
        Db db(server.url("postgres"));
        EXPECT_EQ(db.number("select current_setting('server_version_num')::int / 10000"), version);
        EXPECT_EQ(Db(server.socket_url("postgres")).scalar("select 'x'"), "x");
    }
}

}  // namespace
}  // namespace tideway::test
