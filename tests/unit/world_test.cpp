#include "base/world.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <regex>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/failpoint.hpp"

namespace tideway {
namespace {

class FixedRandom : public Random {
  public:
    explicit FixedRandom(std::uint64_t value) : value_(value) {}
    std::uint64_t next() override { return value_; }

  private:
    std::uint64_t value_;
};

// A child process that waits to be killed.
pid_t sleeping_child() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    return child;
}

std::string identity_with(pid_t pid, const std::string& start) {
    const std::string own = process_identity();
    return own.substr(0, own.find(':')) + ":" + std::to_string(pid) + ":" + start;
}

TEST(RandomUuid, IsAVersion4UuidWhateverTheNumbers) {
    EXPECT_EQ(random_uuid(*std::make_unique<FixedRandom>(0)), "00000000-0000-4000-8000-000000000000");
    EXPECT_EQ(random_uuid(*std::make_unique<FixedRandom>(~0ULL)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    EXPECT_EQ(random_uuid(*std::make_unique<FixedRandom>(0x0123456789abcdefULL)),
              "01234567-89ab-4def-8123-456789abcdef");
}

TEST(RandomUuid, DiffersEachTimeInTheRealWorld) {
    std::set<std::string> seen;
    for (int count = 0; count < 100; ++count) seen.insert(random_uuid(real_world().random));
    EXPECT_EQ(seen.size(), 100U);
}

TEST(RealClock, CountsMicrosecondsSince1970AndNeverBackwards) {
    const std::int64_t seconds = ::time(nullptr);
    EXPECT_NEAR(static_cast<double>(real_world().clock.now_micros()) / 1e6, static_cast<double>(seconds),
                2.0);
    const std::int64_t before = real_world().clock.monotonic_micros();
    EXPECT_GE(real_world().clock.monotonic_micros(), before);
}

TEST(ProcessIdentity, IsHostPidAndStart) {
    const std::regex form("[^:]+/[0-9a-f]{8}/[0-9]+:([0-9]+):[0-9]+");
    std::smatch parts;
    const std::string identity = process_identity();
    ASSERT_TRUE(std::regex_match(identity, parts, form)) << identity;
    EXPECT_EQ(parts[1], std::to_string(::getpid()));
    EXPECT_EQ(identity, process_identity());
}

TEST(ProcessIdentity, OfALivingProcessMayLive) { EXPECT_TRUE(process_may_live(process_identity())); }

TEST(ProcessIdentity, OfAReusedPidIsDead) { EXPECT_FALSE(process_may_live(identity_with(::getpid(), "1"))); }

TEST(ProcessIdentity, OfAKilledProcessIsDeadEvenBeforeItIsReaped) {
    const pid_t child = sleeping_child();
    ASSERT_GT(child, 0);
    ::kill(child, SIGKILL);
    siginfo_t ended;
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);  // a zombie now
    EXPECT_FALSE(process_may_live(identity_with(child, "1")));
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_FALSE(process_may_live(identity_with(child, "1")));
}

TEST(ProcessIdentity, OfAnotherHostOrOfUnknownFormMayLive) {
    const std::string own = process_identity();
    EXPECT_TRUE(process_may_live("x" + own.substr(0, own.find(':')) + ":999999999:1"));
    EXPECT_TRUE(process_may_live(""));
    EXPECT_TRUE(process_may_live(":"));
    EXPECT_TRUE(process_may_live(own.substr(0, own.find(':'))));
    EXPECT_TRUE(process_may_live(own.substr(0, own.find(':')) + ":abc:1"));
    EXPECT_TRUE(process_may_live(own.substr(0, own.find(':')) + ":-5:1"));
}

// Runs `body` in a child and returns what waitpid says.
template <class Body>
int status_of_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
        body();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

TEST(Signals, TheFirstSetsTheStopFlagTheSecondEndsTheProcess) {
    const int first = status_of_child([] {
        install_signal_handlers();
        ::raise(SIGTERM);
        ::_exit(real_world().stop.requested() ? 7 : 8);
    });
    ASSERT_TRUE(WIFEXITED(first));
    EXPECT_EQ(WEXITSTATUS(first), 7);
    const int second = status_of_child([] {
        install_signal_handlers();
        ::raise(SIGINT);
        ::raise(SIGTERM);
    });
    ASSERT_TRUE(WIFEXITED(second));
    EXPECT_EQ(WEXITSTATUS(second), 128 + SIGTERM);
}

TEST(RealSleeper, WakesWhenTheRunIsAskedToStop) {
    const int status = status_of_child([] {
        ::alarm(20);
        std::thread asker([] { real_world().stop.request(); });
        real_world().sleeper.sleep(Millis(3'600'000));
        asker.join();
    });
    EXPECT_EQ(status, 0);
}

TEST(FailpointSpec, NamesActionsArgumentsAndHits) {
    const auto rules = parse_failpoints("A.b=kill9;C=sleep:250@3;D=pause:/tmp/a@b@2;E=throw;F=exit;G=close");
    ASSERT_EQ(rules.size(), 6U);
    EXPECT_EQ(rules[0].name, "A.b");
    EXPECT_EQ(rules[0].action, FailpointRule::Action::kill9);
    EXPECT_EQ(rules[0].hit, 1U);
    EXPECT_EQ(rules[1].action, FailpointRule::Action::sleep);
    EXPECT_EQ(rules[1].argument, "250");
    EXPECT_EQ(rules[1].hit, 3U);
    EXPECT_EQ(rules[2].action, FailpointRule::Action::pause);
    EXPECT_EQ(rules[2].argument, "/tmp/a@b");
    EXPECT_EQ(rules[2].hit, 2U);
    EXPECT_EQ(rules[3].action, FailpointRule::Action::raise);
    EXPECT_EQ(rules[4].action, FailpointRule::Action::exit);
    EXPECT_EQ(rules[5].action, FailpointRule::Action::close);
}

TEST(FailpointSpec, MayBeEmptyOrEndInASemicolon) {
    EXPECT_TRUE(parse_failpoints("").empty());
    EXPECT_EQ(parse_failpoints("A=throw;").size(), 1U);
}

TEST(FailpointSpec, RefusesWhatItWouldNotCarryOut) {
    for (const char* spec : {"A", "=throw", "A=", "A=burn", "A=throw@0", "A=throw@x", "A=throw@", "A=sleep",
                             "A=sleep:", "A=sleep:1s", "A=pause:", "A=throw:1", "A=kill9;B"}) {
        try {
            parse_failpoints(spec);
            ADD_FAILURE() << spec;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Code::config_env) << spec;
        }
    }
}

#ifdef TIDEWAY_FAILPOINTS
// The rules are read once per process, so each case has a process of its own.
template <class Body>
int with_failpoints(const char* rules, const char* trace, Body body) {
    return status_of_child([&] {
        ::setenv("TIDEWAY_FAILPOINTS", rules, 1);
        ::setenv("TIDEWAY_FAILPOINT_TRACE", trace, 1);
        body();
    });
}

TEST(Failpoint, ActsOnTheNamedHitOnly) {
    const int status = with_failpoints("P=exit@3", "", [] {
        failpoint("P");
        failpoint("other");
        failpoint("P");
        failpoint("P");
        ::_exit(9);
    });
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 1);
    EXPECT_EQ(with_failpoints("P=exit@3", "", [] { failpoint("P"), failpoint("P"); }), 0);
}

TEST(Failpoint, KillsThrowsAndTraces) {
    const int killed = with_failpoints("P=kill9", "", [] { failpoint("P"); });
    ASSERT_TRUE(WIFSIGNALED(killed));
    EXPECT_EQ(WTERMSIG(killed), SIGKILL);

    const std::string trace = testing::TempDir() + "tideway_trace_" + std::to_string(::getpid());
    const int thrown = with_failpoints("Q=throw", trace.c_str(), [] {
        failpoint("P");
        try {
            failpoint("Q");
        } catch (const Error& error) {
            ::_exit(error.code() == Code::interrupted ? 5 : 6);
        }
    });
    ASSERT_TRUE(WIFEXITED(thrown));
    EXPECT_EQ(WEXITSTATUS(thrown), 5);
    std::string text(64, '\0');
    std::FILE* file = std::fopen(trace.c_str(), "r");
    ASSERT_NE(file, nullptr);
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    ::unlink(trace.c_str());
    EXPECT_EQ(text, "P\nQ\n");
}
#endif

}  // namespace
}  // namespace tideway
