#include "config/alert_section.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/duration.hpp"
#include "config/state_file.hpp"

namespace tideway::config {
namespace {

void require_scheme(const Section& section, std::string_view key, const std::string& url,
                    std::initializer_list<std::string_view> schemes, const char* example) {
    const bool fits = std::any_of(schemes.begin(), schemes.end(), [&](std::string_view scheme) {
        return url.starts_with(scheme) && url.size() > scheme.size();
    });
    if (!fits)
        section.refuse(Code::config_value, key, "is no url of that kind", fmt::format("write {}", example));
}

std::optional<std::string> read_web_url(Section& section, std::string_view key) {
    std::optional<std::string> url = section.text(key);
    if (url) require_scheme(section, key, *url, {"https://", "http://"}, "\"https://host/path\"");
    return url;
}

std::optional<std::chrono::seconds> read_duration(Section& section, std::string_view key) {
    const std::optional<std::string> text = section.text(key);
    if (!text) return std::nullopt;
    const auto duration = parse_duration(*text);
    if (!duration)
        section.refuse(Code::config_value, key, "is no time", "write \"30s\", \"5m\", \"24h\" or \"7d\"");
    return duration;
}

// What stands in a mail's header must not begin another line of it.
void require_address(const Section& section, std::string_view key, const std::string& address) {
    const bool plain = std::all_of(address.begin(), address.end(), [](unsigned char c) {
        return c > ' ' && c != 127 && c != '<' && c != '>';
    });
    if (!plain || address.find('@') == std::string::npos)
        section.refuse(Code::config_value, key, "holds something that is no mail address",
                       "write \"name@host\"");
}

bool read_tls(Section& section) {
    const std::string given = section.text("tls").value_or("always");
    if (given != "always" && given != "if_offered")
        section.not_a_word("tls", given, {"always", "if_offered"});
    return given == "always";
}

MailSetting read_mail(Section& section, const std::string& path) {
    MailSetting mail;
    for (const char* key : {"url", "from", "to"})
        if (!section.has(key))
            section.refuse(Code::config_value, key, "is missing in [alert.email]",
                           "it needs url, from and to");
    mail.server.url = *section.text("url");
    require_scheme(section, "url", mail.server.url, {"smtps://", "smtp://"}, "\"smtps://user@host:465\"");
    mail.server.password_command = section.text("password_command");
    mail.server.password_file = section.text("password_file");
    if (mail.server.password_command && mail.server.password_file)
        section.refuse(Code::config_value, "password_file", "stands beside password_command",
                       "keep one of the two");
    if (mail.server.password_file) mail.server.password_file = beside(path, *mail.server.password_file);
    mail.from = *section.text("from");
    require_address(section, "from", mail.from);
    mail.to = *section.texts("to");
    if (mail.to.empty())
        section.refuse(Code::config_value, "to", "names nobody", "write to = [\"name@host\"]");
    for (const std::string& address : mail.to) require_address(section, "to", address);
    mail.must_encrypt = read_tls(section);
    section.finish();
    return mail;
}

std::set<AlertKind> read_events(Section& section) {
    std::set<AlertKind> events(all_alert_kinds().begin(), all_alert_kinds().end());
    events.erase(AlertKind::settled);
    const auto given = section.texts("events");
    if (!given) return events;
    events.clear();
    for (const std::string& word : *given) {
        const std::optional<AlertKind> kind = parse_alert_kind(word);
        if (!kind) section.not_a_word("events", word, alert_words());
        events.insert(*kind);
    }
    return events;
}

}  // namespace

std::optional<AlertSetting> read_alert(Section& top, const std::string& path) {
    std::optional<Section> section = top.section("alert");
    if (!section) return std::nullopt;
    AlertSetting alert;
    alert.command = section->text("command");
    alert.webhook = read_web_url(*section, "webhook");
    alert.heartbeat_url = read_web_url(*section, "heartbeat_url");
    if (std::optional<Section> mail = section->section("email")) alert.email = read_mail(*mail, path);
    alert.timeout = read_duration(*section, "timeout").value_or(alert.timeout);
    alert.repeat = read_duration(*section, "repeat").value_or(alert.repeat);
    alert.events = read_events(*section);
    const auto memory = section->text("memory");
    alert.memory = memory ? beside(path, *memory) : state_file(path, ".alerts");
    section->finish();
    if (!alert.command && !alert.webhook && !alert.email && !alert.heartbeat_url)
        top.refuse(Code::config_value, "alert", "names nobody to tell",
                   "add command, webhook, heartbeat_url or [alert.email], or remove the section");
    return alert;
}

}  // namespace tideway::config
