#include "cli/rehearsal.hpp"

#include "cli/exit_code.hpp"
#include "report/report_json.hpp"
#include "cli/run_text.hpp"
#include "cli/with_engine.hpp"

namespace tideway::cli {
namespace {

// The configuration with the copies in the place of both sides.
Config on_copies(const Config& real, const Request& request) {
    Config copies = real;
    const auto replace = [&](SideSetting& side, const std::string& given,
                             const std::optional<std::string>& configured, const char* which) {
        const std::string url = given.empty() ? configured.value_or("") : given;
        if (url.empty())
            throw Error(Code::usage, std::string("the rehearsal needs a copy of the ") + which + " database",
                        "sync --rehearse --desktop URL --cloud URL, or desktop and cloud in [rehearsal]");
        if (url == side.url)
            throw Error(Code::rehearsal_refused,
                        std::string("the copy of the ") + which + " database has the url of the real one");
        side.url = url;
    };
    replace(copies.desktop, request.desktop_url, real.rehearsal_desktop, "desktop");
    replace(copies.cloud, request.cloud_url, real.rehearsal_cloud, "cloud");
    return copies;
}

}  // namespace

Exit rehearse(const Request& request, const RunOptions& options, std::ostream& out, std::ostream& err) {
    const Config real = load_config(request.config_path), copies = on_copies(real, request);
    UrlConnector to_real(real), to_copies(copies);
    RunReport report;
    {
        ProgressView progress(err, progress_kind(request),
                              [] { return real_world().clock.monotonic_micros(); });
        report = Engine(copies, to_copies, real_world(), progress).rehearse(options, to_real);
    }
    out << (request.json ? dump(run_json(report))
                         : "a rehearsal on copies: nothing of the pair was written\n" + run_text(report));
    return exit_of(report);
}

}  // namespace tideway::cli
