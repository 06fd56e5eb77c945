// The login token, in a file that only the service's user can read.
#pragma once
#include <string>

#include "base/world.hpp"

namespace tideway::web {

// The token in that file; where there is none, a new one of 256 random bits is written there, with mode 0600.
// Throws Error(token_file) where others may read the file, or where it holds no token of 32 characters or
// more.
std::string token_in(const std::string& path, Random& random);

}  // namespace tideway::web
