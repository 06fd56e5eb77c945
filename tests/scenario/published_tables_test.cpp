// Servers that publish every change, as hosted ones do for their apps: then a table without a key, ours too,
// takes no update and no delete unless it says what identifies its rows.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

TEST(PublishedTables, SidesThatPublishEveryTableAreSyncedLikeAnyOthers) {
    LivePair pair("published");
    pair.both("create publication everything for all tables");
    twenty_notes(pair, "capture = 'changelog'\n");
    for (int round = 1; round <= 2; ++round) {
        pair.desktop.exec(fmt::format("update note set body = 'office {0}' where id = {0}", round));
        pair.cloud.exec(fmt::format("delete from note where id = {}", 10 + round));
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.expect_equal(notes);
    }
    expect_quiet(pair);
    EXPECT_ROWS(pair.cloud, "select id, body from note where id in (1, 2, 11, 12) order by id",
                "1|office 1\n2|office 2");
}

}  // namespace
}  // namespace tideway::test
