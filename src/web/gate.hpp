// The door of the console: looks at every request before anything else does, logs in and out. Thread safe.
#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/world.hpp"
#include "web/access.hpp"
#include "web/http.hpp"
#include "web/sessions.hpp"

namespace tideway::web {

class Gate {
  public:
    // `hosts`: names that the console goes by, in lower case. `cookie`: its name; two services on one machine
    // must not share it, for browsers do not tell ports apart.
    Gate(std::string token, std::vector<std::string> hosts, std::string cookie, World& world);

    // Throws Error(request_refused), Error(login_needed) or Error(too_many_logins) where the request may not
    // go on.
    void check(const Request& request, Access access);
    // The session of the request, if it has one.
    std::optional<Session> session_of(const Request& request);
    // A session for who brings the token, as the cookie to set; nothing where it is wrong. Throws
    // Error(too_many_logins).
    std::optional<std::string> log_in(const Request& request, const std::string& token);
    // The cookie that ends the session.
    std::string log_out(const Request& request);

  private:
    bool is_token(const std::string& given, const std::string& peer);
    Shown shown_by(const Request& request);

    const std::string token_;
    const std::vector<std::string> hosts_;
    const std::string cookie_;
    World& world_;
    std::mutex mutex_;
    Sessions sessions_;
    LoginLimit limit_;
};

}  // namespace tideway::web
