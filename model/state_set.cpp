#include "state_set.hpp"

#include <functional>
#include <string_view>

namespace tideway::protocol {
namespace {

constexpr std::size_t first_slots = 1U << 12;

std::uint64_t hash_of(const State& state) {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&state), sizeof state});
}

constexpr std::uint64_t upper_half(std::uint64_t x) { return x & 0xffffffff00000000U; }
constexpr std::uint64_t lower_half(std::uint64_t x) { return x & 0xffffffffU; }

}  // namespace

StateSet::StateSet() : slots_(first_slots) {}

bool StateSet::insert(const State& state, Index parent) {
    const std::uint64_t hash = hash_of(state);
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
        const auto index = static_cast<Index>(lower_half(slots_[at]) - 1);
        if (upper_half(slots_[at]) == upper_half(hash) && (*this)[index] == state) return false;
    }
    append(state, parent);
    slots_[at] = upper_half(hash) | size();
    if (size() > slots_.size() / 3 * 2) grow();
    return true;
}

void StateSet::append(const State& state, Index parent) {
    const Index i = size();
    if (i % chunk_states == 0) chunks_.push_back(std::make_unique_for_overwrite<State[]>(chunk_states));
    chunks_.back()[i % chunk_states] = state;
    parents_.push_back(parent);
}

void StateSet::place(Slot slot, std::uint64_t hash) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = slot;
}

void StateSet::grow() {
    slots_ = std::vector<Slot>(slots_.size() * 2);
    for (Index i = 0; i < size(); ++i) {
        const std::uint64_t hash = hash_of((*this)[i]);
        place(upper_half(hash) | (std::uint64_t{i} + 1), hash);
    }
}

}  // namespace tideway::protocol
