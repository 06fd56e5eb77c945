// The states reached so far, numbered in the order of discovery: also the queue of a breadth-first search.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "state.hpp"

namespace tideway::protocol {

class StateSet {
  public:
    using Index = std::uint32_t;
    static constexpr Index no_parent = ~Index{0};

    StateSet();

    // True if the state is new; it then has the index size() - 1 and the parent it was reached from.
    bool insert(const State& state, Index parent);

    // Valid as long as the set.
    const State& operator[](Index i) const { return chunks_[i / chunk_states][i % chunk_states]; }
    Index parent(Index i) const { return parents_[i]; }
    Index size() const { return static_cast<Index>(parents_.size()); }

  private:
    static constexpr Index chunk_states = 1U << 14;

    // Upper half: part of the hash, so that most unequal states are told apart without a look at them. Lower
    // half: index + 1.
    using Slot = std::uint64_t;

    void grow();
    void place(Slot slot, std::uint64_t hash);
    void append(const State& state, Index parent);

    std::vector<std::unique_ptr<State[]>> chunks_;
    std::vector<Index> parents_;
    std::vector<Slot> slots_;  // open addressing, linear probing, a power of two
};

}  // namespace tideway::protocol
