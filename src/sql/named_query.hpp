// A query of the configuration with named parameters: "select client_id from job where job_id = :job_id".
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tideway::sql {

// The names behind a colon, each once, in order. Strings, quoted names, dollar quotes, comments and casts
// (::) are left alone.
std::vector<std::string> parameter_names(std::string_view query);

// The query with every parameter replaced by what `text_for` gives for its name.
std::string replace_parameters(std::string_view query,
                               const std::function<std::string(const std::string&)>& text_for);

}  // namespace tideway::sql
