// The work behind link(): one table's setting compared with both catalogues. Internal to linking.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "engine/link.hpp"

namespace tideway {

class Linker {
  public:
    Linker(const TableSetting& setting, const Relation& desktop, const Relation& cloud);
    LinkResult link();

  private:
    struct StampSide {
        std::optional<std::string>& column;
        std::string& type;
        void take(const RelationColumn* found) const {
            if (!found) return;
            column = found->name;
            type = found->base_type;
        }
    };
    std::string where(Side side, const std::string& column = {}) const;
    void problem(Code code, const std::string& at, std::string text, std::string remedy);
    std::string cloud_name(const std::string& desktop_column) const;
    bool skipped(const std::string& column) const;
    void check_relation(const Relation& r, Side side);
    void check_names();
    void missing_column(Side side, const std::string& column, const char* setting);
    void link_origin();
    void link_stamp(const std::optional<std::string>& column, const StampSide& desktop,
                    const StampSide& cloud, const char* which);
    void keep_creation_times();
    void link_stamps();
    void link_constants();
    void link_lookups();
    void check_lonely_columns(const Relation& relation, Side side);

    // link_columns.cpp
    static ColumnSide column_side(const RelationColumn& c);
    void link_columns();
    bool refuse_unsupported(const RelationColumn& d, const RelationColumn& c);
    void check_zone(const RelationColumn& d, const RelationColumn& c);
    std::optional<LinkedColumn> declared_pair(const RelationColumn& d, const RelationColumn& c);
    LinkedColumn* linked(const std::string& desktop_column);
    std::vector<std::string> wanted_key() const;
    void link_key();
    void check_key_equality(const LinkedColumn& column);
    void missing_key_column(const std::string& column);
    bool unique_index(const Relation& relation, Side side) const;

    // link_merge.cpp
    void link_policies();
    void link_deletion_mark();
    bool mark_fits(const RelationColumn& column, Side side);

    // link_constraints.cpp
    std::vector<std::size_t> positions(const std::vector<std::string>& names, Side side) const;
    std::vector<Reference> references(const Relation& relation, Side side) const;
    std::vector<OtherKey> other_keys(const Relation& relation, Side side) const;
    void check_counters(const Relation& relation, Side side);
    void link_local_id();

    const TableSetting& setting_;
    const Relation& desktop_;
    const Relation& cloud_;
    LinkResult result_;
};

}  // namespace tideway
