#include "web/gate.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace tideway::web {
namespace {

[[noreturn]] void refuse(Verdict verdict, const Request& request) {
    switch (verdict) {
        case Verdict::wrong_host:
            throw Error(Code::request_refused, "the console does not go by the host name of this request");
        case Verdict::cross_site:
            throw Error(Code::request_refused, "a page of another site sent this request");
        case Verdict::no_proof:
            throw Error(Code::request_refused, "nothing proves that a page of this console sent this request",
                        "reload the page; programs send \"Authorization: Bearer TOKEN\"");
        case Verdict::not_logged_in:
        case Verdict::allowed:
            break;
    }
    throw Error(Code::login_needed, fmt::format("{} needs a login", request.path));
}

}  // namespace

Gate::Gate(std::string token, std::vector<std::string> hosts, std::string cookie, World& world)
    : token_(std::move(token)), hosts_(std::move(hosts)), cookie_(std::move(cookie)), world_(world) {}

// Under the lock. A wrong one is counted, and after too many of them none is looked at.
bool Gate::is_token(const std::string& given, const std::string& peer) {
    const std::int64_t now = world_.clock.monotonic_micros();
    if (const std::int64_t wait = limit_.wait_seconds(peer, now); wait > 0)
        throw Error(Code::too_many_logins, fmt::format("too many wrong tokens came from {}", peer),
                    fmt::format("wait {} seconds", wait));
    const bool right = equal_in_constant_time(given, token_);
    if (!right) limit_.was_wrong(peer, now);
    return right;
}

Shown Gate::shown_by(const Request& request) {
    const std::lock_guard lock(mutex_);
    Shown shown;
    if (const auto id = cookie(request, cookie_))
        if (const auto session = sessions_.find(*id, world_.clock.monotonic_micros()))
            shown.csrf = session->csrf;
    if (const auto token = bearer_token(request)) shown.token = is_token(*token, request.peer);
    return shown;
}

void Gate::check(const Request& request, Access access) {
    // Before any secret is compared: another site must not even count wrong ones.
    if (const Verdict open = judge(request, Access::everyone, {}, hosts_); open != Verdict::allowed)
        refuse(open, request);
    if (access == Access::everyone) return;
    const Shown shown = access == Access::login ? Shown{} : shown_by(request);
    if (const Verdict verdict = judge(request, access, shown, hosts_); verdict != Verdict::allowed)
        refuse(verdict, request);
}

std::optional<Session> Gate::session_of(const Request& request) {
    const auto id = cookie(request, cookie_);
    const std::lock_guard lock(mutex_);
    return id ? sessions_.find(*id, world_.clock.monotonic_micros()) : std::nullopt;
}

std::optional<std::string> Gate::log_in(const Request& request, const std::string& token) {
    const std::lock_guard lock(mutex_);
    if (!is_token(token, request.peer)) return std::nullopt;
    const Session session = sessions_.begin(world_.random, world_.clock.monotonic_micros());
    const bool encrypted = request.header("origin").value_or("").starts_with("https://");
    return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", cookie_, session.id,
                       Sessions::longest / 1'000'000, encrypted ? "; Secure" : "");
}

std::string Gate::log_out(const Request& request) {
    const std::lock_guard lock(mutex_);
    if (const auto id = cookie(request, cookie_)) sessions_.end(*id);
    return fmt::format("{}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0", cookie_);
}

}  // namespace tideway::web
