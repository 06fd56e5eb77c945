#include "support/powerca.hpp"

#include <fmt/format.h>

#include "support/process.hpp"
#include "paths.hpp"

namespace tideway::test {

void powerca(const std::string& url, const std::string& side, const PowercaOptions& options) {
    std::vector<std::string> command{"psql", "-X", "-q", "-d", url};
    for (const std::string& variable :
         {"side=" + side, fmt::format("scale={}", options.scale), "fk=" + options.fk,
          fmt::format("wd_key={:d}", options.wd_key), fmt::format("load={:d}", options.load)})
        command.insert(command.end(), {"-v", variable});
    command.insert(command.end(), {"-f", TIDEWAY_SOURCE_DIR "/fixtures/powerca.sql"});
    run_checked(command, {}, std::chrono::minutes(10));
}

}  // namespace tideway::test
