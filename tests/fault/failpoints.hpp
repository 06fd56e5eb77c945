// The failpoints of the product: those that its sources name, and those that a run passed.
#pragma once
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "support/process.hpp"
#include "support/temp_dir.hpp"
#include "paths.hpp"

namespace tideway::test {

// Every string within failpoint(...) and reach(...) in src/.
inline std::set<std::string> failpoints_in_the_sources() {
    static const std::regex call(R"(\b(?:failpoint|reach)\(([^;{]*)\);)"), name("\"([^\"]+)\"");
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(TIDEWAY_SOURCE_DIR "/src")) {
        if (entry.path().extension() != ".cpp") continue;
        const std::string text = read_file(entry.path());
        for (std::sregex_iterator at(text.begin(), text.end(), call), end; at != end; ++at) {
            const std::string arguments = (*at)[1];
            for (std::sregex_iterator each(arguments.begin(), arguments.end(), name); each != end; ++each)
                names.insert((*each)[1]);
        }
    }
    return names;
}

// Lets a run write down what it passes.
class Trace {
  public:
    Environment env() const { return {{"TIDEWAY_FAILPOINT_TRACE", file().string()}}; }
    // How often each was passed so far.
    std::map<std::string, int> passed() const {
        std::map<std::string, int> counts;
        std::istringstream lines(read_file(file()));
        for (std::string line; std::getline(lines, line);) ++counts[line];
        return counts;
    }

  private:
    std::filesystem::path file() const { return dir_ / "trace"; }
    TempDir dir_;
};

}  // namespace tideway::test
