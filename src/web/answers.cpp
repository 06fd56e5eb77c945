#include "web/answers.hpp"

namespace tideway::web {
namespace {

struct StatusOf {
    Code code;
    int status;
};

constexpr StatusOf statuses[] = {
    {Code::request_refused, 403},  {Code::login_needed, 401}, {Code::too_many_logins, 429},
    {Code::request_unfit, 400},    {Code::usage, 400},        {Code::not_there, 404},
    {Code::conflict_unknown, 404}, {Code::row_unfit, 422},    {Code::row_changed_since, 409},
    {Code::confirm_stale, 409},    {Code::lease_held, 409},   {Code::server_unreachable, 503},
    {Code::connection_lost, 503},  {Code::interrupted, 503},  {Code::console_busy, 503},
    {Code::strange_answer, 502},
};

int status_of(Code code) {
    for (const StatusOf& each : statuses)
        if (each.code == code) return each.status;
    return 500;
}

}  // namespace

Response json_answer(const Json& json, int status) {
    return {status, {{"Content-Type", "application/json"}}, dump(json)};
}

Response error_answer(const Error& error) {
    const std::string hint = error.hint().empty() ? std::string(info(error.code()).way_out) : error.hint();
    return json_answer(error_json(error.id(), error.what(), hint), status_of(error.code()));
}

Response see_other(const std::string& path) { return {303, {{"Location", path}}, ""}; }

void add_security_headers(Response& response) {
    const Fields always = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
         "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };
    response.headers.insert(response.headers.end(), always.begin(), always.end());
}

}  // namespace tideway::web
