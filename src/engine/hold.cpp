#include "engine/hold.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tideway {

void Hold::given_back() {
    session_.pulse.finish_in_peace();
    taken_ = false;
}

Hold::~Hold() {
    if (!taken_) return;
    given_back();
    session_.desktop->release_lease(run_);
    session_.cloud->release_lease(run_);
}

void Hold::take() {
    session_.progress.phase("taking the lease");
    const std::string holder = process_identity();
    failpoint("S1.before");
    const Standing standing = session_.archive().standing();
    const auto [cloud, receipts] = session_.cloud->lease_and_receipts(standing.acknowledged);
    if (cloud.held && cloud.run != run_)
        throw Error(Code::lease_held, fmt::format("run {} of {} is at work", cloud.run, cloud.holder),
                    "wait until it ends; a run that died is taken over after 20 seconds");
    failpoint("S1.read");
    recovery = session_.archive().recover(standing.known, cloud, receipts, run_, holder);
    taken_ = true;
    failpoint("S2.recovered");
    cloud_fence = std::max(cloud.sequence, recovery.peer_sequence) + 1;
    if (!session_.cloud->take_lease(cloud, cloud_fence, run_, holder, recovery.epoch))
        throw Error(Code::lease_held, "another run has just started on the cloud side", "wait until it ends");
    failpoint("S3.taken");
    if (!receipts.empty()) session_.cloud->purge_receipts(recovery.acknowledged);  // older ones go with M8
    failpoint("S3.purged");
    session_.pulse.every_five_seconds = [this] {
        session_.desktop->renew_lease(run_);
        session_.cloud->renew_lease(run_);
    };
}

}  // namespace tideway
