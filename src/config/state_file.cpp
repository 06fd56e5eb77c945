#include "config/state_file.hpp"

#include <cstdlib>
#include <filesystem>

namespace tideway::config {

std::string beside(const std::string& config_path, const std::string& file) {
    return (std::filesystem::absolute(config_path).parent_path() / file).lexically_normal().string();
}

std::string state_file(const std::string& config_path, const std::string& ending) {
    const std::string name = std::filesystem::path(config_path).stem().string() + ending;
    const char* folder = std::getenv("STATE_DIRECTORY");
    if (folder == nullptr || *folder != '/') return beside(config_path, name);
    // There may be several, separated by colons; the first one is as good as any.
    const std::string first = std::string(folder).substr(0, std::string(folder).find(':'));
    return (std::filesystem::path(first) / name).string();
}

}  // namespace tideway::config
