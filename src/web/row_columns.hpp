// Two rows of a conflict as people compare them: column by column, as text.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/report_json.hpp"

namespace tideway::web {

using CellTexts = std::vector<std::pair<std::string, std::optional<std::string>>>;

// The members of a JSON object as texts; null has none. Numbers stay as they were written: no browser rounds
// them.
CellTexts cell_texts(const std::string& row);

// [{name, desktop, cloud, differs}] in the order of the rows. A column that one side lacks differs by that
// alone.
Json columns_json(const std::optional<std::string>& desktop_row, const std::optional<std::string>& cloud_row);

}  // namespace tideway::web
