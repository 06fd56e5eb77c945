// What the first users' engine held in memory three times over, and what took too long (entries 45 and 46).
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr int many = 60'000;
constexpr int columns = 70;  // times 1000 rows: more than a statement can have parameters

std::string wide_table() {
    std::string text = "create table jobwide (job_id numeric(10) primary key";
    for (int i = 1; i < columns; ++i) text += fmt::format(", c{} varchar(20)", i);
    return text + ")";
}

// `many` rows of the wide table at the desktop, as little work for the server as that can be.
void fill(Db& desktop) {
    std::string values = "i";
    for (int i = 1; i < columns; ++i) values += fmt::format(", '{}'", i);
    desktop.exec(fmt::format("insert into jobwide select {} from generate_series(1, {}) i", values, many));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_means_something = false;  // a sanitizer keeps what was freed
#else
constexpr bool memory_means_something = true;
#endif

// A role with what doctor prints, whose statements may take five seconds.
void use_a_limited_role(LivePair& pair) {
    pair.both("create role office_46 login; alter role office_46 set statement_timeout = '5s'");
    pair.desktop_url = pair.desktop_database.url("office_46");
    pair.cloud_url = pair.cloud_database.url("office_46");
    pair.configure("[[table]]\nname = 'jobwide'\n");
    const TidewayResult printed = run_tideway(pair.config, {"doctor", "--print-grants"});
    const std::size_t middle = printed.out.find("-- cloud side");
    if (middle == std::string::npos) throw std::runtime_error("no grants: " + told(printed));
    pair.desktop.exec(printed.out.substr(0, middle));
    pair.cloud.exec(printed.out.substr(middle));
}

// One first run of the wide table, for both tests.
struct WideRun {
    TidewayResult result;
    long base_kib;
    long long arrived;
    std::string desktop, cloud;  // checksums

    static const WideRun& once() {
        static const WideRun run = make();
        return run;
    }

  private:
    static WideRun make() {
        LivePair pair("jobwide");
        pair.both(wide_table());
        use_a_limited_role(pair);
        fill(pair.desktop);
        const char* checksum = "select sum(hashtext(t::text)) from jobwide t";
        const long base = run_tideway({"--version"}).peak_kib;
        TidewayResult result =
            run_tideway(pair.config, {"sync", "--json"}, {}, {.deadline = std::chrono::minutes(10)});
        return {std::move(result), base, pair.cloud.number("select count(*) from jobwide"),
                pair.desktop.scalar(checksum), pair.cloud.scalar(checksum)};
    }
};

TEST(FirstUsers, entry_45_memory_does_not_grow_with_the_table) {
    const WideRun& run = WideRun::once();
    ASSERT_EXIT_CODE(0, run.result);
    ASSERT_GT(run.base_kib, 0);
    if (memory_means_something) {
        EXPECT_LT(run.result.peak_kib, run.base_kib + 64 * 1024);
    }
}

TEST(FirstUsers, entry_46_a_large_table_arrives_where_a_statement_may_take_five_seconds) {
    const WideRun& run = WideRun::once();
    ASSERT_EXIT_CODE(0, run.result);
    EXPECT_EQ(run.arrived, many);
    EXPECT_EQ(run.desktop, run.cloud);
}

}  // namespace
}  // namespace tideway::test
