#include "model/account.hpp"

namespace tideway {

Account account_of(const std::vector<AccountKey>& keys, std::int64_t before, std::int64_t after) {
    constexpr std::size_t most_named = 20;
    Account account;
    account.after = after;
    std::int64_t expected = before;
    for (const AccountKey& key : keys) {
        expected += key.after - key.before;
        const std::int64_t gone = key.before - key.after;
        if (gone <= 0) continue;
        if (key.by_user || key.erased) {
            account.removed_by_users += gone;
            continue;
        }
        account.lost += gone;
        if (account.lost_keys.size() < most_named) account.lost_keys.push_back(key.key);
    }
    if (expected > after) account.lost += expected - after;
    return account;
}

}  // namespace tideway
