// The report of verify as a page: for people who do not sit at the terminal, to be kept or sent on.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/text.hpp"
#include "cli/verify_text.hpp"

namespace tideway::cli {
namespace {

constexpr const char* style = R"(
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #1c2733; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .35em .7em; border-bottom: 1px solid #d5dde5; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.equal { color: #14713c; } .waiting { color: #8a5a00; } .differs, .not { color: #b3261e; font-weight: 600; }
td.other { background: #fdecea; } small { color: #5a6b7b; }
@media (prefers-color-scheme: dark) { body { background: #14191f; color: #dde5ec; } th, td { border-color: #33404d; } td.other { background: #4a2320; }
  .equal { color: #5fce8f; } .waiting { color: #e6b450; } .differs, .not { color: #ff8a80; } }
)";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&') out += "&amp;";
        else if (c == '<') out += "&lt;";
        else if (c == '>') out += "&gt;";
        else if (c == '"') out += "&quot;";
        else if (c == '\'') out += "&#39;";
        else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
        else out += "?";
    }
    return out;
}

std::string headline(const VerifyReport& report) {
    if (report.status == "ok") return "Both sides are equal";
    if (report.status == "attention") return "Equal, but for rows that wait or were just changed";
    if (report.status == "guard") return "The repair was stopped by a guard";
    return "Rows differ and nothing explains it";
}

std::string table_row(const TableProof& t) {
    const std::string css = t.state == "not compared" ? "not" : t.state;
    std::string row = fmt::format("<tr><td>{}{}</td><td class=\"{}\">{}</td>", escaped(t.desktop),
                                  t.cloud == t.desktop ? "" : " / " + escaped(t.cloud), css, escaped(t.state));
    for (const std::int64_t number : {t.rows, t.differences, t.listed, t.changing, t.ignored})
        row += fmt::format("<td class=\"n\">{}</td>", grouped(number));
    return row + fmt::format("<td>{}</td></tr>\n",
                             t.not_compared.empty()
                                 ? escaped(t.proven.value_or("never")) + (t.unproven > 0 ? ", not by this verify" : "")
                                 : escaped(t.not_compared));
}

nlohmann::ordered_json parsed(const std::optional<std::string>& row) {
    return row ? nlohmann::ordered_json::parse(*row, nullptr, false) : nlohmann::ordered_json::object();
}

std::string value(const nlohmann::ordered_json& row, std::size_t at) {
    if (!row.is_object() || at >= row.size()) return "";
    const auto& cell = std::next(row.begin(), static_cast<std::ptrdiff_t>(at)).value();
    return cell.is_string() ? escaped(shortened(cell.get<std::string>(), 300)) : "<small>empty</small>";
}

// Both rows have the same columns in the same order, each under its side's names.
std::string rows_side_by_side(const FoundDifference& found) {
    const nlohmann::ordered_json desktop = parsed(found.desktop_row), cloud = parsed(found.cloud_row);
    const nlohmann::ordered_json& named = desktop.empty() ? cloud : desktop;
    std::string out = "<table><tr><th>column</th><th>desktop</th><th>cloud</th></tr>\n";
    std::size_t at = 0;
    for (const auto& [name, cell] : named.items()) {
        const bool differs = std::find(found.columns.begin(), found.columns.end(), name) != found.columns.end();
        const char* css = differs ? " class=\"other\"" : "";
        out += fmt::format("<tr><td>{}</td><td{}>{}</td><td{}>{}</td></tr>\n", escaped(name), css, value(desktop, at), css,
                           value(cloud, at));
        ++at;
    }
    return out + "</table>\n";
}

std::string differences(const TableProof& t) {
    if (t.differences == 0) return "";
    std::string out = fmt::format("<h2>{}: {}</h2>\n", escaped(t.desktop), counted(t.differences, "difference"));
    if (static_cast<std::size_t>(t.differences) > t.found.size())
        out += fmt::format("<p>The first {} are shown.</p>\n", t.found.size());
    for (const FoundDifference& found : t.found)
        out += fmt::format("<h3>{} <small>{}; {}: {}</small></h3>\n", escaped(found.key), escaped(found.where),
                           escaped(found.rule), escaped(found.reason)) +
               rows_side_by_side(found);
    return out;
}

}  // namespace

std::string verify_page(const VerifyReport& report) {
    std::string page = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\"><title>Tideway: {1}</title><style>{0}</style></head><body>\n<h1>{1}</h1>\n<p>Pair "
        "{2}, {3}, compared in {4}.</p>\n<table><tr><th>table</th><th>state</th><th class=\"n\">rows</th><th "
        "class=\"n\">differ</th><th class=\"n\">listed</th><th class=\"n\">changing</th><th "
        "class=\"n\">ignored</th><th>last proven equal</th></tr>\n",
        style, headline(report), escaped(report.pair), escaped(report.at), duration(report.duration_ms));
    for (const TableProof& t : report.tables) page += table_row(t);
    page +=
        "</table>\n<p><small>listed: held, parked or in conflict. changing: changed since the last run, the next one "
        "carries it over. ignored: left different by the configuration.</small></p>\n";
    if (report.repair)
        page += fmt::format("<p>{} sent to run {}, which ended with: {}.</p>\n", counted(report.sent_to_repair, "row"),
                            escaped(report.repair->run), escaped(report.repair->status));
    for (const TableProof& t : report.tables) page += differences(t);
    return page + "</body></html>\n";
}

}  // namespace tideway::cli
