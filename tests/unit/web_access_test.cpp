// Who may ask the console for what: hosts, origins, sessions, tokens. No sockets.
#include <gtest/gtest.h>

#include <sys/stat.h>

#include "base/error.hpp"
#include "support/temp_dir.hpp"
#include "web/access.hpp"
#include "web/answers.hpp"
#include "web/ask.hpp"
#include "web/gate.hpp"
#include "web/token_file.hpp"

namespace tideway::web {
namespace {

constexpr std::string_view csrf = "c5rf";

Request asked(Fields headers, std::string method = "GET") {
    headers.emplace_back("host", "office.example:8484");
    return {std::move(method), "/x", "192.0.2.1", {}, std::move(headers), ""};
}

Verdict judged(const Request& request, Access access, const Shown& shown = {}) {
    return judge(request, access, shown, {"office.example", "::1"});
}

Shown session() { return {false, std::string(csrf)}; }

// One pair, once it serves.
class Beginning : public daemon::Service {
  public:
    bool serves = false;
    bool serving() const override { return serves; }
    std::vector<daemon::PairState> pairs() const override {
        daemon::PairState state;
        state.name = "office";
        return serves ? std::vector{state} : std::vector<daemon::PairState>{};
    }
    std::vector<daemon::PastRun> history(const std::string&, std::size_t) const override { return {}; }
    std::vector<daemon::Event> events_after(std::uint64_t, Millis) const override { return {}; }
    void request_run(const std::string&, const daemon::RunRequest&) override {}
    void with_engine(const std::string&, const std::function<void(Engine&, const Config&)>&) override {}
};

TEST(WebAsk, APairIsUnknownOnlyOnceTheServiceKnowsItsPairs) {
    Beginning service;
    Gate gate("right", {"office.example"}, "c", real_world());
    LongWork long_work{1};
    const Request request = asked({});
    const std::string version;
    const auto status_of = [&](const std::string& pair) {
        try {
            pair_of({request, {pair}, service, gate, real_world(), version, long_work});
            return 200;
        } catch (const Error& error) {
            return error_answer(error).status;
        }
    };
    EXPECT_EQ(status_of("office"), 503);
    service.serves = true;
    EXPECT_EQ(status_of("office"), 200);
    EXPECT_EQ(status_of("another"), 404);
}

TEST(WebAccess, AHostIsTakenApart) {
    EXPECT_EQ(host_name("LocalHost:8484"), "localhost");
    EXPECT_EQ(host_name("127.0.0.1"), "127.0.0.1");
    EXPECT_EQ(host_name("[::1]:8484"), "::1");
    for (const char* bad : {"", ":8484", "a:b", "a:123456", "[::1", "a b", "a/b", "a@b", "a:1:2"})
        EXPECT_EQ(host_name(bad), std::nullopt) << bad;
}

TEST(WebAccess, H80_OnlyKnownHostsAreServed) {
    for (const char* host :
         {"evil.example", "office.example.evil.example", "evil.example:8484", "office.example@evil"}) {
        Request request = asked({});
        request.headers.back().second = host;
        EXPECT_EQ(judged(request, Access::everyone), Verdict::wrong_host) << host;
    }
    Request none = asked({});
    none.headers.clear();
    EXPECT_EQ(judged(none, Access::everyone), Verdict::wrong_host);
    EXPECT_EQ(judged(asked({{"host", "office.example"}}), Access::everyone), Verdict::wrong_host)
        << "sent twice";
    EXPECT_EQ(judged(asked({}), Access::everyone), Verdict::allowed);
}

TEST(WebAccess, ReadingNeedsASessionOrTheToken) {
    EXPECT_EQ(judged(asked({}), Access::reader), Verdict::not_logged_in);
    EXPECT_EQ(judged(asked({}), Access::reader, session()), Verdict::allowed);
    EXPECT_EQ(judged(asked({}), Access::reader, {true, {}}), Verdict::allowed);
    EXPECT_EQ(judged(asked({{"sec-fetch-site", "cross-site"}}), Access::reader, session()),
              Verdict::cross_site);
    EXPECT_EQ(judged(asked({{"sec-fetch-site", "same-site"}}), Access::reader, session()),
              Verdict::cross_site);
}

TEST(WebAccess, H80_AChangeNeedsOurOriginAndTheSecretOfTheSession) {
    const std::string ours = "http://office.example:8484";
    const auto verdict = [](Fields headers) {
        return judged(asked(std::move(headers), "POST"), Access::writer, session());
    };
    EXPECT_EQ(verdict({{"origin", ours}, {"x-tideway-csrf", std::string(csrf)}}), Verdict::allowed);
    EXPECT_EQ(verdict({{"origin", ours}}), Verdict::no_proof);
    EXPECT_EQ(verdict({{"origin", ours}, {"x-tideway-csrf", "c5rg"}}), Verdict::no_proof);
    EXPECT_EQ(verdict({{"x-tideway-csrf", std::string(csrf)}}), Verdict::no_proof);
    for (const char* origin : {"http://evil.example", "null", "http://office.example",
                               "http://office.example:84840", "ftp://office.example:8484"})
        EXPECT_EQ(verdict({{"origin", origin}, {"x-tideway-csrf", std::string(csrf)}}), Verdict::no_proof)
            << origin;
    EXPECT_EQ(judged(asked({{"origin", ours}}, "POST"), Access::writer), Verdict::not_logged_in);
}

TEST(WebAccess, ATokenNeedsNoProofButAnotherSitesPageIsRefused) {
    const Shown token{true, {}};
    EXPECT_EQ(judged(asked({}, "POST"), Access::writer, token), Verdict::allowed);
    EXPECT_EQ(judged(asked({{"origin", "http://evil.example"}}, "POST"), Access::writer, token),
              Verdict::cross_site);
}

TEST(WebAccess, ALoginComesFromOurOwnPage) {
    EXPECT_EQ(judged(asked({}, "POST"), Access::login), Verdict::cross_site);
    EXPECT_EQ(judged(asked({{"origin", "https://office.example:8484"}}, "POST"), Access::login),
              Verdict::allowed);
    EXPECT_EQ(judged(asked({{"origin", "null"}, {"sec-fetch-site", "same-origin"}}, "POST"), Access::login),
              Verdict::allowed);
    EXPECT_EQ(judged(asked({{"origin", "null"}, {"sec-fetch-site", "cross-site"}}, "POST"), Access::login),
              Verdict::cross_site);
}

TEST(WebAccess, CookiesAndTokensAreFoundByTheirNames) {
    const Request request =
        asked({{"cookie", "a=1; tideway_8484=x=y ;b=2"}, {"authorization", "bearer  abc "}});
    EXPECT_EQ(cookie(request, "tideway_8484"), "x=y");
    EXPECT_EQ(cookie(request, "tideway"), std::nullopt);
    EXPECT_EQ(bearer_token(request), "abc");
    EXPECT_EQ(bearer_token(asked({{"authorization", "Basic abc"}})), std::nullopt);
    EXPECT_TRUE(equal_in_constant_time("ab", "ab"));
    EXPECT_FALSE(equal_in_constant_time("ab", "aB"));
    EXPECT_FALSE(equal_in_constant_time("ab", "abc"));
}

class Counted : public Random {
  public:
    std::uint64_t next() override { return ++last_; }

  private:
    std::uint64_t last_ = 0;
};

TEST(WebSessions, EndAfterARestAndAfterADay) {
    Counted random;
    Sessions sessions;
    const Session session = sessions.begin(random, 0);
    EXPECT_EQ(session.id.size(), 64U);
    EXPECT_NE(session.id, session.csrf);
    std::int64_t now = 0;
    for (; now + Sessions::longest_rest <= Sessions::longest; now += Sessions::longest_rest - 1)
        EXPECT_TRUE(sessions.find(session.id, now)) << now;
    EXPECT_FALSE(sessions.find(session.id, Sessions::longest));
    const Session resting = sessions.begin(random, now);
    EXPECT_FALSE(sessions.find(resting.id, now + Sessions::longest_rest));
    EXPECT_FALSE(sessions.find("", now));
}

TEST(WebSessions, AreBoundedInNumber) {
    Counted random;
    Sessions sessions;
    std::vector<Session> begun;
    for (std::size_t i = 0; i <= Sessions::most; ++i)
        begun.push_back(sessions.begin(random, static_cast<std::int64_t>(i)));
    EXPECT_FALSE(sessions.find(begun.front().id, 100));
    EXPECT_TRUE(sessions.find(begun.back().id, 100));
}

TEST(WebLoginLimit, HoldsOneAddressUpForTheRestOfAMinute) {
    LoginLimit limit;
    for (int i = 0; i < LoginLimit::most_wrong; ++i) {
        EXPECT_EQ(limit.wait_seconds("a", 10), 0);
        limit.was_wrong("a", 10);
    }
    EXPECT_EQ(limit.wait_seconds("a", 10), 60);
    EXPECT_EQ(limit.wait_seconds("b", 10), 0);
    EXPECT_EQ(limit.wait_seconds("a", 10 + LoginLimit::window), 0);
}

std::string code_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return std::string(error.id());
    }
    return "";
}

TEST(WebGate, ASessionReadsAndWritesUntilItIsEnded) {
    Gate gate("the token", {"office.example"}, "c", real_world());
    EXPECT_EQ(gate.log_in(asked({}), "a token"), std::nullopt);
    const std::string set = gate.log_in(asked({}), "the token").value();
    EXPECT_NE(set.find("; HttpOnly; SameSite=Strict"), set.npos) << set;
    EXPECT_EQ(set.find("Secure"), set.npos) << set;
    const std::string sent = set.substr(0, set.find(';'));
    EXPECT_EQ(code_of([&] { gate.check(asked({}), Access::reader); }), "TW493");
    EXPECT_EQ(code_of([&] { gate.check(asked({{"cookie", sent}}), Access::reader); }), "");
    EXPECT_EQ(code_of([&] { gate.check(asked({{"cookie", sent}}, "POST"), Access::writer); }), "TW492");
    gate.log_out(asked({{"cookie", sent}}));
    EXPECT_EQ(code_of([&] { gate.check(asked({{"cookie", sent}}), Access::reader); }), "TW493");
}

TEST(WebGate, H80_WrongTokensOfAnAddressSoonAreNotLookedAt) {
    Gate gate("right", {"office.example"}, "c", real_world());
    const auto with = [](const std::string& token) { return asked({{"authorization", "Bearer " + token}}); };
    for (int i = 0; i < LoginLimit::most_wrong; ++i)
        EXPECT_EQ(code_of([&] { gate.check(with("wrong"), Access::reader); }), "TW493");
    EXPECT_EQ(code_of([&] { gate.check(with("right"), Access::reader); }), "TW494");
    Request other = with("right");
    other.peer = "192.0.2.2";
    EXPECT_EQ(code_of([&] { gate.check(other, Access::reader); }), "");
}

TEST(WebGate, AnEncryptedPageGetsACookieForEncryptedPages) {
    Gate gate("right", {"office.example"}, "c", real_world());
    const std::string set = gate.log_in(asked({{"origin", "https://office.example:8484"}}), "right").value();
    EXPECT_TRUE(set.ends_with("; Secure")) << set;
}

TEST(WebToken, IsMadeOnceAndOnlyForItsOwner) {
    const test::TempDir dir;
    const std::string path = dir / "console.token";
    const std::string token = token_in(path, real_world().random);
    EXPECT_EQ(token.size(), 64U);
    EXPECT_EQ(token_in(path, real_world().random), token);
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    ::chmod(path.c_str(), 0640);
    EXPECT_EQ(code_of([&] { token_in(path, real_world().random); }), "TW491");
}

TEST(WebToken, AShortOneAndAnUnreachablePlaceAreRefused) {
    const test::TempDir dir;
    test::write_file(dir / "short", "0123456789\n");
    ::chmod((dir / "short").c_str(), 0600);
    EXPECT_EQ(code_of([&] { token_in(dir / "short", real_world().random); }), "TW491");
    EXPECT_EQ(code_of([&] { token_in(dir / "no" / "file", real_world().random); }), "TW491");
    EXPECT_EQ(code_of([&] { token_in(dir.path(), real_world().random); }), "TW491");
}

TEST(WebAnswers, AllowNoScriptsButOurOwnAndNoFrames) {
    Response response;
    add_security_headers(response);
    std::map<std::string, std::string> headers(response.headers.begin(), response.headers.end());
    EXPECT_EQ(
        headers["Content-Security-Policy"],
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
    EXPECT_EQ(headers["X-Content-Type-Options"], "nosniff");
    EXPECT_EQ(headers["Referrer-Policy"], "no-referrer");
    EXPECT_EQ(headers["Cache-Control"], "no-store");
    EXPECT_EQ(headers.count("Access-Control-Allow-Origin"), 0U);
}

}  // namespace
}  // namespace tideway::web
