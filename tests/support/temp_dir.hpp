// A fresh directory that is removed, with all it holds, at the end of life.
#pragma once
#include <filesystem>
#include <string>

namespace tideway::test {

class TempDir {
  public:
    // Made below `parent`. With `for_postgres` it belongs to the user that servers run as (os_user.hpp).
    explicit TempDir(const std::filesystem::path& parent = "/tmp", bool for_postgres = false);
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

// Writes `text` to `file`, replacing it; mode 0600 unless told otherwise.
void write_file(const std::filesystem::path& file, const std::string& text, unsigned mode = 0600);
std::string read_file(const std::filesystem::path& file);  // empty when there is none

}  // namespace tideway::test
