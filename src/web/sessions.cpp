#include "web/sessions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "web/access.hpp"

namespace tideway::web {

std::string random_secret(Random& random) {
    return fmt::format("{:016x}{:016x}{:016x}{:016x}", random.next(), random.next(), random.next(),
                       random.next());
}

void Sessions::forget_old(std::int64_t now) {
    std::erase_if(sessions_, [&](const Session& each) {
        return now - each.began_at >= longest || now - each.used_at >= longest_rest;
    });
}

Session Sessions::begin(Random& random, std::int64_t now) {
    forget_old(now);
    if (sessions_.size() >= most)
        sessions_.erase(
            std::min_element(sessions_.begin(), sessions_.end(),
                             [](const Session& a, const Session& b) { return a.used_at < b.used_at; }));
    sessions_.push_back({random_secret(random), random_secret(random), now, now});
    return sessions_.back();
}

std::optional<Session> Sessions::find(const std::string& id, std::int64_t now) {
    forget_old(now);
    for (Session& each : sessions_) {
        if (!equal_in_constant_time(each.id, id)) continue;
        each.used_at = now;
        return each;
    }
    return std::nullopt;
}

void Sessions::end(const std::string& id) {
    std::erase_if(sessions_, [&](const Session& each) { return equal_in_constant_time(each.id, id); });
}

std::int64_t LoginLimit::wait_seconds(const std::string& address, std::int64_t now) const {
    const auto found = tries_.find(address);
    if (found == tries_.end() || found->second.wrong < most_wrong) return 0;
    const std::int64_t left = found->second.since + window - now;
    return left <= 0 ? 0 : (left + 999'999) / 1'000'000;
}

void LoginLimit::was_wrong(const std::string& address, std::int64_t now) {
    std::erase_if(tries_, [&](const auto& each) { return now - each.second.since >= window; });
    // Somebody with thousands of addresses gains nothing by making us forget: the token has 256 bits.
    if (tries_.size() >= most_addresses && !tries_.contains(address)) tries_.erase(tries_.begin());
    Tries& tries = tries_.try_emplace(address, Tries{now, 0}).first->second;
    ++tries.wrong;
}

}  // namespace tideway::web
