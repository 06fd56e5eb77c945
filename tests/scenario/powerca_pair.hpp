// The first users' fifteen tables on a pair of sides, with examples/powerca/tideway.toml.
#pragma once
#include <fstream>
#include <iterator>
#include <string>

#include "scenario/live_pair.hpp"
#include "support/powerca.hpp"
#include "paths.hpp"

namespace tideway::test {

class PowercaPair : public LivePair {
  public:
    explicit PowercaPair(const std::string& hint) : LivePair(hint) {
        std::ifstream file(TIDEWAY_SOURCE_DIR "/examples/powerca/tideway.toml");
        config.rewrite(std::string(std::istreambuf_iterator<char>(file), {}));
    }
    void create(double scale, const std::string& foreign_keys) {
        powerca(desktop_database, "desktop", {.scale = scale});
        powerca(cloud_database, "cloud", {.fk = foreign_keys});
    }
    TidewayResult sync(const Args& more = {}) {
        return LivePair::sync(more, {{"TIDEWAY_DESKTOP_URL", desktop_url}, {"TIDEWAY_CLOUD_URL", cloud_url}});
    }
    void refill() { desktop.query("select fixture_refill()"); }
};

}  // namespace tideway::test
