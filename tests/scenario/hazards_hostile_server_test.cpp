// H82: what pretends to be a PostgreSQL server and sends nonsense gets neither memory nor a crash out of the
// program.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <list>
#include <thread>

#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

std::string number(std::uint32_t value, int bytes = 4) {
    std::string out;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
    return out;
}
std::string message(char type, const std::string& body) {
    return type + number(static_cast<std::uint32_t>(body.size()) + 4) + body;
}
const std::string let_in = message('R', number(0)), ready = message('Z', "I");
std::string error(const std::string& text) {
    return message('E', std::string("SFATAL") + '\0' + "CXX000" + '\0' + "M" + text + '\0' + '\0');
}

// One connection of a client, from the server's end.
class Victim {
  public:
    Victim(int socket, const std::atomic<bool>& over) : socket_(socket), over_(over) {}
    ~Victim() { ::close(socket_); }
    Victim(const Victim&) = delete;
    Victim& operator=(const Victim&) = delete;

    bool say(const std::string& bytes) {
        for (std::size_t at = 0; at < bytes.size();) {
            if (!wait_for(POLLOUT)) return false;
            const ssize_t sent =
                ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent <= 0) return false;
            at += static_cast<std::size_t>(sent);
        }
        return true;
    }
    // Whatever comes; false: nobody is there any more.
    bool hear() {
        char bytes[8192];
        return wait_for(POLLIN) && ::recv(socket_, bytes, sizeof bytes, 0) > 0;
    }
    // The startup packet, encryption refused.
    bool greeted() {
        char bytes[8192];
        if (!wait_for(POLLIN)) return false;
        const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
        return got == 8 ? say("N") && hear() : got > 0;
    }

  private:
    bool wait_for(short event) {
        pollfd each{socket_, event, 0};
        while (!over_)
            if (::poll(&each, 1, 20) > 0) return true;
        return false;
    }
    int socket_;
    const std::atomic<bool>& over_;
};

class FakeServer {
  public:
    explicit FakeServer(std::function<void(Victim&)> act) : act_(std::move(act)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::listen(listener_, 16), 0);
        EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { accept_all(); });
    }
    ~FakeServer() {
        over_ = true;
        acceptor_.join();
        for (std::thread& each : threads_) each.join();
        ::close(listener_);
    }
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;
    std::string url() const {
        return fmt::format("postgresql://somebody@127.0.0.1:{}/x?sslmode=disable", port_);
    }

  private:
    void accept_all() {
        pollfd each{listener_, POLLIN, 0};
        while (!over_) {
            if (::poll(&each, 1, 20) <= 0) continue;
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            threads_.emplace_back([this, socket] {
                Victim victim(socket, over_);
                act_(victim);
            });
        }
    }
    std::function<void(Victim&)> act_;
    std::atomic<bool> over_ = false;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::thread acceptor_;
    std::list<std::thread> threads_;
};

struct Nonsense {
    const char* name;
    std::function<void(Victim&)> act;
    long most_kib = 128 * 1024;
};

void tell_for_ever(Victim& victim, const std::string& bytes) {
    while (victim.say(bytes)) {
    }
}

// Everything up to the first statement is answered well.
void welcome(Victim& victim, const std::function<void()>& then) {
    const std::string facts = message('S', std::string("server_version") + '\0' + "15.4" + '\0') +
                              message('S', std::string("client_encoding") + '\0' + "UTF8" + '\0') +
                              message('S', std::string("standard_conforming_strings") + '\0' + "on" + '\0');
    if (victim.greeted() && victim.say(let_in + facts + message('K', number(1) + number(2)) + ready) &&
        victim.hear())
        then();
}

std::string column(const std::string& name) {
    return name + '\0' + number(0) + number(0, 2) + number(25) + number(0xFFFF, 2) + number(0xFFFFFFFF) +
           number(0, 2);
}

// To every statement one row of one column.
void answer_always(Victim& victim, const std::string& field) {
    do victim.say(message('T', number(1, 2) + column("one")) + message('D', number(1, 2) + field) +
                  message('C', std::string("SELECT 1") + '\0') + ready);
    while (victim.hear());
}

const std::vector<Nonsense> all_nonsense = {
    {"NoiseInsteadOfAGreeting",
     [](Victim& v) {
         v.hear();
         tell_for_ever(v, "HTTP/1.1 200 OK\r\n\r\n\xff\xfe\x01");
     }},
    {"AHugeLengthBeforeTheLogin",
     [](Victim& v) {
         if (v.greeted()) tell_for_ever(v, "R" + number(0x7FFFFFF0) + std::string(65536, 'x'));
     }},
    {"AnUnknownWayToLogIn",
     [](Victim& v) {
         if (v.greeted()) v.say(message('R', number(4711)));
         v.hear();
     }},
    {"AnAnswerOfScramThatIsNone",
     [](Victim& v) {
         if (v.greeted() && v.say(message('R', number(10) + "SCRAM-SHA-256" + '\0' + '\0')) && v.hear())
             v.say(message('R', number(11) + "r=nonsense,s=****,i=-1"));
         v.hear();
     }},
    {"AnErrorOfManyMegabytes",
     [](Victim& v) {
         if (v.greeted()) v.say(error(std::string(4 << 20, 'x')));
         v.hear();
     }},
    {"AnErrorWithoutAnEnd",
     [](Victim& v) {
         if (v.greeted()) v.say("E" + number(100) + "SFATAL");
     }},
    {"NothingAtAllAfterTheLogin",
     [](Victim& v) {
         if (v.greeted()) v.say(let_in);
     }},
    {"ErrorsAfterEachStatement",
     [](Victim& v) {
         welcome(v, [&] {
             do v.say(error("no") + error("no") + ready + ready);
             while (v.hear());
         });
     }},
    {"MoreFieldsThanColumns",
     [](Victim& v) {
         welcome(v, [&] {
             const std::string row = number(3, 2) + number(1) + "a" + number(1) + "b" + number(1) + "c";
             v.say(message('T', number(1, 2) + column("one")) + message('D', row) +
                   message('C', std::string("SELECT 1") + '\0') + ready);
             v.hear();
         });
     }},
    {"FewerColumnsThanTheStatement", [](Victim& v) { welcome(v, [&] { answer_always(v, number(1) + "7"); }); }},
    {"TextsInsteadOfNumbers", [](Victim& v) { welcome(v, [&] { answer_always(v, number(5) + "seven"); }); }},
    {"NullsOnly", [](Victim& v) { welcome(v, [&] { answer_always(v, number(0xFFFFFFFF)); }); }},
    // What libpq holds of one answer is bounded by the longest that a server can mean (1 GiB).
    {"RowsWithoutAnEnd",
     [](Victim& v) {
         welcome(v, [&] {
             const std::string row = number(1, 2) + number(1 << 20) + std::string(1 << 20, 'x');
             if (v.say(message('T', number(1, 2) + column("one")))) tell_for_ever(v, message('D', row));
         });
     },
     1536 * 1024},
    {"CopiesWithoutAnEnd",
     [](Victim& v) {
         welcome(v, [&] {
             if (v.say(message('H', std::string("\0", 1) + number(1, 2) + number(0, 2))))
                 tell_for_ever(v, message('d', std::string(1 << 20, 'x') + "\n"));
         });
     }},
    {"NoticesWithoutAnEnd",
     [](Victim& v) {
         welcome(v, [&] {
             const std::string notice = std::string("SNOTICE") + '\0' + "C00000" + '\0' + "M" + std::string(1 << 20, 'x') + '\0' + '\0';
             tell_for_ever(v, message('N', notice));
         });
     }},
    {"ALengthThatIsNegative",
     [](Victim& v) {
         welcome(v, [&] {
             v.say("D" + number(0xFFFFFFF0) + std::string(65536, 'x'));
             v.hear();
         });
     }},
    {"AnswersToNoQuestion",
     [](Victim& v) {
         welcome(v, [&] {
             v.say(message('G', std::string("\0", 1) + number(0, 2)) + message('2', "") + message('s', ""));
             v.hear();
         });
     }},
};

class HostileServer : public testing::TestWithParam<Nonsense> {};

TEST_P(HostileServer, H82_EndsInACleanErrorAndTakesLittleMemory) {
    const FakeServer fake(GetParam().act);
    const Database honest = fresh_database(shared_desktop(), "hostile");
    const ConfigFile config(fmt::format(
        "[desktop]\nurl = '{}'\n[cloud]\nurl = '{}'\n[[table]]\nname = 'note'\n", honest.url(), fake.url()));
    const TidewayResult told =
        run_tideway(config, {"status", "--json"}, {}, {.deadline = std::chrono::seconds(60)});
    EXPECT_TRUE(told.exit_code == 1 || told.exit_code == 2) << tideway::test::told(told);
    EXPECT_FALSE(error_code(told).empty()) << tideway::test::told(told);
    EXPECT_LT(told.out.size() + told.err.size(), 100'000U)
        << "what a server says is not repeated without end";
    EXPECT_LT(told.peak_kib, GetParam().most_kib);
}

INSTANTIATE_TEST_SUITE_P(Sends, HostileServer, testing::ValuesIn(all_nonsense),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace tideway::test
