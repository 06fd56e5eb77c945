// Hazard H9 of correctness.md 4: the transaction counter starts again, runs far ahead, or goes back.
#include "scenario/hazard_pair.hpp"
#include "scenario/xid_counter.hpp"

namespace tideway::test {
namespace {

// ---- H9 --------------------------------------------------------------------------------------------------

std::string capture_used(const TidewayResult& result, At side) {
    return result.json["tables"][0]["capture"][word(side)].get<std::string>();
}

// One server for all: its counter only ever moves on.
PgServer& worn_server() {
    static PgServer server;
    return server;
}

class HazardXid : public CaptureTest {};
INSTANTIATE_TEST_SUITE_P(Each, HazardXid, testing::ValuesIn(exact_captures()), name_of);

PairOptions on_worn_server(PairOptions options, At here) {
    (here == At::desktop ? options.desktop_server : options.cloud_server) = &worn_server();
    return options;
}

TEST_P(HazardXid, H09_rows_written_after_the_transaction_counter_wrapped_are_found) {
    const HazardPair pair("h09", on_worn_server(options(), here()));
    first_sync(pair, here(), 20);
    XidCounter counter(worn_server());
    counter.advance_to_end_of_epoch();
    pair.open(here()).exec("insert into job values (31, 'before the wrap')");
    EXPECT_SYNC(pair.sync_from(here()), 0);
    pair.open(here()).exec("insert into job values (32, 'just before the wrap')");
    counter.wrap();
    pair.open(here()).exec(
        "insert into job values (33, 'after the wrap'); update job set note = 'new', updated_at = now() "
        "where id = 5; delete from job where id = 6");
    const TidewayResult wrapped = pair.sync_from(here());
    EXPECT_EQ(wrapped.exit_code, 0) << text_of(wrapped);
    EXPECT_EQ(capture_used(wrapped, here()), capture());
    EXPECT_ROWS(pair.on(there()),
                "select string_agg(id || note, ',' order by id) from job where id in (5, 6) or id > 30",
                "5new,31before the wrap,32just before the wrap,33after the wrap");
    expect_in_agreement(pair);
}

TEST_P(HazardXid, H09_a_gap_of_more_than_half_the_counter_is_no_silence) {
    const HazardPair pair("h09_gap", on_worn_server(options(), here()));
    first_sync(pair, here(), 20);
    XidCounter counter(worn_server());
    pair.open(here()).exec("insert into job values (31, 'at the start of the gap')");
    counter.advance_by(1'500'000'000);
    counter.advance_by(1'500'000'000);
    pair.open(here()).exec("insert into job values (32, 'at its end'); delete from job where id = 7");
    const TidewayResult after = pair.sync_from(here());
    EXPECT_EQ(after.exit_code, 0) << text_of(after);
    EXPECT_EQ(capture_used(after, here()), capture() == "xmin" ? "digest" : capture());
    EXPECT_ROWS(pair.on(there()),
                "select count(*), string_agg(note, ',' order by id) filter (where id > 30) from job",
                "21|at the start of the gap,at its end");
    expect_in_agreement(pair);
}

// The counter went back, as after a dump and load into another cluster under the same state: nothing can be
// concluded from a mark, so everything is compared.
TEST_P(HazardXid, H09_a_counter_that_went_back_is_no_silence) {
    PgServer server;
    PairOptions settings = options();
    (here() == At::desktop ? settings.desktop_server : settings.cloud_server) = &server;
    const HazardPair pair("h09_back", settings);
    first_sync(pair, here(), 20);
    XidCounter counter(server);
    counter.advance_by(1'000'000);
    EXPECT_SYNC(pair.sync(), 0);
    pair.open(here()).exec("insert into job values (30, 'moves the mark')");
    EXPECT_SYNC(pair.sync(), 0);
    counter.go_back_by(900'000);
    pair.open(here()).exec("insert into job values (31, 'with an old number'); delete from job where id = 7");
    const TidewayResult after = pair.sync_from(here());
    EXPECT_EQ(after.exit_code, 0) << text_of(after);
    EXPECT_EQ(capture_used(after, here()), "digest");
    EXPECT_ROWS(pair.on(there()), "select count(*) from job where id = 31 or id = 7", "1");
    expect_in_agreement(pair);
}

}  // namespace
}  // namespace tideway::test
