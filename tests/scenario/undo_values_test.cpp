// What comes back from the journal is what was there, whatever the types and the columns are.
#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr const char* wide = R"(
create type mood as enum ('sad', 'it''s "ok"');
create table wide (id bigint primary key, small smallint, num numeric, scaled numeric(12,4), real4 real,
    real8 double precision, yes boolean, txt text, var varchar(40), padded char(6), bin bytea, day date,
    at time, stamp timestamp, zoned timestamptz, span interval, uid uuid, js json, jb jsonb, ints int[],
    texts text[], grid int[], feeling mood, bits bit(5), net inet, range int4range,
    doubled numeric generated always as (num * 2) stored, serial int generated always as identity,
    own text default 'own'))";
constexpr const char* values = R"(
insert into wide (id, small, num, scaled, real4, real8, yes, txt, var, padded, bin, day, at, stamp, zoned, span, uid,
    js, jb, ints, texts, grid, feeling, bits, net, range) values
 (1, -32768, 1.500, 12.3400, 1.1, 0.1, true, E'a\tb\n"c" \\ ''d'' é 漢 {,}', 'v "x"', 'ab', '\x00ff5c27', '2024-02-29',
  '23:59:59.999999', '2024-02-29 12:00:00.123456', '2024-07-01 12:00:00.654321+05:30', '1 mon 2 days 03:04:05.6',
  '11111111-2222-3333-4444-555555555555', '{"b": 1,  "a":[1.0, 2], "a": null}', '{"k": "v", "n": 1.50}', '{1,NULL,3}',
  E'{"a,b","c\\"d","",NULL,"NULL"}', '{{1,2},{3,4}}', 'it''s "ok"', B'10101', '10.0.0.1/24', '[1,5)'),
 (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
  null, null, null, null, null, null),
 (3, 0, 'NaN', 0, 'Infinity', '-Infinity', false, '', '', '', '', '-infinity', '00:00', 'infinity', '-infinity', '0',
  '00000000-0000-0000-0000-000000000000', 'null', 'null', '{}', '{}', '{}', 'sad', B'00000', '::1', 'empty'),
 (4, 1, 123456789012345678901234567890.123456789, -0.0001, 3.4e38, 1e-300, true, 'x', 'y', 'z', '\xdeadbeef',
  '0044-03-15 BC', '12:00', '4713-01-01 00:00:00 BC', '1999-12-31 23:59:59+00', '-1 year', null,
  '{"json_text": "mine"}', '{"json_text": "mine"}', '{2147483647,-2147483648}', '{"{}"}', '{{1}}', 'sad', B'11111', null, '(,)'))";

class UndoValues : public testing::Test {
  public:
    void SetUp() override {
        pair.both(wide);
        pair.cloud.exec("alter table wide add phone_note text");
        pair.configure("[[table]]\nname = 'wide'\nskip = ['phone_note', 'own', 'serial']\n");
        pair.desktop.exec(values);
        pair.desktop.exec("insert into wide (id) values (5)");
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.cloud.exec("update wide set phone_note = 'note ' || id, own = 'mine'");
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    std::string rows() { return dump(pair.cloud, "select * from wide order by id"); }
    void undo_last(const TidewayResult& run, int exit_code = 0) {
        EXPECT_EXIT_CODE(exit_code, pair.run({"undo", "--run", run.json["run"].get<std::string>()}));
    }
    LivePair pair{"undovalues"};
};

TEST_F(UndoValues, of_updated_rows_come_back_exactly) {
    const std::string before = rows();
    pair.desktop.exec(
        "update wide set num = 7, scaled = 7, real4 = 7, real8 = 7, yes = not yes, txt = 't', var = 't', "
        "padded = 't', bin = '\\x01', day = '2000-01-01', at = '01:00', stamp = '2000-01-01', zoned = "
        "'2000-01-01', span = '1 day', uid = null, js = '[]', jb = '[]', ints = '{7}', texts = '{t}', "
        "grid = '{7}', feeling = null, bits = B'00001', net = '1.1.1.1', range = '[7,8)', small = 7");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    ASSERT_NE(rows(), before);
    undo_last(run);
    EXPECT_EQ(rows(), before);
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(rows(), before) << "what travels is the same row";
    expect_quiet(pair);
}

TEST_F(UndoValues, of_deleted_rows_come_back_with_the_columns_that_only_one_side_has) {
    const std::string before = rows();
    pair.desktop.exec("delete from wide where id <= 2");  // two rows: no mass delete
    const TidewayResult first = pair.sync();
    ASSERT_EXIT_CODE(0, first);
    pair.desktop.exec("delete from wide where id in (3, 4)");
    const TidewayResult second = pair.sync();
    ASSERT_EXIT_CODE(0, second);
    ASSERT_ROWS(pair.cloud, "select id from wide", "5");
    undo_last(second);
    undo_last(first);
    EXPECT_EQ(rows(), before);
}

// -0 is a number that jsonb does not know.
TEST_F(UndoValues, that_the_image_cannot_give_back_are_left_and_named) {
    pair.desktop.exec(
        "update wide set real8 = '-0' where id = 1; update wide set txt = 'before' where id = 2");
    ASSERT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update wide set real8 = 5 where id = 1; update wide set txt = 'after' where id = 2");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    const TidewayResult undone = pair.run({"undo", "--run", run.json["run"].get<std::string>()});
    EXPECT_EXIT_CODE(3, undone);
    EXPECT_EQ(undone.json["left"][0]["key"], "1") << told(undone);
    EXPECT_ROWS(pair.cloud, "select real8 from wide where id = 1", "5");
    EXPECT_ROWS(pair.cloud, "select txt from wide where id = 2", "before");
}

// Columns of other types, columns with other names, looked-up columns and rows that share a key.
TEST(UndoShapes, mapped_columns_and_rows_that_share_a_key_come_back) {
    LivePair pair("undoshapes");
    pair.desktop.exec(
        "create table old (ref numeric(10), descr varchar(20), amount numeric(10,2), made timestamp);"
        "insert into old values (1, 'a', 1.50, '2024-01-01 10:00'), (1, 'b', 2, '2024-01-01 10:00'), "
        "(1, 'b', 2, '2024-01-01 10:00'), (null, 'n', 3, null)");
    pair.cloud.exec(
        "create table young (no serial primary key, ref bigint, description text, amount numeric, made "
        "timestamptz, label text)");
    pair.configure(
        "[[table]]\ndesktop = 'old'\ncloud = 'young'\nkey = ['ref']\nidentity = 'business_key+ordinal'\n"
        "rename = { descr = 'description' }\nskip = ['no']\n"
        "timestamps = { updated = 'made', desktop_zone = 'Asia/Kolkata' }\n"
        "lookup = { label = \"select upper(:descr)\" }\n");
    ASSERT_EXIT_CODE(0, pair.sync());
    const std::string sql = "select no, ref, description, amount, made, label from young order by no";
    const std::string before = dump(pair.cloud, sql);
    pair.desktop.exec(
        "update old set descr = 'z', amount = 1.5 where descr = 'a'; delete from old where ref is null;"
        "insert into old values (1, 'new', 9, null)");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    ASSERT_NE(dump(pair.cloud, sql), before);
    EXPECT_EXIT_CODE(0, pair.run({"undo", "--run", run.json["run"].get<std::string>()}));
    EXPECT_EQ(dump(pair.cloud, sql), before);
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_EQ(dump(pair.cloud, sql), before);
    EXPECT_ROWS(pair.desktop, "select ref, descr, amount from old order by descr, amount",
                "1|a|1.50\n1|b|2.00\n1|b|2.00\n(null)|n|3.00");
    expect_quiet(pair);
}

TEST(UndoShapes, a_row_that_keeps_an_old_time_stamp_still_travels_where_time_stamps_are_the_capture) {
    LivePair pair("undostamps");
    pair.both("create table job (id int primary key, body text, updated_at timestamptz)");
    pair.configure(
        "[sync]\ncapture = 'timestamp'\n[[table]]\nname = 'job'\ntimestamps = { updated = 'updated_at' }\n");
    pair.desktop.exec("insert into job values (1, 'old', '2024-01-01'), (2, 'old', '2024-01-01')");
    ASSERT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("update job set body = 'new', updated_at = now() where id = 1");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    EXPECT_EXIT_CODE(0, pair.run({"undo", "--run", run.json["run"].get<std::string>()}));
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select id, body, updated_at = '2024-01-01' from job order by id",
                "1|old|t\n2|old|t");
    expect_quiet(pair);
}

// A strict table, and a deletion that a restored cloud does not know: the tombstone must not hold the row.
TEST(UndoShapes, a_row_that_comes_back_keeps_its_origin) {
    LivePair pair("undoorigin");
    pair.both("create table job (id int primary key, body text, source char(1) default 'D')");
    pair.configure("[[table]]\nname = 'job'\norigin = { column = 'source', desktop = 'D', cloud = 'M' }\n");
    pair.desktop.exec("insert into job values (1, 'office', 'D'), (2, 'office', 'D')");
    ASSERT_EXIT_CODE(0, pair.sync());
    pair.desktop.exec("delete from job where id = 1");
    const TidewayResult run = pair.sync();
    ASSERT_EXIT_CODE(0, run);
    EXPECT_EXIT_CODE(0, pair.run({"undo", "--run", run.json["run"].get<std::string>()}));
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select id, body from job order by id", "1|office\n2|office");
    pair.desktop.exec("update job set body = 'edited' where id = 1");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.cloud, "select body from job where id = 1", "edited");
}

}  // namespace
}  // namespace tideway::test
