// All choices of a seed come from here. Not from std:: distributions: their results differ between libraries.
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tideway::simulate {

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    int below(int limit) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(limit)); }
    bool one_in(int chances) { return below(chances) == 0; }
    template <typename T>
    const T& any_of(const std::vector<T>& items) {
        return items[static_cast<std::size_t>(below(static_cast<int>(items.size())))];
    }
    std::string one_of(const std::vector<std::string>& words) { return any_of(words); }

  private:
    std::mt19937_64 engine_;
};

}  // namespace tideway::simulate
