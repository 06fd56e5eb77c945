// The waves of a large run on their way: read, and begun in the cloud, while earlier ones are written.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/gather.hpp"
#include "store/store.hpp"

namespace tideway {

// What a wave waits for before it is begun: the one before has a connection of the pooler's, since one may be all that is left.
class Gate {
  public:
    void open();
    bool shut();   // for good; false: it was open
    bool await();  // whether it opened; else it was shut

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false, shut_ = false;
};

struct Wave {  // works that travel together, parents first
    std::vector<std::pair<TableRun*, std::vector<KeyWork>>> parts = {};
    std::int64_t keys = 0;                // 0: there is none
    std::unique_ptr<Batch> forward = {};  // what goes to the cloud, where it is known already
    std::unique_ptr<BegunBatch> begun = {};
};

// A wave comes by itself; take() gives it. Where that is not `beside` its thread, nothing happens before.
class ComingWave {
  public:
    // What the waves of one table have in common.
    struct Source {
        bool beside = false;
        std::function<Wave()> read;  // called for one wave after the other
        // Calls `begun` as soon as the wave has a connection. Whatever keeps a wave from being begun, it is written in its turn.
        std::function<void(Wave&, Line, const std::function<void()>& begun)> begin;
    };

    // The first one, which is not begun before its turn, and the one behind a wave: it is read after that one, and begun on the
    // other line, which must be free from here on.
    explicit ComingWave(const Source& source);
    ComingWave(const Source& source, ComingWave& before);
    ~ComingWave() { gate_->shut(); }  // waits for the thread; what was begun is rolled back
    ComingWave(const ComingWave&) = delete;
    ComingWave& operator=(const ComingWave&) = delete;

    void may_begin() { gate_->open(); }
    void make_way();  // the wave is not begun, or not any longer, and waits for nobody
    Wave take();      // waits; throws what `read` threw. Once
    Line line() const { return line_; }

  private:
    void start(const Source& source, std::shared_future<bool> read_before);

    Line line_ = Line::usual;
    std::shared_ptr<Gate> gate_ = std::make_shared<Gate>(), gate_behind_ = std::make_shared<Gate>();
    std::promise<bool> read_;  // whether there may be more
    std::shared_future<bool> was_read_ = read_.get_future().share();
    std::promise<Wave> ready_;  // where make_way() had to take it
    bool made_way_ = false;
    std::future<Wave> coming_;  // goes first: its thread uses the others
};

}  // namespace tideway
