// explain tells one row's story: what both sides hold, what was agreed, what runs wrote, what waits, what
// comes.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

using nlohmann::json;

class Explain : public testing::Test {
  public:
    json explain(Args words, int exit_code = 0) {
        words.insert(words.begin(), "explain");
        const TidewayResult result = pair.run(words);
        EXPECT_EXIT_CODE(exit_code, result);
        return result.json;
    }
    json note(const std::string& key) { return explain({"note", key}); }
    LivePair pair{"explain"};
};

TEST_F(Explain, tells_what_both_sides_hold_and_when_they_agreed) {
    twenty_notes(pair);
    const json story = note("7");
    EXPECT_EQ(story["known"], true);
    EXPECT_EQ(story["desktop"]["state"], "as agreed");
    EXPECT_EQ(story["cloud"]["rows"][0]["body"], "note 7");
    EXPECT_EQ(story["agreements"][0]["state"], "both have the row");
    EXPECT_EQ(story["agreements"][0]["made_on"], "desktop");
    EXPECT_EQ(story["agreements"][0]["run"], story["versions"][0]["run"]);
    EXPECT_EQ(story["versions"][0]["action"], "inserted");
    EXPECT_EQ(story["versions"][0]["rule"], "R1");
    EXPECT_TRUE(story["next"].empty());
}

TEST_F(Explain, tells_what_the_next_run_would_do) {
    twenty_notes(pair);
    pair.cloud.exec("update note set body = 'phone' where id = 7; delete from note where id = 8");
    json story = note("7");
    EXPECT_EQ(story["desktop"]["state"], "as agreed");
    EXPECT_EQ(story["cloud"]["state"], "edited since");
    EXPECT_EQ(story["next"][0]["rule"], "R9");
    story = note("8");
    EXPECT_EQ(story["cloud"]["state"], "deleted since");
    EXPECT_EQ(story["next"][0]["rule"], "R15");
}

TEST_F(Explain, tells_every_version_that_runs_replaced_with_its_command_to_go_back) {
    twenty_notes(pair);
    for (const char* body : {"one", "two"}) {
        pair.desktop.exec(fmt::format("update note set body = '{}' where id = 3", body));
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    const json story = note("3");
    ASSERT_EQ(story["versions"].size(), 3U);
    std::set<std::string> replaced;
    for (const json& version : story["versions"])
        if (!version["before"].is_null()) replaced.insert(version["before"]["body"]);
    EXPECT_EQ(replaced, (std::set<std::string>{"note 3", "one"}));
    // The command as it stands there works.
    Args words;
    std::string command = story["undo"], word;
    for (std::istringstream in(command); in >> word;) words.push_back(word);
    ASSERT_EQ(words.front(), "tideway");
    words.erase(words.begin());
    EXPECT_EXIT_CODE(0, pair.run(words));
    EXPECT_NE(dump(pair.cloud, "select body from note where id = 3"), "two");
}

TEST_F(Explain, works_for_a_row_that_both_sides_deleted) {
    twenty_notes(pair);
    pair.desktop.exec("delete from note where id = 9");
    EXPECT_EXIT_CODE(0, pair.sync());
    const json story = note("9");
    EXPECT_EQ(story["known"], true);
    EXPECT_EQ(story["desktop"]["state"], "absent");
    EXPECT_EQ(story["agreements"][0]["state"], "both deleted it");
    EXPECT_EQ(story["versions"][0]["action"], "deleted");
    EXPECT_EQ(story["versions"][0]["before"]["body"], "note 9");
}

TEST_F(Explain, names_the_conflict_and_where_the_loser_is) {
    twenty_notes(pair, "conflict = 'cloud'\n");
    pair.desktop.exec("update note set body = 'office' where id = 4");
    pair.cloud.exec("update note set body = 'phone' where id = 4");
    EXPECT_EXIT_CODE(0, pair.sync());
    const json story = note("4");
    ASSERT_EQ(story["conflicts"].size(), 1U);
    EXPECT_EQ(story["conflicts"][0]["winner"], "cloud");
    EXPECT_EQ(story["conflicts"][0]["desktop"]["body"], "office");
    const TidewayResult shown = pair.run({"conflicts", "show", story["conflicts"][0]["id"].dump()});
    EXPECT_EXIT_CODE(0, shown);
    EXPECT_EQ(shown.json["conflict"]["desktop"]["body"], "office");
}

TEST_F(Explain, says_what_a_row_waits_for_and_what_to_do) {
    twenty_notes(pair, "conflict = 'manual'\n");
    pair.desktop.exec("update note set body = 'office' where id = 4");
    pair.cloud.exec("update note set body = 'phone' where id = 4");
    EXPECT_EXIT_CODE(3, pair.sync());
    const json story = note("4");
    ASSERT_EQ(story["waiting"].size(), 1U);
    EXPECT_EQ(story["waiting"][0]["kind"], "conflict");
    EXPECT_NE(story["waiting"][0]["what_to_do"].get<std::string>().find(story["waiting"][0]["id"].dump()),
              std::string::npos);
}

TEST_F(Explain, says_clearly_that_a_key_was_never_seen_or_is_none) {
    twenty_notes(pair);
    EXPECT_EQ(note("999")["known"], false);
    EXPECT_EQ(explain({"note", "x"}, 2)["error"]["code"], "TW422");
    EXPECT_EQ(explain({"note", "1", "2"}, 2)["error"]["code"], "TW422");
    EXPECT_EQ(explain({"nothing", "1"}, 2)["error"]["code"], "TW301");
    const TidewayResult text = run_tideway(pair.config, {"explain", "note", "999"});
    EXPECT_EXIT_CODE(0, text);
    EXPECT_NE(text.out.find("neither side has such a row"), std::string::npos) << text.out;
}

TEST_F(Explain, takes_keys_of_several_columns_as_plan_writes_them_or_part_by_part) {
    pair.both("create table line (book text, no numeric(8,2), body text, primary key (book, no))");
    pair.configure("[[table]]\nname = 'line'\n");
    pair.desktop.exec("insert into line values ('a/b', 1.50, 'x'), ('it''s \"c\"', 2, 'y')");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update line set body = 'z'");
    const TidewayResult plan = pair.run({"plan", "--rows"});
    EXPECT_EXIT_CODE(0, plan);
    for (const json& row : plan.json["rows"]) {
        const json story = explain({"line", row["key"].get<std::string>()});
        EXPECT_EQ(story["desktop"]["state"], "edited since") << row;
        EXPECT_EQ(story["key"], row["key"]);
    }
    EXPECT_EQ(explain({"line", "a/b", "01.5"})["desktop"]["rows"][0]["body"], "z");
}

TEST_F(Explain, tells_all_rows_of_a_key_that_several_share) {
    pair.both("create table visit (job int, body text)");
    pair.configure("[[table]]\nname = 'visit'\nkey = ['job']\nidentity = 'business_key+ordinal'\n");
    pair.desktop.exec("insert into visit values (8, 'a'), (8, 'b'), (9, 'c')");
    EXPECT_EXIT_CODE(0, pair.sync());
    const json story = explain({"visit", "8"});
    EXPECT_EQ(story["desktop"]["rows"].size(), 2U);
    EXPECT_EQ(story["desktop"]["state"], "as agreed");
    EXPECT_EQ(story["agreements"].size(), 2U);
    EXPECT_EQ(explain({"visit", "8/2"})["agreements"].size(), 1U);
}

TEST_F(Explain, tells_of_a_row_that_came_with_the_first_load) {
    pair.both(note_table);
    pair.desktop.exec("insert into note select i, 'note ' || i from generate_series(1, 3000) i");
    pair.configure(note_config);
    EXPECT_EXIT_CODE(0, pair.sync());
    const json story = note("1500");
    ASSERT_EQ(story["versions"].size(), 1U);
    EXPECT_EQ(story["versions"][0]["action"], "loaded");
    EXPECT_EQ(story["agreements"][0]["state"], "both have the row");
}

TEST_F(Explain, works_before_the_first_run_and_writes_nothing) {
    pair.both(note_table);
    pair.desktop.exec("insert into note values (1, 'x', 0)");
    pair.configure(note_config);
    const json story = note("1");
    EXPECT_EQ(story["desktop"]["state"], "new");
    EXPECT_EQ(story["next"][0]["rule"], "R1");
    EXPECT_ROWS(pair.cloud, "select count(*) from pg_namespace where nspname = 'tideway'", "0");
}

TEST_F(Explain, is_readable_text) {
    twenty_notes(pair);
    pair.desktop.exec("update note set body = 'office' where id = 4");
    EXPECT_EXIT_CODE(0, pair.sync());
    const TidewayResult text = run_tideway(pair.config, {"explain", "note", "4"});
    EXPECT_EXIT_CODE(0, text);
    for (const char* words :
         {"the desktop has the row", "edited on the desktop", "before that:", "tideway undo --run"})
        EXPECT_NE(text.out.find(words), std::string::npos) << words << "\n" << text.out;
}

}  // namespace
}  // namespace tideway::test
