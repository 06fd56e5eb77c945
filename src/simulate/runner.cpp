#include "simulate/runner.hpp"

#include <fmt/format.h>

namespace tideway::simulate {
namespace {

constexpr std::int64_t micros_per_call = 700;

class NoProgress : public Progress {
  public:
    void phase(std::string_view) override {}
    void table(std::string_view, std::int64_t, std::int64_t) override {}
};

}  // namespace

std::string Runner::run() {
    try {
        NoProgress progress;
        Engine engine(around_.config, *this, around_.machine, progress);
        RunOptions options;
        options.mode = work_.mode;
        options.direction = work_.direction;
        const RunReport report = engine.sync(options);
        fine_ = report.status == "ok" || report.status == "attention";
        return report.status;
    } catch (const Killed&) {
        return "killed";
    } catch (const Error& error) {
        defect_ = error.exit() == Exit::defect;
        return fmt::format("{} {}", error.id(), error.what());
    }
}

std::unique_ptr<Store> Runner::open(Side side, WaitHook& hook) {
    SideFile& file = side == Side::desktop ? around_.desktop : around_.cloud;
    auto store = std::make_unique<GatedStore>(
        file.options(), around_.config.pair, &hook, *this,
        side == Side::desktop ? around_.desktop_tables : around_.cloud_tables, around_.sabotage);
    connected_[store.get()] = file.generation();
    return store;
}

bool Runner::lives(const GatedStore& store) const {
    const SideFile& file = store.side() == Side::desktop ? around_.desktop : around_.cloud;
    const auto found = connected_.find(&store);
    return alive_ && found != connected_.end() && found->second == file.generation();
}

void Runner::before(GatedStore& store, std::string_view call) {
    around_.time.pass(micros_per_call);
    if (!alive_) throw Killed{};
    if (!lives(store)) lose(store, false);
    ++calls_[{store.side(), std::string(call)}];
    meet(store, std::string(call), false);
}

void Runner::after(GatedStore& store, std::string_view call) {
    if (!call.starts_with("install") && call != "forget_marks") around_.take_down(store.side());
    meet(store, std::string(call), true);
}

void Runner::meet(GatedStore& store, const std::string& call, bool after) {
    const int nth = calls_[{store.side(), call}];
    for (const Interruption& each : work_.interruptions) {
        if (each.at.side != store.side() || each.at.call != call || each.at.nth != nth ||
            each.at.after != after)
            continue;
        ++interruptions_;
        around_.live(each.meanwhile);
        end_there(store, each);
        if (!lives(store)) lose(store, after);
    }
}

void Runner::end_there(GatedStore& store, const Interruption& interruption) {
    if (interruption.ending == Ending::connection_lost) lose(store, interruption.at.after);
    if (interruption.ending != Ending::killed) return;
    alive_ = false;
    throw Killed{};
}

void Runner::lose(GatedStore& store, bool in_doubt) {
    connected_.erase(&store);
    throw Error(in_doubt ? Code::commit_unknown : Code::connection_lost,
                fmt::format("{}: the connection is lost", name(store.side())));
}

}  // namespace tideway::simulate
