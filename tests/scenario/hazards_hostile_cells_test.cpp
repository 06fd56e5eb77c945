// H81 on a terminal and in logs: what a database holds steers nothing.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// Escapes of a terminal, the same as one character of its own, marks that turn the direction of writing.
const std::string hostile =
    "\x1b]0;owned\x07\x1b[31mred \xc2\x9b"
    "31m \xe2\x80\xae"
    "txt.exe \xe2\x81\xa6 \xd8\x9c =cmd|calc";

void expect_harmless(const std::string& where, const std::string& text) {
    for (const char* each : {"\x1b", "\x07", "\xc2\x9b", "\xe2\x80\xae", "\xe2\x81\xa6", "\xd8\x9c"})
        EXPECT_EQ(text.find(each), text.npos) << where << "\n" << text;
}

TEST(HostileCells, H81_steer_neither_a_terminal_nor_a_log) {
    LivePair pair("hostile");
    pair.both("create table tag (name text primary key, body text)");
    pair.desktop.exec(fmt::format(
        "insert into tag select 'k' || i from generate_series(1, 40) i; insert into tag values ({0}), "
        "({0} || '2')",
        quote_literal(hostile)));
    pair.configure("[[table]]\nname = 'tag'\nconflict = 'manual'\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec(
        fmt::format("update tag set body = 'office' || name where name = {}", quote_literal(hostile)));
    pair.cloud.exec(fmt::format("update tag set body = 'phone' || repeat(name, 20000) where name = {}",
                                quote_literal(hostile)));
    pair.cloud.exec("alter table tag add constraint fussy check (body <> 'Odd')");
    pair.desktop.exec(
        fmt::format("update tag set body = 'Odd' where name = {} || '2'", quote_literal(hostile)));
    EXPECT_EXIT_CODE(3, pair.sync());
    const auto said = [&](const Args& args) {
        const TidewayResult told = run_tideway(pair.config, args);
        expect_harmless(args.front() + ", stdout", told.out);
        expect_harmless(args.front() + ", stderr", told.err);
        EXPECT_LT(told.out.size(), 100'000U) << args.front();
        return told.out;
    };
    const std::string id = pair.run({"conflicts", "list"}).json["conflicts"][0]["id"].dump();
    EXPECT_NE(said({"conflicts", "list"}).find("owned"), std::string::npos);
    EXPECT_NE(said({"conflicts", "show", id}).find("owned"), std::string::npos);
    EXPECT_NE(said({"parked", "list"}).find("owned"), std::string::npos);
    EXPECT_NE(said({"explain", "tag", hostile}).find("owned"), std::string::npos);
    EXPECT_NE(said({"plan", "--rows"}).find("owned"), std::string::npos);
    said({"status"});
    said({"sync"});
    said({"verify"});
    said({"undo", "--list"});
    said({"conflicts", "resolve", id, "--take", "cloud"});
    pair.desktop.exec("delete from tag where name like 'k%' or name like '%2'");
    EXPECT_NE(said({"sync"}).find("delete"), std::string::npos);
}

}  // namespace
}  // namespace tideway::test
