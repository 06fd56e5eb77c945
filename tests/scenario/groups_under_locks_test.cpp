// Rows that one user's transaction wrote together and that references connect (S5): they arrive together,
// also when somebody's lock makes the program take its batch apart.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// A phone writes four clients, each with its job, in one transaction each. Somebody at the office is about to
// insert a client whose key a phone has given as well: nobody can know yet whether that key is free.
TEST(GroupsUnderLocks, RowsOfOneTransactionArriveTogetherWhenABatchIsTakenApart) {
    LivePair pair("groups");
    pair.both(
        "create table client (id int primary key, name text);"
        "create table job (id int primary key, client_id int not null references client)");
    pair.configure("[[table]]\nname = 'client'\n[[table]]\nname = 'job'\n");
    for (int id = 1; id <= 4; ++id)
        pair.cloud.exec(fmt::format(
            "begin; insert into client values ({0}, 'phone'); insert into job values ({0}, {0}); commit",
            id));
    pair.cloud.exec("insert into client values (9, 'phone')");
    Db office(pair.desktop_database);
    office.exec("begin; insert into client values (9, 'office')");
    const TidewayResult result = pair.sync();
    EXPECT_EQ(result.exit_code, 3) << told(result);
    office.exec("rollback");
    EXPECT_EQ(pair.desktop.number("select count(*) from job"), 4);
    EXPECT_ROWS(
        pair.desktop,
        "select j.id from client c join job j on j.client_id = c.id where c.xmin <> j.xmin order by 1", "");
}

}  // namespace
}  // namespace tideway::test
