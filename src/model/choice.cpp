#include "model/choice.hpp"

#include <fmt/format.h>

namespace tideway {
namespace {

constexpr char between_versions = '/', before_versions = ' ';

std::pair<std::string, std::string> cut(std::string_view text, char at) {
    const std::size_t found = text.find(at);
    if (found == std::string_view::npos) return {std::string(text), ""};
    return {std::string(text.substr(0, found)), std::string(text.substr(found + 1))};
}

}  // namespace

std::string version_text(const std::optional<Hash>& row, bool marked_deleted) {
    if (!row) return "none";
    return fmt::format("{}.{}{}", row->a, row->b, marked_deleted ? ".deleted" : "");
}

Versions Versions::of(const RowFacts& desktop, const RowFacts& cloud) {
    const auto version = [](const RowFacts& row) {
        return version_text(row.present ? std::optional(row.hash) : std::nullopt, row.marked_deleted);
    };
    return {version(desktop), version(cloud)};
}

Versions Versions::parse(std::string_view text) {
    const auto [desktop, cloud] = cut(text, between_versions);
    return {desktop, cloud};
}

std::string Versions::text() const { return known() ? desktop + between_versions + cloud : ""; }

Choice Choice::parse(std::string_view text) {
    const auto [side, versions] = cut(text, before_versions);
    return {side == name(Side::desktop) ? Side::desktop : Side::cloud, Versions::parse(versions)};
}

std::string Choice::text() const {
    return std::string(name(side)) + (versions.known() ? before_versions + versions.text() : "");
}

}  // namespace tideway
