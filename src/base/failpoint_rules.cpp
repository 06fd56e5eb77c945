#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/failpoint.hpp"

namespace tideway {
namespace {

using Action = FailpointRule::Action;

[[noreturn]] void refuse(std::string_view rule) {
    throw Error(Code::config_env, fmt::format("TIDEWAY_FAILPOINTS: \"{}\" is not NAME=ACTION[@HIT]", rule));
}

std::optional<unsigned> number(std::string_view text) {
    unsigned value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool parse_action(std::string_view text, FailpointRule& rule) {
    const auto colon = text.find(':');
    const std::string_view verb = text.substr(0, colon);
    rule.argument = colon == text.npos ? "" : text.substr(colon + 1);
    if (verb == "sleep") return rule.action = Action::sleep, number(rule.argument).has_value();
    if (verb == "pause") return rule.action = Action::pause, !rule.argument.empty();
    if (colon != text.npos) return false;
    if (verb == "kill9") return rule.action = Action::kill9, true;
    if (verb == "throw") return rule.action = Action::raise, true;
    if (verb == "exit") return rule.action = Action::exit, true;
    if (verb == "close") return rule.action = Action::close, true;
    return false;
}

FailpointRule parse_rule(std::string_view text) {
    FailpointRule rule;
    const auto equals = text.find('=');
    if (equals == 0 || equals == text.npos) refuse(text);
    rule.name = text.substr(0, equals);
    std::string_view action = text.substr(equals + 1);
    if (const auto at = action.rfind('@'); at != action.npos) {
        const auto hit = number(action.substr(at + 1));
        if (!hit || *hit == 0) refuse(text);
        rule.hit = *hit;
        action = action.substr(0, at);
    }
    if (!parse_action(action, rule)) refuse(text);
    return rule;
}

}  // namespace

std::vector<FailpointRule> parse_failpoints(std::string_view spec) {
    std::vector<FailpointRule> rules;
    while (!spec.empty()) {
        const auto end = spec.find(';');
        if (const auto text = spec.substr(0, end); !text.empty()) rules.push_back(parse_rule(text));
        if (end == spec.npos) break;
        spec.remove_prefix(end + 1);
    }
    return rules;
}

}  // namespace tideway
