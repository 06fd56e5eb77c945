// How far the run under way has come, for whoever looks at the pair.
#pragma once
#include <functional>
#include <string>

#include "engine/engine.hpp"

namespace tideway::daemon {

class LiveProgress : public Progress {
  public:
    // Told of every step; quick.
    struct Step {
        std::string phase, table;
        std::int64_t done = 0, total = 0;
    };
    explicit LiveProgress(std::function<void(const Step&)> tell) : tell_(std::move(tell)) {}
    void phase(std::string_view what) override {
        step_ = {std::string(what), "", 0, 0};
        tell_(step_);
    }
    void table(std::string_view name, std::int64_t done, std::int64_t total) override {
        step_.table = name;
        step_.done = done;
        step_.total = total;
        tell_(step_);
    }

  private:
    std::function<void(const Step&)> tell_;
    Step step_;
};

}  // namespace tideway::daemon
