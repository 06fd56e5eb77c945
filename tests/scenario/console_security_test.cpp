// H79 to H81 against the running console: forged requests, wrong tokens, slow and oversized ones.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include "scenario/two_sides.hpp"
#include "support/process_usage.hpp"
#include "support/served_console.hpp"

namespace tideway::test {
namespace {

using nlohmann::json;

class ConsoleSecurity : public testing::Test {
  protected:
    ConsoleSecurity() { make_jobs(sides, 5); }

    // The cookie of a browser that has logged in.
    std::string log_in() {
        const HttpAnswer answer = ask_http(
            console.port(), {"POST", "/login", {{"Origin", console.url()}}, "token=" + console.token()});
        EXPECT_EQ(answer.status, 303) << answer.head;
        const std::string cookie = answer.header("Set-Cookie");
        return cookie.substr(0, cookie.find(';'));
    }
    std::string secret_of(const std::string& cookie) {
        const HttpAnswer answer = ask_http(console.port(), {"GET", "/api/v1/session", {{"Cookie", cookie}}});
        return json::parse(answer.body)["csrf"];
    }
    HttpAnswer ask_for_run(HttpHeaders headers) {
        headers.emplace_back("Content-Type", "application/json");
        return ask_http(console.port(), {"POST", "/api/v1/pairs/main/runs", std::move(headers), "{}"});
    }
    std::size_t runs() { return console.get("/pairs/main/runs")["runs"].size(); }
    // Of the service at most so far, in KiB.
    long memory() { return usage_of(console.process().pid()).peak_kib; }
    // Right after a flood the answer may be once more that there is too much to do at once (503: try again).
    void expect_small_and_quick() {
        EXPECT_LT(memory(), 64 * 1024);
        const auto begin = std::chrono::steady_clock::now();
        int status = 503;
        while (status == 503 && std::chrono::steady_clock::now() - begin < std::chrono::seconds(2))
            status = console.ask({"GET", "/api/v1/pairs"}).status;
        EXPECT_EQ(status, 200);
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
        EXPECT_LT(memory(), 64 * 1024);
    }

    TwoSides sides{"console"};
    ServedConsole console{sides.sides_toml() + jobs_toml};
};

TEST_F(ConsoleSecurity, H79_TheTokenIsItsOwnersAlone) {
    struct stat facts {};
    ASSERT_EQ(::stat(console.token_file().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    EXPECT_EQ(console.token().size(), 64u);
    EXPECT_EQ(console.process().err().find(console.token()), std::string::npos);
    EXPECT_EQ(console.process().out().find(console.token()), std::string::npos);
}

TEST_F(ConsoleSecurity, H80_AForgedHostGetsNothing) {
    for (const std::string host : {"evil.example", "127.0.0.1.evil.example", "evil.example:8484", ""})
        for (const std::string path : {"/", "/api/v1/pairs", "/livez", "/login"}) {
            const HttpAnswer answer = console.ask({"GET", path, {{"Host", host}}});
            EXPECT_TRUE(answer.status == 403 || answer.status == 400) << host << path << answer.head;
            EXPECT_EQ(answer.body.find("main"), std::string::npos) << answer.body;
        }
    EXPECT_EQ(console.ask({"GET", "/api/v1/pairs", {{"Host", "localhost"}}}).status, 200);
}

TEST_F(ConsoleSecurity, H80_NothingIsSaidWithoutALogin) {
    for (const std::string path : {"/api/v1/pairs", "/api/v1/pairs/main/status", "/api/v1/events", "/metrics",
                                   "/api/v1/session", "/api/v1/nothing"})
        EXPECT_EQ(ask_http(console.port(), {"GET", path}).status, 401) << path;
    EXPECT_EQ(ask_for_run({}).status, 401);
    EXPECT_EQ(ask_for_run({{"Origin", console.url()}}).status, 401);
    EXPECT_EQ(runs(), 0u);
}

TEST_F(ConsoleSecurity, H80_AnotherSiteCannotChangeAnything) {
    const std::string cookie = log_in(), secret = secret_of(cookie);
    const std::string ours = console.url();
    const std::vector<HttpHeaders> forged = {
        {{"Cookie", cookie}},
        {{"Cookie", cookie}, {"Origin", "http://evil.example"}},
        {{"Cookie", cookie}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}},
        {{"Cookie", cookie}, {"Origin", ours}},
        {{"Cookie", cookie}, {"Origin", ours}, {"X-Tideway-CSRF", std::string(64, '0')}},
        {{"Cookie", cookie}, {"Origin", "http://evil.example"}, {"X-Tideway-CSRF", secret}},
        {{"Cookie", cookie}, {"Origin", ours}, {"X-Tideway-CSRF", secret}, {"Sec-Fetch-Site", "cross-site"}},
        {{"Authorization", "Bearer " + console.token()}, {"Origin", "http://evil.example"}},
    };
    for (const HttpHeaders& headers : forged)
        EXPECT_EQ(ask_for_run(headers).status, 403) << headers.back().second;
    EXPECT_EQ(ask_http(console.port(),
                       {"POST", "/login", {{"Origin", "http://evil.example"}}, "token=" + console.token()})
                  .status,
              403);
    EXPECT_EQ(runs(), 0u);
    EXPECT_EQ(ask_for_run({{"Cookie", cookie}, {"Origin", ours}, {"X-Tideway-CSRF", secret}}).status, 202);
}

TEST_F(ConsoleSecurity, H80_NoOtherOriginMayReadAndNothingIsKept) {
    for (const std::string path : {"/", "/api/v1/pairs", "/assets/app.js", "/nothing"}) {
        const HttpAnswer answer = console.ask({"GET", path, {{"Origin", console.url()}}});
        EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "") << path;
        EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff") << path;
        EXPECT_EQ(answer.header("Cache-Control"), "no-store") << path;
        EXPECT_TRUE(answer.header("Content-Security-Policy").starts_with("default-src 'none'")) << path;
    }
    EXPECT_EQ(console.ask({"OPTIONS", "/api/v1/pairs", {{"Origin", "http://evil.example"}}}).status, 405);
}

TEST_F(ConsoleSecurity, H80_AThousandWrongTokensAreNotLookedAt) {
    const std::string cookie = log_in();
    std::map<int, int> answers;
    for (int i = 0; i < 1000; ++i)
        ++answers[ask_http(console.port(),
                           {"POST", "/login", {{"Origin", console.url()}}, "token=" + std::to_string(i)})
                      .status];
    EXPECT_EQ(answers[401], 10);
    EXPECT_EQ(answers[429], 990);
    EXPECT_EQ(console.ask({"GET", "/api/v1/pairs"}).status, 429);
    EXPECT_EQ(ask_http(console.port(), {"GET", "/api/v1/pairs", {{"Cookie", cookie}}}).status, 200);
    EXPECT_LT(memory(), 64 * 1024);
}

TEST_F(ConsoleSecurity, SlowRequestsKeepNobodyOut) {
    std::vector<std::unique_ptr<HttpConnection>> slow;
    for (int i = 0; i < 200; ++i) {
        slow.push_back(std::make_unique<HttpConnection>(console.port()));
        slow.back()->say("POST /api/v1/pairs/main/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
    }
    expect_small_and_quick();
    // Dripping on does not help: each is cut off ten seconds after it began.
    for (const auto& each : slow) each->say("x");
    EXPECT_EQ(slow.back()->hear_all(), "");
    expect_small_and_quick();
}

TEST_F(ConsoleSecurity, BodiesThatNeverEndAreNotKeptForLong) {
    const std::string head = fmt::format(
        "POST /api/v1/pairs/main/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n"
        "Content-Type: application/json\r\nContent-Length: 61000\r\n\r\n",
        console.token());
    std::vector<std::unique_ptr<HttpConnection>> slow;
    for (int i = 0; i < 240; ++i) {
        slow.push_back(std::make_unique<HttpConnection>(console.port()));
        slow.back()->say(head + std::string(60'000, ' '));
    }
    expect_small_and_quick();
    EXPECT_EQ(slow.back()->hear_all(), "");
    EXPECT_EQ(runs(), 0u);
}

TEST_F(ConsoleSecurity, AnswersThatNobodyTakesAreNotPiledUp) {
    const std::string question = "GET /assets/style.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    std::string questions;
    for (int i = 0; i < 500; ++i) questions += question;
    std::vector<std::unique_ptr<HttpConnection>> deaf;
    for (int i = 0; i < 100; ++i) {
        deaf.push_back(std::make_unique<HttpConnection>(console.port()));
        deaf.back()->say(questions);
    }
    expect_small_and_quick();
}

TEST_F(ConsoleSecurity, OversizedRequestsAreRefusedAndNotKept) {
    for (int i = 0; i < 20; ++i) {
        HttpConnection header(console.port());
        header.say("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ");
        for (int part = 0; part < 64 && header.say(std::string(16 * 1024, 'x')); ++part) {
        }
        const std::string answer = header.hear_all();
        EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 4")) << answer;
        HttpConnection body(console.port());
        body.say(fmt::format(
            "POST /api/v1/pairs/main/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n",
            console.token()));
        for (int part = 0; part < 200 && body.say("4000\r\n" + std::string(0x4000, 'x') + "\r\n"); ++part) {
        }
        body.say("0\r\n\r\n");
        EXPECT_TRUE(body.hear("\r\n").starts_with("HTTP/1.1 413"));
        EXPECT_EQ(console.ask({"POST", "/api/v1/pairs/main/runs", {}, std::string(70'000, 'x')}).status, 413);
    }
    expect_small_and_quick();
}

TEST_F(ConsoleSecurity, ManyWhoWatchAreBoundedAndGone) {
    std::vector<std::unique_ptr<HttpConnection>> watchers;
    int refused = 0;
    for (int i = 0; i < 80; ++i) {
        watchers.push_back(std::make_unique<HttpConnection>(console.port()));
        watchers.back()->say(
            fmt::format("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n\r\n",
                        console.token()));
        refused += watchers.back()->hear("\r\n\r\n").starts_with("HTTP/1.1 503") ? 1 : 0;
    }
    EXPECT_EQ(refused, 16);
    expect_small_and_quick();
    EXPECT_EQ(console.run()["status"], "ok");
    EXPECT_NE(watchers.front()->hear("event: finished").find("event: finished"), std::string::npos);
    EXPECT_EQ(console.stop(), 0) << console.process().err();
}

}  // namespace
}  // namespace tideway::test
