#include "engine/coming_wave.hpp"

namespace tideway {

void Gate::open() {
    {
        const std::lock_guard lock(mutex_);
        open_ = !shut_;
    }
    changed_.notify_all();
}

bool Gate::shut() {
    {
        const std::lock_guard lock(mutex_);
        shut_ = !open_;
        if (open_) return false;
    }
    changed_.notify_all();
    return true;
}

bool Gate::await() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return shut_ || open_; });
    return open_;
}

bool Gate::is_open() {
    const std::lock_guard lock(mutex_);
    return open_;
}

namespace {

Wave read_behind(const std::function<Wave()>& read, const std::shared_future<bool>& before, std::promise<bool>& done) try {
    Wave wave;
    if (before.get()) wave = read();
    done.set_value(wave.keys > 0);
    return wave;
} catch (...) {
    done.set_exception(std::current_exception());
    throw;
}

}  // namespace

ComingWave::ComingWave(const Source& source) {
    gate_->shut();
    std::promise<bool> nothing_before;
    nothing_before.set_value(true);
    start(source, nothing_before.get_future().share());
}

ComingWave::ComingWave(const Source& source, ComingWave& before)
    : line_(before.line_ == Line::usual ? Line::beside : Line::usual), gate_(before.gate_behind_) {
    start(source, before.was_read_);
}

// An error of send() comes back in the wave's own turn, if it is one.
void ComingWave::start(const Source& source, std::shared_future<bool> read_before) {
    if (!source.beside) gate_->shut();
    coming_ = std::async(source.beside ? std::launch::async : std::launch::deferred,
                         [this, source, before = std::move(read_before)] {
                             Wave wave = read_behind(source.read, before, read_);
                             if (wave.keys == 0 || !gate_->await()) return wave;
                             try {
                                 source.send(wave, line_, [gate = gate_behind_] { gate->open(); });
                             } catch (const std::exception&) {
                                 wave.sent.reset();
                             }
                             return wave;
                         });
}

bool ComingWave::is_in_the_way() const { return line_ == Line::usual || gate_->is_open(); }

void ComingWave::make_way() {
    if (gate_->shut() || std::exchange(made_way_, true)) return;
    gate_behind_->shut();
    try {
        Wave wave = coming_.get();
        wave.sent.reset();
        ready_.set_value(std::move(wave));
    } catch (...) {
        ready_.set_exception(std::current_exception());
    }
    coming_ = ready_.get_future();
}

Wave ComingWave::take() {
    gate_->shut();
    return coming_.get();
}

}  // namespace tideway
