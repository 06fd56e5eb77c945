// Hazards of an empty or wrong source (H48): a table that has lost its rows, another one under its name,
// another database behind the url. Nothing is deleted on the other side, and the run says why it stops.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

struct Setting {
    const char *name, *capture;
    bool cloud;  // the cloud is the side that goes wrong
};
void PrintTo(const Setting& setting, std::ostream* out) { *out << setting.name; }

class Source : public testing::TestWithParam<Setting> {
  protected:
    void SetUp() override {
        twenty_notes(pair);
        pair.configure(fmt::format("[sync]\ncapture = '{}'\n{}", GetParam().capture, note_config));
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    Db& wrong() { return GetParam().cloud ? pair.cloud : pair.desktop; }
    Db& other() { return GetParam().cloud ? pair.desktop : pair.cloud; }

    // Every run, in either mode, ends as `exit_code` says and leaves the other side as it was.
    void expect_stopped(int exit_code, const std::string& code) {
        const std::string before = row_versions(other());
        for (const char* mode : {"incremental", "full", "incremental"}) {
            SCOPED_TRACE(mode);
            const TidewayResult result = pair.sync({"--mode", mode});
            EXPECT_EXIT_CODE(exit_code, result);
            EXPECT_EQ(error_code(result), code) << told(result);
            if (exit_code == 4) {
                ASSERT_EQ(result.json["guard"].size(), 1U) << told(result);
                EXPECT_EQ(result.json["guard"][0]["table"], "note");
                EXPECT_EQ(result.json["guard"][0]["count"], 20);
            }
            EXPECT_EQ(row_versions(other()), before);
        }
    }
    LivePair pair{"h48"};
};
INSTANTIATE_TEST_SUITE_P(Side, Source,
                         testing::Values(Setting{"desktop_changelog", "auto", false},
                                         Setting{"desktop_xmin", "xmin", false},
                                         Setting{"desktop_digest", "digest", false},
                                         Setting{"cloud_changelog", "auto", true}),
                         [](const auto& setting) { return std::string(setting.param.name); });

TEST_P(Source, H48_ATruncatedTableStopsTheRun) {
    wrong().exec("truncate note");
    expect_stopped(4, "");
}

TEST_P(Source, H48_AnEmptyTableInItsPlaceStopsTheRun) {
    wrong().exec(std::string("alter table note rename to note_old; alter table note_old rename constraint "
                             "note_pkey to old_pkey; ") +
                 note_table);
    expect_stopped(4, "");
    wrong().exec("drop table note; alter table note_old rename to note");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
    EXPECT_EQ(other().number("select count(*) from note"), 20);
}

TEST_P(Source, H48_AViewInItsPlaceIsRefused) {
    wrong().exec(
        "alter table note rename to note_old; create view note as select * from note_old where false");
    expect_stopped(2, "TW306");
    wrong().exec("drop view note; alter table note_old rename to note");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(other().number("select count(*) from note"), 20);
}

TEST_P(Source, H48_AnEmptyTableThatComesFirstInTheSearchPathIsNotRead) {
    const std::string database = quote_identifier(wrong().scalar("select current_database()"));
    wrong().exec(
        fmt::format("create schema elsewhere; create table elsewhere.note (like public.note including "
                    "all); alter database {} set search_path = elsewhere, public",
                    database));
    for (const char* mode : {"incremental", "full"}) EXPECT_EXIT_CODE(0, pair.sync({"--mode", mode}));
    EXPECT_EQ(other().number("select count(*) from public.note"), 20);
}

// ---- another database behind the url ---------------------------------------------------------------------

// Takes the place of `pair.desktop_database` under its name until the end of its life.
class Impostor {
  public:
    Impostor(LivePair& pair, const std::string& template_database, const std::string& state = "")
        : pair_(pair),
          name_(pair.desktop_database.name()),
          admin_(pair.desktop_database.server().url("postgres")) {
        pair_.desktop.close();
        const std::string impostor = quote_identifier(name_ + "_impostor");
        admin_.exec(
            fmt::format("create database {} template {}", impostor, quote_identifier(template_database)));
        if (!state.empty()) Db(pair.desktop_database.server().url(name_ + "_impostor")).exec(state);
        rename(name_, name_ + "_kept");
        rename(name_ + "_impostor", name_);
    }
    ~Impostor() {
        admin_.exec("drop database " + quote_identifier(name_) + " with (force)");
        rename(name_ + "_kept", name_);
        pair_.desktop = Db(pair_.desktop_database);
    }

  private:
    void rename(const std::string& from, const std::string& to) {
        admin_.exec(
            fmt::format("alter database {} rename to {}", quote_identifier(from), quote_identifier(to)));
    }
    LivePair& pair_;
    std::string name_;
    Db admin_;
};

class OtherDatabase : public testing::Test {
  protected:
    OtherDatabase() { twenty_notes(pair); }
    void expect_refused() {
        const std::string before = row_versions(pair.cloud);
        for (const char* mode : {"incremental", "full"}) {
            const TidewayResult result = pair.sync({"--mode", mode});
            EXPECT_EXIT_CODE(2, result);
            EXPECT_EQ(error_code(result), "TW307") << told(result);
        }
        EXPECT_EQ(row_versions(pair.cloud), before);
    }
    void expect_everything_as_before() {
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.expect_equal(notes);
        EXPECT_EQ(pair.cloud.number("select count(*) from note"), 20);
    }
    LivePair pair{"h48_other"};
};

TEST_F(OtherDatabase, H48_WithEmptyTablesIsRefused) {
    {
        const Impostor impostor(pair, "template0", note_table);
        expect_refused();
    }
    expect_everything_as_before();
}

TEST_F(OtherDatabase, H48_ThatIsAnEmptiedCopyIsRefused) {
    {
        const Impostor impostor(pair, pair.desktop_database.name(), "delete from note");
        expect_refused();
    }
    expect_everything_as_before();
}

TEST_F(OtherDatabase, H48_OfAnotherOfficeIsRefused) {
    LivePair second("h48_second");
    second.both(note_table);
    second.configure(note_config);
    second.desktop.exec("insert into note values (1, 'second office')");
    EXPECT_EXIT_CODE(0, second.sync());
    const std::string right = pair.desktop_url;
    pair.desktop_url = second.desktop_url;
    pair.configure(note_config);
    expect_refused();
    EXPECT_EQ(second.desktop.number("select count(*) from note"), 1);
    pair.desktop_url = right;
    pair.configure(note_config);
    expect_everything_as_before();
}

TEST_F(OtherDatabase, H48_WithoutTheRightToReadIsNoEmptyTable) {
    pair.desktop.exec("drop role if exists h48_office; create role h48_office login");
    pair.desktop_url = pair.desktop_database.url("h48_office");
    pair.configure(note_config);
    const TidewayResult printed = run_tideway(pair.config, {"doctor", "--print-grants"});
    pair.desktop.exec(printed.out.substr(0, printed.out.find("-- cloud side")));
    pair.desktop.exec(
        "grant usage on schema tideway to h48_office; grant all on all tables in schema tideway to "
        "h48_office; revoke select on note from h48_office");
    const std::string before = row_versions(pair.cloud);
    const TidewayResult result = pair.sync();
    EXPECT_EQ(result.exit_code, 2) << told(result);
    EXPECT_EQ(error_code(result), "TW309") << told(result);
    EXPECT_EQ(row_versions(pair.cloud), before);
    pair.desktop.exec("drop owned by h48_office; drop role h48_office");
}

}  // namespace
}  // namespace tideway::test
