// What a server sends without being asked, and connections that pass from one run to the next.
#include <poll.h>

#include <algorithm>

#include "db/postgres/impl.hpp"

namespace tideway::pg {
namespace {

struct FreeNotify {
    void operator()(PGnotify* notify) const { PQfreemem(notify); }
};

std::vector<std::string> arrived(PGconn* connection) {
    std::vector<std::string> payloads;
    while (const std::unique_ptr<PGnotify, FreeNotify> notify{PQnotifies(connection)})
        payloads.emplace_back(notify->extra);
    return payloads;
}

}  // namespace

std::vector<std::string> Connection::notifications(Millis limit) {
    constexpr const char* what = "wait for notifications";
    impl_->require_idle(what);
    PGconn* raw = impl_->line.raw();
    Patience patience(impl_->hook, std::max(limit, Millis(1)));
    try {
        for (;;) {
            if (PQconsumeInput(raw) == 0) break;
            std::vector<std::string> payloads = arrived(raw);
            if (!payloads.empty()) return payloads;
            patience.wait(PQsocket(raw), POLLIN);
        }
    } catch (const DeadlinePassed&) {
        return {};
    }
    const std::string message = PQerrorMessage(raw);
    impl_->line.abandon();
    throw lost_error(impl_->side, what, message);
}

void Connection::tell(WaitHook* hook) { impl_->hook = hook; }

// What arrives unasked on an idle connection is the news that it ends.
bool Connection::reusable() {
    if (impl_->leaving) rollback();
    if (lost() || impl_->line.transaction() != PQTRANS_IDLE) return false;
    pollfd entry{PQsocket(impl_->line.raw()), POLLIN, 0};
    if (::poll(&entry, 1, 0) == 0) return true;
    return PQconsumeInput(impl_->line.raw()) != 0 && PQstatus(impl_->line.raw()) == CONNECTION_OK &&
           ::poll(&entry, 1, 0) == 0;
}

}  // namespace tideway::pg
