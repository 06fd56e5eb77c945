// What a person decided about a key that waits, and for which rows of it.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "model/decision.hpp"

namespace tideway {

// The rows of a key as somebody saw them: told apart from every other one by their hashes.
struct Versions {
    std::string desktop, cloud;

    static Versions of(const RowFacts& desktop, const RowFacts& cloud);
    static Versions parse(std::string_view text);
    std::string text() const;  // without spaces; "" of none
    bool known() const { return !desktop.empty(); }
    bool operator==(const Versions&) const = default;
};
// None: there is no such row.
std::string version_text(const std::optional<Hash>& row, bool marked_deleted = false);

struct Choice {
    Side side = Side::desktop;
    Versions versions = {};  // unknown: it holds whatever the rows are

    static Choice parse(std::string_view text);
    std::string text() const;  // "desktop", or with the versions behind a space
    bool holds_for(const Versions& now) const { return !versions.known() || versions == now; }
    bool operator==(const Choice&) const = default;
};

}  // namespace tideway
