#include <fmt/format.h>

#include "web/answers.hpp"
#include "web/assets.hpp"
#include "web/handlers.hpp"
#include "web/url_text.hpp"

namespace tideway::web {
namespace {

constexpr std::string_view place_of_message = "<!--message-->";

Response page_with(const std::string& message, int status) {
    std::string page(find_asset("login.html")->content);
    page.replace(page.find(place_of_message), place_of_message.size(),
                 message.empty() ? "" : fmt::format("<p class=\"problem\" role=\"alert\">{}</p>", message));
    return {status, {{"Content-Type", "text/html; charset=utf-8"}}, std::move(page)};
}

std::string token_of(const Request& request) {
    for (const auto& [name, value] : form_fields(request.body))
        if (name == "token") return value;
    return "";
}

}  // namespace

Response login_page(const Call&) { return page_with("", 200); }

Response log_in(const Call& call) {
    try {
        const auto cookie = call.gate.log_in(call.request, token_of(call.request));
        if (!cookie) return page_with("That is not the token.", 401);
        Response answer = see_other("/");
        answer.headers.emplace_back("Set-Cookie", *cookie);
        return answer;
    } catch (const Error& error) {
        if (error.code() != Code::too_many_logins) throw;
        return page_with("Too many wrong tokens. Wait a minute, then try again.", 429);
    }
}

Response log_out(const Call& call) {
    Response answer = json_answer({{"version", 1}, {"status", "ok"}});
    answer.headers.emplace_back("Set-Cookie", call.gate.log_out(call.request));
    return answer;
}

Response show_session(const Call& call) {
    const auto session = call.gate.session_of(call.request);
    return json_answer({{"version", 1}, {"csrf", session ? Json(session->csrf) : Json(nullptr)}});
}

}  // namespace tideway::web
