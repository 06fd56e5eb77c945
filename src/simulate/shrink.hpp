// A script that fails is made shorter as long as it fails.
#pragma once
#include <functional>
#include <set>

#include "simulate/script.hpp"

namespace tideway::simulate {

// What a script consists of, counted in the order of its text: steps, interruptions, statements, endings of
// runs, and that transactions are held.
int pieces_of(const Script& script);
// Without those pieces, and what is in them.
Script without(const Script& script, const std::set<int>& pieces);
// Drops pieces, many at a time and then single ones, while `fails` says so; asks it at most so often.
Script shrink(const Script& script, const std::function<bool(const Script&)>& fails, int most_tries);

}  // namespace tideway::simulate
