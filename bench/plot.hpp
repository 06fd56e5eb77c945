// The ratios of a report as a picture.
#pragma once
#include <string>

#include "report.hpp"

namespace tideway::bench {

// An SVG: one bar a case, as long as its ratio to the floor on a logarithmic scale, with its goal as a line
// across.
std::string as_svg(const Report& report);

}  // namespace tideway::bench
