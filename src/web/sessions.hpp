// Logged-in browsers, and who tries to log in too often. Values: the caller brings the time and the lock.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/world.hpp"

namespace tideway::web {

// 256 random bits as 64 hex digits.
std::string random_secret(Random& random);

struct Session {
    std::string id;                          // in the cookie
    std::string csrf;                        // which pages send with every change of state
    std::int64_t began_at = 0, used_at = 0;  // microseconds
};

class Sessions {
  public:
    static constexpr std::size_t most = 64;                           // then the one that rests longest goes
    static constexpr std::int64_t longest = 12LL * 3600 * 1'000'000;  // since the login
    static constexpr std::int64_t longest_rest = 2LL * 3600 * 1'000'000;  // since it was used

    Session begin(Random& random, std::int64_t now);
    // The session of that id, which is used by this; nothing once it is over.
    std::optional<Session> find(const std::string& id, std::int64_t now);
    void end(const std::string& id);

  private:
    void forget_old(std::int64_t now);
    std::vector<Session> sessions_;
};

// Counts wrong tokens of each address: ten a minute, then none of its tries is looked at until the minute is
// over.
class LoginLimit {
  public:
    static constexpr int most_wrong = 10;
    static constexpr std::int64_t window = 60LL * 1'000'000;
    static constexpr std::size_t most_addresses = 1024;

    // How many seconds that address must wait; 0: its token may be looked at.
    std::int64_t wait_seconds(const std::string& address, std::int64_t now) const;
    void was_wrong(const std::string& address, std::int64_t now);

  private:
    struct Tries {
        std::int64_t since = 0;
        int wrong = 0;
    };
    std::map<std::string, Tries> tries_;
};

}  // namespace tideway::web
