// Ways to reach somebody.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "alert/message.hpp"
#include "config/config.hpp"

namespace tideway::alert {

class Channel {
  public:
    virtual ~Channel() = default;
    virtual std::string name() const = 0;   // "command", "webhook", "email"
    virtual std::string where() const = 0;  // for people, without secrets
    // Returns when it was taken. Throws Error with the code of this kind of channel; takes no longer than its
    // time limit.
    virtual void send(const Message& message) = 0;
};

std::unique_ptr<Channel> command_channel(const std::string& command, std::chrono::seconds timeout);
std::unique_ptr<Channel> webhook_channel(const std::string& url, std::chrono::seconds timeout);
std::unique_ptr<Channel> mail_channel(const MailSetting& mail, std::chrono::seconds timeout);

// Those that the configuration names.
std::vector<std::unique_ptr<Channel>> channels(const AlertSetting& setting);

// Fetches the address. Throws Error(alert_receiver).
void beat(const std::string& url, std::chrono::seconds timeout);

}  // namespace tideway::alert
