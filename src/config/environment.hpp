// ${VAR} in string values.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tideway::config {

using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

// getenv(3) as a value.
std::optional<std::string> environment_variable(const std::string& name);

// Replaces ${NAME} by its value and $$ by $; any other $ stays. Throws std::invalid_argument("NAME") when a
// variable is not set, std::invalid_argument("") when "${" has no end or no name.
std::string expand(std::string_view text, const Lookup& lookup);

// The text that expand() turns into `value`.
std::string protect_dollars(std::string_view value);

}  // namespace tideway::config
