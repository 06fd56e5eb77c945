#include "cli/findings_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/text.hpp"

namespace tideway::cli {
namespace {

const char* label(Severity severity) {
    switch (severity) {
        case Severity::error:
            return "ERROR  ";
        case Severity::warning:
            return "warning";
        case Severity::info:
            return "note   ";
    }
    return "?";
}

// Every line of the text begins below the first, so that SQL of several lines stays readable.
std::string indented(const std::string& text, const std::string& indent) {
    std::string out;
    for (const char c : text) {
        out += c;
        if (c == '\n') out += indent;
    }
    return out;
}

std::string finding_text(const Finding& finding) {
    const std::string indent(9, ' ');
    std::string out = fmt::format("{}  {} ({})\n{}{}", label(finding.severity), finding.where, finding.code,
                                  indent, indented(finding.text, indent));
    if (!finding.remedy.empty())
        out += fmt::format("\n{}cure: {}", indent, indented(finding.remedy, indent + "      "));
    return out;
}

std::string verdict(const std::vector<Finding>& findings) {
    const auto count = [&](Severity severity) {
        return std::count_if(findings.begin(), findings.end(),
                             [&](const Finding& finding) { return finding.severity == severity; });
    };
    const auto errors = count(Severity::error), warnings = count(Severity::warning);
    if (errors > 0)
        return fmt::format("{} must be mended before a sync{}\n", counted(errors, "error"),
                           warnings > 0 ? ", " + counted(warnings, "warning") : "");
    if (warnings > 0) return fmt::format("ready to sync; {} to read first\n", counted(warnings, "warning"));
    return "ready to sync\n";
}

}  // namespace

std::string findings_text(const std::vector<Finding>& findings) {
    std::vector<Finding> sorted = findings;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
    // Errors are never cut: each of them has to be read.
    std::string out;
    std::vector<std::string> rest;
    for (const Finding& finding : sorted) {
        if (finding.severity == Severity::error)
            out += finding_text(finding) + "\n";
        else
            rest.push_back(finding_text(finding));
    }
    out += cut_list(rest);
    return out + (findings.empty() ? "" : "\n") + verdict(findings);
}

}  // namespace tideway::cli
