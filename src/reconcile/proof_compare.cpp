#include "reconcile/proof_compare.hpp"

#include <algorithm>

namespace tideway {

std::vector<int> unequal_groups(const std::map<int, BucketSum>& desktop, const std::map<int, BucketSum>& cloud) {
    std::vector<int> groups;
    for (const auto& [group, sum] : desktop) {
        const auto found = cloud.find(group);
        if (found == cloud.end() || !(found->second == sum)) groups.push_back(group);
    }
    for (const auto& [group, sum] : cloud)
        if (!desktop.contains(group)) groups.push_back(group);
    std::sort(groups.begin(), groups.end());
    return groups;
}

namespace {

std::int64_t rows_in(const std::map<int, BucketSum>& sums, int bucket) {
    const auto found = sums.find(bucket);
    return found == sums.end() ? 0 : found->second.rows;
}

}  // namespace

std::vector<std::vector<int>> bucket_portions(const std::vector<int>& buckets, const std::map<int, BucketSum>& desktop,
                                              const std::map<int, BucketSum>& cloud, std::int64_t rows) {
    std::vector<std::vector<int>> portions;
    std::int64_t sum = 0;
    for (const int bucket : buckets) {
        const std::int64_t here = rows_in(desktop, bucket) + rows_in(cloud, bucket);
        if (portions.empty() || sum + here > rows) {
            portions.emplace_back();
            sum = 0;
        }
        portions.back().push_back(bucket);
        sum += here;
    }
    return portions;
}

std::map<Key, Unequal> unequal_keys(std::vector<ProofRow> desktop, std::vector<ProofRow> cloud) {
    std::sort(desktop.begin(), desktop.end());
    std::sort(cloud.begin(), cloud.end());
    std::map<Key, Unequal> keys;
    auto d = desktop.begin(), c = cloud.begin();
    while (d != desktop.end() || c != cloud.end()) {
        const Key key = c == cloud.end() || (d != desktop.end() && d->key < c->key) ? d->key : c->key;
        const auto other_key = [&](const ProofRow& row) { return row.key != key; };
        const auto d_end = std::find_if(d, desktop.end(), other_key), c_end = std::find_if(c, cloud.end(), other_key);
        if (!std::equal(d, d_end, c, c_end))
            keys[key] = c == c_end ? Unequal::only_desktop : d == d_end ? Unequal::only_cloud : Unequal::differs;
        d = d_end;
        c = c_end;
    }
    return keys;
}

std::vector<BucketRange> slices(int position, std::int64_t table_rows, std::int64_t rows) {
    const std::int64_t count = std::clamp<std::int64_t>((table_rows + rows - 1) / rows, 1, bucket_count);
    const int width = static_cast<int>((bucket_count + count - 1) / count);
    std::vector<BucketRange> slices;
    for (int first = position; first < bucket_count; first += width)
        slices.push_back({first, std::min(first + width, bucket_count)});
    return slices;
}

}  // namespace tideway
