// Answers as they are made everywhere: JSON, errors, pages, redirections.
#pragma once
#include <string>

#include "base/error.hpp"
#include "report/report_json.hpp"
#include "web/http.hpp"

namespace tideway::web {

Response json_answer(const Json& json, int status = 200);
// The status goes by the code; the body is that of `--json`.
Response error_answer(const Error& error);
Response see_other(const std::string& path);
// What every answer says to browsers: no script but ours, no other site, nothing kept.
void add_security_headers(Response& response);

}  // namespace tideway::web
