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
double Measurement::seconds() const {
    return median(samples, [](const Sample& s) { return s.seconds; });
}
double Measurement::floor_seconds() const {
    return median(samples, [](const Sample& s) { return s.floor_seconds; });
}

bool Measurement::reached() const {
    if (goal.ratio && ratio() > *goal.ratio) return false;
    return !goal.milliseconds || seconds() * 1000 <= *goal.milliseconds;
}

}  // namespace tideway::bench
