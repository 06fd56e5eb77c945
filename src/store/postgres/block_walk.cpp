#include "store/postgres/block_walk.hpp"

#include <algorithm>

namespace tideway::pg {

std::optional<Blocks> BlockWalk::next() {
    if (done_) return std::nullopt;
    Blocks blocks{at_, at_ + portion_};
    at_ += portion_;
    if (at_ >= blocks_) {
        blocks.end.reset();
        done_ = true;
    }
    return blocks;
}

// At most four times as much at once: the first blocks may have been in memory and the next ones not.
void BlockWalk::took(std::int64_t micros) {
    const double fitting =
        static_cast<double>(portion_) * static_cast<double>(target_micros) / static_cast<double>(std::max<std::int64_t>(micros, 1));
    const auto grown = static_cast<std::int64_t>(std::min(fitting, static_cast<double>(portion_) * 4));
    portion_ = std::max(grown, smallest_portion);
}

}  // namespace tideway::pg
