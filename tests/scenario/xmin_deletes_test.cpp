// Rows that were deleted where xmin is all that tells of changes: they are found by how many are left, or key by key.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr const char* notes = "select id, body from note order by id";

class XminDeletes : public testing::TestWithParam<bool> {
  protected:
    XminDeletes() {
        pair.both("create table note (id int primary key, body text)");
        pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 200) i");
        pair.configure("[sync]\ncapture = 'xmin'\n[[table]]\nname = 'note'\n");
    }
    Db& here() { return GetParam() ? pair.desktop : pair.cloud; }
    Db& there() { return GetParam() ? pair.cloud : pair.desktop; }
    LivePair pair{"xmin"};
};
INSTANTIATE_TEST_SUITE_P(Side, XminDeletes, testing::Values(true, false),
                         [](const auto& side) { return std::string(side.param ? "desktop" : "cloud"); });

TEST_P(XminDeletes, AreFoundWhereNothingElseHappened) {
    EXPECT_EXIT_CODE(0, pair.sync());
    expect_quiet(pair);
    here().exec("delete from note where id = 7");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(there(), "select count(*) from note", "199");
    expect_quiet(pair);
}

// A full run has moved the marks behind what we wrote ourselves: from then on counting tells all.
TEST_P(XminDeletes, AreFoundWhereCountingToldThatNothingHappened) {
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EXIT_CODE(0, pair.sync({"--mode", "full"}));
    expect_quiet(pair);
    here().exec("delete from note where id = 7");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(there(), "select count(*) from note", "199");
    expect_quiet(pair);
}

// One row more, which waits, and one row less: as many as were agreed on.
TEST_P(XminDeletes, AreFoundBesideARowThatWaits) {
    there().exec("alter table note add constraint no_bad check (body <> 'bad')");
    EXPECT_EXIT_CODE(0, pair.sync());
    here().exec("insert into note values (300, 'bad')");
    EXPECT_EXIT_CODE(3, pair.sync());
    here().exec("delete from note where id = 7");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_ROWS(there(), "select count(*) from note where id = 7", "0");
    there().exec("alter table note drop constraint no_bad");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
    expect_quiet(pair);
}

TEST_P(XminDeletes, AreFoundBesideAsManyNewRows) {
    EXPECT_EXIT_CODE(0, pair.sync());
    here().exec("delete from note where id = 7; insert into note values (301, 'new')");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
    there().exec("delete from note where id = 8");
    here().exec("insert into note values (302, 'newer')");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
