// Webhook and heartbeat.
#include <fmt/format.h>

#include "alert/channel.hpp"
#include "alert/transfer.hpp"
#include "config/hidden_url.hpp"

namespace tideway::alert {
namespace {

// No redirect is followed: a message for one host is not for another.
void fetch(Transfer& transfer, const std::string& url) {
    transfer.set(CURLOPT_PROTOCOLS_STR, "http,https");
    transfer.set(CURLOPT_URL, url.c_str());
    const auto fail = [&](const std::string& what) {
        throw Error(Code::alert_receiver, fmt::format("{} {}", hidden_url(url), what));
    };
    const std::string problem = transfer.run();
    if (!problem.empty()) fail(problem);
    if (transfer.answer() < 200 || transfer.answer() > 299)
        fail(fmt::format("answered {}", transfer.answer()));
}

class WebhookChannel : public Channel {
  public:
    WebhookChannel(std::string url, std::chrono::seconds timeout) : url_(std::move(url)), timeout_(timeout) {}
    std::string name() const override { return "webhook"; }
    std::string where() const override { return hidden_url(url_); }

    void send(const Message& message) override {
        const std::string body = json(message);
        Transfer transfer(timeout_);
        transfer.set_list(CURLOPT_HTTPHEADER, {"Content-Type: application/json", "Expect:"});
        transfer.set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
        transfer.set(CURLOPT_COPYPOSTFIELDS, body.c_str());
        fetch(transfer, url_);
    }

  private:
    std::string url_;
    std::chrono::seconds timeout_;
};

}  // namespace

std::unique_ptr<Channel> webhook_channel(const std::string& url, std::chrono::seconds timeout) {
    return std::make_unique<WebhookChannel>(url, timeout);
}

void beat(const std::string& url, std::chrono::seconds timeout) {
    Transfer transfer(timeout);
    fetch(transfer, url);
}

}  // namespace tideway::alert
