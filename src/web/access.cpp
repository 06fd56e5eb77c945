#include "web/access.hpp"

#include <algorithm>

namespace tideway::web {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

// Browsers say who makes them ask. Old ones say nothing: then origin and the session's secret decide.
bool from_another_site(const Request& request) {
    const auto site = request.header("sec-fetch-site");
    return site && *site != "same-origin" && *site != "none";
}

// A form of a page that gives no referrer is sent with the origin "null"; what the browser says of the site
// counts then.
bool from_a_page_of_ours(const Request& request) {
    const auto origin = request.header("origin"), host = request.header("host");
    if (!origin || *origin == "null") return request.header("sec-fetch-site") == "same-origin";
    return host && same_origin(*origin, *host);
}

bool has_secret(const Request& request, const Shown& shown) {
    const auto given = request.header("x-tideway-csrf");
    return given && shown.csrf && equal_in_constant_time(*given, *shown.csrf);
}

Verdict judge_writer(const Request& request, const Shown& shown) {
    // No other site can make a browser send this header; yet a page that says where it comes from must be
    // ours.
    if (shown.token)
        return request.header("origin") && !from_a_page_of_ours(request) ? Verdict::cross_site
                                                                         : Verdict::allowed;
    return from_a_page_of_ours(request) && has_secret(request, shown) ? Verdict::allowed : Verdict::no_proof;
}

}  // namespace

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    volatile unsigned char difference = 0;
    for (std::size_t at = 0; at < a.size(); ++at)
        difference = static_cast<unsigned char>(difference | (a[at] ^ b[at]));
    return difference == 0;
}

std::optional<std::string> host_name(std::string_view host) {
    std::string_view name = host, rest;
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        name = host.substr(1, end - 1);
        rest = host.substr(end + 1);
    } else if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
        name = host.substr(0, colon);
        rest = host.substr(colon);
    }
    if (!rest.empty() && (!rest.starts_with(':') || !is_port(rest.substr(1)))) return std::nullopt;
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':';
    });
    return plain ? std::optional(lower(name)) : std::nullopt;
}

std::optional<std::string> bearer_token(const Request& request) {
    const auto given = request.header("authorization");
    if (!given || !lower(given->substr(0, 7)).starts_with("bearer ")) return std::nullopt;
    return std::string(trimmed(std::string_view(*given).substr(7)));
}

std::optional<std::string> cookie(const Request& request, std::string_view name) {
    const auto all = request.header("cookie");
    if (!all) return std::nullopt;
    std::optional<std::string> found;
    std::string_view rest = *all;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(';'), rest.size());
        const std::string_view pair = trimmed(rest.substr(0, end));
        if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
            found = std::string(pair.substr(name.size() + 1));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return found;
}

bool same_origin(const std::string& origin, const std::string& host) {
    const std::string asked = lower(host);
    return lower(origin) == "http://" + asked || lower(origin) == "https://" + asked;
}

Verdict judge(const Request& request, Access access, const Shown& shown,
              const std::vector<std::string>& hosts) {
    const auto host = request.header("host");
    const auto name = host ? host_name(*host) : std::nullopt;
    if (!name || std::find(hosts.begin(), hosts.end(), *name) == hosts.end()) return Verdict::wrong_host;
    if (access == Access::everyone) return Verdict::allowed;
    if (from_another_site(request)) return Verdict::cross_site;
    if (access == Access::login) return from_a_page_of_ours(request) ? Verdict::allowed : Verdict::cross_site;
    if (!shown.token && !shown.csrf) return Verdict::not_logged_in;
    return access == Access::reader ? Verdict::allowed : judge_writer(request, shown);
}

}  // namespace tideway::web
