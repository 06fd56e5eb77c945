#include "cli/progress_view.hpp"

#include <fmt/format.h>

#include "cli/text.hpp"

namespace tideway::cli {
namespace {

constexpr std::int64_t redraw_micros = 100'000;  // often enough to look alive, too seldom to slow a run
constexpr std::int64_t line_micros = 5'000'000;
constexpr std::int64_t bar_cells = 20;
constexpr std::size_t terminal_width = 79;

}  // namespace

ProgressView::ProgressView(std::ostream& out, ProgressKind kind, MonotonicMicros now)
    : out_(out), kind_(kind), now_(std::move(now)), shown_at_(now_()) {}

ProgressView::~ProgressView() { clear(); }

void ProgressView::clear() {
    if (shown_width_ > 0) out_ << '\r' << std::string(shown_width_, ' ') << '\r' << std::flush;
    shown_width_ = 0;
}

void ProgressView::phase(std::string_view what) {
    if (what == phase_) return;
    phase_ = what;
    table_.clear();
    if (kind_ != ProgressKind::bar) return;
    clear();
    const std::string text = shortened(phase_ + " ...", terminal_width);
    out_ << text << std::flush;
    shown_width_ = width_of(text);
}

void ProgressView::table(std::string_view name, std::int64_t done, std::int64_t total) {
    if (kind_ == ProgressKind::none) return;
    const std::int64_t now = now_();
    if (name != table_) {
        table_ = name;
        table_since_ = now;
    }
    const bool finished = total > 0 && done >= total;
    const bool bar_wanted = kind_ == ProgressKind::bar;
    if (now - shown_at_ < (bar_wanted ? redraw_micros : line_micros) && !(bar_wanted && finished)) return;
    shown_at_ = now;
    if (!bar_wanted) {
        out_ << line(done, total) << std::endl;
        return;
    }
    clear();
    const std::string text = shortened(bar(done, total, now), terminal_width);
    out_ << text << std::flush;
    shown_width_ = width_of(text);
}

std::string ProgressView::line(std::int64_t done, std::int64_t total) const {
    return fmt::format("tideway: {}: {} {}{}", phase_, table_, grouped(done),
                       total > 0 ? fmt::format(" of {} rows", grouped(total)) : " rows");
}

std::string ProgressView::bar(std::int64_t done, std::int64_t total, std::int64_t now) const {
    if (total <= 0) return fmt::format("{}: {}  {} rows", phase_, table_, grouped(done));
    const std::int64_t shown = std::min(done, total);
    const auto filled = static_cast<std::size_t>(shown * bar_cells / total);
    std::string out = fmt::format("{}: {}  [{}{}] {:3}%  {} / {}", phase_, table_, std::string(filled, '#'),
                                  std::string(static_cast<std::size_t>(bar_cells) - filled, '.'),
                                  shown * 100 / total, grouped(done), grouped(total));
    const std::int64_t spent = now - table_since_;
    // A guess from the first second would only make people nervous.
    if (shown > 0 && shown < total && spent > 1'000'000) {
        const double left =
            static_cast<double>(spent) / static_cast<double>(shown) * static_cast<double>(total - shown);
        out += fmt::format("  {} left", duration(static_cast<std::int64_t>(left / 1000.0)));
    }
    return out;
}

}  // namespace tideway::cli
