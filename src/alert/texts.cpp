#include "alert/texts.hpp"

#include <fmt/format.h>

namespace tideway::alert {
namespace {

constexpr Text texts[] = {
    {AlertKind::run_failed, true, "the run failed with {code}: {title}.{detail}",
     "runs come to their end again.",
     "Nothing is half-done, and the next run tries again. tideway doctor looks for the cause."},
    {AlertKind::guard_stop, true, "{table}: {detail}.", "{table}: no guard stops it any more.",
     "tideway plan --rows lists the changes; tideway sync --confirm HASH lets exactly those through."},
    {AlertKind::loss, true,
     "{table}: {rows} of mobile origin disappeared from the cloud that no user removed.",
     "{table}: in the last run every protected row was accounted for. What disappeared before is still to be "
     "looked at.",
     "Stop the schedule and look: tideway explain TABLE KEY tells a row's story, tideway undo brings back "
     "what a run removed."},
    {AlertKind::differs, true, "{table}: verify found {rows} that differ between the two sides.",
     "{table}: verify found the two sides equal again.",
     "tideway plan --mode full shows what a run would do about it."},
    {AlertKind::conflict, true, "{table}: {rows} changed on both sides; somebody must choose.",
     "{table}: no conflict waits any more.",
     "tideway conflicts list shows them, tideway conflicts resolve ID --take desktop|cloud chooses."},
    {AlertKind::held, true, "{table}: {rows} held back by a rule of the configuration.",
     "{table}: no row is held any more.", "tideway conflicts list shows them and why."},
    {AlertKind::parked, true, "{table}: {rows} that the other database refuses for now.",
     "{table}: no row is parked any more.", "Every run tries them again; tideway parked list says why."},
    {AlertKind::not_synced, true, "{table}: the table was left out of the run.",
     "{table}: synchronised again.", "tideway status says why."},
    {AlertKind::settled, false,
     "{table}: {rows} changed on both sides; settled, and the losing rows are kept.", "",
     "tideway conflicts list shows them; conflicts resolve ID takes the other row instead."},
};

std::string one_line(const std::string& text) {
    std::string line;
    for (const char c : text) line += static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c;
    return line;
}

std::string_view title_of(const std::string& code) {
    for (const CodeInfo& each : all_codes())
        if (each.id == code) return each.title;
    return "";
}

}  // namespace

const Text& text_of(AlertKind kind) {
    for (const Text& text : texts)
        if (text.kind == kind) return text;
    throw Defect("an alert kind has no text");
}

std::string sentence(const Condition& condition, bool over) {
    const Text& text = text_of(condition.place.first);
    const bool failed = condition.place.first == AlertKind::run_failed;
    std::string detail = one_line(condition.detail);
    if (failed && !detail.empty()) detail = " " + detail + ".";
    return fmt::format(
        fmt::runtime(over ? text.over : text.begun),
        fmt::arg("table", condition.place.second.empty() ? "the run" : one_line(condition.place.second)),
        fmt::arg("rows", fmt::format("{} row{}", condition.count, condition.count == 1 ? "" : "s")),
        fmt::arg("code", condition.code), fmt::arg("title", title_of(condition.code)),
        fmt::arg("detail", detail));
}

}  // namespace tideway::alert
