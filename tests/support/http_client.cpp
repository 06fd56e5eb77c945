#include "support/http_client.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace tideway::test {

std::string HttpAnswer::header(const std::string& name) const {
    const std::string mark = "\r\n" + name + ": ";
    const std::size_t at = head.find(mark);
    if (at == head.npos) return "";
    const std::size_t begin = at + mark.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

HttpConnection::HttpConnection(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return;
    ::close(socket_);
    throw std::runtime_error(fmt::format("nothing listens on port {}", port));
}

HttpConnection::~HttpConnection() { ::close(socket_); }

bool HttpConnection::say(const std::string& text) {
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

std::string HttpConnection::hear(const std::string& end) {
    std::string heard;
    char buffer[4096];
    while (heard.find(end) == std::string::npos) {
        const ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
        if (size <= 0) break;
        heard.append(buffer, static_cast<std::size_t>(size));
    }
    return heard;
}

std::string HttpConnection::hear_all() { return hear("\x01 never sent \x01"); }

HttpAnswer ask_http(std::uint16_t port, const HttpQuestion& question) {
    HttpConnection connection(port);
    std::string text = fmt::format("{} {} HTTP/1.1\r\n", question.method, question.path);
    HttpHeaders headers = question.headers;
    const auto is_host = [](const auto& each) { return each.first == "Host"; };
    if (std::none_of(headers.begin(), headers.end(), is_host))
        headers.emplace_back("Host", fmt::format("127.0.0.1:{}", port));
    if (question.method == "POST")
        headers.emplace_back("Content-Length", std::to_string(question.body.size()));
    headers.emplace_back("Connection", "close");
    for (const auto& [name, value] : headers) text += fmt::format("{}: {}\r\n", name, value);
    connection.say(text + "\r\n" + question.body);
    const std::string all = connection.hear_all();
    HttpAnswer answer;
    if (all.size() > 12) answer.status = std::stoi(all.substr(9, 3));
    const std::size_t end = std::min(all.find("\r\n\r\n"), all.size());
    answer.head = all.substr(0, std::min(end + 2, all.size()));
    answer.body = all.substr(std::min(end + 4, all.size()));
    return answer;
}

}  // namespace tideway::test
