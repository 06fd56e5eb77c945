// Content of a table by buckets of the key's hash; the bucket of a key is the same on both sides.
#pragma once
#include <cstdint>
#include <map>
#include <numeric>
#include <vector>

namespace tideway {

constexpr int bucket_count = 16384;

struct BucketSum {
    std::int64_t rows = 0, a = 0, b = 0;
    bool operator==(const BucketSum&) const = default;
};
using Digest = std::map<int, BucketSum>;

// Buckets of neighbouring numbers taken together: few sums cross a line, and little has to be listed where little is unequal.
constexpr int buckets_of_group = 16;

inline std::vector<int> buckets_of(const std::vector<int>& groups) {
    std::vector<int> buckets;
    for (const int group : groups)
        for (int i = 0; i < buckets_of_group; ++i) buckets.push_back(group * buckets_of_group + i);
    return buckets;
}

inline std::vector<int> all_buckets() {
    std::vector<int> buckets(bucket_count);
    std::iota(buckets.begin(), buckets.end(), 0);
    return buckets;
}

// Which rows sums() adds up. agreed: those that take part, by one hash of 64 bits; adoptable: those that a desktop may hold
// as well, so without what the cloud marks as the phones', by both hashes and with their stamps.
enum class Summed { agreed, adoptable };

// What was agreed on, as sums() of each side would tell it. A row in doubt makes its group unequal.
struct AgreedSums {
    Digest desktop, cloud;
};

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
