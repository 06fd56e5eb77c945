#include <gtest/gtest.h>

#include "cli/demo_scenes.hpp"
#include "cli/demo_story.hpp"
#include "config/config.hpp"

namespace tideway::cli {
namespace {

Story story_of_one_conflict() {
    Story story;
    story.desktop_rows = 1204;
    story.first.status = story.second.status = story.third.status = "ok";
    Episode episode;
    episode.scene.title = "Both sides change the same e-mail.";
    episode.scene.table = "climaster";
    episode.scene.key = "41";
    episode.before = {"old", "old"};
    episode.edited = {"office", "phone"};
    episode.after = {"phone", std::nullopt};
    episode.rule = "R11";
    episode.action = "update desktop";
    episode.reason = "edited on both sides";
    episode.conflict.emplace();
    episode.conflict->id = 7;
    episode.conflict->winner = "cloud";
    episode.conflict->policy = "latest";
    story.episodes = {episode};
    return story;
}

TEST(DemoStory, tells_of_each_row_what_happened_and_why) {
    EXPECT_EQ(story_text(story_of_one_conflict()),
              R"(An office keeps 1,204 rows in its desktop database; the database of its phone app is empty.

-- The first run fills the app --------------------------------------------------

in sync: nothing had changed (0.0 s)

-- Then people work on both sides, and the second run brings them together ------

1. Both sides change the same e-mail.

                 office (desktop)  phone app (cloud)
     before      old               old
     edited      office            phone
     after sync  phone             (no such row)

   Why: edited on both sides (rule R11: update desktop).
   The phone's edit was the later one and holds (conflict = "latest").
   The other one is not lost: it is kept whole as conflict 7 (tideway conflicts show 7).

   in sync: nothing had changed (0.0 s)

-- A third run finds nothing to do ----------------------------------------------

   in sync: nothing had changed (0.0 s)
)");
}

TEST(DemoStory, is_json_too) {
    const Json json = story_json(story_of_one_conflict());
    EXPECT_EQ(json["version"], 1);
    EXPECT_EQ(json["runs"].size(), 3U);
    EXPECT_EQ(json["episodes"][0]["edited"], Json::parse(R"({"desktop": "office", "cloud": "phone"})"));
    EXPECT_TRUE(json["episodes"][0]["after"]["cloud"].is_null());
    EXPECT_EQ(json["episodes"][0]["conflict"]["id"], 7);
}

TEST(DemoScenes, the_configuration_is_one_that_loads_and_knows_every_scene) {
    for (const bool embedded : {false, true}) {
        const Config config =
            parse_config(demo_configuration("service=d", "service=c", embedded), "demo.toml");
        for (const Scene& scene : demo_scenes())
            EXPECT_TRUE(std::any_of(config.tables.begin(), config.tables.end(),
                                    [&](const TableSetting& table) { return table.desktop == scene.table; }))
                << scene.table;
    }
}

}  // namespace
}  // namespace tideway::cli
