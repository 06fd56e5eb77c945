#include "plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tideway::bench {
namespace {

constexpr int kRow = 24, kLabels = 170, kWidth = 460, kTop = 40;
constexpr double kLeast = 0.05, kMost = 100;  // ratios at both ends

double position(double ratio) {
    const double share = std::log(std::clamp(ratio, kLeast, kMost) / kLeast) / std::log(kMost / kLeast);
    return kLabels + share * kWidth;
}

std::string scale(int height) {
    std::string text;
    for (const double ratio : {0.1, 1.0, 10.0, 100.0})
        text += fmt::format(
            "<line x1='{0:.1f}' y1='{1}' x2='{0:.1f}' y2='{2}' stroke='{3}'/><text x='{0:.1f}' y='{4}' "
            "text-anchor='middle'>{5}</text>\n",
            position(ratio), kTop - 8, height - 8, ratio == 1.0 ? "#555" : "#ddd", kTop - 14, ratio);
    return text;
}

std::string bar(const Measurement& m, int row) {
    const int y = kTop + row * kRow;
    const double end = position(m.ratio());
    std::string text = fmt::format(
        "<text x='{}' y='{}' text-anchor='end'>{}</text>\n<rect x='{}' y='{}' width='{:.1f}' height='{}' "
        "fill='{}'/>\n<text x='{:.1f}' y='{}'>{:.2f}</text>\n",
        kLabels - 8, y + 14, m.name, kLabels, y + 3, end - kLabels, kRow - 8, m.reached() ? "#4a8" : "#c84",
        end + 4, y + 14, m.ratio());
    if (m.goal.ratio)
        text += fmt::format(
            "<line x1='{0:.1f}' y1='{1}' x2='{0:.1f}' y2='{2}' stroke='#000' stroke-width='2'/>\n",
            position(*m.goal.ratio), y, y + kRow - 2);
    return text;
}

}  // namespace

std::string as_svg(const Report& report) {
    std::string bars;
    int row = 0;
    for (const Measurement& m : report.measurements)
        if (!m.samples.empty()) bars += bar(m, row++);
    const int height = kTop + row * kRow + 16;
    return fmt::format(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{0}' height='{1}' font-family='sans-serif' "
        "font-size='12'>\n"
        "<rect width='{0}' height='{1}' fill='#fff'/>\n{2}{3}</svg>\n",
        kLabels + kWidth + 60, height, scale(height), bars);
}

}  // namespace tideway::bench
