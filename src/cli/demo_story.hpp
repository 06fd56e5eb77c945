// The demo's story as values and as text.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/demo_scenes.hpp"
#include "report/report_json.hpp"
#include "model/report.hpp"

namespace tideway::cli {

// One value on both sides at one moment; nothing: the row is not there.
struct Sighting {
    std::optional<std::string> desktop, cloud;
};

struct Episode {
    Scene scene;
    Sighting before, edited, after;
    std::string rule, action, reason;       // of the plan, for this row
    std::optional<ConflictEntry> conflict;  // found for this row
};

struct Story {
    std::int64_t desktop_rows = 0;  // that the demo's tables held at the start
    RunReport first, second, third;
    std::vector<Episode> episodes;
};

std::string story_text(const Story& story);
Json story_json(const Story& story);

}  // namespace tideway::cli
