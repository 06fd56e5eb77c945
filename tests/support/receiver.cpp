#include "support/receiver.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace tideway::test {

bool Conversation::fill() {
    char buffer[4096];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    buffer_.append(buffer, static_cast<std::size_t>(got));
    return true;
}

std::string Conversation::line() {
    std::size_t end;
    while ((end = buffer_.find('\n')) == std::string::npos)
        if (!fill()) throw std::runtime_error("the peer is gone");
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

std::string Conversation::bytes(std::size_t count) {
    while (buffer_.size() < count)
        if (!fill()) throw std::runtime_error("the peer is gone");
    std::string bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return bytes;
}

void Conversation::say(const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t sent = ::send(socket_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
        if (sent <= 0) throw std::runtime_error("the peer is gone");
        at += static_cast<std::size_t>(sent);
    }
}

void Conversation::wait_until_gone() {
    while (fill()) {
    }
}

Receiver::Receiver(const std::string& address_text) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, address_text.c_str(), &address.sin_addr);
    socklen_t length = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
        throw std::runtime_error("no port for a receiver");
    port_ = ntohs(address.sin_port);
}

void Receiver::start() {
    thread_ = std::thread([this] { loop(); });
}

void Receiver::stop() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
}

void Receiver::loop() {
    while (!stopping_) {
        pollfd wait{listener_, POLLIN, 0};
        if (::poll(&wait, 1, 50) <= 0) continue;
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) continue;
        Conversation peer(socket);
        try {
            serve(peer);
        } catch (const std::runtime_error&) {
            // A peer that went away has said all that it will say.
        }
        ::close(socket);
    }
}

std::string WebReceiver::url(const std::string& path) const {
    return fmt::format("http://127.0.0.1:{}{}", port(), path);
}

std::vector<WebRequest> WebReceiver::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void WebReceiver::serve(Conversation& peer) {
    const std::string first = peer.line();
    const std::size_t space = first.find(' '), end = first.rfind(' ');
    WebRequest request{first.substr(0, space), first.substr(space + 1, end - space - 1), ""};
    std::size_t length = 0;
    for (std::string line; !(line = peer.line()).empty();)
        if (line.starts_with("Content-Length: ")) length = std::stoul(line.substr(16));
    request.body = peer.bytes(length);
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
    }
    const int status = status_;
    if (status == 0) return peer.wait_until_gone();
    peer.say(fmt::format("HTTP/1.1 {} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", status));
}

std::string MailReceiver::url(const std::string& user) const {
    return fmt::format("smtp://{}{}:{}", user.empty() ? "" : user + "@", address_, port());
}

std::vector<Mail> MailReceiver::mails() const {
    const std::lock_guard lock(mutex_);
    return mails_;
}

namespace {

std::string decoded(const std::string& base64) {
    static const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    int have = 0;
    for (const char c : base64) {
        const std::size_t value = letters.find(c);
        if (value == std::string::npos) break;
        bits = bits << 6 | static_cast<unsigned>(value);
        if ((have += 6) >= 8) out += static_cast<char>(bits >> (have -= 8) & 0xff);
    }
    return out;
}

// "\0user\0password"
std::string login_of(const std::string& plain) {
    std::string login = plain.substr(1);
    login[login.find('\0')] = ':';
    return login;
}

std::string in_brackets(const std::string& line) {
    const std::size_t open = line.find('<');
    return line.substr(open + 1, line.find('>') - open - 1);
}

}  // namespace

void MailReceiver::serve(Conversation& peer) {
    Mail mail;
    peer.say("220 receiver\r\n");
    for (;;) {
        const std::string line = peer.line();
        const std::string word = line.substr(0, 4);
        if (word == "EHLO") {
            peer.say("250-receiver\r\n250 AUTH PLAIN\r\n");
        } else if (word == "AUTH") {
            std::string given = line.size() > 11 ? line.substr(11) : "";
            if (given.empty()) {
                peer.say("334 \r\n");
                given = peer.line();
            }
            mail.login = login_of(decoded(given));
            peer.say("235 welcome\r\n");
        } else if (word == "MAIL") {
            mail.from = in_brackets(line);
            peer.say("250 ok\r\n");
        } else if (word == "RCPT") {
            mail.to.push_back(in_brackets(line));
            peer.say(refuse_ ? "550 nobody of that name\r\n" : "250 ok\r\n");
        } else if (word == "DATA") {
            peer.say("354 go on\r\n");
            for (std::string text; (text = peer.line()) != ".";) mail.text += text + "\n";
            {
                const std::lock_guard lock(mutex_);
                mails_.push_back(mail);
            }
            peer.say("250 taken\r\n");
        } else {
            peer.say(word == "QUIT" ? "221 bye\r\n" : "250 ok\r\n");
            if (word == "QUIT") return;
        }
    }
}

}  // namespace tideway::test
