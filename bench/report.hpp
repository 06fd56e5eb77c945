// Measurements as a Markdown table, as JSON, and between the marker lines of docs/performance.md.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "measurement.hpp"

namespace tideway::bench {

struct Surroundings {
    std::string date, processor, postgres;
    int cores = 0;
};
Surroundings surroundings(const std::string& postgres_version);

struct Report {
    Surroundings where;
    std::vector<Measurement> measurements;
};

std::string as_markdown(const Report& report);
nlohmann::ordered_json as_json(const Report& report);

// Throws when the file lacks its marker lines.
void check_markers(const std::string& file);
void write_between_markers(const std::string& file, const std::string& text);

}  // namespace tideway::bench
