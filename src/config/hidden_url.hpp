// Urls whose path is as good as a password.
#pragma once
#include <string>

namespace tideway {

// "https://hooks.example/***": scheme and host alone, for messages. Also of a mail server's url, whose user
// and password are left out.
std::string hidden_url(const std::string& url);

}  // namespace tideway
