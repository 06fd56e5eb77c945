#include "daemon/health.hpp"

#include "daemon/metrics.hpp"
#include "web/handlers.hpp"

namespace tideway::web {
namespace {

// Anybody may ask, so nobody learns more than yes or no: which pair it is stands in the metrics.
Response said(bool good) {
    return {good ? 200 : 503, {{"Content-Type", "text/plain"}}, good ? "ok\n" : "not ok\n"};
}

}  // namespace

Response show_metrics(const Call& call) {
    return {200,
            {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
            daemon::metrics_text(call.service.pairs(), call.version, call.world.clock.monotonic_micros())};
}

Response show_liveness(const Call& call) {
    return said(daemon::live(call.service.pairs(), call.world.clock.monotonic_micros()).good);
}

Response show_readiness(const Call& call) { return said(daemon::ready(call.service.pairs()).good); }

}  // namespace tideway::web
