// Keys under which each side created a row of its own, and the rows that refer to them: as long as nobody
// knows which of the two is meant, such a row must not cross to the other side. Pure.
#pragma once
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconcile/pairing.hpp"

namespace tideway {

class Collisions {
  public:
    // Remembers the keys among these works that wait because of a collision. Works must be decided.
    void note(const LinkedTable& table, const std::vector<KeyWork>& works);
    // A key that an earlier run found.
    void note(const LinkedTable& table, const Key& key);
    // Whether a row of that work refers to such a key. References that do not name the parent's whole key do
    // not count.
    bool concern(const LinkedTable& child, const KeyWork& work) const;
    bool none() const { return parents_.empty(); }

  private:
    struct Parent {
        std::map<Side, std::vector<std::string>> key_columns;
        std::map<Side, std::set<Cells>> keys;  // in each side's text
    };
    Parent& parent_of(const LinkedTable& table);
    bool refers(const Reference& reference, Side declared_on, const KeyWork& work) const;
    std::map<std::pair<Side, sql::TableName>, std::size_t> by_name_;
    std::vector<Parent> parents_;
};

}  // namespace tideway
