#include "support/run_tideway.hpp"
#include "paths.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace tideway::test {
namespace {

Environment clean_environment(const Environment& env) {
    Environment result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        if (text.starts_with("PG") || text.starts_with("TIDEWAY_"))
            result[text.substr(0, text.find('='))] = {};
    }
    for (const auto& [name, value] : env) result[name] = value;
    return result;
}

std::vector<std::string> with_config(const ConfigFile& config, std::vector<std::string> args) {
    args.insert(args.begin(), {"-c", config.path()});
    return args;
}

std::unique_ptr<Process> launch(std::vector<std::string> args, const Environment& env,
                                const std::string& input) {
    args.insert(args.begin(), tideway_binary());
    return std::make_unique<Process>(args, ProcessOptions{.env = clean_environment(env), .input = input});
}

}  // namespace

std::string tideway_binary() {
    const char* binary = std::getenv("TIDEWAY_BINARY");
    return binary != nullptr && *binary != '\0' ? binary : TIDEWAY_BINARY_DIR "/src/tideway";
}

TidewayResult run_tideway(const std::vector<std::string>& args, const Environment& env,
                          const RunOptions& options) {
    const auto begin = std::chrono::steady_clock::now();
    const auto process = launch(args, env, options.input);
    const auto code = process->wait(options.deadline);
    const auto duration = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begin);
    if (!code)
        throw std::runtime_error(
            fmt::format("tideway did not end within {} ms:\n{}", options.deadline.count(), process->err()));
    const std::string out = process->out();
    nlohmann::json json = nlohmann::json::parse(out, nullptr, false);
    if (json.is_discarded()) json = nullptr;
    return {*code, out, process->err(), std::move(json), duration, process->peak_kib()};
}

TidewayResult run_tideway(const ConfigFile& config, std::vector<std::string> args, const Environment& env,
                          const RunOptions& options) {
    return run_tideway(with_config(config, std::move(args)), env, options);
}

std::unique_ptr<Process> start_tideway(const std::vector<std::string>& args, const Environment& env) {
    return launch(args, env, "");
}

std::unique_ptr<Process> start_tideway(const ConfigFile& config, std::vector<std::string> args,
                                       const Environment& env) {
    return launch(with_config(config, std::move(args)), env, "");
}

}  // namespace tideway::test
