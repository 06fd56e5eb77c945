#include "model/policy.hpp"

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
constexpr Names<ConflictPolicy, 4> conflicts{{{ConflictPolicy::latest, "latest"},
                                              {ConflictPolicy::desktop, "desktop"},
                                              {ConflictPolicy::cloud, "cloud"},
                                              {ConflictPolicy::manual, "manual"}}};
constexpr Names<Ownership, 2> ownerships{{{Ownership::shared, "shared"}, {Ownership::strict, "strict"}}};
constexpr Names<DeletePolicy, 3> deletes{
    {{DeletePolicy::propagate, "propagate"}, {DeletePolicy::hold, "hold"}, {DeletePolicy::ignore, "ignore"}}};
constexpr Names<Collision, 2> collisions{{{Collision::protect, "protect"}, {Collision::remap, "remap"}}};
constexpr Names<Orphans, 3> orphan_words{
    {{Orphans::park, "park"}, {Orphans::null, "null"}, {Orphans::allow, "allow"}}};
constexpr Names<Identity, 4> identities{{{Identity::key, "key"},
                                         {Identity::business_key, "business_key"},
                                         {Identity::business_key_ordinal, "business_key+ordinal"},
                                         {Identity::full_row, "full_row"}}};

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

}  // namespace tideway
