// Comparing what two sides tell of one table (store/proof.hpp). Pure.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "store/proof.hpp"

namespace tideway {

// Groups of buckets whose sums are not equal, in order.
std::vector<int> unequal_groups(const std::map<int, BucketSum>& desktop, const std::map<int, BucketSum>& cloud);

// Those buckets in portions of at most `rows` rows of both sides together, but at least one bucket each.
std::vector<std::vector<int>> bucket_portions(const std::vector<int>& buckets, const std::map<int, BucketSum>& desktop,
                                              const std::map<int, BucketSum>& cloud, std::int64_t rows);

enum class Unequal { differs, only_desktop, only_cloud };
// The keys whose rows are not the same ones on both sides, however often each of them occurs.
std::map<Key, Unequal> unequal_keys(std::vector<ProofRow> desktop, std::vector<ProofRow> cloud);

// The buckets from `position` on in slices that are read in one snapshot each: about `rows` rows of `table_rows`.
std::vector<BucketRange> slices(int position, std::int64_t table_rows, std::int64_t rows);

}  // namespace tideway
