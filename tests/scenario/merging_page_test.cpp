// Every example of docs/merging.md, played on real servers: a column each, all of one row.
#include <fstream>

#include "paths.hpp"
#include "scenario/merge_fixture.hpp"

namespace tideway::test {
namespace {

struct Example {
    std::string policy, type, agreed, desktop, cloud, merged;
    bool waits() const { return merged == "*waits*"; }
};

// "| `max` | numeric | `1` | ... |": the cells without their quotes.
std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    for (std::size_t begin = 1; begin < line.size();) {
        const std::size_t end = line.find('|', begin);
        if (end == std::string::npos) break;
        std::string cell = line.substr(begin, end - begin);
        cell = cell.substr(cell.find_first_not_of(' '), cell.find_last_not_of(' ') - cell.find_first_not_of(' ') + 1);
        if (cell.front() == '`') cell = cell.substr(1, cell.size() - 2);
        cells.push_back(cell);
        begin = end + 1;
    }
    return cells;
}

std::vector<Example> examples() {
    std::ifstream page(std::string(TIDEWAY_SOURCE_DIR) + "/docs/merging.md");
    std::vector<Example> all;
    bool inside = false;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("| policy | type | agreed |")) inside = true;
        if (inside && line.empty()) break;
        if (!inside || !line.starts_with("| `")) continue;
        const std::vector<std::string> cells = cells_of(line);
        all.push_back({cells.at(0), cells.at(1), cells.at(2), cells.at(3), cells.at(4), cells.at(5)});
    }
    return all;
}

std::string sql_value(const std::string& text) { return text == "NULL" ? "null" : "'" + text + "'"; }

// One table an example: what waits must not keep the others back.
struct Page : testing::Test {
    std::vector<Example> all = examples();

    PairOptions options() const {
        PairOptions options{.tables = "", .schema = ""};
        for (std::size_t i = 0; i < all.size(); ++i) {
            options.schema += fmt::format(
                "create table e{} (id int primary key, v {}, updated_at timestamptz);\n", i, all[i].type);
            options.tables += fmt::format(
                "[[table]]\nname = 'e{}'\nconflict = 'merge'\ntimestamps = {{ updated = 'updated_at' }}\n"
                "[[table.column]]\nname = 'v'\npolicy = '{}'\n",
                i, all[i].policy);
        }
        return options;
    }
    void write(const Database& side, std::string Example::*value, const char* statement, const char* when) const {
        Db db(side);
        for (std::size_t i = 0; i < all.size(); ++i)
            db.exec(fmt::format(fmt::runtime(statement), i, sql_value(all[i].*value), when));
    }
    // In the spelling of the type.
    static std::string value_of(const Database& side, std::size_t i) {
        return dump(side, fmt::format("select coalesce(v::text, 'NULL') from e{}", i));
    }
};

TEST_F(Page, tells_the_truth) {
    ASSERT_GT(all.size(), 15u);
    const HazardPair pair("merging_page", options());
    write(pair.desktop, &Example::agreed, "insert into e{} values (1, {}, now() - interval '{}')", "3 hours");
    EXPECT_SYNC(pair.sync(), 0);
    const char* update = "update e{} set v = {}, updated_at = now() - interval '{}'";
    write(pair.desktop, &Example::desktop, update, "2 hours");
    write(pair.cloud, &Example::cloud, update, "1 hour");
    EXPECT_SYNC(pair.sync(), 3);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Example& e = all[i];
        SCOPED_TRACE(fmt::format("{} {}: {} -> {} | {}", e.policy, e.type, e.agreed, e.desktop, e.cloud));
        EXPECT_EQ(value_of(pair.desktop, i), e.waits() ? e.desktop : e.merged);
        EXPECT_EQ(value_of(pair.cloud, i), e.waits() ? e.cloud : e.merged);
    }
    expect_nothing_more_to_write(pair, 3);
}

}  // namespace
}  // namespace tideway::test
