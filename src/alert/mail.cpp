// E-mail by SMTP.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "alert/channel.hpp"
#include "alert/transfer.hpp"
#include "base/world.hpp"
#include "config/hidden_url.hpp"

namespace tideway::alert {
namespace {

// The url without its user and password, and those.
struct Server {
    std::string url, user, host;
    std::optional<std::string> password;
    bool loopback() const { return host == "localhost" || host == "127.0.0.1" || host == "[::1]"; }
};

class Parts {
  public:
    explicit Parts(const std::string& url) : url_(curl_url()) {
        if (curl_url_set(url_, CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
            throw Error(Code::alert_mail, fmt::format("{} is no url", hidden_url(url)));
    }
    ~Parts() { curl_url_cleanup(url_); }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    std::optional<std::string> get(CURLUPart part) const {
        char* text = nullptr;
        if (curl_url_get(url_, part, &text, part == CURLUPART_URL ? 0 : CURLU_URLDECODE) != CURLUE_OK)
            return std::nullopt;
        std::string value = text;
        curl_free(text);
        return value;
    }
    void remove(CURLUPart part) { curl_url_set(url_, part, nullptr, 0); }

  private:
    CURLU* url_;
};

Server server_of(const SideSetting& setting) {
    Parts parts(setting.url);
    Server server;
    server.user = parts.get(CURLUPART_USER).value_or("");
    server.password = parts.get(CURLUPART_PASSWORD);
    server.host = parts.get(CURLUPART_HOST).value_or("");
    parts.remove(CURLUPART_USER);
    parts.remove(CURLUPART_PASSWORD);
    server.url = parts.get(CURLUPART_URL).value_or("");
    if (const auto from_source = read_password(setting)) server.password = from_source;
    return server;
}

std::string letter(const MailSetting& mail, const Message& message) {
    const std::string host = mail.from.substr(mail.from.find('@') + 1);
    const std::time_t now = std::time(nullptr);
    std::string body = text(message), lines;
    for (const char c : body) lines += c == '\n' ? "\r\n" : std::string(1, c);
    return fmt::format(
        "Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\nFrom: Tideway <{}>\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: "
        "<{}@{}>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        "Auto-Submitted: auto-generated\r\n\r\n{}",
        fmt::gmtime(now), mail.from, fmt::join(mail.to, ", "), subject(message),
        random_uuid(real_world().random), host, lines);
}

struct Reading {
    const std::string& text;
    std::size_t at = 0;
};

std::size_t read_on(char* buffer, std::size_t size, std::size_t count, void* from) {
    Reading& reading = *static_cast<Reading*>(from);
    const std::size_t length = std::min(size * count, reading.text.size() - reading.at);
    std::memcpy(buffer, reading.text.data() + reading.at, length);
    reading.at += length;
    return length;
}

class MailChannel : public Channel {
  public:
    MailChannel(MailSetting mail, std::chrono::seconds timeout) : mail_(std::move(mail)), timeout_(timeout) {}
    std::string name() const override { return "email"; }
    std::string where() const override {
        return fmt::format("{} by {}", fmt::join(mail_.to, ", "), hidden_url(mail_.server.url));
    }

    void send(const Message& message) override try {
        const Server server = server_of(mail_.server);
        const std::string text = letter(mail_, message), from = fmt::format("<{}>", mail_.from);
        Reading reading{text};
        Transfer transfer(timeout_);
        transfer.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        transfer.set(CURLOPT_URL, server.url.c_str());
        if (!server.user.empty()) transfer.set(CURLOPT_USERNAME, server.user.c_str());
        if (server.password) transfer.set(CURLOPT_PASSWORD, server.password->c_str());
        const bool encrypt = mail_.must_encrypt && !server.loopback();
        transfer.set(CURLOPT_USE_SSL, static_cast<long>(encrypt ? CURLUSESSL_ALL : CURLUSESSL_TRY));
        transfer.set(CURLOPT_MAIL_FROM, from.c_str());
        transfer.set_list(CURLOPT_MAIL_RCPT, bracketed(mail_.to));
        transfer.set(CURLOPT_UPLOAD, 1L);
        transfer.set(CURLOPT_READFUNCTION, &read_on);
        transfer.set(CURLOPT_READDATA, &reading);
        const std::string problem = transfer.run();
        if (!problem.empty())
            throw Error(Code::alert_mail, fmt::format("{} {}", hidden_url(mail_.server.url), problem));
    } catch (const Error& error) {
        if (error.code() == Code::alert_mail) throw;
        throw Error(Code::alert_mail, fmt::format("e-mail: {}", error.what()), error.hint());
    }

  private:
    static std::vector<std::string> bracketed(const std::vector<std::string>& addresses) {
        std::vector<std::string> all;
        for (const std::string& address : addresses) all.push_back(fmt::format("<{}>", address));
        return all;
    }

    MailSetting mail_;
    std::chrono::seconds timeout_;
};

}  // namespace

std::unique_ptr<Channel> mail_channel(const MailSetting& mail, std::chrono::seconds timeout) {
    return std::make_unique<MailChannel>(mail, timeout);
}

}  // namespace tideway::alert
