#include <gtest/gtest.h>

#include "base/error.hpp"
#include "config/config.hpp"
#include "support/temp_dir.hpp"

namespace tideway {
namespace {

SideSetting from_file(const std::filesystem::path& file) { return {"", file.string(), {}}; }
SideSetting from_command(const std::string& command) { return {"", {}, command}; }

void expect_refused(const SideSetting& side, const std::string& message, const std::string& hint) {
    try {
        read_password(side);
        FAIL() << "accepted";
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), Code::password_source);
        EXPECT_NE(std::string(e.what()).find(message), std::string::npos) << e.what();
        EXPECT_NE(e.hint().find(hint), std::string::npos) << e.hint();
    }
}

TEST(Password, none_is_configured) { EXPECT_EQ(read_password({"service=d", {}, {}}), std::nullopt); }

TEST(Password, is_the_first_line_of_its_file) {
    const test::TempDir dir;
    test::write_file(dir / "unix", "s3 cret\nnot this\n");
    test::write_file(dir / "windows", "s3cret\r\n");
    test::write_file(dir / "bare", "s3cret");
    EXPECT_EQ(read_password(from_file(dir / "unix")), "s3 cret");
    EXPECT_EQ(read_password(from_file(dir / "windows")), "s3cret");
    EXPECT_EQ(read_password(from_file(dir / "bare")), "s3cret");
}

TEST(Password, a_file_that_others_may_read_is_refused) {
    const test::TempDir dir;
    const std::string file = (dir / "secret").string();
    for (const unsigned mode : {0640U, 0604U, 0620U}) {
        test::write_file(file, "s3cret\n", mode);
        expect_refused(from_file(file), "may be used by other users", "chmod 600 " + file);
    }
}

TEST(Password, a_file_without_one_is_refused) {
    const test::TempDir dir;
    test::write_file(dir / "empty", "\nsecond line\n");
    expect_refused(from_file(dir / "empty"), "is empty", "first line");
    expect_refused(from_file(dir / "missing"), "No such file", "path");
}

TEST(Password, is_the_first_line_of_what_the_command_prints) {
    EXPECT_EQ(read_password(from_command("printf 'a\\nb\\n'")), "a");
    EXPECT_EQ(read_password(from_command("echo $((40 + 2))")), "42");
    EXPECT_EQ(read_password(from_command("yes x | head -c 200000")), "x");
}

TEST(Password, a_failing_command_is_refused_even_if_it_printed_something) {
    expect_refused(from_command("echo half; exit 3"), "exit code 3", "by hand");
    expect_refused(from_command("kill -TERM $$"), "signal 15", "by hand");
    expect_refused(from_command("true"), "printed nothing", "first line");
}

TEST(Password, a_command_cannot_wait_for_somebody_to_type) {
    expect_refused(from_command("read -r line && echo \"$line\""), "exit code 1", "by hand");
}

}  // namespace
}  // namespace tideway
