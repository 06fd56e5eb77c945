// Hazards of encodings (H38): databases that hold text in other bytes than UTF-8, and text that looks alike.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// The table `note` on a desktop of that encoding and on a cloud of UTF-8.
class InEncoding : public LivePair {
  public:
    explicit InEncoding(const std::string& encoding)
        : LivePair(fresh_database(shared_desktop(), "h38", fmt::format("encoding '{}' locale 'C'", encoding)),
                   fresh_database(shared_cloud(), "h38")) {
        both(note_table);
        configure(note_config);
    }
};

// The bytes of every body, whatever the session's encoding is.
std::string bytes(Db& side) {
    return dump(
        side,
        "select id, encode(convert_to(body, current_setting('server_encoding')), 'hex') from note order "
        "by id");
}

// The one row that waits, and with what SQLSTATE.
void expect_parked(LivePair& pair, const std::string& key, const std::string& sqlstate) {
    const TidewayResult list = pair.run({"parked", "list"});
    ASSERT_TRUE(list.json.is_object()) << told(list);
    ASSERT_EQ(list.json["parked"].size(), 1U) << told(list);
    EXPECT_EQ(list.json["parked"][0]["sqlstate"], sqlstate) << told(list);
    EXPECT_NE(list.json["parked"][0].dump().find(key), std::string::npos) << told(list);
}

class SingleByte : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Encoding, SingleByte, testing::Values("LATIN1", "WIN1252"),
                         [](const auto& encoding) { return std::string(encoding.param); });

TEST_P(SingleByte, H38_AccentsTravelBothWaysAndKeepTheirBytesAtHome) {
    InEncoding pair(GetParam());
    pair.desktop.exec("insert into note values (1, 'caf' || chr(233)), (2, 'plain')");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(bytes(pair.desktop), "1|636166e9\n2|706c61696e");
    EXPECT_EQ(bytes(pair.cloud), "1|636166c3a9\n2|706c61696e");
    pair.cloud.exec("update note set body = 'na' || chr(239) || 've' where id = 2");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(bytes(pair.desktop), "1|636166e9\n2|6e61ef7665");
    expect_quiet(pair);
    expect_quiet(pair, 0, {"--mode", "full"});
}

TEST_P(SingleByte, H38_ATextThatTheDesktopCannotHoldWaitsAndTheRestFlows) {
    InEncoding pair(GetParam());
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.cloud.exec("insert into note select i, 'note ' || i from generate_series(1, 20) i");
    pair.cloud.exec("update note set body = chr(8377) || ' 500' where id = 7");  // a rupee sign
    for (int round = 0; round < 2; ++round) {
        EXPECT_EXIT_CODE(3, pair.sync());
        expect_parked(pair, "7", "22P05");
        EXPECT_EQ(pair.desktop.number("select count(*) from note where body = 'note ' || id"), 19);
        EXPECT_EQ(pair.desktop.number("select count(*) from note"), 19);
    }
    pair.cloud.exec("update note set body = 'Rs. 500' where id = 7");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal(notes);
}

// A change of an agreed row is refused like a new one: the desktop keeps its version, the cloud too.
TEST_P(SingleByte, H38_AnEditThatTheDesktopCannotHoldLeavesBothVersions) {
    InEncoding pair(GetParam());
    pair.desktop.exec("insert into note values (1, 'Rs. 500'), (2, 'two')");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.cloud.exec(
        "update note set body = chr(8377) || ' 500' where id = 1; update note set body = 'zwei' "
        "where id = 2");
    EXPECT_EXIT_CODE(3, pair.sync());
    expect_parked(pair, "1", "22P05");
    EXPECT_ROWS(pair.desktop, "select body from note order by id", "Rs. 500\nzwei");
    EXPECT_ROWS(pair.cloud, "select body = chr(8377) || ' 500' from note where id = 1", "t");
}

// Whether such a row waits or stops its run: it is told, and its bytes are neither sent nor changed.
TEST(Hazard, H38_BytesThatAreNoTextAreNeverGuessed) {
    for (const char* encoding : {"WIN1252", "SQL_ASCII"}) {
        SCOPED_TRACE(encoding);
        InEncoding pair(encoding);
        pair.desktop.exec(fmt::format("set client_encoding = '{}'", encoding));
        pair.desktop.exec("insert into note values (1, 'x\x81'), (2, 'two')");
        const std::string before = bytes(pair.desktop);
        for (const char* mode : {"incremental", "full"}) {
            const TidewayResult result = pair.sync({"--mode", mode});
            EXPECT_TRUE(result.exit_code == 3 || error_code(result) == "TW405") << told(result);
            EXPECT_EQ(pair.cloud.number("select count(*) from note where id = 1"), 0);
            EXPECT_EQ(bytes(pair.desktop), before);
        }
        pair.desktop.exec("update note set body = 'one' where id = 1");
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.expect_equal(notes);
    }
}

// Byte 0x81 means nothing in WIN1252, so there is no text to send.
TEST(Hazard, H38_AByteWithoutMeaningWaitsAndTheRestFlows) {
    InEncoding pair("WIN1252");
    pair.desktop.exec("insert into note values (1, 'x' || chr(129)), (2, 'two'), (3, 'caf' || chr(233))");
    EXPECT_EXIT_CODE(3, pair.sync());
    expect_parked(pair, "1", "22P05");
    EXPECT_EQ(bytes(pair.cloud), "2|74776f\n3|636166c3a9");
    EXPECT_ROWS(pair.desktop, "select count(*) from note", "3");
    pair.desktop.exec("update note set body = 'x' where id = 1");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(bytes(pair.cloud), "1|78\n2|74776f\n3|636166c3a9");
}

TEST(Hazard, H38_BytesOfNoKnownEncodingWaitAndTheRestFlows) {
    InEncoding pair("SQL_ASCII");
    pair.desktop.exec("set client_encoding = 'SQL_ASCII'");
    pair.desktop.exec("insert into note values (1, 'caf\xE9'), (2, 'caf\xC3\xA9'), (3, 'plain')");
    const TidewayResult doctor = pair.run({"doctor"});
    EXPECT_NE(doctor.out.find("SQL_ASCII"), std::string::npos) << told(doctor);
    EXPECT_EXIT_CODE(3, pair.sync());
    const TidewayResult list = pair.run({"parked", "list"});
    EXPECT_EQ(list.json["parked"].size(), 1U) << told(list);
    EXPECT_EQ(bytes(pair.cloud), "2|636166c3a9\n3|706c61696e");
    EXPECT_ROWS(pair.desktop, "select id, encode(body::bytea, 'hex') from note order by id",
                "1|636166e9\n2|636166c3a9\n3|706c61696e");
    pair.cloud.exec("update note set body = 'na' || chr(239) || 've' where id = 3");
    EXPECT_EXIT_CODE(3, pair.sync());
    EXPECT_ROWS(pair.desktop, "select encode(body::bytea, 'hex') from note where id = 3", "6e61c3af7665");
}

TEST(Hazard, H38_ComposedAndDecomposedTwinsStayTwo) {
    LivePair pair("h38_twins");
    pair.both("create table tag (name text primary key, body text)");
    pair.configure("[[table]]\nname = 'tag'\n");
    pair.desktop.exec("insert into tag values (U&'caf\\00E9', 'composed'), (U&'cafe\\0301', 'decomposed')");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select length(name), body from tag order by 1", "4|composed\n5|decomposed");
    pair.cloud.exec("update tag set body = body || U&' e\\0301' where length(name) = 5");
    pair.desktop.exec("delete from tag where length(name) = 4");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select length(name), length(body) from tag", "5|13");
    pair.cloud.exec("update tag set body = normalize(body)");  // another text, although it looks the same
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select length(body) from tag", "12");
    expect_quiet(pair);
    expect_quiet(pair, 0, {"--mode", "full"});
}

// json holds escapes that jsonb and text do not: half a pair, and a zero.
TEST(Hazard, H38_JsonEscapesWithoutACharacterTravelOrWaitAndTheRestFlows) {
    LivePair pair("h38_json");
    pair.both("create table form (id int primary key, answers json)");
    pair.configure("[[table]]\nname = 'form'\n");
    pair.desktop.exec(
        "insert into form values (1, '{\"a\": \"\\ud800\"}'), (2, '{\"a\": \"\\u0000\"}'), (3, '{\"a\": "
        "1}')");
    const TidewayResult result = pair.sync();
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << told(result);
    EXPECT_EQ(pair.cloud.number("select count(*) from form where id = 3"), 1);
    EXPECT_EQ(pair.cloud.number("select count(*) from form") + reported(result, "parked"), 3);
    pair.desktop.exec("update form set answers = '{\"a\": 2}' where id in (1, 2)");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select id, answers::text from form order by id");
}

}  // namespace
}  // namespace tideway::test
