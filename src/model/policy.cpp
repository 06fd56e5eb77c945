#include "model/policy.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tideway {
namespace {

template <typename E, std::size_t N>
using Names = std::array<std::pair<E, std::string_view>, N>;

constexpr Names<Mode, 2> modes{{{Mode::incremental, "incremental"}, {Mode::full, "full"}}};
constexpr Names<Direction, 3> directions{
    {{Direction::both, "both"}, {Direction::forward, "forward"}, {Direction::reverse, "reverse"}}};
constexpr Names<Capture, 5> captures{{{Capture::automatic, "auto"},
                                      {Capture::changelog, "changelog"},
                                      {Capture::xmin, "xmin"},
                                      {Capture::timestamp, "timestamp"},
                                      {Capture::digest, "digest"}}};
constexpr Names<ConflictPolicy, 5> conflicts{{{ConflictPolicy::latest, "latest"},
                                              {ConflictPolicy::desktop, "desktop"},
                                              {ConflictPolicy::cloud, "cloud"},
                                              {ConflictPolicy::manual, "manual"},
                                              {ConflictPolicy::merge, "merge"}}};
constexpr Names<Ownership, 2> ownerships{{{Ownership::shared, "shared"}, {Ownership::strict, "strict"}}};
constexpr Names<DeletePolicy, 4> deletes{{{DeletePolicy::propagate, "propagate"},
                                          {DeletePolicy::hold, "hold"},
                                          {DeletePolicy::ignore, "ignore"},
                                          {DeletePolicy::soft, "soft"}}};
constexpr Names<Collision, 2> collisions{{{Collision::protect, "protect"}, {Collision::remap, "remap"}}};
constexpr Names<Orphans, 3> orphan_words{
    {{Orphans::park, "park"}, {Orphans::null, "null"}, {Orphans::allow, "allow"}}};
constexpr Names<Identity, 4> identities{{{Identity::key, "key"},
                                         {Identity::business_key, "business_key"},
                                         {Identity::business_key_ordinal, "business_key+ordinal"},
                                         {Identity::full_row, "full_row"}}};

constexpr Names<ColumnRule, 11> column_rules{{{ColumnRule::table, "table"},
                                              {ColumnRule::desktop, "desktop"},
                                              {ColumnRule::cloud, "cloud"},
                                              {ColumnRule::latest, "latest"},
                                              {ColumnRule::max, "max"},
                                              {ColumnRule::min, "min"},
                                              {ColumnRule::sum, "sum"},
                                              {ColumnRule::set_union, "union"},
                                              {ColumnRule::append, "append"},
                                              {ColumnRule::advance, "advance"},
                                              {ColumnRule::expression, "sql"}}};

template <typename E, std::size_t N>
std::string_view name_of(const Names<E, N>& names, E value) {
    for (const auto& [candidate, text] : names)
        if (candidate == value) return text;
    return "?";
}

template <typename E, std::size_t N>
std::optional<E> value_of(const Names<E, N>& names, std::string_view wanted) {
    for (const auto& [candidate, text] : names)
        if (text == wanted) return candidate;
    return std::nullopt;
}

}  // namespace

std::string_view to_string(Mode v) { return name_of(modes, v); }
std::string_view to_string(Direction v) { return name_of(directions, v); }
std::string_view to_string(Capture v) { return name_of(captures, v); }
std::string_view to_string(ConflictPolicy v) { return name_of(conflicts, v); }
std::string_view to_string(Ownership v) { return name_of(ownerships, v); }
std::string_view to_string(DeletePolicy v) { return name_of(deletes, v); }
std::string_view to_string(Collision v) { return name_of(collisions, v); }
std::string_view to_string(Orphans v) { return name_of(orphan_words, v); }
std::string_view to_string(Identity v) { return name_of(identities, v); }

std::optional<Mode> parse_mode(std::string_view t) { return value_of(modes, t); }
std::optional<Direction> parse_direction(std::string_view t) { return value_of(directions, t); }
std::optional<Capture> parse_capture(std::string_view t) { return value_of(captures, t); }
std::optional<ConflictPolicy> parse_conflict(std::string_view t) { return value_of(conflicts, t); }
std::optional<Ownership> parse_ownership(std::string_view t) { return value_of(ownerships, t); }
std::optional<DeletePolicy> parse_deletes(std::string_view t) { return value_of(deletes, t); }
std::optional<Collision> parse_collision(std::string_view t) { return value_of(collisions, t); }
std::optional<Orphans> parse_orphans(std::string_view t) { return value_of(orphan_words, t); }
std::optional<Identity> parse_identity(std::string_view t) { return value_of(identities, t); }

namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// Two values at least, each once.
std::vector<std::string> parse_order(std::string_view text) {
    std::vector<std::string> order;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('>', begin), text.size());
        const std::string value(trimmed(text.substr(begin, end - begin)));
        if (value.empty() || std::find(order.begin(), order.end(), value) != order.end()) return {};
        order.push_back(value);
        begin = end + 1;
    }
    return order.size() < 2 ? std::vector<std::string>{} : order;
}

}  // namespace

std::string to_text(const ColumnPolicy& policy) {
    std::string text(name_of(column_rules, policy.rule));
    if (policy.rule == ColumnRule::expression) return text + ":" + policy.expression;
    for (const std::string& value : policy.order) text += (&value == &policy.order.front() ? ":" : ">") + value;
    return text;
}

std::optional<ColumnPolicy> parse_column_policy(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::optional<ColumnRule> rule = value_of(column_rules, text.substr(0, colon));
    if (!rule || *rule == ColumnRule::table) return std::nullopt;
    const bool more = colon != std::string_view::npos;
    if (more != (*rule == ColumnRule::advance || *rule == ColumnRule::expression)) return std::nullopt;
    ColumnPolicy policy{*rule};
    if (*rule == ColumnRule::advance) policy.order = parse_order(text.substr(colon + 1));
    if (*rule == ColumnRule::expression) policy.expression = trimmed(text.substr(colon + 1));
    if (more && policy.order.empty() && policy.expression.empty()) return std::nullopt;
    return policy;
}

std::optional<SoftDelete> parse_soft_delete(std::string_view text) {
    constexpr std::string_view prefix = "soft:";
    const std::size_t equals = text.find('=');
    if (!text.starts_with(prefix) || equals == std::string_view::npos) return std::nullopt;
    SoftDelete soft{std::string(trimmed(text.substr(prefix.size(), equals - prefix.size()))),
                    std::string(trimmed(text.substr(equals + 1)))};
    if (soft.column.empty() || soft.value.empty()) return std::nullopt;
    return soft;
}

}  // namespace tideway
