// Who may ask for what. Pure: a request and what is known go in, a verdict comes out (docs/api.md,
// "Security").
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/http.hpp"

namespace tideway::web {

// The same time for every text of the same length.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// "localhost" of "localhost:8484", "::1" of "[::1]:8484", in lower case; nothing where it is no host.
std::optional<std::string> host_name(std::string_view host);
// "token" of "Bearer token".
std::optional<std::string> bearer_token(const Request& request);
// One cookie of the request.
std::optional<std::string> cookie(const Request& request, std::string_view name);
// What a browser would send as the origin of a page that this request's host serves, over http or https.
bool same_origin(const std::string& origin, const std::string& host);

enum class Access {
    everyone,  // pages that say nothing, health
    login,     // the login itself: no session yet, and yet a change of state
    reader,    // needs a session or the token
    writer,    // changes something: needs proof that no other site made the browser ask
};

// What the request has shown.
struct Shown {
    bool token = false;                    // a bearer token that is right
    std::optional<std::string> csrf = {};  // the secret of its session, if it has one
};

enum class Verdict {
    allowed,
    wrong_host,  // a name that this service does not go by (DNS rebinding)
    cross_site,  // the browser says that another site asks
    not_logged_in,
    no_proof,  // no origin, or no secret of the session
};

// `hosts`: names, without ports, in lower case.
Verdict judge(const Request& request, Access access, const Shown& shown,
              const std::vector<std::string>& hosts);

}  // namespace tideway::web
