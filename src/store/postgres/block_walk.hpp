// A table in portions of blocks, so that each statement on it takes a few seconds, whatever the table's size and the
// server's speed. Pure.
#pragma once
#include <cstdint>
#include <optional>

namespace tideway::pg {

struct Blocks {
    std::int64_t first = 0;
    std::optional<std::int64_t> end;  // none: to the end of the table
};

class BlockWalk {
  public:
    // blocks: of the table when the walk begins. The last portion is open, for rows behind that.
    explicit BlockWalk(std::int64_t blocks) : blocks_(blocks) {}
    // None: there is nothing more.
    std::optional<Blocks> next();
    // How long the statement on the last portion took: the next one is cut to take about `target_micros`.
    void took(std::int64_t micros);

    static constexpr std::int64_t target_micros = 5'000'000;
    static constexpr std::int64_t first_portion = 16'384, smallest_portion = 64;

  private:
    std::int64_t blocks_, at_ = 0, portion_ = first_portion;
    bool done_ = false;
};

}  // namespace tideway::pg
