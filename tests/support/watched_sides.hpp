// What the files of WatchedPair share.
#pragma once
#include <string>

#include "support/oracle.hpp"

namespace tideway::test {

constexpr oracle::Side kSides[] = {oracle::Side::desktop, oracle::Side::cloud};

inline std::size_t index(oracle::Side side) { return side == oracle::Side::desktop ? 0 : 1; }
inline std::string name(oracle::Side side) { return side == oracle::Side::desktop ? "desktop" : "cloud"; }
inline std::string extra_column(oracle::Side side) {
    return side == oracle::Side::desktop ? "note" : "photo";
}

}  // namespace tideway::test
