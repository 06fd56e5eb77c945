// The account of the protected rows: none may be gone that no user removed (correctness.md 3.3b).
#include <fmt/format.h>

#include <algorithm>

#include "engine/run.hpp"

namespace tideway {
namespace {

// Rows that triggers may remove because the configuration says so.
bool may_lose_rows(const Session& session, const LinkedTable& table) {
    return std::any_of(session.tables.begin(), session.tables.end(), [&](const TableUnderSync& each) {
        const std::vector<std::string>& declared = each.link.side_effects;
        return std::find(declared.begin(), declared.end(), table.cloud.display()) != declared.end();
    });
}

}  // namespace

// What was written before this snapshot is not its business: a table that was loaded at once is left out.
void Run::open_account() {
    journal_before_.reset();
    const bool any = std::any_of(gathered_->tables.begin(), gathered_->tables.end(),
                                 [](const TableRun& run) { return run.link().origin.has_value(); });
    if (any && gathered_->keys > 0) journal_before_ = gathered_->cloud->newest_journaled();
}

// While the snapshot of the round is still open; another round opens another one.
void Run::settle_accounts(bool first_round) {
    if (!journal_before_) return;
    std::vector<AccountToSettle> open;
    for (const TableRun& run : gathered_->tables) {
        const LinkedTable& table = run.link();
        if (!table.origin || run.start != TableRun::Start::no || may_lose_rows(session_, table)) continue;
        const std::int64_t before = first_round && run.report.protected_before
                                        ? *run.report.protected_before
                                        : gathered_->cloud->count_protected(table);
        open.push_back({&table, before});
    }
    const std::map<int, Account> accounts =
        session_.cloud->settle_accounts(open, *gathered_->cloud, *journal_before_, report_.run);
    for (TableRun& run : gathered_->tables) {
        const auto account = accounts.find(run.link().id);
        if (account == accounts.end()) continue;
        run.report.protected_removed = run.report.protected_removed.value_or(0) + account->second.removed_by_users;
        run.report.lost += account->second.lost;
        if (account->second.lost > 0) report_lost(run, account->second);
    }
}

void Run::report_lost(const TableRun& run, const Account& account) {
    std::vector<std::string> keys;
    for (const Key& key : account.lost_keys) keys.push_back(display(key));
    report_.guard.push_back(
        {run.report.desktop,
         fmt::format("{}: {} protected rows are gone from the cloud and no user removed them: key {}",
                     info(Code::protected_rows_lost).id, account.lost, fmt::join(keys, ", ")),
         account.lost, run.report.protected_before.value_or(0), std::string(reason_lost)});
}

}  // namespace tideway
