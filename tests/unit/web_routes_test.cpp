// Addresses, texts in requests, and rows as people compare them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "paths.hpp"
#include "web/assets.hpp"
#include "web/pair_json.hpp"
#include "web/routes.hpp"
#include "web/row_columns.hpp"
#include "web/url_text.hpp"

namespace tideway::web {
namespace {

TEST(WebUrlText, PercentSignsAreDecodedOnce) {
    EXPECT_EQ(percent_decoded("a%20b%2Fc%2520"), "a b/c%20");
    for (const char* bad : {"%", "%4", "%zz", "a%00b"}) EXPECT_EQ(percent_decoded(bad), std::nullopt) << bad;
    EXPECT_EQ(form_fields("a=1&b=x+y%26&c&=d&e=%zz&a=2"),
              (Fields{{"a", "1"}, {"b", "x y&"}, {"c", ""}, {"", "d"}, {"a", "2"}}));
    EXPECT_EQ(path_segments("/pairs/north%2Foffice"), (std::vector<std::string>{"pairs", "north/office"}));
    EXPECT_EQ(path_segments("/"), std::vector<std::string>{});
    EXPECT_EQ(path_segments("pairs"), std::nullopt);
}

TEST(WebRoutes, APathFindsItsRouteAndTheNamesInIt) {
    const FoundRoute run = find_route(routes(), "GET", "/api/v1/pairs/north%20office/runs/7");
    ASSERT_NE(run.route, nullptr);
    EXPECT_EQ(run.route->path, "/api/v1/pairs/{pair}/runs/{number}");
    EXPECT_EQ(run.names, (std::vector<std::string>{"north office", "7"}));
    EXPECT_NE(find_route(routes(), "HEAD", "/").route, nullptr);
    EXPECT_EQ(find_route(routes(), "GET", "/nothing").route, nullptr);
    EXPECT_EQ(find_route(routes(), "GET", "/nothing").methods, "");
    EXPECT_EQ(find_route(routes(), "DELETE", "/api/v1/pairs/a/runs").methods, "GET, POST");
}

TEST(WebRoutes, WhatChangesSomethingIsPostedWithProof) {
    for (const Route& route : routes()) {
        const bool changes = route.access == Access::writer || route.access == Access::login;
        EXPECT_EQ(route.method == "POST", changes) << route.method << " " << route.path;
        EXPECT_FALSE(route.path.starts_with("/api/") && route.access == Access::everyone) << route.path;
    }
}

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

TEST(WebRoutes, TheDocumentedTableIsTheOneInForce) {
    const std::string file = std::string(TIDEWAY_SOURCE_DIR) + "/docs/api.md";
    const std::string begin = "<!-- the table of addresses, made from src/web/routes.cpp -->\n",
                      end = "<!-- end -->\n";
    std::string page = contents(file);
    const auto from = page.find(begin), to = page.find(end);
    ASSERT_TRUE(from != page.npos && to != page.npos) << "docs/api.md has no place for the table";
    const auto start = from + begin.size();
    if (std::getenv("TIDEWAY_WRITE_DOCS") != nullptr) {
        page.replace(start, to - start, routes_page());
        std::ofstream(file) << page;
    }
    EXPECT_EQ(contents(file).substr(start, routes_page().size()), routes_page())
        << "TIDEWAY_WRITE_DOCS=1 writes the table anew";
}

TEST(WebAssets, AreTheFilesOfTheirFolder) {
    const std::string folder = std::string(TIDEWAY_SOURCE_DIR) + "/src/web/assets/";
    ASSERT_GE(assets().size(), 4U);
    for (const Asset& each : assets()) {
        EXPECT_TRUE(each.content == contents(folder + std::string(each.name))) << each.name;
        EXPECT_NE(type_of(each.name), "application/octet-stream") << each.name;
    }
}

TEST(WebAssets, H81_NoScriptMakesMarkupOutOfTexts) {
    for (const Asset& each : assets()) {
        if (each.name.ends_with(".html")) {
            EXPECT_EQ(each.content.find("<script>"), each.content.npos) << each.name;
            EXPECT_EQ(each.content.find(" style="), each.content.npos) << each.name;
            EXPECT_EQ(each.content.find(" onclick"), each.content.npos) << each.name;
        }
        for (const char* sink : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                                 "new Function", "DOMParser", "createContextualFragment", "javascript:"})
            EXPECT_FALSE(each.name.ends_with(".js") && each.content.find(sink) != each.content.npos)
                << each.name << sink;
        for (const char* outside : {"http://", "https://"})
            EXPECT_FALSE(!each.name.ends_with(".js") && each.name != "icon.svg" &&
                         each.content.find(outside) != each.content.npos)
                << each.name << outside;
    }
}

TEST(WebRowColumns, NumbersAreNeverRounded) {
    EXPECT_EQ(
        cell_texts(R"({"a": 12345678901234567890123, "b": 1.10, "c": -7, "d": 9007199254740993})"),
        (CellTexts{{"a", "12345678901234567890123"}, {"b", "1.10"}, {"c", "-7"}, {"d", "9007199254740993"}}));
}

TEST(WebRowColumns, NestedValuesNullsAndTextsAreKept) {
    EXPECT_EQ(
        cell_texts(R"({"a": null, "b": "<b>\"", "c": {"x": [1, "y", null, {}], "z": true}, "d": false})"),
        (CellTexts{{"a", std::nullopt},
                   {"b", "<b>\""},
                   {"c", R"({"x": [1, "y", null, {}], "z": true})"},
                   {"d", "false"}}));
    EXPECT_EQ(cell_texts("[1]"), CellTexts{});
    EXPECT_EQ(cell_texts("no row"), CellTexts{});
}

TEST(WebRowColumns, ColumnsThatDifferAreMarked) {
    EXPECT_EQ(columns_json(R"({"id": 1, "a": "x", "only": null})", R"({"id": 1, "a": "y", "more": 2})"),
              Json::parse(R"([
        {"name": "id", "desktop": "1", "cloud": "1", "differs": false},
        {"name": "a", "desktop": "x", "cloud": "y", "differs": true},
        {"name": "only", "desktop": null, "cloud": null, "differs": true},
        {"name": "more", "desktop": null, "cloud": "2", "differs": true}])"));
    EXPECT_EQ(columns_json(std::nullopt, R"({"id": 1})")[0]["differs"], true);
}

TEST(WebPairJson, ARunShowsTheSumsOfItsReport) {
    daemon::PastRun run;
    run.number = 3;
    run.command = "sync";
    run.status = "ok";
    run.finished_at = 1'500'000;
    run.report = R"({"plan_hash": "ab", "tables": [
        {"to_cloud": {"inserted": 1, "updated": 2, "deleted": 3}, "to_desktop": {"inserted": 1, "updated": 0, "deleted": 0},
         "conflicts": 1, "open_conflicts": 0, "held": 2, "parked": 0, "pending": 0, "protected": {"before": 5, "after": 6}},
        {"to_cloud": {"inserted": 1, "updated": 0, "deleted": 0}, "to_desktop": {"inserted": 0, "updated": 0, "deleted": 0},
         "conflicts": 0, "open_conflicts": 0, "held": 0, "parked": 4, "pending": 0, "protected": {"before": null, "after": null}}]})";
    const Json json = past_run_json(run);
    EXPECT_EQ(json["duration_ms"], 1500);
    EXPECT_EQ(json["sums"]["to_cloud"], 7);
    EXPECT_EQ(json["sums"]["to_desktop"], 1);
    EXPECT_EQ(json["sums"]["held"], 2);
    EXPECT_EQ(json["sums"]["parked"], 4);
    EXPECT_EQ(json["sums"]["protected"], Json::parse(R"({"before": 5, "after": 6})"));
    EXPECT_TRUE(json["error"].is_null());
    run.report.clear();
    EXPECT_TRUE(past_run_json(run)["sums"].is_null());
}

}  // namespace
}  // namespace tideway::web
