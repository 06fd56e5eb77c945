// A bounded queue with the threads that work it off.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tideway::web {

template <typename Item>
class WorkQueue {
  public:
    // `work` gets each item, on several threads; `last` is true once the queue closes.
    WorkQueue(unsigned threads, std::size_t most, std::function<void(Item, bool last)> work)
        : most_(most), work_(std::move(work)) {
        for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
    }
    ~WorkQueue() { close(); }

    // False where there is no room, or the queue is closed.
    bool push(Item item) {
        const std::lock_guard lock(mutex_);
        if (closing_ || items_.size() >= most_) return false;
        items_.push_back(item);
        some_.notify_one();
        return true;
    }
    // Every item that is still there is worked off as a last one.
    void close() {
        {
            const std::lock_guard lock(mutex_);
            closing_ = true;
            some_.notify_all();
        }
        for (std::thread& thread : threads_)
            if (thread.joinable()) thread.join();
    }

  private:
    void run() {
        std::unique_lock lock(mutex_);
        while (true) {
            some_.wait(lock, [&] { return closing_ || !items_.empty(); });
            if (items_.empty()) return;
            const Item item = items_.front();
            items_.pop_front();
            const bool last = closing_;
            lock.unlock();
            work_(item, last);
            lock.lock();
        }
    }

    std::size_t most_;
    std::function<void(Item, bool)> work_;
    mutable std::mutex mutex_;
    std::condition_variable some_;
    std::deque<Item> items_;
    bool closing_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace tideway::web
