#include "engine/restored.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/md5.hpp"

namespace tideway {

std::string Restored::hash() const { return md5_hex(evidence).substr(0, 16); }

// The same reasoning as Archive::recover(): the cloud never falls behind what the desktop knows of it, and
// the desktop is never more than one number behind without a receipt that tells why.
Restored look_for_restores(Session& session) try {
    Restored restored;
    if (!session.installed()) return restored;
    const LeaseState own = session.desktop->lease(), cloud = session.cloud->lease();
    if (own.held || cloud.held) return restored;
    Archive& archive = session.archive();
    const std::int64_t peer = archive.peer_sequence();
    const std::vector<Receipt> receipts = session.cloud->receipts(archive.acknowledged());
    restored.cloud = cloud.sequence < peer || cloud.epoch != own.epoch;
    restored.desktop = (receipts.empty() && cloud.sequence > peer + 1) ||
                       std::any_of(receipts.begin(), receipts.end(), [&](const Receipt& receipt) {
                           return receipt.desktop_barrier > own.sequence;
                       });
    restored.evidence =
        fmt::format("{}|{}|{}|{}|{}", own.sequence, own.epoch, cloud.sequence, cloud.epoch, peer);
    return restored;
} catch (const Error& error) {
    if (error.code() == Code::lease_held) return {};
    throw;
}

}  // namespace tideway
