// How a pair learns of the world: its configuration, its two watches, and what they report.
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "daemon/health.hpp"
#include "daemon/pair_runner.hpp"

namespace tideway::daemon {

void PairRunner::take_over_config() {
    Lock lock(guard_);
    if (!next_config_) return;
    const auto fresh = std::make_shared<const Config>(std::move(*next_config_));
    next_config_.reset();
    schedule_.use(fresh->serve.jobs, moment_of(shared_.world.clock));
    state_.config_path = fresh->path;
    standing_ = Standing::unknown;
    up_[0] = up_[1] = false;
    trouble_[0] = trouble_[1] = "";
    lock.unlock();
    desktop_watch_.reset();
    cloud_watch_.reset();
    lock.lock();
    config_ = fresh;
    lock.unlock();
    watch_sides();
    spdlog::info("pair {}: the new configuration is in force", config_->pair);
}

void PairRunner::watch_sides() try {
    reach_.reset();
    reach_ = shared_.wiring.reach(*config_);
    for (const Side side : {Side::desktop, Side::cloud})
        shared_.limits.limit(reach_->server(side), config_->serve.max_connections);
    desktop_watch_ = std::make_unique<SideWatch>(Side::desktop, reach_, shared_.limits, shared_.world,
                                                 news_of(Side::desktop));
    cloud_watch_ =
        std::make_unique<SideWatch>(Side::cloud, reach_, shared_.limits, shared_.world, news_of(Side::cloud));
} catch (const std::exception& error) {
    {
        const Lock lock(guard_);
        standing_ = Standing::nobody_to_ask;  // and the next run will say the same
    }
    set_phase(PairPhase::failed, error.what());
}

// Pages that show the pair are told when a side goes or comes, also while nothing runs.
void PairRunner::show_reach(int side, const std::string& trouble) {
    Lock lock(guard_);
    const bool turned = trouble_[side].empty() != trouble.empty();
    trouble_[side] = trouble;
    lock.unlock();
    if (!turned) return;
    const PairState shown = state();
    const nlohmann::ordered_json data = {{"phase", phase_name(shown.phase)}, {"reason", shown.reason}};
    shared_.events.add(shown.name, "phase",
                       data.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

WatchNews PairRunner::news_of(Side side) {
    const bool desktop = side == Side::desktop;
    WatchNews news;
    news.changed = [this] {
        const Lock lock(guard_);
        if (!change_seen_) changed_at_ = steady();
        change_seen_ = true;
        changed_.notify_all();
    };
    news.connected = [this, desktop](bool listens) {
        Lock lock(guard_);
        bool& up = up_[desktop ? 0 : 1];
        came_back_ = came_back_ || !up;
        up = true;
        (desktop ? state_.listens_desktop : state_.listens_cloud) = listens;
        changed_.notify_all();
        lock.unlock();
        show_reach(desktop ? 0 : 1, "");
    };
    news.lost = [this, desktop](const std::string& why) {
        Lock lock(guard_);
        up_[desktop ? 0 : 1] = false;
        (desktop ? state_.listens_desktop : state_.listens_cloud) = false;
        if (desktop) standing_ = Standing::nobody_to_ask;
        lock.unlock();
        show_reach(desktop ? 0 : 1, why);
    };
    news.standing = [this](Standing standing, const std::string& holder) {
        const Lock lock(guard_);
        standing_ = standing;
        holder_ = holder;
        changed_.notify_all();
    };
    return news;
}

}  // namespace tideway::daemon
