// What became of the protected rows (of mobile origin, in the cloud) while a run was at work (correctness.md 3.3b).
#pragma once
#include <cstdint>
#include <vector>

#include "model/table.hpp"

namespace tideway {

struct Account {
    std::int64_t after = 0;             // protected rows at the end
    std::int64_t removed_by_users = 0;  // in the cloud, or on the desktop and carried over by this run
    std::int64_t lost = 0;              // gone, and no user removed them
    std::vector<Key> lost_keys = {};    // some of those
};

// A table, and how many protected rows it had.
struct AccountToSettle {
    const LinkedTable* table = nullptr;
    std::int64_t before = 0;
};

// A key whose rows may have changed in between.
struct AccountKey {
    Key key;
    bool by_user = false;           // a transaction of somebody else touched it
    bool erased = false;            // this run carried a delete over
    std::int64_t before = 0, after = 0;  // protected rows under it
};

// Every change of the protected rows happened under one of the keys, or went past every trigger: then the numbers do
// not come out even, and `lost` says by how many rows. Pure.
Account account_of(const std::vector<AccountKey>& keys, std::int64_t before, std::int64_t after);

}  // namespace tideway
