// Hazards of size (H41): large values, many columns, rows beyond what a batch holds.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr long kib_of_20_mb = 20'000'000 / 1024;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_means_something = false;  // a sanitizer keeps what was freed
#else
constexpr bool memory_means_something = true;
#endif

constexpr const char* fingerprint = "select id, length(body), md5(body), n from note order by id";

// Slow machines need their time.
TidewayResult sync(const LivePair& pair) {
    return run_tideway(pair.config, {"sync", "--json"}, {}, {.deadline = std::chrono::minutes(10)});
}

// Little work for the servers, which keep it compressed; on its way it is as long as it is.
std::string large_text(int megabytes, const std::string& salt) {
    return fmt::format("repeat(md5('{}'), {})", salt, megabytes * 1'000'000 / 32);
}

TEST(Hazard, H41_TextsOfTwentyMegabytesTravelBothWaysOneAtATime) {
    LivePair pair("h41_text");
    pair.both(note_table);
    pair.configure(note_config);
    const long base = run_tideway({"--version"}).peak_kib;
    pair.desktop.exec("insert into note select i, " + large_text(20, "office") +
                      " from generate_series(1, 2) i; insert into note values (10, 'small')");
    pair.cloud.exec("insert into note values (20, " + large_text(20, "phone") + ")");
    const TidewayResult result = sync(pair);
    EXPECT_EXIT_CODE(0, result);
    pair.expect_equal(fingerprint);
    EXPECT_EQ(pair.desktop.number("select count(*) from note"), 4);
    // Some copies of one row on its way, not of all three.
    if (memory_means_something) {
        EXPECT_LT(result.peak_kib, base + 8 * kib_of_20_mb);
    }
    pair.desktop.exec("update note set n = 1 where id in (1, 20)");
    EXPECT_EXIT_CODE(0, sync(pair));
    pair.expect_equal(fingerprint);
}

TEST(Hazard, H41_AConflictOverALargeTextKeepsTheLoserWhole) {
    LivePair pair("h41_conflict");
    pair.both(note_table);
    pair.configure(note_config + std::string("conflict = 'cloud'\n"));
    pair.desktop.exec("insert into note values (1, 'first')");
    EXPECT_EXIT_CODE(0, sync(pair));
    pair.desktop.exec("update note set body = " + large_text(9, "office"));
    pair.cloud.exec("update note set body = " + large_text(9, "phone"));
    const std::string lost = pair.desktop.scalar("select body from note");
    EXPECT_EXIT_CODE(0, sync(pair));
    pair.expect_equal(fingerprint);
    EXPECT_GT(kept_in(pair.desktop, lost), 0) << "the version that lost is not kept";
    expect_quiet(pair);
}

// One batch holds 5,000 rows or 8 MB.
TEST(Hazard, H41_RowsLargerThanABatchGoAmongSmallOnes) {
    LivePair pair("h41_batch");
    pair.both(note_table);
    pair.configure(note_config);
    pair.desktop.exec("insert into note select i, case when i % 50 = 0 then " + large_text(9, "office") +
                      " else 'note' end from generate_series(1, 100) i");
    EXPECT_EXIT_CODE(0, sync(pair));
    pair.expect_equal(fingerprint);
    pair.cloud.exec("update note set n = 1 where id % 50 < 2");
    EXPECT_EXIT_CODE(0, sync(pair));
    pair.expect_equal(fingerprint);
    expect_quiet(pair);
}

TEST(Hazard, H41_ATableOfAThousandColumns) {
    LivePair pair("h41_columns");
    std::string columns, values;
    for (int i = 1; i < 1000; ++i) {
        columns += fmt::format(", c{} {}", i, i % 2 == 0 ? "int" : "varchar(12)");
        values += fmt::format(", {}", i % 2 == 0 ? std::to_string(i) : fmt::format("'v' || i || '_{}'", i));
    }
    pair.both("create table wide (id int primary key" + columns + ")");
    pair.configure("[[table]]\nname = 'wide'\n");
    pair.desktop.exec("insert into wide select i" + values + " from generate_series(1, 100) i");
    EXPECT_EXIT_CODE(0, sync(pair));
    pair.expect_equal("select id, md5(w::text) from wide w order by id");
    pair.cloud.exec("update wide set c999 = 'last', c1 = null where id <= 30");
    pair.desktop.exec("update wide set c500 = -1 where id > 70");
    EXPECT_EXIT_CODE(0, sync(pair));
    pair.expect_equal("select id, md5(w::text) from wide w order by id");
    EXPECT_EQ(pair.desktop.number("select count(*) from wide where c999 = 'last' and c1 is null"), 30);
    EXPECT_EQ(pair.cloud.number("select count(*) from wide where c500 = -1"), 30);
    expect_quiet(pair);
}

// The cloud's rows are as agreed on, and nobody needs them: a deleted row that is only held is not read.
TEST(Hazard, H41_WideRowsThatWaitForAPersonTakeNoMemory) {
    LivePair pair("h41_held");
    pair.both("create table item (id int primary key, body text); alter table item alter body set storage external;"
              "insert into item select i, repeat(md5(i::text), 1000) from generate_series(1, 3000) i");
    pair.configure("[guard]\nmax_deletes = '100%'\nmax_shrinkage = '100%'\n[[table]]\nname = 'item'\ndeletes = 'hold'\n");
    const long little = pair.sync().peak_kib;
    pair.desktop.exec("delete from item where id <= 2500");
    for (const char* mode : {"incremental", "full"}) {
        const TidewayResult result = pair.sync({"--mode", mode});
        EXPECT_EXIT_CODE(3, result);
        if (memory_means_something) {
            EXPECT_LT(result.peak_kib, little + 64 * 1024) << mode;
        }
    }
    EXPECT_EQ(pair.cloud.number("select count(*) from item"), 3'000);
}

}  // namespace
}  // namespace tideway::test
