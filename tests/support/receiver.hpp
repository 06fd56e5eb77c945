// Servers that take alerts: one thread, real sockets on 127.0.0.1, one connection after the other.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tideway::test {

// What one connection is to the server that serves it.
class Conversation {
  public:
    explicit Conversation(int socket) : socket_(socket) {}
    std::string line();  // without its end; throws std::runtime_error when the peer is gone
    std::string bytes(std::size_t count);
    void say(const std::string& text);
    void wait_until_gone();  // keeps silent until the peer gives up

  private:
    bool fill();
    int socket_;
    std::string buffer_;
};

class Receiver {
  public:
    virtual ~Receiver() = default;
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;
    std::uint16_t port() const { return port_; }

  protected:
    explicit Receiver(const std::string& address = "127.0.0.1");
    void start();  // from the last line of a derived constructor
    void stop();   // from a derived destructor
    virtual void serve(Conversation& peer) = 0;

  private:
    void loop();
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

struct WebRequest {
    std::string method, path, body;
};

class WebReceiver : public Receiver {
  public:
    WebReceiver() { start(); }
    ~WebReceiver() override { stop(); }
    std::string url(const std::string& path) const;
    std::vector<WebRequest> requests() const;
    void answer(int status) { status_ = status; }  // from now on; 0: none at all

  private:
    void serve(Conversation& peer) override;
    std::atomic<int> status_{200};
    mutable std::mutex mutex_;
    std::vector<WebRequest> requests_;
};

struct Mail {
    std::string from, login;  // login: of AUTH PLAIN, "user:password"
    std::vector<std::string> to;
    std::string text;
};

class MailReceiver : public Receiver {
  public:
    explicit MailReceiver(const std::string& address = "127.0.0.1") : Receiver(address), address_(address) { start(); }
    ~MailReceiver() override { stop(); }
    std::string url(const std::string& user = {}) const;
    std::vector<Mail> mails() const;
    void refuse_receivers(bool refuse) { refuse_ = refuse; }

  private:
    void serve(Conversation& peer) override;
    std::string address_;
    std::atomic<bool> refuse_{false};
    mutable std::mutex mutex_;
    std::vector<Mail> mails_;
};

}  // namespace tideway::test
