// Rows that a guard keeps from being written, and the changes of other tables that cannot go without them.
// Pure.
#pragma once
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconcile/pairing.hpp"

namespace tideway {

class WithheldRows {
  public:
    explicit WithheldRows(std::vector<const LinkedTable*> tables) : tables_(std::move(tables)) {}
    // A decided work that is not carried out.
    void note(const LinkedTable& table, const KeyWork& work);
    // The desktop table whose withheld rows that work needs, empty if it needs none: it would refer to a row
    // that is not inserted, or remove a row to which another one still refers.
    std::string needed_by(const LinkedTable& table, const KeyWork& work) const;
    // False if no work of that table can need a row that was noted so far.
    bool may_concern(const LinkedTable& table) const;

  private:
    using Place = std::pair<Side, const LinkedTable*>;  // where, and the table that is referred to
    struct Rows {
        std::set<Cells> keys;  // of withheld inserts; or such as rows that stay refer to
        std::string because_of;
    };
    const LinkedTable* parent_of(const Reference& reference, Side declared_on) const;
    std::string missing_parent(const LinkedTable& table, const KeyWork& work, Side target) const;
    std::vector<const LinkedTable*> tables_;
    std::map<Place, Rows> not_inserted_, still_named_;
};

}  // namespace tideway
