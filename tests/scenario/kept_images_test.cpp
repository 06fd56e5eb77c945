// What tideway keeps of a row it replaces is the whole row, whatever its columns are called.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

// Names that a statement may well use for the row itself, and types that rows are written in.
struct Shape {
    const char *column, *type;
    std::string table() const { return fmt::format("{}_{}", column, type); }
    std::string body(const std::string& text) const {
        return quote_literal(type == std::string("text") ? text : fmt::format(R"({{"v": "{}"}})", text));
    }
};
constexpr Shape shapes[] = {{"t", "text"},    {"x", "text"}, {"r", "text"}, {"d", "text"},  {"row", "text"},
                            {"note", "text"}, {"t", "json"}, {"x", "json"}, {"t", "jsonb"}, {"x", "jsonb"}};

// A table of each shape, with two rows that agree: the column of that name is empty in one of them, and the
// bodies hold what nobody may lose.
class KeptImages : public testing::Test {
  public:
    void rows(const std::string& settings) {
        std::string toml;
        for (const Shape& shape : shapes) {
            pair.both(fmt::format("create table {} (id int primary key, {} text, body {})", shape.table(),
                                  quote_identifier(shape.column), shape.type));
            pair.desktop.exec(fmt::format("insert into {} values (1, null, {}), (2, 'tee', {})",
                                          shape.table(), shape.body(before(shape, 1)),
                                          shape.body(before(shape, 2))));
            toml += fmt::format("[[table]]\nname = '{}'\n{}", shape.table(), settings);
        }
        pair.configure(toml);
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    static std::string before(const Shape& shape, int id) {
        return fmt::format("precious {} of {}", id, shape.table());
    }
    void expect_kept(const Shape& shape) {
        for (const int id : {1, 2}) expect_accounted(pair, shape.table(), before(shape, id));
    }
    static void set_body(Db& side, const Shape& shape, const std::string& text) {
        side.exec(fmt::format("update {} set body = {}", shape.table(), shape.body(text)));
    }
    LivePair pair{"images"};
};

TEST_F(KeptImages, OfReplacedRowsAreWholeInATableWithAColumnNamedLikeAnAlias) {
    rows("");
    for (const Shape& shape : shapes) set_body(pair.desktop, shape, "new");
    EXPECT_EXIT_CODE(0, pair.sync());
    for (const Shape& shape : shapes) {
        SCOPED_TRACE(shape.table());
        EXPECT_ROWS(
            pair.cloud,
            fmt::format("select before ->> 'id', before ->> {}, strpos(before ->> 'body', 'precious') > 0 "
                        "from tideway.journal j join tideway.tables t on t.id = j.tbl where op = 'U' and "
                        "cloud_table = '{}' order by 1",
                        quote_literal(shape.column), shape.table()),
            "1|(null)|t\n2|tee|t");
        expect_kept(shape);
    }
    expect_quiet(pair);
}

TEST_F(KeptImages, OfDeletedRowsAreWholeInATableWithAColumnNamedLikeAnAlias) {
    rows("");
    for (const Shape& shape : shapes) {
        pair.desktop.exec(fmt::format("delete from {} where id = 1", shape.table()));
        pair.cloud.exec(fmt::format("delete from {} where id = 2", shape.table()));
    }
    EXPECT_EXIT_CODE(0, pair.sync());
    for (const Shape& shape : shapes) {
        SCOPED_TRACE(shape.table());
        expect_kept(shape);
    }
    expect_quiet(pair);
}

TEST_F(KeptImages, OfLosersAreWholeInATableWithAColumnNamedLikeAnAlias) {
    rows("conflict = 'cloud'\n");
    for (const Shape& shape : shapes) {
        set_body(pair.desktop, shape, "the loser of " + shape.table());
        set_body(pair.cloud, shape, "the winner");
    }
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(0, result);
    EXPECT_EQ(reported(result, "conflicts"), 2 * static_cast<long long>(std::size(shapes))) << told(result);
    for (const Shape& shape : shapes) {
        SCOPED_TRACE(shape.table());
        EXPECT_EQ(pair.desktop.number(fmt::format(
                      "select count(*) from {} where body::text like '%the winner%'", shape.table())),
                  2);
        expect_accounted(pair, shape.table(), "the loser of " + shape.table());
    }
    expect_quiet(pair);
}

}  // namespace
}  // namespace tideway::test
