// Texts that go to a terminal: a text as one word of a shell's command line, and characters that steer one.
#pragma once
#include <string>
#include <string_view>

namespace tideway {

// In quotes where it needs them; what would steer the terminal is written by its bytes ($'\x1b').
std::string shell_word(const std::string& text);

// A character beyond ASCII at the beginning of a UTF-8 text that steers a terminal or turns the direction of
// what follows: its code. 0: there is none.
unsigned steering_character(std::string_view text);

}  // namespace tideway
