#include "daemon/side_watch.hpp"

namespace tideway::daemon {
namespace {

// How soon a side that is down is looked for again; and one that refuses us, where nothing is gained by asking often.
constexpr Millis look_again{1'000}, ask_again{30'000};
constexpr Millis longest_wait{500};
constexpr std::int64_t hold_every_micros = 5'000'000;

// A limit on connections has room for this watch only while it lives.
class Room {
  public:
    Room(ConnectionLimits& limits, std::string server)
        : limits_(limits), server_(std::move(server)), taken_(limits.take_one(server_)) {}
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    ~Room() {
        if (taken_) limits_.give_one_back(server_);
    }
    bool taken() const { return taken_; }

  private:
    ConnectionLimits& limits_;
    std::string server_;
    bool taken_;
};

bool is_down(const Error& error) {
    return error.code() == Code::server_unreachable || error.code() == Code::connection_lost;
}

}  // namespace

void SideWatch::Ending::tick() {
    if (watch_.ending()) throw Error(Code::interrupted, "the service stops");
}

SideWatch::SideWatch(Side side, std::shared_ptr<Reach> reach, ConnectionLimits& limits, World& world, WatchNews news)
    : side_(side), reach_(std::move(reach)), limits_(limits), world_(world), news_(std::move(news)) {
    thread_ = std::thread([this] { work(); });
}

SideWatch::~SideWatch() {
    ending_ = true;
    thread_.join();
}

void SideWatch::pause(Millis duration) {
    const std::int64_t end = world_.clock.monotonic_micros() + duration.count() * 1000;
    while (!ending() && world_.clock.monotonic_micros() < end) world_.sleeper.sleep(Millis(100));
}

void SideWatch::work() {
    while (!ending()) {
        Millis next = ask_again;
        std::string why;
        try {
            watch_until_lost();
        } catch (const Error& error) {
            if (is_down(error)) next = look_again;
            why = error.what();
        } catch (const std::exception& error) {
            why = error.what();
        }
        if (ending()) break;
        news_.lost(why);
        pause(next);
    }
}

// Returns where there is nothing to be watched.
void SideWatch::watch_until_lost() {
    const Room room(limits_, reach_->server(side_));
    if (!room.taken()) return;
    const std::unique_ptr<Watch> watch = reach_->watch(side_, hook_);
    if (!watch) return;
    held_at_ = 0;
    hold(*watch);
    news_.connected(watch->listens());
    try {
        bool listens = watch->listens();
        while (!ending()) {
            if (watch->wait(longest_wait)) news_.changed();
            if (watch->listens() != listens) news_.connected(listens = watch->listens());
            hold(*watch);
        }
    } catch (const Error& error) {
        if (error.code() != Code::interrupted) throw;
    }
    if (side_ == Side::desktop) watch->leave_place(process_identity());
}

void SideWatch::hold(Watch& watch) {
    const std::int64_t now = world_.clock.monotonic_micros();
    if (side_ != Side::desktop || (held_at_ != 0 && now - held_at_ < hold_every_micros)) return;
    held_at_ = now;
    const Place place = watch.hold_place(process_identity());
    news_.standing(place.ours ? Standing::ours : Standing::theirs, place.holder);
}

}  // namespace tideway::daemon
