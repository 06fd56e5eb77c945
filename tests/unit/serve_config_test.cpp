// [serve] of the configuration file.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "config/config.hpp"

namespace tideway {
namespace {

Config parse(const std::string& serve) {
    return parse_config("[desktop]\nurl = \"host=a\"\n[cloud]\nurl = \"host=b\"\n[[table]]\nname = \"t\"\n" + serve,
                        "/etc/tideway/main.toml");
}

std::string refusal(const std::string& serve) {
    try {
        parse(serve);
    } catch (const Error& error) {
        return std::string(error.id()) + " " + error.what();
    }
    return "none";
}

TEST(ServeConfig, without_a_section_there_are_three_jobs_and_a_console_on_loopback) {
    const ServeConfig serve = parse("").serve;
    EXPECT_EQ(serve.listen, "127.0.0.1:8484");
    EXPECT_EQ(serve.memory, "/etc/tideway/main.jobs");
    EXPECT_EQ(serve.token_file, "/etc/tideway/main.token");
    ASSERT_EQ(serve.jobs.size(), 3U);
    EXPECT_EQ(serve.jobs[0].every, std::chrono::minutes(5));
    EXPECT_EQ(serve.jobs[1].mode, Mode::full);
    EXPECT_TRUE(serve.jobs[2].verify);
}

TEST(ServeConfig, jobs_are_read_with_all_they_say) {
    const ServeConfig serve = parse(R"([serve]
listen = ""
push = false
max_connections = 12
[[serve.job]]
every = "30s"
direction = "forward"
tables = ["t"]
[[serve.job]]
cron = "0 2 * * sun"
time_zone = "UTC"
run = "verify"
)").serve;
    EXPECT_EQ(serve.listen, "");
    EXPECT_FALSE(serve.push);
    EXPECT_EQ(serve.max_connections, 12);
    ASSERT_EQ(serve.jobs.size(), 2U);
    EXPECT_EQ(serve.jobs[0].every, std::chrono::seconds(30));
    EXPECT_EQ(serve.jobs[0].direction, Direction::forward);
    EXPECT_EQ(serve.jobs[0].tables, std::vector<std::string>{"t"});
    EXPECT_EQ(serve.jobs[1].cron, "0 2 * * sun");
    EXPECT_EQ(serve.jobs[1].zone, "UTC");
    EXPECT_TRUE(serve.jobs[1].verify);
}

TEST(ServeConfig, what_would_not_do_what_it_says_is_refused) {
    EXPECT_NE(refusal("[serve]\nlisten = \"0.0.0.0:8484\"\n").find("other machines"), std::string::npos);
    EXPECT_EQ(refusal("[serve]\nlisten = \"0.0.0.0:8484\"\npublic = true\n"), "none");
    EXPECT_NE(refusal("[serve]\nlisten = \"localhost\"\n").find("no address"), std::string::npos);
    EXPECT_NE(refusal("[[serve.job]]\nmode = \"full\"\n").find("every is missing"), std::string::npos);
    EXPECT_NE(refusal("[[serve.job]]\nevery = \"5m\"\ncron = \"* * * * *\"\n").find("beside"), std::string::npos);
    EXPECT_NE(refusal("[[serve.job]]\nevery = \"5 minutes\"\n").find("no time"), std::string::npos);
    EXPECT_NE(refusal("[[serve.job]]\ncron = \"0 0 30 2 *\"\n").find("cron expression"), std::string::npos);
    EXPECT_NE(refusal("[[serve.job]]\ncron = \"0 2 * * *\"\ntime_zone = \"Mars/Base\"\n").find("not known"),
              std::string::npos);
    EXPECT_NE(refusal("[[serve.job]]\nevery = \"5m\"\ntime_zone = \"UTC\"\n").find("no effect"), std::string::npos);
    EXPECT_NE(refusal("[[serve.job]]\nevery = \"5m\"\nrun = \"verify\"\nmode = \"full\"\n").find("no effect"),
              std::string::npos);
    EXPECT_NE(refusal("[[serve.job]]\nevery = \"5m\"\ntables = [\"u\"]\n").find("no [[table]]"), std::string::npos);
    EXPECT_NE(refusal("[[serve.job]]\nevery = \"5m\"\n[[serve.job]]\nevery = \"5m\"\n").find("twice"),
              std::string::npos);
}

TEST(ServeConfig, what_show_prints_is_read_back_to_the_same) {
    const Config config = parse("[serve]\nhosts = [\"sync.example\"]\n[[serve.job]]\ncron = \"*/5 8-18 * * mon-fri\"\n"
                                "time_zone = \"UTC\"\ntables = [\"t\"]\n");
    const Config again = parse_config(show_config(config), "/etc/tideway/main.toml");
    EXPECT_EQ(again.serve.jobs, config.serve.jobs);
    EXPECT_EQ(again.serve.hosts, config.serve.hosts);
    EXPECT_EQ(show_config(again), show_config(config));
}

}  // namespace
}  // namespace tideway
