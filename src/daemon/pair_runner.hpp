// One pair of the service: a thread that runs what is due, one thing at a time, and a watch over each side.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "alert/event.hpp"
#include "daemon/back_off.hpp"
#include "daemon/connection_limits.hpp"
#include "daemon/event_log.hpp"
#include "daemon/live_progress.hpp"
#include "daemon/reach.hpp"
#include "daemon/schedule.hpp"
#include "daemon/service.hpp"
#include "daemon/side_watch.hpp"

namespace tideway::daemon {

// What all pairs of a service share; outlives them.
struct Shared {
    const Wiring& wiring;
    World& world;
    EventLog& events;
    ConnectionLimits& limits;
};

class PairRunner {
  public:
    PairRunner(Config config, Shared shared);
    ~PairRunner();  // waits for the end of what is under way
    PairRunner(const PairRunner&) = delete;
    PairRunner& operator=(const PairRunner&) = delete;

    // Thread safe.
    PairState state() const;
    std::vector<PastRun> history(std::size_t limit) const;
    // Error(lease_held) while another service has the pair.
    void ask(const RunRequest& request);
    void with_engine(const std::function<void(Engine&, const Config&)>& work);
    void use(Config config);  // from the end of what is under way on
    void retire();            // no further run is begun
    void end();               // and waits for the end of what is under way; by one thread alone

  private:
    enum class End {
        told,       // the run says how the pair stands, or why that is not known
        fruitless,  // it looked whether anything was new, and nothing was: all is as it was
        busy,       // another run holds the lease: likewise
        refused,    // what somebody asked for cannot be done: likewise
        side_down,  // worth trying again by itself
    };
    struct Outcome {
        PastRun run;
        Moment began;
        Millis took{0};
        std::optional<std::int64_t> behind_since;  // by the steady clock, where it is known
        bool wrote = false;  // rows of users
        End end = End::told;
    };
    using Lock = std::unique_lock<std::mutex>;

    void work();
    bool ended() const;
    void step();
    void take_over_config();
    void watch_sides();
    WatchNews news_of(Side side);
    void show_reach(int side, const std::string& trouble);
    bool may_run() const;
    std::optional<Task> next_task();
    void wait_a_moment();
    void carry_out(Task task);
    Outcome run(const Task& task);
    void attempt(const Task& task, Outcome& outcome);
    std::optional<std::int64_t> behind_since(const Task& task) const;
    void fail(const Task& task, Outcome& outcome, const Error& error);
    void sync(Engine& engine, const Task& task, Outcome& outcome);
    void verify(Engine& engine, const Task& task, Outcome& outcome);
    void tell(const alert::Observation& seen, const Task& task);
    void settle(Task task, Outcome outcome, const std::string& needed);
    void record(const Task& task, Outcome& outcome);
    void try_again(Task task, Millis wait);
    void go_on_as_before(const std::string& needed, const std::string& reason);
    void forget_own_lease();
    void pace(const Task& task, const Outcome& outcome);
    void remember(const Task& task, std::int64_t began);
    void set_phase(PairPhase phase, const std::string& reason);
    void show(const LiveProgress::Step& step);
    void beat();
    std::int64_t steady() const { return shared_.world.clock.monotonic_micros(); }

    Shared shared_;
    mutable std::mutex guard_;
    std::condition_variable changed_;
    std::shared_ptr<const Config> config_;  // in force; replaced by this pair's thread
    std::shared_ptr<Reach> reach_;          // likewise
    std::unique_ptr<SideWatch> desktop_watch_, cloud_watch_;

    // Under guard_.
    std::optional<Config> next_config_;
    PairState state_;
    std::deque<PastRun> history_;
    Schedule schedule_;
    Schedule::Times ran_;
    Standing standing_ = Standing::unknown;
    std::string holder_;  // of the place, if it is not ours
    bool retired_ = false, change_seen_ = false;
    bool up_[2] = {false, false};
    std::string trouble_[2];  // why a side cannot be watched
    bool came_back_ = false;  // a side that was down is there again
    // By the steady clock.
    std::int64_t changed_at_ = 0;           // of change_seen_
    std::int64_t pushes_from_ = 0;          // a change starts no run before this
    std::optional<std::int64_t> retry_at_;  // nothing is begun before this
    std::uint64_t runs_ = 0;
    std::int64_t shown_at_ = 0;
    std::string shown_table_;

    std::atomic<int> engines_begun_{0}, engines_ended_{0};  // beside the runs

    // Of this pair's thread alone.
    BackOff back_off_{Millis(1'000), Millis(300'000)};
    Millis fruitless_{0};  // the pause after the last change that was none
    bool broke_off_ = false;  // the last run, which could not give its leases back
    bool told_well_ = false;
    bool memory_failed_ = false;
    std::thread thread_;
};

}  // namespace tideway::daemon
