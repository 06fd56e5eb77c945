#include "cli/alerting.hpp"

#include <fmt/format.h>

#include "alert/alert.hpp"
#include "alert/telling.hpp"
#include "base/iso_time.hpp"
#include "report/report_json.hpp"
#include "cli/text.hpp"

namespace tideway::cli {
namespace {

std::string tried_text(const std::vector<alert::Tried>& tried) {
    std::string out;
    for (const alert::Tried& each : tried) {
        out += fmt::format("{} ({}): ", each.channel, printable(each.where));
        out += each.failure ? fmt::format("failed\n  {} {}\n  what to do: {}\n", each.failure->code,
                                          printable(each.failure->text), each.failure->hint)
                            : "works\n";
    }
    return out;
}

Json tried_json(const std::vector<alert::Tried>& tried) {
    Json out = {{"version", 1}, {"status", "ok"}, {"channels", Json::array()}};
    for (const alert::Tried& each : tried) {
        Json channel = {{"channel", each.channel}, {"where", each.where}, {"status", "ok"}};
        if (each.failure) {
            channel["status"] = out["status"] = "failed";
            channel["code"] = each.failure->code;
            channel["text"] = each.failure->text;
        }
        out["channels"].push_back(std::move(channel));
    }
    return out;
}

}  // namespace

void tell_people(const Config& config, const alert::Observation& seen, std::ostream& err) {
    for (const alert::Failure& failure : alert::tell(config, seen, real_world()))
        err << fmt::format("tideway: warning {}: nobody was told by {}: {}\n  what to do: {}\n", failure.code,
                           failure.channel, printable(failure.text), failure.hint)
            << std::flush;
}

RunReport telling_people(const Config& config, std::ostream& err, const std::function<RunReport()>& run) {
    return alert::observed<RunReport>(
        run, [&](const alert::Observation& seen) { tell_people(config, seen, err); });
}

std::vector<AlertFailure> failing_alerts(const Config& config) {
    std::vector<AlertFailure> failures;
    for (const alert::Failure& each : alert::failing(config))
        failures.push_back({each.channel, each.code, each.text, iso_time(each.since)});
    return failures;
}

Exit test_alerts(const Request& request, std::ostream& out) {
    const Config config = load_config(request.config_path);
    if (!config.alert)
        throw Error(Code::config_value, fmt::format("{}: there is no section [alert]", config.path),
                    "add one with command, webhook, heartbeat_url or [alert.email]");
    const std::vector<alert::Tried> tried = alert::try_all(config, real_world());
    out << (request.json ? dump(tried_json(tried)) : tried_text(tried));
    for (const alert::Tried& each : tried)
        if (each.failure) return Exit::failed;
    return Exit::ok;
}

}  // namespace tideway::cli
