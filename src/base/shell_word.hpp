// A text as one word of a shell's command line.
#pragma once
#include <string>

namespace tideway {

// In quotes where it needs them.
std::string shell_word(const std::string& text);

}  // namespace tideway
