// Content of a table by buckets of the key's hash; the bucket of a key is the same on both sides.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

namespace tideway {

constexpr int bucket_count = 16384;

struct BucketSum {
    std::int64_t rows = 0, a = 0, b = 0;
    bool operator==(const BucketSum&) const = default;
};
using Digest = std::map<int, BucketSum>;

// What adopt() has put into the base, and the buckets in which the two sides are not known to be alike.
struct Adopted {
    std::int64_t rows = 0;
    std::vector<int> unequal;
};

// Those that differ, or that only one of the two has; in order.
inline std::vector<int> unequal_buckets(const Digest& one, const Digest& other) {
    std::vector<int> unequal;
    auto left = one.begin();
    auto right = other.begin();
    while (left != one.end() || right != other.end()) {
        if (right == other.end() || (left != one.end() && left->first < right->first)) {
            unequal.push_back((left++)->first);
        } else if (left == one.end() || right->first < left->first) {
            unequal.push_back((right++)->first);
        } else {
            if (!(left->second == right->second)) unequal.push_back(left->first);
            ++left, ++right;
        }
    }
    return unequal;
}

}  // namespace tideway
