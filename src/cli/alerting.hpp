// Alerts as the commands use them.
#pragma once
#include <functional>
#include <ostream>
#include <vector>

#include "alert/event.hpp"
#include "base/error.hpp"
#include "cli/request.hpp"
#include "config/config.hpp"
#include "model/report.hpp"

namespace tideway::cli {

// Tells whoever is configured. What could not be told is a warning on `err`, never an error.
void tell_people(const Config& config, const alert::Observation& seen, std::ostream& err);

// Does `run` and tells people how it ended; its error goes on to the caller.
RunReport telling_people(const Config& config, std::ostream& err, const std::function<RunReport()>& run);

std::vector<AlertFailure> failing_alerts(const Config& config);

// Exit::failed when a channel did not take the test.
Exit test_alerts(const Request& request, std::ostream& out);

}  // namespace tideway::cli
