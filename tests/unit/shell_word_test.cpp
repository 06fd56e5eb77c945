// Texts as words of a command that people copy.
#include <gtest/gtest.h>

#include "base/shell_word.hpp"

namespace tideway {
namespace {

TEST(ShellWord, is_quoted_where_a_shell_would_read_something_else) {
    EXPECT_EQ(shell_word("public.jobs"), "public.jobs");
    EXPECT_EQ(shell_word(""), "''");
    EXPECT_EQ(shell_word("two words; rm"), "'two words; rm'");
    EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
    EXPECT_EQ(shell_word("caf\xc3\xa9"), "'caf\xc3\xa9'");
}

TEST(ShellWord, H81_what_would_steer_a_terminal_is_written_by_its_bytes) {
    EXPECT_EQ(shell_word("\x1b[31m it's"), "$'\\x1b[31m it\\'s'");
    EXPECT_EQ(shell_word("a\xe2\x80\xae"), "$'a\\xe2\\x80\\xae'");
    EXPECT_EQ(shell_word("\xc2\x9b\\"), "$'\\xc2\\x9b\\\\'");
}

}  // namespace
}  // namespace tideway
