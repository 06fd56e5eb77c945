#include "reconcile/column_policies.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "reconcile/decimal.hpp"
#include "reconcile/value_lists.hpp"

namespace tideway {
namespace {

struct Question {
    const LinkedColumn& column;
    const ColumnVersions& v;
    const Winners& winners;
    const Evaluate& evaluate;
};

Settled take(const Question& q, Side side) { return {q.v.on(side), "", false, side}; }
Settled unsettled(std::string why) { return {std::nullopt, std::move(why)}; }

Settled take_winner(const Question& q, const std::optional<Side>& side) {
    return side ? take(q, *side) : unsettled("nobody can say whose value is to win");
}

Settled of_table(const Question& q) { return take_winner(q, q.winners.fallback); }
Settled of_desktop(const Question& q) { return take(q, Side::desktop); }
Settled of_cloud(const Question& q) { return take(q, Side::cloud); }
Settled of_latest(const Question& q) { return take_winner(q, q.winners.latest); }

// Canonical moments of one length stand in the order of their texts; years before Christ and after 9999, and
// infinity, stand outside.
std::pair<int, std::string_view> moment_order(std::string_view text) {
    if (text == "-infinity") return {-20'000'000, text};
    if (text == "infinity") return {20'000'000, text};
    const int year = std::atoi(std::string(text.substr(0, text.find('-'))).c_str());
    return text.ends_with(" BC") ? std::pair(-year, text) : std::pair(year, text);
}

// None: the values cannot be compared.
std::optional<std::strong_ordering> order_of(ValueKind kind, const std::string& one, const std::string& other) {
    if (kind != ValueKind::number) {
        if (kind == ValueKind::moment) return moment_order(one) <=> moment_order(other);
        return one.compare(other) <=> 0;
    }
    const auto a = Decimal::parse(one), b = Decimal::parse(other);
    if (!a || !b) return std::nullopt;
    return *a <=> *b;
}

// A value beats none.
Settled extreme(const Question& q, bool greatest) {
    if (!q.v.desktop || !q.v.cloud) return take(q, q.v.desktop ? Side::desktop : Side::cloud);
    const auto order = order_of(q.column.kind, *q.v.desktop, *q.v.cloud);
    if (!order) return unsettled("a value is not a finite number");
    return take(q, (*order > 0) == greatest ? Side::desktop : Side::cloud);
}

Settled of_max(const Question& q) { return extreme(q, true); }
Settled of_min(const Question& q) { return extreme(q, false); }

// Each side's change counts once, from what that side had at the agreement.
Settled of_sum(const Question& q) {
    if (!q.v.desktop || !q.v.cloud) return unsettled("one side emptied a number that is summed up");
    const auto number = [](const Cell& cell) { return Decimal::parse(cell.value_or("0")); };
    const auto base = number(q.v.base_desktop), desktop = number(q.v.desktop), base_cloud = number(q.v.base_cloud),
               cloud = number(q.v.cloud);
    if (!base || !desktop || !base_cloud || !cloud) return unsettled("a value is not a finite number");
    return {(*cloud + (*desktop - *base)).text(), "", true, {}};
}

Settled of_union(const Question& q) {
    const ListForm form = q.column.kind == ValueKind::list ? ListForm::array : ListForm::commas;
    const auto base_desktop = parse_list(form, q.v.base_desktop), base_cloud = parse_list(form, q.v.base_cloud),
               desktop = parse_list(form, q.v.desktop), cloud = parse_list(form, q.v.cloud);
    if (!base_desktop || !base_cloud || !desktop || !cloud)
        return unsettled("a list has several dimensions or empty places");
    const auto has = [](const List& list, const std::string& item) {
        return std::find(list.begin(), list.end(), item) != list.end();
    };
    List merged, added;
    for (const List* before : {&*base_desktop, &*base_cloud})
        for (const std::string& item : *before) {
            const bool removed = (has(*base_desktop, item) && !has(*desktop, item)) ||
                                 (has(*base_cloud, item) && !has(*cloud, item));
            if (!removed && !has(merged, item)) merged.push_back(item);
        }
    for (const auto& [now, before] : {std::pair(&*desktop, &*base_desktop), std::pair(&*cloud, &*base_cloud)})
        for (const std::string& item : *now)
            if (!has(*before, item) && !has(merged, item) && !has(added, item)) added.push_back(item);
    std::sort(added.begin(), added.end());
    merged.insert(merged.end(), added.begin(), added.end());
    if (merged == *cloud) return {q.v.cloud, "", true, Side::cloud};
    if (merged == *desktop) return {q.v.desktop, "", true, Side::desktop};
    return {write_list(form, merged, q.v.desktop, q.v.cloud), "", true, {}};
}

Settled of_append(const Question& q) {
    const std::string desktop = q.v.desktop.value_or(""), cloud = q.v.cloud.value_or(""),
                      base_desktop = q.v.base_desktop.value_or(""), base_cloud = q.v.base_cloud.value_or("");
    if (!desktop.starts_with(base_desktop) || !cloud.starts_with(base_cloud))
        return unsettled("a side changed what stood there already");
    const std::string ours = desktop.substr(base_desktop.size()), theirs = cloud.substr(base_cloud.size());
    if (ours == theirs) return {q.v.cloud, "", true, Side::cloud};
    return {desktop + (base_desktop.empty() ? "\n" : "") + theirs, "", true, {}};
}

std::optional<std::size_t> place_of(const std::vector<std::string>& order, const Cell& value) {
    const auto found = value ? std::find(order.begin(), order.end(), *value) : order.end();
    return found == order.end() ? std::nullopt : std::optional<std::size_t>(found - order.begin());
}

Settled of_advance(const Question& q) {
    if (goes_back(q.column, q.v, Side::desktop) || goes_back(q.column, q.v, Side::cloud))
        return unsettled("a side took it back, or to a value that is not in its order");
    const auto &order = q.column.policy.order;
    return take(q, place_of(order, q.v.desktop) > place_of(order, q.v.cloud) ? Side::desktop : Side::cloud);
}

Settled of_expression(const Question& q) {
    Evaluated evaluated = q.evaluate(q.column, q.v);
    if (!evaluated.value) return unsettled("the expression fails: " + evaluated.refusal);
    return {std::move(evaluated.value)};
}

using Answer = Settled (*)(const Question&);
const std::map<ColumnRule, Answer>& answers() {
    static const std::map<ColumnRule, Answer> table = {
        {ColumnRule::table, of_table},   {ColumnRule::desktop, of_desktop},   {ColumnRule::cloud, of_cloud},
        {ColumnRule::latest, of_latest}, {ColumnRule::max, of_max},           {ColumnRule::min, of_min},
        {ColumnRule::sum, of_sum},       {ColumnRule::set_union, of_union},   {ColumnRule::append, of_append},
        {ColumnRule::advance, of_advance}, {ColumnRule::expression, of_expression},
    };
    return table;
}

// What crosses as the key of a parent has no order and no sum.
ColumnRule rule_of(const LinkedColumn& column) {
    const ColumnRule rule = column.policy.rule;
    const bool takes = rule == ColumnRule::desktop || rule == ColumnRule::cloud || rule == ColumnRule::latest;
    return column.by_key && !takes ? ColumnRule::table : rule;
}

}  // namespace

Settled settle(const LinkedColumn& column, const ColumnVersions& versions, const Winners& winners,
               const Evaluate& evaluate) {
    Settled settled = answers().at(rule_of(column))({column, versions, winners, evaluate});
    for (const Side side : {Side::desktop, Side::cloud})
        if (settled.value && !settled.taken && *settled.value == versions.on(side)) settled.taken = side;
    return settled;
}

bool adds_up(ColumnRule rule) { return rule == ColumnRule::sum; }

bool goes_back(const LinkedColumn& column, const ColumnVersions& versions, Side side) {
    if (column.policy.rule != ColumnRule::advance || !versions.changed(side)) return false;
    const auto before = place_of(column.policy.order, versions.base(side)),
               now = place_of(column.policy.order, versions.on(side));
    return !now || (before && *now < *before);
}

}  // namespace tideway
