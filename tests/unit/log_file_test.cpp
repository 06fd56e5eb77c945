// The service's log file: its size, how many there are, and what becomes of it when somebody renames it.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.hpp"
#include "daemon/log_file.hpp"
#include "support/temp_dir.hpp"

namespace tideway::daemon {
namespace {

using test::read_file;
using test::TempDir;
using test::write_file;

std::size_t files_in(const TempDir& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), {}));
}

TEST(LogFile, appends_to_what_is_there) {
    TempDir folder;
    write_file(folder / "log", "before\n");
    LogFile(folder / "log", {}).write("after\n");
    EXPECT_EQ(read_file(folder / "log"), "before\nafter\n");
}

TEST(LogFile, is_followed_by_a_new_one_when_it_is_full) {
    TempDir folder;
    LogFile log(folder / "log", {.bytes = 10, .files = 3});
    for (const char* line : {"1234\n", "5678\n", "next\n"}) log.write(line);
    EXPECT_EQ(read_file(folder / "log"), "next\n");
    EXPECT_EQ(read_file(folder / "log.1"), "1234\n5678\n");
}

TEST(LogFile, has_as_many_forerunners_as_were_wanted) {
    TempDir folder;
    LogFile log(folder / "log", {.bytes = 4, .files = 3});
    for (int i = 1; i <= 9; ++i) log.write(std::to_string(i) + "..\n");
    EXPECT_EQ(files_in(folder), 3u);
    EXPECT_EQ(read_file(folder / "log"), "9..\n");
    EXPECT_EQ(read_file(folder / "log.1"), "8..\n");
    EXPECT_EQ(read_file(folder / "log.2"), "7..\n");
}

TEST(LogFile, that_was_full_before_the_start_is_followed_by_a_new_one) {
    TempDir folder;
    write_file(folder / "log", "a line from yesterday\n");
    LogFile(folder / "log", {.bytes = 10, .files = 2}).write("today\n");
    EXPECT_EQ(read_file(folder / "log"), "today\n");
}

TEST(LogFile, takes_a_line_that_is_longer_than_a_file_may_be) {
    TempDir folder;
    LogFile log(folder / "log", {.bytes = 4, .files = 2});
    log.write("a long line\n");
    EXPECT_EQ(read_file(folder / "log"), "a long line\n");
    EXPECT_EQ(files_in(folder), 1u);
}

TEST(LogFile, that_somebody_renamed_is_written_until_it_is_opened_anew) {
    TempDir folder;
    LogFile log(folder / "log", {});
    log.write("one\n");
    std::filesystem::rename(folder / "log", folder / "log.renamed");
    log.write("two\n");
    EXPECT_TRUE(log.reopen());
    log.write("three\n");
    EXPECT_EQ(read_file(folder / "log.renamed"), "one\ntwo\n");
    EXPECT_EQ(read_file(folder / "log"), "three\n");
}

TEST(LogFile, that_cannot_be_opened_anew_goes_on_in_the_old_one) {
    TempDir folder;
    std::filesystem::create_directory(folder / "logs");
    LogFile log(folder / "logs/log", {});
    std::filesystem::rename(folder / "logs", folder / "elsewhere");
    EXPECT_FALSE(log.reopen());
    log.write("still here\n");
    EXPECT_EQ(read_file(folder / "elsewhere/log"), "still here\n");
    EXPECT_THROW(LogFile(folder / "logs/log", {}), Error);
}

}  // namespace
}  // namespace tideway::daemon
