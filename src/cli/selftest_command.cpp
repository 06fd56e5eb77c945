#include "cli/selftest_command.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "report/report_json.hpp"
#include "simulate/selftest.hpp"

namespace tideway::cli {
namespace {

using simulate::Counts;
using simulate::Failure;
using simulate::SelftestReport;

std::string counts_text(const SelftestReport& report, std::int64_t micros) {
    const Counts& counts = report.counts;
    return fmt::format(
        "{} seeds in {:.1f} s ({:.1f} ms each): {} runs ({} killed, {} broken off, met {} times on their "
        "way), "
        "{} restores, {} user transactions, {} writes of users, {} of the program, {} conflicts kept, {} "
        "keys "
        "left waiting, {} torn groups\n",
        report.seeds, static_cast<double>(micros) / 1e6,
        static_cast<double>(micros) / 1e3 / std::max(1, report.seeds), counts.runs, counts.killed,
        counts.failed, counts.interruptions, counts.restores, counts.user_transactions, counts.user_writes,
        counts.sync_writes, counts.conflicts, counts.waiting, counts.torn_groups);
}

std::string failure_text(const Failure& failure) {
    return fmt::format(
        "seed {} breaks a promise. What happens ({} steps, shrunk from {}), then sync runs in peace:\n\n{}\n"
        "with this configuration:\n\n{}\nThe checker's verdict:\n\n{}",
        failure.seed, failure.steps, failure.steps_before, failure.script, failure.config, failure.verdict);
}

// The script to read, and the history for the checker.
std::string keep(const Failure& failure, const std::string& folder) {
    const std::string file =
        (std::filesystem::path(folder) / fmt::format("tideway-selftest-{}", failure.seed)).string();
    std::ofstream(file + ".txt") << failure_text(failure);
    std::ofstream(file + ".json") << failure.history;
    return file + ".txt";
}

Json counts_json(const Counts& counts) {
    return {{"runs", counts.runs},
            {"killed", counts.killed},
            {"broken_off", counts.failed},
            {"interruptions", counts.interruptions},
            {"restores", counts.restores},
            {"user_transactions", counts.user_transactions},
            {"user_writes", counts.user_writes},
            {"sync_writes", counts.sync_writes},
            {"conflicts", counts.conflicts},
            {"waiting", counts.waiting},
            {"torn_groups", counts.torn_groups}};
}

Json report_json(const SelftestReport& report, std::int64_t micros, const std::string& file) {
    Json json{{"version", 1},
              {"status", report.failure ? "failed" : "ok"},
              {"seeds", report.seeds},
              {"duration_ms", micros / 1000},
              {"counts", counts_json(report.counts)}};
    if (!report.failure) return json;
    const CodeInfo& code = info(Code::selftest_failed);
    json["error"] = {{"code", code.id},
                     {"message", fmt::format("seed {} breaks a promise", report.failure->seed)},
                     {"hint", code.way_out}};
    json["failure"] = {{"seed", report.failure->seed},       {"steps", report.failure->steps},
                       {"script", report.failure->script},   {"config", report.failure->config},
                       {"verdict", report.failure->verdict}, {"file", file}};
    return json;
}

}  // namespace

Exit selftest(const Request& request, std::ostream& out, std::ostream& err) {
    Clock& clock = real_world().clock;
    const std::int64_t begin = clock.monotonic_micros();
    std::int64_t told_at = begin;
    const bool quiet = request.json || request.log_level == "warning" || request.log_level == "error";
    const SelftestReport report = simulate::selftest(request.selftest, [&](int played) {
        if (quiet || clock.monotonic_micros() - told_at < 5'000'000) return;
        told_at = clock.monotonic_micros();
        err << fmt::format("tideway: {} of {} seeds\n", played, request.selftest.seeds) << std::flush;
    });
    const std::int64_t micros = clock.monotonic_micros() - begin;
    const std::string file = report.failure ? keep(*report.failure, request.selftest_output) : "";
    if (request.json) {
        out << dump(report_json(report, micros, file));
    } else {
        out << counts_text(report, micros);
        if (report.failure)
            out << "\n" << failure_text(*report.failure) << "\nKept in " << file << "\n";
        else
            out << "No promise was broken.\n";
    }
    return report.failure ? Exit::defect : Exit::ok;
}

}  // namespace tideway::cli
