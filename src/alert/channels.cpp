#include "alert/channel.hpp"

namespace tideway::alert {

std::vector<std::unique_ptr<Channel>> channels(const AlertSetting& setting) {
    std::vector<std::unique_ptr<Channel>> all;
    if (setting.command) all.push_back(command_channel(*setting.command, setting.timeout));
    if (setting.webhook) all.push_back(webhook_channel(*setting.webhook, setting.timeout));
    if (setting.email) all.push_back(mail_channel(*setting.email, setting.timeout));
    return all;
}

}  // namespace tideway::alert
