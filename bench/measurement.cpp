#include "measurement.hpp"

#include <algorithm>

namespace tideway::bench {
namespace {

template <typename Value>
double median(const std::vector<Sample>& samples, Value value) {
    std::vector<double> values;
    for (const Sample& sample : samples) values.push_back(value(sample));
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace

double Measurement::ratio() const {
    return median(samples, [](const Sample& s) { return s.ratio(); });
}

std::optional<double> Measurement::cpu_ratio() const {
    const double least = median(samples, [](const Sample& s) { return s.floor.cpu; });
    if (least <= 0) return std::nullopt;
    return median(samples, [](const Sample& s) { return s.own.cpu; }) / least;
}

double Measurement::seconds() const {
    return median(samples, [](const Sample& s) { return s.own.seconds; });
}
double Measurement::floor_seconds() const {
    return median(samples, [](const Sample& s) { return s.floor.seconds; });
}

bool Measurement::reached() const {
    if (goal.ratio && ratio() > *goal.ratio) return false;
    if (goal.round_trips && wire && wire->round_trips > *goal.round_trips) return false;
    return !goal.milliseconds || seconds() * 1000 <= *goal.milliseconds;
}

}  // namespace tideway::bench
