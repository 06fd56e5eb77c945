// The HTTP server on real sockets: limits on connections, sizes and time; answers that go on.
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <thread>

#include "base/error.hpp"
#include "web/http_server.hpp"
#include "web/listen_address.hpp"

namespace tideway::web {
namespace {

using namespace std::chrono_literals;

// One client connection that gives up after ten seconds.
class Client {
  public:
    explicit Client(std::uint16_t port, const char* from = "127.0.0.1") : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        sockaddr_in own{};
        own.sin_family = AF_INET;
        EXPECT_EQ(::inet_pton(AF_INET, from, &own.sin_addr), 1);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&own), sizeof own), 0);
        const timeval patience{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void say(const std::string& text) { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
    // What comes until `end` is in it, or the peer closes.
    std::string hear(const std::string& end) {
        std::string heard;
        char buffer[4096];
        while (heard.find(end) == std::string::npos) {
            const ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
            if (size <= 0) break;
            heard.append(buffer, static_cast<std::size_t>(size));
        }
        return heard;
    }
    std::string rest() { return hear("\1 never sent \1"); }

    int socket() const { return socket_; }

  private:
    int socket_;
};

// Until one of the two has been told something.
void wait_for_any(const Client& a, const Client& b) {
    pollfd both[] = {{a.socket(), POLLIN, 0}, {b.socket(), POLLIN, 0}};
    EXPECT_GT(::poll(both, 2, 10'000), 0);
}

struct Served {
    explicit Served(HttpServer::Answer answer, const ServerLimits& limits = {})
        : socket(listen_on({"127.0.0.1", "0"})),
          port(port_of(socket)),
          server(socket, limits, std::move(answer)) {}
    std::string get(const std::string& target, const std::string& more = "") {
        Client client(port);
        client.say("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + more + "\r\n");
        return client.rest();
    }
    int socket;
    std::uint16_t port;
    HttpServer server;
};

Response echo(const Request& request) {
    std::string body = request.method + " " + request.path + " " + request.asked("a") + " " + request.body;
    return {200, {{"X-Peer", request.peer}}, std::move(body)};
}

struct Well {
    std::mutex mutex;
    std::string water;
    bool dry = false;
    void pour(const std::string& more) {
        const std::lock_guard lock(mutex);
        water += more;
    }
};

class WellFeed : public Feed {
  public:
    explicit WellFeed(Well& well) : well_(well) {}
    std::optional<std::string> take() override {
        const std::lock_guard lock(well_.mutex);
        if (well_.dry) return std::nullopt;
        return std::exchange(well_.water, "");
    }

  private:
    Well& well_;
};

Response fed(Well& well) {
    Response response{200, {}, ""};
    response.feed = std::make_unique<WellFeed>(well);
    return response;
}

TEST(WebServer, RequestsArriveAsValues) {
    Served served(echo);
    const std::string answer = served.get("/a%2Fb/c?a=1%202&b");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nGET /a%2Fb/c 1 2 ")) << answer;
    EXPECT_NE(answer.find("X-Peer: 127.0.0.1"), answer.npos) << answer;
    Client client(served.port);
    client.say("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n");
    client.say("bo");
    client.say("dy");
    EXPECT_NE(client.hear("body").find("POST /p  body"), std::string::npos);
    client.say("GET /again HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(client.hear("again").find("GET /again"), std::string::npos);
}

TEST(WebServer, LargeHeadersAndBodiesAreRefused) {
    Served served(echo);
    const std::string answer = served.get("/", "X: " + std::string(20'000, 'x') + "\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 4")) << answer;
    Client announced(served.port);
    announced.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
    EXPECT_TRUE(announced.rest().starts_with("HTTP/1.1 413"));
    Client chunked(served.port);
    chunked.say("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 80; ++i) chunked.say("400\r\n" + std::string(1024, 'x') + "\r\n");
    chunked.say("0\r\n\r\n");
    EXPECT_TRUE(chunked.hear("\r\n").starts_with("HTTP/1.1 413"));
}

TEST(WebServer, WhoeverIsSlowIsCutOff) {
    ServerLimits limits;
    limits.clock.request = 300ms;
    Served served(echo, limits);
    Client slow(served.port);
    slow.say("GET / HTTP/1.1\r\n");
    const auto begin = std::chrono::steady_clock::now();
    std::thread dripping([&] {
        for (int i = 0; i < 40; ++i) {
            slow.say("X: y\r\n");
            std::this_thread::sleep_for(50ms);
        }
    });
    EXPECT_EQ(slow.rest(), "");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 1500ms);
    dripping.join();
}

TEST(WebServer, H80_ManySlowPeersDoNotKeepOthersOut) {
    Served served(echo);
    std::vector<std::unique_ptr<Client>> slow;
    // More than one address may have at all: the oldest of those that say nothing make room.
    for (int i = 0; i < 300; ++i) {
        slow.push_back(std::make_unique<Client>(served.port));
        slow.back()->say("GET / HTTP/1.1\r\nX: ");
        if (i % 50 == 49) {
            EXPECT_TRUE(served.get("/").starts_with("HTTP/1.1 200")) << i;
        }
    }
}

// The answer is far larger than what fits on its way, and nobody takes it.
TEST(WebServer, WhoeverTakesNoAnswerIsCutOff) {
    ServerLimits limits;
    limits.per_address = 1;
    limits.clock.answer = 300ms;
    Served served([](const Request& request) { return Response{200, {}, std::string(request.path == "/large" ? 64 << 20 : 1, 'x')}; },
                  limits);
    Client deaf(served.port);
    deaf.say("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto begin = std::chrono::steady_clock::now();
    std::string answer;
    while (!answer.starts_with("HTTP/1.1 200") && std::chrono::steady_clock::now() - begin < 10s) {
        answer = served.get("/");
        if (answer.empty()) std::this_thread::sleep_for(10ms);
    }
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << "the only connection of this address is still taken";
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 250ms) << "it had its time";
}

TEST(WebServer, ConnectionsOfOneAddressAreBoundedAndLeaveOthersTheirs) {
    ServerLimits limits;
    limits.per_address = 4;
    Well well;
    Served served([&](const Request& request) { return request.path == "/feed" ? fed(well) : echo(request); }, limits);
    std::vector<std::unique_ptr<Client>> open;
    for (int i = 0; i < 4; ++i) {
        open.push_back(std::make_unique<Client>(served.port));
        open.back()->say("GET /feed HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_TRUE(open.back()->hear("\r\n\r\n").starts_with("HTTP/1.1 200")) << i;
    }
    EXPECT_EQ(served.get("/"), "");
    Client elsewhere(served.port, "127.0.0.2");
    elsewhere.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(elsewhere.hear("\r\n").starts_with("HTTP/1.1 200"));
}

TEST(ConnectionClock, ARequestHasTenSecondsAndAnAnswerAMinute) {
    for (const auto& [answers, limit] : {std::pair(false, 10s), std::pair(true, 60s)}) {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
        const auto is_cut = [&] {
            char byte;
            return ::recv(ends[1], &byte, 1, 0) == 0;
        };
        ConnectionClock clock({});
        const ConnectionClock::Time begin{};
        clock.waits(ends[0], begin);
        if (answers) clock.answers(ends[0], begin);
        clock.cut_late(begin + limit - 1ms);
        EXPECT_FALSE(is_cut());
        clock.cut_late(begin + limit);
        EXPECT_TRUE(is_cut());
        clock.closed(ends[0]);
        for (const int each : ends) ::close(each);
    }
}

TEST(WebServer, LongAnswersLeaveTheOthersThrough) {
    std::latch begun(2), go(1);
    ServerLimits limits;
    limits.workers = 3;
    Served served(
        [&](const Request& request) {
            if (request.path == "/long") {
                begun.count_down();
                go.wait();
            }
            return echo(request);
        },
        limits);
    std::vector<std::thread> threads;
    std::atomic<int> answered{0};
    for (int i = 0; i < 2; ++i)
        threads.emplace_back([&] { answered += served.get("/long").starts_with("HTTP/1.1 200") ? 1 : 0; });
    begun.wait();
    EXPECT_TRUE(served.get("/").starts_with("HTTP/1.1 200"));
    go.count_down();
    for (std::thread& each : threads) each.join();
    EXPECT_EQ(answered, 2);
}

TEST(WebServer, TooManyRequestsAtOnceAreTurnedAway) {
    std::latch begun(1), go(1);
    ServerLimits limits;
    limits.workers = 1;
    limits.queue = 1;
    Served served(
        [&](const Request& request) {
            if (request.path == "/first") begun.count_down();
            go.wait();
            return echo(request);
        },
        limits);
    Client first(served.port), second(served.port), third(served.port);
    first.say("GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
    begun.wait();
    second.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    third.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    // One of the two waits in the queue, the other one is answered at once.
    wait_for_any(second, third);
    go.count_down();
    const std::string two = second.hear("\r\n"), three = third.hear("\r\n");
    EXPECT_NE(two.starts_with("HTTP/1.1 503"), three.starts_with("HTTP/1.1 503")) << two << three;
    EXPECT_TRUE(first.hear("\r\n").starts_with("HTTP/1.1 200"));
}

TEST(WebServer, AFeedSaysWhatComesAndEnds) {
    Well well;
    Served served([&](const Request&) { return fed(well); });
    Client client(served.port);
    client.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    client.hear("\r\n\r\n");
    for (const std::string word : {"one", "two"}) {
        well.pour(word);
        served.server.wake_feeds();
        EXPECT_NE(client.hear(word).find(word), std::string::npos);
    }
    {
        const std::lock_guard lock(well.mutex);
        well.dry = true;
    }
    served.server.wake_feeds();
    EXPECT_EQ(client.hear("0\r\n\r\n"), "0\r\n\r\n");
}

TEST(WebServer, FeedsAreBoundedAndDoNotHoldTheEndUp) {
    Well well;
    ServerLimits limits;
    limits.feeds = 2;
    auto served = std::make_unique<Served>([&](const Request&) { return fed(well); }, limits);
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<Client>(served->port));
        clients.back()->say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_TRUE(clients.back()->hear("\r\n").starts_with(i < 2 ? "HTTP/1.1 200" : "HTTP/1.1 503")) << i;
    }
    const auto begin = std::chrono::steady_clock::now();
    served.reset();
    clients.front()->rest();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST(WebServer, AnAddressThatIsTakenOrNoneIsAnError) {
    const int first = listen_on({"127.0.0.1", "0"});
    EXPECT_THROW(listen_on({"127.0.0.1", std::to_string(port_of(first))}), Error);
    ::close(first);
    for (const char* bad : {"", "8484", ":8484", "localhost:"}) EXPECT_THROW(parse_listen(bad), Error) << bad;
    EXPECT_EQ(parse_listen("[::1]:80").host, "::1");
}

}  // namespace
}  // namespace tideway::web
