// Runs the built program as users do.
#pragma once
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace tideway::test {

// A TOML text in a file of its own, mode 0600.
class ConfigFile {
  public:
    explicit ConfigFile(const std::string& toml) { rewrite(toml); }
    void rewrite(const std::string& toml) { write_file(path(), toml); }
    std::string path() const { return dir_ / "tideway.toml"; }

  private:
    TempDir dir_;
};

struct TidewayResult {
    int exit_code;        // minus the signal's number when one ended it
    std::string out;      // stdout
    std::string err;      // stderr
    nlohmann::json json;  // stdout parsed; null when it is not JSON
    Millis duration;
    long peak_kib = 0;  // the most memory that the program held; known when it was waited for here
};

struct RunOptions {
    Millis deadline = std::chrono::seconds(120);  // killed after, and the run throws
    std::string input = {};
};

// $TIDEWAY_BINARY, else the program of this build.
std::string tideway_binary();

// PG* and TIDEWAY_* variables of the surroundings are hidden from the program; `env` is what it gets.
TidewayResult run_tideway(const std::vector<std::string>& args, const Environment& env = {},
                          const RunOptions& options = {});
// With `-c FILE` before the arguments.
TidewayResult run_tideway(const ConfigFile& config, std::vector<std::string> args,
                          const Environment& env = {}, const RunOptions& options = {});

// In the background: signal it, wait for it, read out() and err() meanwhile.
std::unique_ptr<Process> start_tideway(const std::vector<std::string>& args, const Environment& env = {});
std::unique_ptr<Process> start_tideway(const ConfigFile& config, std::vector<std::string> args,
                                       const Environment& env = {});

}  // namespace tideway::test
