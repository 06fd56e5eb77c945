#include "db/postgres/line.hpp"

#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "db/postgres/cancel.hpp"
#include "db/postgres/connection.hpp"

namespace tideway::pg {
namespace {

constexpr Millis tick_interval{250};  // promised by WaitHook
// Between two requests to cancel.
constexpr Millis settle_step{500};
// Long enough for a server to roll back what a cancelled statement did; beyond it the line is given up.
constexpr Millis settle_limit{10'000};
constexpr std::size_t copy_piece = 256 * 1024;
constexpr std::int64_t longest_answer = 1LL << 30;

}  // namespace

Patience::Patience(WaitHook* hook, Millis limit) : hook_(hook), limit_(limit) {
    const Time now = std::chrono::steady_clock::now();
    deadline_ = limit.count() > 0 ? now + limit : Time::max();
    next_tick_ = now;  // many short statements must not starve the hook
}

int Patience::poll_timeout() const {
    const Time until = std::min(deadline_, next_tick_);
    const auto left = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<Millis::rep>(left.count(), 0));
}

int Patience::wait(int socket, short events) {
    for (;;) {
        pollfd entry{socket, events, 0};
        const int ready = ::poll(&entry, 1, poll_timeout());
        const Time now = std::chrono::steady_clock::now();
        const bool signalled = ready < 0 && errno == EINTR;
        if (signalled || now >= next_tick_) tick();
        if (ready > 0) return entry.revents;
        if (ready < 0 && !signalled) return POLLERR;
        if (now >= deadline_) throw DeadlinePassed{};
    }
}

void Patience::progress() {
    const Time now = std::chrono::steady_clock::now();
    if (limit_.count() > 0) deadline_ = now + limit_;
    if (now >= next_tick_) tick();
}

void Patience::tick() {
    next_tick_ = std::chrono::steady_clock::now() + tick_interval;
    if (hook_) hook_->tick();
}

// What waits in the socket is what libpq takes out of it; encryption makes it a little longer.
bool Line::take_in() {
    int waiting = 0;
    if (::ioctl(PQsocket(raw()), FIONREAD, &waiting) == 0) taken_ += waiting;
    if (taken_ > longest_answer) throw Misfit("it has no end");
    return PQconsumeInput(raw()) != 0;
}

void Line::flush(Patience& patience) {
    while (PQflush(raw()) > 0) {
        const int ready = patience.wait(PQsocket(raw()), POLLIN | POLLOUT);
        // What the server has to say is taken in as well, or both sides might wait for the other to read.
        if ((ready & POLLIN) != 0 && !take_in()) return;
    }
}

ResultPtr Line::next(Patience& patience) {
    flush(patience);
    while (PQisBusy(raw()) != 0 && PQsocket(raw()) >= 0) {
        patience.wait(PQsocket(raw()), POLLIN);
        if (!take_in()) break;
    }
    return ResultPtr(PQgetResult(raw()));
}

std::optional<std::string_view> Line::copy_row(Patience& patience) {
    for (;;) {
        char* data = nullptr;
        const int length = PQgetCopyData(raw(), &data, 1);
        row_.reset(data);
        if (length > 0) expect_answer();
        if (length > 0) return std::string_view(data, static_cast<std::size_t>(length));
        if (length < 0 || PQsocket(raw()) < 0) return std::nullopt;
        patience.wait(PQsocket(raw()), POLLIN);
        if (!take_in()) return std::nullopt;
    }
}

void Line::put_copy(std::string_view data, Patience& patience) {
    while (!data.empty()) {
        const std::string_view piece = data.substr(0, copy_piece);
        const int queued = PQputCopyData(raw(), piece.data(), static_cast<int>(piece.size()));
        if (queued < 0) return;
        if (queued == 0) throw std::bad_alloc();
        flush(patience);
        patience.progress();
        data.remove_prefix(piece.size());
    }
}

// In a pipeline a null ends each statement's results, a second one says that nothing is under way.
void Line::drain(Patience& patience) {
    for (int nulls = 0;;) {
        const ResultPtr result = next(patience);
        if (!result) {
            if (lost() || PQpipelineStatus(raw()) == PQ_PIPELINE_OFF) return;
            if (++nulls < 2) continue;
            if (PQexitPipelineMode(raw()) == 0) abandon();
            return;
        }
        nulls = 0;
        switch (PQresultStatus(result.get())) {
            case PGRES_COPY_IN:
                if (PQputCopyEnd(raw(), "stopped by tideway") <= 0) return abandon();
                break;
            case PGRES_COPY_OUT:
                while (copy_row(patience)) continue;
                break;
            case PGRES_COPY_BOTH:
                return abandon();
            case PGRES_EMPTY_QUERY:
            case PGRES_COMMAND_OK:
            case PGRES_TUPLES_OK:
            case PGRES_SINGLE_TUPLE:
            case PGRES_BAD_RESPONSE:
            case PGRES_NONFATAL_ERROR:
            case PGRES_FATAL_ERROR:
            case PGRES_PIPELINE_ABORTED:
                break;
            case PGRES_PIPELINE_SYNC:
                if (PQexitPipelineMode(raw()) == 0) return abandon();
                return;
        }
    }
}

// A request that arrives before the server has begun the statement stops nothing, so it is repeated.
void Line::settle() noexcept {
    if (transaction() != PQTRANS_ACTIVE) return;
    try {
        for (Millis spent{0}; transaction() == PQTRANS_ACTIVE && spent < settle_limit; spent += settle_step) {
            if (!cancel_on_server(raw())) return abandon();
            try {
                Patience patience(nullptr, settle_step);
                drain(patience);
            } catch (const DeadlinePassed&) {
                continue;
            }
        }
        if (transaction() == PQTRANS_ACTIVE) abandon();
    } catch (...) {
        abandon();
    }
}

}  // namespace tideway::pg
