// The waves of a large run on their way: read, and sent to the cloud, while earlier ones are written.
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

// What a wave waits for before it is sent: the rows of the one before have gone to the cloud. So the line carries one at a time,
// and a wave never takes the last connection of a pooler from the one before.
class Gate {
  public:
    void open();
    bool shut();   // for good; false: it was open
    bool await();  // whether it opened; else it was shut
    bool is_open();

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false, shut_ = false;
};

struct Wave {  // works that travel together, parents first
    std::vector<std::pair<TableRun*, std::vector<KeyWork>>> parts = {};
    std::int64_t keys = 0;                // 0: there is none
    std::unique_ptr<Batch> forward = {};  // what goes to the cloud, where it is known already
    std::unique_ptr<SentBatch> sent = {};
};

// A wave comes by itself; take() gives it. Where that is not `beside` its thread, nothing happens before.
class ComingWave {
  public:
    // What the waves of one table have in common.
    struct Source {
        bool beside = false;
        std::function<Wave()> read;  // called for one wave after the other
        // Calls `gone` as soon as the rows have gone. Whatever keeps a wave from being sent, it is written in its turn.
        std::function<void(Wave&, Line, const std::function<void()>& gone)> send;
    };

    // The first one, which is not sent before its turn, and the one behind a wave: it is read after that one, and sent on the
    // other line, which must be free from here on.
    explicit ComingWave(const Source& source);
    ComingWave(const Source& source, ComingWave& before);
    ~ComingWave() { gate_->shut(); }  // waits for the thread; what was sent is rolled back
    ComingWave(const ComingWave&) = delete;
    ComingWave& operator=(const ComingWave&) = delete;

    void may_be_sent() { gate_->open(); }
    // Whether it would have the line or a pooler's last connection that the wave before needs if that was not sent: it is written
    // on the usual line.
    bool is_in_the_way() const;
    void make_way();  // the wave is not sent, or not any longer, and waits for nobody
    Wave take();  // waits; throws what `read` threw. Once

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
