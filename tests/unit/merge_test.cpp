// Two edited rows become one: nothing is invented, and no edit of a column vanishes without a record.
#include "reconcile/merge.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "reconcile/decimal.hpp"
#include "reconcile/value_lists.hpp"

namespace tideway {
namespace {

using From = MergedColumn::From;
using Result = MergeFacts::Result;

const Evaluate no_database = [](const LinkedColumn&, const ColumnVersions&) -> Evaluated {
    return {std::nullopt, "no database"};
};

LinkedColumn column(const std::string& policy, ValueKind kind) {
    LinkedColumn column;
    column.desktop.name = column.cloud.name = policy;
    if (policy != "table") column.policy = parse_column_policy(policy).value();
    column.kind = kind;
    return column;
}

LinkedTable table_of(std::vector<LinkedColumn> columns) {
    LinkedTable table;
    table.policy.conflict = ConflictPolicy::merge;
    table.columns = std::move(columns);
    return table;
}

// One column, both sides' bases alike.
struct One {
    LinkedTable table;
    Winners winners{Side::cloud, Side::desktop};
    explicit One(const std::string& policy, ValueKind kind = ValueKind::text) : table(table_of({column(policy, kind)})) {}
    MergedRow merge(const Cell& base, const Cell& desktop, const Cell& cloud) const {
        return merge_rows(table, {{base}, {base}, {desktop}, {cloud}}, winners, no_database);
    }
    // What the column holds afterwards; "?": it cannot be settled.
    std::string value(const Cell& base, const Cell& desktop, const Cell& cloud) const {
        const MergedRow row = merge(base, desktop, cloud);
        if (row.facts.result == Result::unsettled) return "?";
        const MergedColumn& merged = row.columns.front();
        const Cell& cell = merged.from == From::both ? merged.value : merged.from == From::desktop ? desktop : cloud;
        return cell.value_or("NULL");
    }
};

TEST(Merge, edits_of_different_columns_come_together_without_a_loser) {
    const LinkedTable table = table_of({column("table", ValueKind::text), column("max", ValueKind::text)});
    const MergedRow row = merge_rows(table, {{"a", "b"}, {"a", "b"}, {"A", "b"}, {"a", "B"}}, {}, no_database);
    EXPECT_EQ(row.facts.result, Result::third);
    EXPECT_FALSE(row.facts.loses);
    EXPECT_EQ(row.columns[0].from, From::desktop);
    EXPECT_EQ(row.columns[1].from, From::cloud);
}

TEST(Merge, a_column_that_both_sides_changed_goes_by_its_policy) {
    EXPECT_EQ(One("table").value("a", "b", "c"), "b");
    EXPECT_EQ(One("latest").value("a", "b", "c"), "c");
    EXPECT_EQ(One("desktop").value("a", "b", "c"), "b");
    EXPECT_EQ(One("cloud").value("a", "b", "c"), "c");
    EXPECT_EQ(One("max", ValueKind::number).value("1", "9", "10"), "10");
    EXPECT_EQ(One("min", ValueKind::number).value("1", "9", "10"), "9");
    EXPECT_EQ(One("max", ValueKind::number).value("1", "-0.5", std::nullopt), "-0.5");
    EXPECT_EQ(One("max", ValueKind::number).value("1", "NaN", "2"), "?");
    EXPECT_EQ(One("max", ValueKind::moment).value("2026-01-01", "2026-03-01", "10000-01-01"), "10000-01-01");
    EXPECT_EQ(One("min", ValueKind::moment).value("2026-01-01", "0044-03-15 BC", "-infinity"), "-infinity");
    EXPECT_EQ(One("append").value("a", "ab", "ac"), "abc");
    EXPECT_EQ(One("append").value("a", "ab", "ab"), "ab");
    EXPECT_EQ(One("append").value("a", "ab", "abc"), "abbc") << "both additions";
    EXPECT_EQ(One("append").value(std::nullopt, "b", "c"), "b\nc");
    EXPECT_EQ(One("append").value("a", "x", "ac"), "?");
    EXPECT_EQ(One("sql:1").value("a", "b", "c"), "?");
}

TEST(Merge, a_sum_counts_what_each_side_added_exactly_once) {
    const One sum("sum", ValueKind::number);
    EXPECT_EQ(sum.value("10", "12", "9"), "11");
    EXPECT_EQ(sum.value("10", "11", "11"), "12") << "equal additions are two additions";
    EXPECT_EQ(sum.value("0.1", "0.3", "0.4"), "0.6");
    EXPECT_EQ(sum.value(std::nullopt, "5", "3"), "8");
    EXPECT_EQ(sum.value("99999999999999999999999999999999", "100000000000000000000000000000000", "0"), "1");
    EXPECT_EQ(sum.value("10", std::nullopt, "9"), "?");
    // The cloud has the merged row already, the desktop edits again: its agreed row is the desktop's 12.
    EXPECT_EQ(merge_rows(sum.table, {{"12"}, {"12"}, {"15"}, {"11"}}, {}, no_database).columns[0].value, Cell("14"));
}

TEST(Merge, a_union_keeps_what_was_added_and_drops_what_was_removed) {
    EXPECT_EQ(One("union").value("a, b", "a, b, d", "b, c"), "b, c, d");
    EXPECT_EQ(One("union").value(std::nullopt, "x", "y,z"), "x,y,z");
    const One list("union", ValueKind::list);
    EXPECT_EQ(list.value("{1,2}", "{1,2,3}", "{2,4}"), R"({"2","3","4"})");
    EXPECT_EQ(list.value("{1}", "{1,\"a,b\"}", "{1,c}"), R"({"1","a,b","c"})");
    EXPECT_EQ(list.value("{1}", "{{1},{2}}", "{1,3}"), "?");
    EXPECT_EQ(list.value("{1}", "{1,NULL}", "{1,3}"), "?");
}

TEST(Merge, a_column_that_may_only_advance_never_goes_back) {
    const One advance("advance:Open>On Hold>Done");
    EXPECT_EQ(advance.value("Open", "On Hold", "Done"), "Done");
    EXPECT_EQ(advance.value("Open", "Done", "On Hold"), "Done");
    EXPECT_EQ(advance.value("Done", "On Hold", "Open"), "?");
    EXPECT_EQ(advance.value("Open", "Lost", "Done"), "?");
    EXPECT_EQ(advance.value("Done", "Open", "Done"), "?") << "also where only one side changed it";
    EXPECT_EQ(advance.value("Done", "Open", "Open"), "?") << "also where both sides agree";
    EXPECT_EQ(advance.value("Open", "Done", "Done"), "Done");
    EXPECT_EQ(advance.value("Lost", "Open", "Lost"), "Open") << "what lies outside the order may enter it";
}

TEST(Merge, rows_that_speak_of_other_columns_are_not_known) {
    const LinkedTable table = table_of({column("table", ValueKind::text), column("max", ValueKind::text)});
    EXPECT_EQ(parse_values(table, R"({"table": "a", "max": null})"), (Values{"a", std::nullopt}));
    for (const char* text : {"", "{}", "[]", R"({"table": "a"})", R"({"table": "a", "max": "b", "old": "c"})"})
        EXPECT_EQ(parse_values(table, text), std::nullopt) << text;
}

const std::vector<std::pair<const char*, ValueKind>> settled_by_themselves = {
    {"desktop", ValueKind::text}, {"cloud", ValueKind::text}, {"max", ValueKind::number},  {"min", ValueKind::number},
    {"sum", ValueKind::number},   {"union", ValueKind::text}, {"append", ValueKind::text}, {"latest", ValueKind::text},
    {"table", ValueKind::text},   {"advance:a>b>c>d", ValueKind::text}};

bool rarely() { return *rc::gen::inRange(0, 25) == 0; }

std::string letters(int most) {
    std::string text;
    for (int i = *rc::gen::inRange(0, most + 1); i > 0; --i)
        text += (text.empty() ? "" : ",") + std::string(1, *rc::gen::element('a', 'b', 'c', 'd'));
    return text;
}

std::string some_value(const LinkedColumn& column) {
    if (column.kind == ValueKind::number) return std::to_string(*rc::gen::inRange(-20, 20));
    if (column.policy.rule == ColumnRule::advance) return std::string(1, *rc::gen::element('a', 'b', 'c', 'd'));
    return letters(3);
}

// As users edit such a column; now and then as they should not, which only leaves more rows unsettled.
Cell some_edit(const LinkedColumn& column, const Cell& base) {
    if (rarely()) return std::nullopt;
    const std::string value = some_value(column);
    if (!base || rarely()) return value;
    if (column.policy.rule == ColumnRule::append) return *base + "+" + value;
    if (column.policy.rule == ColumnRule::advance) return std::max(*base, value);
    return value;
}

struct Drawn {
    LinkedTable table;
    RowVersions versions;
};

// Rows of all policies, each side with edits of its own.
enum class Bases { alike, some_differ };  // differ: as while a merged row is on its way
Drawn drawn(Bases bases = Bases::some_differ) {
    Drawn all;
    std::vector<LinkedColumn> columns;
    for (const auto& [policy, kind] : settled_by_themselves) {
        columns.push_back(column(policy, kind));
        const LinkedColumn& each = columns.back();
        const Cell base = rarely() ? Cell() : Cell(some_value(each));
        all.versions.base_desktop.push_back(base);
        all.versions.base_cloud.push_back(bases == Bases::some_differ && rarely() ? some_edit(each, base) : base);
        for (const auto& [side, before] : {std::pair(&all.versions.desktop, &all.versions.base_desktop),
                                           std::pair(&all.versions.cloud, &all.versions.base_cloud)})
            side->push_back(*rc::gen::arbitrary<bool>() ? some_edit(each, before->back()) : before->back());
    }
    all.table = table_of(std::move(columns));
    return all;
}

Cell value_of(const MergedRow& row, const RowVersions& versions, std::size_t i) {
    const MergedColumn& merged = row.columns[i];
    return merged.from == From::both      ? merged.value
           : merged.from == From::desktop ? versions.desktop[i]
                                          : versions.cloud[i];
}

constexpr Winners winners{Side::desktop, Side::cloud};

std::string in_order(std::string text) {
    std::sort(text.begin(), text.end());
    return text;
}

List items_of(const Cell& cell) { return parse_list(ListForm::commas, cell).value(); }

bool holds(const List& list, const std::string& item) { return std::find(list.begin(), list.end(), item) != list.end(); }

// Which addition comes first is the desktop's privilege; what is there is not.
RC_GTEST_PROP(MergeProperty, swapping_the_sides_changes_nothing_where_the_policy_is_symmetric, ()) {
    const Drawn d = drawn(Bases::alike);
    const RowVersions& v = d.versions;
    const RowVersions swapped{v.base_cloud, v.base_desktop, v.cloud, v.desktop};
    Winners losers;
    losers.fallback = other(*winners.fallback);
    losers.latest = other(*winners.latest);
    const MergedRow one = merge_rows(d.table, v, winners, no_database),
                    two = merge_rows(d.table, swapped, losers, no_database);
    RC_ASSERT((one.facts.result == Result::unsettled) == (two.facts.result == Result::unsettled));
    RC_PRE(one.facts.result != Result::unsettled);
    for (std::size_t i = 0; i < d.table.columns.size(); ++i) {
        const Cell first = value_of(one, v, i), second = value_of(two, swapped, i);
        switch (d.table.columns[i].policy.rule) {
            case ColumnRule::desktop:
            case ColumnRule::cloud: break;  // name a side
            case ColumnRule::set_union: RC_ASSERT(items_of(first) == items_of(second)); break;
            case ColumnRule::append: RC_ASSERT(in_order(first.value_or("")) == in_order(second.value_or(""))); break;
            default: RC_ASSERT(first == second);
        }
    }
}

RC_GTEST_PROP(MergeProperty, an_unchanged_side_gets_the_other_row, ()) {
    Drawn d = drawn();
    d.versions.cloud = d.versions.base_cloud = d.versions.base_desktop;
    const MergedRow row = merge_rows(d.table, d.versions, winners, no_database);
    RC_ASSERT(!row.facts.loses);
    RC_PRE(row.facts.result != Result::unsettled);  // one that goes back
    RC_ASSERT(row.facts.result == Result::same || row.facts.result == Result::desktop);
    for (std::size_t i = 0; i < d.table.columns.size(); ++i) RC_ASSERT(value_of(row, d.versions, i) == d.versions.desktop[i]);
}

// What a column that is made of both sides' edits must hold of one side's edit.
void assert_holds_the_edit(ColumnRule rule, const Cell& value, const Cell& before, const Cell& edit) {
    if (rule == ColumnRule::append) {
        const std::string added = edit.value_or("").substr(before.value_or("").size());
        RC_ASSERT(value.value_or("").find(added) != std::string::npos);
        return;
    }
    const List now = items_of(value), was = items_of(before), is = items_of(edit);
    for (const std::string& item : is)
        if (!holds(was, item)) RC_ASSERT(holds(now, item));
}

RC_GTEST_PROP(MergeProperty, no_edit_of_a_column_vanishes_without_a_record, ()) {
    const Drawn d = drawn();
    const MergedRow row = merge_rows(d.table, d.versions, winners, no_database);
    RC_PRE(row.facts.result != Result::unsettled);  // then both rows are kept
    for (std::size_t i = 0; i < d.table.columns.size(); ++i) {
        const ColumnVersions v = d.versions.of(i);
        const ColumnRule rule = d.table.columns[i].policy.rule;
        const bool made_of_both = rule == ColumnRule::append || rule == ColumnRule::set_union;
        for (const Side side : {Side::desktop, Side::cloud}) {
            const Cell value = value_of(row, d.versions, i);
            if (!v.changed(side) || value == v.on(side) || rule == ColumnRule::sum) continue;  // sums: see below
            if (made_of_both && v.changed(other(side)))
                assert_holds_the_edit(rule, value, v.base(side), v.on(side));
            else
                RC_ASSERT(row.facts.loses);  // a copy of the row is kept
        }
    }
}

RC_GTEST_PROP(MergeProperty, what_a_side_removed_from_a_list_stays_removed, ()) {
    const Drawn d = drawn();
    const MergedRow row = merge_rows(d.table, d.versions, winners, no_database);
    RC_PRE(row.facts.result != Result::unsettled);
    for (std::size_t i = 0; i < d.table.columns.size(); ++i) {
        if (d.table.columns[i].policy.rule != ColumnRule::set_union) continue;
        const ColumnVersions v = d.versions.of(i);
        const List now = items_of(value_of(row, d.versions, i)), desktop = items_of(v.desktop), cloud = items_of(v.cloud);
        for (const std::string& item : now) RC_ASSERT(holds(desktop, item) || holds(cloud, item));
        for (const Side side : {Side::desktop, Side::cloud})
            for (const std::string& item : items_of(v.base(side))) {
                const bool gone = !holds(items_of(v.on(side)), item);
                const bool added = !holds(items_of(v.base(other(side))), item);
                if (gone && !added) RC_ASSERT(!holds(now, item));
            }
    }
}

RC_GTEST_PROP(MergeProperty, sums_in_whole_rows_hold_both_additions, ()) {
    const Drawn d = drawn();
    const MergedRow row = merge_rows(d.table, d.versions, winners, no_database);
    RC_PRE(row.facts.result != Result::unsettled);
    const auto number = [](const Cell& cell) { return std::stoi(cell.value_or("0")); };
    for (std::size_t i = 0; i < d.table.columns.size(); ++i) {
        const ColumnVersions v = d.versions.of(i);
        if (d.table.columns[i].policy.rule != ColumnRule::sum || !v.changed(Side::desktop) || !v.changed(Side::cloud)) continue;
        RC_ASSERT(number(value_of(row, d.versions, i)) ==
                  number(v.desktop) - number(v.base_desktop) + number(v.cloud));
    }
}

RC_GTEST_PROP(MergeProperty, a_sum_is_the_base_and_both_additions, ()) {
    const auto number = [](int value) { return Cell(std::to_string(value)); };
    const int base = *rc::gen::inRange(-1000, 1000), desktop = *rc::gen::inRange(-1000, 1000),
              cloud = *rc::gen::inRange(-1000, 1000);
    RC_PRE(base != desktop && base != cloud);
    RC_ASSERT(One("sum", ValueKind::number).value(number(base), number(desktop), number(cloud)) ==
              std::to_string(desktop + cloud - base));
}

// The merged row has come to the desktop too: nothing is left to merge, and the next edits start from it.
RC_GTEST_PROP(MergeProperty, merging_is_done_once, ()) {
    const Drawn d = drawn();
    const MergedRow row = merge_rows(d.table, d.versions, winners, no_database);
    RC_PRE(row.facts.result != Result::unsettled);
    RowVersions after;
    for (std::size_t i = 0; i < d.table.columns.size(); ++i) after.cloud.push_back(value_of(row, d.versions, i));
    after.base_desktop = after.base_cloud = after.desktop = d.versions.desktop;  // while the desktop's row follows
    const MergedRow again = merge_rows(d.table, after, winners, no_database);
    RC_ASSERT(!again.facts.loses);
    for (std::size_t i = 0; i < d.table.columns.size(); ++i) RC_ASSERT(value_of(again, after, i) == after.cloud[i]);
}

RC_GTEST_PROP(DecimalProperty, adds_and_orders_like_integers, ()) {
    const std::int64_t a = *rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000),
                       b = *rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000);
    const auto text = [](std::int64_t value) { return std::to_string(value); };
    RC_ASSERT((*Decimal::parse(text(a)) + *Decimal::parse(text(b))).text() == text(a + b));
    RC_ASSERT((*Decimal::parse(text(a)) <=> *Decimal::parse(text(b))) == (a <=> b));
}

TEST(Decimal, is_exact_and_written_without_needless_zeros) {
    const auto sum = [](const char* a, const char* b) { return (*Decimal::parse(a) + *Decimal::parse(b)).text(); };
    EXPECT_EQ(sum("0.1", "0.2"), "0.3");
    EXPECT_EQ(sum("1.50", "-1.5"), "0");
    EXPECT_EQ(sum("-0.05", "0.005"), "-0.045");
    EXPECT_EQ(sum("123456789012345678901234567890", "1"), "123456789012345678901234567891");
    for (const char* text : {"", "-", "NaN", "Infinity", "1e5", "1.2.3", "."})
        EXPECT_FALSE(Decimal::parse(text).has_value()) << text;
}

}  // namespace
}  // namespace tideway
