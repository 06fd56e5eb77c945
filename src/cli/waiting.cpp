#include "cli/waiting.hpp"

#include <fmt/format.h>

#include "cli/text.hpp"

namespace tideway::cli {
namespace {

// " (jobshead 2, climaster 1)"
std::string by_table(const std::vector<Waiting>& tables, std::int64_t Waiting::*count) {
    std::vector<std::string> parts;
    for (const Waiting& table : tables)
        if (table.*count > 0) parts.push_back(fmt::format("{} {}", table.table, grouped(table.*count)));
    if (parts.size() > longest_list) {
        const std::size_t more = parts.size() - longest_list;
        parts.resize(longest_list);
        parts.push_back(fmt::format("and {} more tables", more));
    }
    return fmt::format(" ({})", joined(parts));
}

}  // namespace

WaitingTotals total(const std::vector<Waiting>& tables) {
    WaitingTotals totals;
    for (const Waiting& table : tables) {
        totals.open_conflicts += table.open_conflicts;
        totals.held += table.held;
        totals.parked += table.parked;
    }
    return totals;
}

std::string waiting_words(const WaitingTotals& totals) {
    std::vector<std::string> parts;
    if (totals.open_conflicts > 0) parts.push_back(counted(totals.open_conflicts, "open conflict"));
    if (totals.held > 0) parts.push_back(grouped(totals.held) + " held");
    if (totals.parked > 0) parts.push_back(grouped(totals.parked) + " parked");
    return joined(parts);
}

std::vector<std::string> waiting_lines(const std::vector<Waiting>& tables) {
    const WaitingTotals totals = total(tables);
    std::vector<std::string> lines;
    if (totals.open_conflicts > 0)
        lines.push_back(fmt::format(
            "{}{}: both rows are kept until you choose one\n    tideway conflicts list",
            counted(totals.open_conflicts, "open conflict"), by_table(tables, &Waiting::open_conflicts)));
    if (totals.held > 0)
        lines.push_back(
            fmt::format("{} held{}: ownership, deletes or where keeps the change from crossing\n"
                        "    tideway conflicts list",
                        counted(totals.held, "row"), by_table(tables, &Waiting::held)));
    if (totals.parked > 0)
        lines.push_back(
            fmt::format("{} parked{}: the other database refuses them for now, for example because the row "
                        "they refer to is missing\n"
                        "    every run tries them again; tideway parked list says why",
                        counted(totals.parked, "row"), by_table(tables, &Waiting::parked)));
    return lines;
}

std::string table_label(const std::string& desktop, const std::string& cloud) {
    return desktop == cloud ? desktop : desktop + "/" + cloud;
}

}  // namespace tideway::cli
