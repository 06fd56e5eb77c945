#include "db/postgres/cancel.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace tideway::pg {
namespace {

constexpr std::chrono::seconds answer_limit{5};

struct FreeCancel {
    void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
};

// Shared with the thread, which may outlive the caller's interest.
struct Request {
    std::unique_ptr<PGcancel, FreeCancel> cancel;
    std::mutex guard;
    std::condition_variable answered;
    std::optional<bool> answer;
};

void send(const std::shared_ptr<Request>& request) {
    char reason[256];
    const bool sent = PQcancel(request->cancel.get(), reason, sizeof reason) != 0;
    const std::lock_guard lock(request->guard);
    request->answer = sent;
    request->answered.notify_all();
}

}  // namespace

// PQcancel opens a connection of its own and blocks without any time limit, for minutes where packets vanish.
// Hence the thread.
bool cancel_on_server(PGconn* connection) {
    const auto request = std::make_shared<Request>();
    request->cancel.reset(PQgetCancel(connection));
    if (!request->cancel) return false;
    std::thread(send, request).detach();
    std::unique_lock lock(request->guard);
    request->answered.wait_for(lock, answer_limit, [&] { return request->answer.has_value(); });
    return request->answer.value_or(false);
}

}  // namespace tideway::pg
