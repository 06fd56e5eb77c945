// tideway_bench: measures the program of this build against what PostgreSQL alone needs for the same work.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <fstream>

#include "cases.hpp"
#include "paths.hpp"
#include "plot.hpp"
#include "report.hpp"
#include "support/temp_dir.hpp"

namespace tideway::bench {
namespace {

using namespace std::string_literals;

constexpr const char* kDocs = TIDEWAY_SOURCE_DIR "/docs/performance.md";
constexpr const char* kPlots = TIDEWAY_SOURCE_DIR "/docs/performance";

struct Request {
    Options options;
    std::vector<std::string> chosen;  // names of cases; empty = all
    std::string json_file;
    bool list = false, write_docs = false;
};

void declare(CLI::App& app, Request& request) {
    std::vector<std::string> names;
    for (const Case& each : cases()) names.emplace_back(each.name);
    app.add_flag("--list", request.list, "print the cases and stop");
    app.add_option("--case", request.chosen, "run this case only; may be given several times")
        ->check(CLI::IsMember(names));
    app.add_option("--rows", request.options.rows, "rows of the large table (default 1000000)")
        ->check(CLI::Range(1'000LL, 100'000'000LL));
    app.add_option("--repeat", request.options.repeat, "repetitions (default 3); slow cases may stop earlier")
        ->check(CLI::Range(1, 100));
    app.add_flag("--ten-million", request.options.ten_million, "take growth_10m too: two tables of 1 and 10 million rows");
    app.add_option("--json", request.json_file, "write every sample to this file");
    app.add_flag("--write-docs", request.write_docs,
                 "put the table into docs/performance.md, plot and samples beside it");
}

Measurement measure(Bench& bench, const Case& each) {
    Measurement measurement;
    try {
        measurement = each.measure(bench);
    } catch (const NotHere& reason) {
        bench.say(fmt::format("  not taken: {}", reason.what()));
        measurement = {.name = {}, .what = std::string(each.what), .floor = "", .not_here = reason.what()};
    } catch (const std::exception& error) {
        bench.say(fmt::format("  failed: {}", error.what()));
        measurement = {.name = {}, .what = std::string(each.what), .floor = "", .failure = error.what()};
    }
    measurement.name = each.name;
    return measurement;
}

Report measure_all(const Request& request) {
    Bench bench(request.options);
    Report report{surroundings(bench.postgres_version()), {}};
    for (const Case& each : cases()) {
        if (!request.chosen.empty() &&
            std::find(request.chosen.begin(), request.chosen.end(), each.name) == request.chosen.end())
            continue;
        bench.say(fmt::format("{}: {}", each.name, each.what));
        report.measurements.push_back(measure(bench, each));
    }
    return report;
}

int run(const Request& request) {
    if (request.list) {
        for (const Case& each : cases()) fmt::print("{:<18} {}\n", each.name, each.what);
        return 0;
    }
    if (request.write_docs) check_markers(kDocs);
    const Report report = measure_all(request);
    const std::string table = as_markdown(report);
    fmt::print("{}", table);
    if (!request.json_file.empty()) std::ofstream(request.json_file) << as_json(report).dump(2) << "\n";
    const bool any = std::any_of(report.measurements.begin(), report.measurements.end(),
                                 [](const Measurement& m) { return !m.samples.empty(); });
    const bool complete = std::all_of(report.measurements.begin(), report.measurements.end(),
                                      [](const Measurement& m) { return m.failure.empty(); });
    // A case that failed is written down as that.
    if (request.write_docs && any) {
        write_between_markers(kDocs, table);
        test::write_file(kPlots + "/ratios.svg"s, as_svg(report), 0644);
        test::write_file(kPlots + "/measurements.json"s, as_json(report).dump(2) + "\n", 0644);
    }
    return complete ? 0 : 1;
}

}  // namespace
}  // namespace tideway::bench

int main(int argc, char** argv) try {
    tideway::bench::Request request;
    CLI::App app("Measures tideway against what PostgreSQL alone needs for the same work.", "tideway_bench");
    tideway::bench::declare(app, request);
    CLI11_PARSE(app, argc, argv);
    if (request.write_docs && !request.chosen.empty()) {
        fmt::print(stderr, "--write-docs needs all cases\n");
        return 2;
    }
    return tideway::bench::run(request);
} catch (const std::exception& error) {
    fmt::print(stderr, "tideway_bench: {}\n", error.what());
    return 1;
}
