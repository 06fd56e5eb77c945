// `tideway serve` over a live pair.
#pragma once
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scenario/live_pair.hpp"
#include "support/temp_dir.hpp"

namespace tideway::test {

using std::chrono::steady_clock;

// How long it took; an error when it does not come true.
inline Millis wait_for(const std::string& what, const std::function<bool()>& happened,
                       Millis deadline = std::chrono::seconds(30), Millis step = Millis(5)) {
    const auto begin = steady_clock::now();
    while (!happened()) {
        if (steady_clock::now() - begin > deadline) throw std::runtime_error("it never happened: " + what);
        std::this_thread::sleep_for(step);
    }
    return std::chrono::duration_cast<Millis>(steady_clock::now() - begin);
}

inline constexpr const char* no_console = "[serve]\nlisten = ''\n";
inline constexpr const char* seldom = "[[serve.job]]\nevery = '1h'\n";

class Serving {
  public:
    explicit Serving(const std::string& config, const Environment& env = {}, std::vector<std::string> more = {})
        : process_(start(config, env, std::move(more))) {}
    explicit Serving(LivePair& pair, const Environment& env = {}) : Serving(pair.config.path(), env) {}
    ~Serving() {
        if (!process_->running()) return;
        process_->signal(SIGTERM);
        process_->wait(std::chrono::seconds(15));
    }
    Process& process() { return *process_; }
    // Its exit code, and how long its end took.
    std::pair<int, Millis> stop() {
        const auto begin = steady_clock::now();
        process_->signal(SIGTERM);
        const auto code = process_->wait(std::chrono::seconds(20));
        if (!code) throw std::runtime_error("the service does not end:\n" + process_->err());
        return {*code, std::chrono::duration_cast<Millis>(steady_clock::now() - begin)};
    }

  private:
    static std::unique_ptr<Process> start(const std::string& config, const Environment& env,
                                          std::vector<std::string> more) {
        std::vector<std::string> args = {"-c", config, "serve"};
        args.insert(args.end(), more.begin(), more.end());
        return start_tideway(args, env);
    }
    std::unique_ptr<Process> process_;
};

inline bool shows(Db& db, int id, const std::string& body) {
    return db.number(fmt::format("select count(*) from note where id = {} and body = {}", id,
                                 quote_literal(body))) == 1;
}

// From the commit on one side to the row on the other.
inline Millis crossing(Db& from, Db& to, int id, const std::string& body, Millis deadline = std::chrono::seconds(30)) {
    from.exec(fmt::format("insert into note values ({0}, {1}) on conflict (id) do update set body = {1}", id,
                          quote_literal(body)));
    return wait_for(body + " crosses", [&] { return shows(to, id, body); }, deadline, Millis(2));
}

inline Millis median(std::vector<Millis> times) {
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

// What a service tells systemd.
class NotifySocket {
  public:
    NotifySocket() : path_(dir_ / "notify") {
        socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("no socket at " + path_);
    }
    ~NotifySocket() { ::close(socket_); }
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;

    Environment env() const { return {{"NOTIFY_SOCKET", path_}}; }
    void wait_until_told(const std::string& line, Millis deadline = std::chrono::seconds(30)) {
        wait_for("systemd is told " + line, [&] { return heard().find(line) != std::string::npos; }, deadline);
    }
    // All that was told so far, since forget().
    const std::string& heard() {
        char text[4096];
        for (ssize_t got; (got = ::recv(socket_, text, sizeof text, MSG_DONTWAIT)) > 0;)
            told_ += std::string(text, static_cast<std::size_t>(got)) + "\n";
        return told_;
    }
    void forget() {
        heard();
        told_.clear();
    }

  private:
    TempDir dir_;
    std::string path_;
    std::string told_;
    int socket_ = -1;
};

}  // namespace tideway::test
