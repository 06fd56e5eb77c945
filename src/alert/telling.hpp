// What commands and the service do around a run: people are told how it ended.
#pragma once
#include <functional>

#include "alert/event.hpp"

namespace tideway::alert {

// Does `run` and lets `tell` know how it ended; its error goes on to the caller.
template <typename Report>
Report observed(const std::function<Report()>& run, const std::function<void(const Observation&)>& tell) {
    Report report;
    try {
        report = run();
    } catch (const Error& error) {
        tell(observe(error));
        throw;
    } catch (const std::exception& error) {
        tell(observe(Defect(error.what())));
        throw;
    }
    tell(observe(report));
    return report;
}

}  // namespace tideway::alert
