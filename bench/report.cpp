#include "report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "support/temp_dir.hpp"

namespace tideway::bench {
namespace {

constexpr std::string_view kBegin = "<!-- tideway_bench: begin -->\n", kEnd = "<!-- tideway_bench: end -->\n";
constexpr double kFlatMib = 64;

std::string time_text(double seconds) {
    return seconds < 1 ? fmt::format("{:.0f} ms", seconds * 1000) : fmt::format("{:.1f} s", seconds);
}

std::string count_text(long long count) {
    std::string text = std::to_string(count);
    for (int at = static_cast<int>(text.size()) - 3; at > 0; at -= 3)
        text.insert(static_cast<std::size_t>(at), ",");
    return text;
}

std::string ratio_text(double ratio) {
    return ratio < 10 ? fmt::format("{:.2f}", ratio) : fmt::format("{:.1f}", ratio);
}

std::string range_text(const Measurement& measurement) {
    const auto [least, most] =
        std::minmax_element(measurement.samples.begin(), measurement.samples.end(),
                            [](const Sample& a, const Sample& b) { return a.ratio() < b.ratio(); });
    return fmt::format("{} to {}", ratio_text(least->ratio()), ratio_text(most->ratio()));
}

std::string goal_text(const Measurement& measurement) {
    const Goal& goal = measurement.goal;
    if (!goal.ratio && !goal.milliseconds && !goal.round_trips) return "-";
    const std::string limit = goal.ratio          ? ratio_text(*goal.ratio)
                              : goal.milliseconds ? fmt::format("{:.0f} ms", *goal.milliseconds)
                                                  : fmt::format("{} round trips", *goal.round_trips);
    return fmt::format("{}, {}", limit, measurement.reached() ? "reached" : "missed");
}

double mib(long kib) { return static_cast<double>(kib) / 1024; }

std::string row_text(const Measurement& m) {
    const std::string head =
        fmt::format("| `{}` | {} | {} | {} | ", m.name, m.what, count_text(m.rows), m.floor);
    if (m.samples.empty())
        return fmt::format("{}{} | | | | | | | |\n", head, m.not_here.empty() ? "failed" : "not taken");
    const auto cpu = m.cpu_ratio();
    return fmt::format("{}**{}** | {} | {} | {} | {} | {} | {} | {} |\n", head, ratio_text(m.ratio()), range_text(m),
                       cpu ? ratio_text(*cpu) : "-", m.samples.size(), goal_text(m),
                       m.peak_kib > 0 ? fmt::format("{:.0f} MiB", mib(m.peak_kib)) : "-",
                       time_text(m.seconds()), time_text(m.floor_seconds()));
}

// Only of cases that looked.
std::string traffic_text(const std::vector<Measurement>& measurements) {
    std::string text;
    for (const Measurement& m : measurements) {
        if (!m.wire && !m.wal_bytes) continue;
        const auto number = [](const std::optional<long long>& value) {
            return value ? count_text(*value) : "-";
        };
        const auto wire = [&](auto part) {
            return number(m.wire ? std::optional<long long>(part(*m.wire)) : std::nullopt);
        };
        text += fmt::format("| `{}` | {} | {} | {} | {} |\n", m.name,
                            wire([](const Wire& w) { return w.round_trips; }),
                            wire([](const Wire& w) { return w.to_server; }),
                            wire([](const Wire& w) { return w.to_client; }), number(m.wal_bytes));
    }
    if (text.empty()) return "";
    return "\nOn the line to the cloud (once connected), and in the log of its server:\n\n"
           "| case | round trips | bytes to it | bytes from it | bytes of WAL "
           "|\n|---|---:|---:|---:|---:|\n" +
           text;
}

// A first sync must not hold more of a large table than of a small one.
std::string memory_text(const std::vector<Measurement>& measurements) {
    const Measurement *small = nullptr, *large = nullptr;
    for (const Measurement& m : measurements) {
        if (m.peak_kib == 0) continue;
        if (m.name == "first_sync_25k") small = &m;
        if (m.name == "first_sync_1m") large = &m;
    }
    if (small == nullptr || large == nullptr) return "";
    const double grown = mib(large->peak_kib - small->peak_kib);
    return fmt::format(
        "\nMemory of a first sync: {:.0f} MiB at {} rows, {:.0f} MiB at {} rows: {} (limit: {:.0f} MiB "
        "more).\n",
        mib(small->peak_kib), count_text(small->rows), mib(large->peak_kib), count_text(large->rows),
        grown <= kFlatMib ? "flat" : "NOT flat", kFlatMib);
}

std::string processor_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "unknown processor";
}

struct Marked {
    std::size_t begin, end;  // of the text between the lines
};

Marked find_markers(const std::string& file, const std::string& text) {
    const std::size_t begin = text.find(kBegin), end = text.find(kEnd);
    if (begin == std::string::npos || end == std::string::npos || end < begin)
        throw std::runtime_error(fmt::format("{} lacks the lines\n{}{}", file, kBegin, kEnd));
    return {begin + kBegin.size(), end};
}

}  // namespace

Surroundings surroundings(const std::string& postgres_version) {
    return {fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr))), processor_name(), postgres_version,
            static_cast<int>(std::thread::hardware_concurrency())};
}

std::string as_markdown(const Report& report) {
    const Surroundings& where = report.where;
    std::string text = fmt::format(
        "Measured on {}: {} cores, {}, two PostgreSQL {} servers on one machine, Unix sockets, fsync on.\n"
        "Ratios are medians of paired repetitions; CPU is the ratio of processor time, of the programs and both servers. "
        "*The last two columns belong to that machine and that "
        "day; compare ratios only.*\n\n"
        "| case | what | rows | floor | ratio to floor | range | CPU | n | goal | peak memory | time* | floor's "
        "time* |\n"
        "|---|---|---:|---|---:|---|---:|---:|---|---:|---:|---:|\n",
        where.date, where.cores, where.processor, where.postgres);
    for (const Measurement& measurement : report.measurements) text += row_text(measurement);
    text += traffic_text(report.measurements);
    text += memory_text(report.measurements);
    for (const Measurement& m : report.measurements) {
        if (!m.failure.empty())
            text += fmt::format("\n`{}` failed: {}\n", m.name, m.failure.substr(0, m.failure.find('\n')));
        if (!m.not_here.empty()) text += fmt::format("\n`{}` was not taken: {}\n", m.name, m.not_here);
    }
    return text;
}

nlohmann::ordered_json as_json(const Report& report) {
    nlohmann::ordered_json json{{"version", 1},
                                {"date", report.where.date},
                                {"cores", report.where.cores},
                                {"processor", report.where.processor},
                                {"postgres", report.where.postgres},
                                {"cases", nlohmann::ordered_json::array()}};
    for (const Measurement& m : report.measurements) {
        nlohmann::ordered_json entry{
            {"name", m.name}, {"what", m.what}, {"floor", m.floor}, {"rows", m.rows}};
        if (m.samples.empty()) {
            entry[m.not_here.empty() ? "failure" : "not_taken"] = m.not_here.empty() ? m.failure : m.not_here;
        } else {
            entry["ratio"] = m.ratio();
            entry["seconds"] = m.seconds();
            entry["floor_seconds"] = m.floor_seconds();
            entry["peak_kib"] = m.peak_kib;
        }
        if (m.wire)
            entry["wire"] = {{"round_trips", m.wire->round_trips},
                             {"bytes_to_server", m.wire->to_server},
                             {"bytes_to_client", m.wire->to_client}};
        if (m.wal_bytes) entry["cloud_wal_bytes"] = *m.wal_bytes;
        if (m.goal.ratio) entry["goal_ratio"] = *m.goal.ratio;
        if (m.goal.milliseconds) entry["goal_ms"] = *m.goal.milliseconds;
        if (m.goal.round_trips) entry["goal_round_trips"] = *m.goal.round_trips;
        for (const Sample& sample : m.samples)
            entry["samples"].push_back(
                {{"seconds", sample.own.seconds}, {"floor_seconds", sample.floor.seconds}, {"cpu", sample.own.cpu},
                 {"floor_cpu", sample.floor.cpu}});
        json["cases"].push_back(std::move(entry));
    }
    return json;
}

void check_markers(const std::string& file) { find_markers(file, test::read_file(file)); }

void write_between_markers(const std::string& file, const std::string& text) {
    std::string content = test::read_file(file);
    const Marked marked = find_markers(file, content);
    content.replace(marked.begin, marked.end - marked.begin, text);
    test::write_file(file, content, 0644);
}

}  // namespace tideway::bench
