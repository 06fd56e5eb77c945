// Hazards of tables that are altered while they are synchronised (H42).
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// Twenty rows that agree, and one edit on each side that waits for the run.
void sheets(LivePair& pair) {
    pair.both("create table sheet (id int primary key, body text, n int default 0, price numeric(10,2))");
    pair.desktop.exec("insert into sheet select i, 'sheet ' || i, i, i / 4.0 from generate_series(1, 20) i");
    pair.configure("[[table]]\nname = 'sheet'\nconflict = 'desktop'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update sheet set body = 'desktop edit' where id = 3");
    pair.cloud.exec("update sheet set body = 'mobile edit' where id = 4");
}

struct Drift {
    const char* ddl;
    bool needs_name;   // the run may not carry on as if nothing had happened
    const char* undo;  // what a person does afterwards; empty: nothing needed
};
const Drift drifts[] = {
    {"alter table sheet add column extra text", false, ""},
    {"alter table sheet drop column price", true, "alter table sheet add column price numeric(10,2)"},
    {"alter table sheet rename column body to content", true,
     "alter table sheet rename column content to body"},
    {"alter table sheet alter column n type text using 'n' || n", true,
     "alter table sheet alter column n type int using substr(n, 2)::int"},
    // Rounding is refused, so a person widens the column again.
    {"alter table sheet alter column price type numeric(10,0)", true,
     "alter table sheet alter column price type numeric(10,2)"},
    {"alter table sheet rename to elsewhere", true, "alter table elsewhere rename to sheet"},
    {"alter table sheet alter column n set not null", false, ""},
    {"create unique index on sheet (body)", false, ""}};

bool named(const TidewayResult& result) {
    const std::string code = error_code(result);
    if (code.empty() && result.json.is_object() && !result.json["guard"].empty())
        return result.json["guard"][0]["reason"] == "schema_changed";
    return code == "TW311" || code == "TW301" || code == "TW302" || code == "TW305";
}

// The body that each row had on either side before; a row with another one was written wrongly.
void expect_no_wrong_body(Db& side, const std::string& column, const std::string& table) {
    EXPECT_EQ(side.number(fmt::format(
                  "select count(*) from {1} where {0} not in ('sheet ' || id, 'desktop edit', 'mobile edit')",
                  column, table)),
              0);
    EXPECT_EQ(side.number(fmt::format("select count(*) from {}", table)), 20);
}

void expect_sound(Db& side) {
    const bool moved = side.number("select count(*) from pg_class where relname = 'elsewhere'") == 1;
    const bool renamed = side.number(
                             "select count(*) from pg_attribute where attname = 'content' and "
                             "attrelid::regclass::text = 'sheet'") == 1;
    expect_no_wrong_body(side, renamed ? "content" : "body", moved ? "elsewhere" : "sheet");
}

void mend_and_converge(LivePair& pair, Db& altered, const Drift& drift) {
    if (*drift.undo != '\0') altered.exec(drift.undo);
    const TidewayResult result = pair.sync();
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << told(result);
    pair.expect_equal("select id, body from sheet order by id");
    for (const char* version : {"desktop edit", "mobile edit"}) expect_accounted(pair, "sheet", version);
    expect_quiet(pair, result.exit_code);
}

// Between reading the catalogues and the first snapshot nothing is locked yet: the statement gets through at
// once.
TEST(Hazard, H42_AnAlteredTableStopsTheRunByNameBeforeAnyWrongWrite) {
    for (const bool at_cloud : {true, false})
        for (const Drift& drift : drifts) {
            SCOPED_TRACE(fmt::format("{}: {}", at_cloud ? "cloud" : "desktop", drift.ddl));
            LivePair pair("h42");
            sheets(pair);
            Db& altered = at_cloud ? pair.cloud : pair.desktop;
            const TidewayResult result = pair.sync_while("S3.purged", [&] { altered.exec(drift.ddl); });
            EXPECT_TRUE(named(result) || !drift.needs_name) << told(result);
            EXPECT_EQ(named(result), result.exit_code == 4 || result.exit_code == 2) << told(result);
            expect_sound(pair.desktop);
            expect_sound(pair.cloud);
            mend_and_converge(pair, altered, drift);
        }
}

// Later the run has locked the table against this. The statement waits, or is done at once; the run ends
// within bounded time either way, and nothing wrong was written.
TEST(Hazard, H42_AnAlterDuringReadingOrWritingNeitherHangsNorCorrupts) {
    for (const char* where : {"M2.hints", "M5a.before", "M5a.committed", "M7.before"})
        for (const bool at_cloud : {true, false}) {
            SCOPED_TRACE(fmt::format("{} at {}", where, at_cloud ? "cloud" : "desktop"));
            const Drift& drift = drifts[3];
            LivePair pair("h42l");
            sheets(pair);
            Db owner(at_cloud ? pair.cloud_database : pair.desktop_database);
            const auto begin = std::chrono::steady_clock::now();
            const TidewayResult result = pair.sync_while(where, [&] { owner.send(drift.ddl); });
            const auto lasted =
                std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
            owner.wait(std::chrono::seconds(5));
            EXPECT_LE(lasted.count(), 30) << "the run and the ALTER waited for each other";
            EXPECT_TRUE(result.exit_code == 0 || named(result)) << told(result);
            expect_sound(pair.desktop);
            expect_sound(pair.cloud);
            mend_and_converge(pair, owner, drift);
        }
}

TEST(Hazard, H42_ADroppedTableIsNamedAndNothingIsDeletedForIt) {
    for (const bool at_cloud : {true, false})
        for (const char* where : {"S1.read", "S3.purged"}) {
            SCOPED_TRACE(fmt::format("{} at {}", where, at_cloud ? "cloud" : "desktop"));
            LivePair pair("h42d");
            sheets(pair);
            Db& dropped = at_cloud ? pair.cloud : pair.desktop;
            Db& other = at_cloud ? pair.desktop : pair.cloud;
            const TidewayResult result = pair.sync_while(where, [&] { dropped.exec("drop table sheet"); });
            EXPECT_NE(result.exit_code, 0);
            EXPECT_TRUE(named(result)) << told(result);
            EXPECT_EQ(error_code(pair.sync()), "TW301");
            EXPECT_EQ(other.number("select count(*) from sheet"), 20);
            // Created again and empty: all rows look deleted. The guard asks before it believes that.
            dropped.exec(
                "create table sheet (id int primary key, body text, n int default 0, price numeric(10,2))");
            EXPECT_EXIT_CODE(4, pair.sync());
            EXPECT_EQ(other.number("select count(*) from sheet"), 20);
        }
}

// A column that the mapped ones do not mention is nobody's change.
TEST(Hazard, H42_AnAddedNullableColumnDoesNotSendTheTableAgain) {
    for (const char* capture : {"auto", "changelog", "xmin", "digest"}) {
        SCOPED_TRACE(capture);
        LivePair pair("h42a");
        sheets(pair);
        pair.configure(fmt::format("[sync]\ncapture = '{}'\n[[table]]\nname = 'sheet'\n", capture));
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.desktop.exec("alter table sheet add column extra text");
        expect_quiet(pair);
        expect_quiet(pair, 0, {"--mode", "full"});
        pair.cloud.exec("alter table sheet add column extra text");
        expect_quiet(pair);  // now it is mapped, and equal everywhere
        expect_quiet(pair, 0, {"--mode", "full"});
        pair.cloud.exec("update sheet set extra = 'filled by mobile' where id = 9");
        const TidewayResult result = pair.sync();
        EXPECT_EXIT_CODE(0, result);
        EXPECT_EQ(writes_reported(result), 1) << result.out;
        EXPECT_ROWS(pair.desktop, "select id, extra from sheet where extra is not null",
                    "9|filled by mobile");
        expect_quiet(pair);
    }
}

// A column that one side alone had, and filled. The other side gets it too, empty: nobody emptied anything
// there.
TEST(Hazard, H42_AColumnThatWasFilledBeforeItWasMappedIsNotBlanked) {
    for (const bool at_cloud : {true, false})
        for (const char* policy : {"", "conflict = 'desktop'\n", "conflict = 'cloud'\n"}) {
            SCOPED_TRACE(fmt::format("filled in the {}, {}", at_cloud ? "cloud" : "desktop", policy));
            LivePair pair("h42f");
            twenty_notes(pair, policy);
            Db& filled = at_cloud ? pair.cloud : pair.desktop;
            filled.exec("alter table note add column photo text");
            filled.exec("update note set photo = 'photo of ' || id where id <= 10");
            EXPECT_EXIT_CODE(0, pair.sync());
            (at_cloud ? pair.desktop : pair.cloud).exec("alter table note add column photo text");
            TidewayResult result = pair.sync();
            for (int i = 0; i < 2; ++i) result = pair.sync();
            EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << told(result);
            EXPECT_EQ(filled.number("select count(*) from note where photo = 'photo of ' || id"), 10);
            expect_quiet(pair, result.exit_code);
        }
}

// Each row has something that the other lacks, so neither is the fuller one.
TEST(Hazard, H42_P1_WhereRowsAlsoDifferOtherwiseWhenAColumnIsMappedThePolicyDecidesAndTheLoserIsKept) {
    LivePair pair("h42d");
    twenty_notes(pair, "conflict = 'desktop'\n");
    pair.cloud.exec("alter table note add column photo text");
    pair.cloud.exec("update note set photo = 'photo of ' || id where id <= 2");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("alter table note add column photo text");
    pair.desktop.exec("update note set body = 'edited at the office' where id = 1");
    for (int i = 0; i < 3; ++i) EXPECT_EXIT_CODE(0, pair.sync());
    for (Db* side : {&pair.desktop, &pair.cloud})
        EXPECT_ROWS(*side, "select id, body = 'edited at the office', photo from note where id <= 2 order by id",
                    "1|t|(null)\n2|f|photo of 2");
    EXPECT_ROWS(pair.cloud, "select key[1], cloud_row ->> 'photo' from tideway.conflict where winner = 'desktop'",
                "1|photo of 1");
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
