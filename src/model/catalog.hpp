// What one side's catalogue says, as plain values: input of linking, init and doctor.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sql/identifier.hpp"

namespace tideway {

struct ServerFacts {
    int version = 0;  // 150018
    std::string database, endpoint, user, time_zone, encoding, system_id;
    std::int64_t now = 0;  // server clock, UTC microseconds
    bool superuser = false, bypass_rls = false, in_recovery = false, read_only = false, track_counts = true;
    bool sees_all_sessions = false;   // superuser or pg_read_all_stats
    bool transaction_pooled = false;  // a pooler stands between us and the server
    bool may_create_schema = true, may_create_temporary = true;
    bool embedded = false;  // an SQLite file: no server, no roles; version is the library's (3040001)
};

// What a type is to Tideway: decides hashing and which pairs of types may be linked.
enum class TypeClass {
    integer,
    numeric,
    floating,
    boolean,
    text,
    padded,
    instant,
    zoned_instant,
    json,
    jsonb,
    uuid,
    bytes,
    date,
    other
};

struct RelationColumn {
    std::string name, type;  // type with modifier, as format_type() spells it
    std::string base_type;   // without modifier, domains resolved: "numeric"
    TypeClass type_class = TypeClass::other;
    int length = -1;  // varchar(n), char(n): n; numeric(p,s): p
    bool native_hash = false, not_null = false, has_default = false;
    bool generated = false, identity_always = false;
    bool equal_by_text =
        true;  // false: values that are written differently may be equal (citext, interval, collations)
    std::string sequence;  // that its default draws from, qualified and quoted; empty: none
    bool may_use_sequence = true;
    std::string counter;  // the sequence that numbers it, its default's or its identity's; empty: none
    bool may_move_counter = true;
    bool checked = true;           // false: may hold values that are not of its type
    bool constrained_type = false;  // its type has checks of its own, or may get some: a domain, or made of one
    std::string unsupported = {};   // why its values cannot travel without loss; empty: they can
};

// What a sequence hands out from now on: next, next + step, ... as far as the limit that lies that way.
struct SequenceFacts {
    std::int64_t step = 1, start = 1, least = 1, greatest = 0, next = 1;
};

struct UniqueKey {
    std::string name;
    std::vector<std::string> columns;
    bool primary = false;
    bool usable = true;  // immediate, valid, not partial, no expressions
};

struct ForeignKey {
    std::string name;
    std::vector<std::string> columns, parent_columns;
    sql::TableName parent;
    char on_delete = 'a', on_update = 'a';
    bool deferrable = false;
    bool may_look = true;  // our role sees all rows of the parent
};

// A foreign key of another table towards this one that writes to that table when a row here is deleted or
// gets another key.
struct Cascade {
    std::string name;
    sql::TableName child;
    char on_delete = 'a', on_update = 'a';
};

struct Relation {
    sql::TableName name;
    std::string owner;
    char kind = 'r';  // r table, p partitioned, v view, m materialised view, f foreign
    std::vector<RelationColumn> columns;
    std::vector<UniqueKey> unique_keys;
    std::vector<ForeignKey> foreign_keys;
    std::vector<Cascade> cascades;
    std::vector<std::string> triggers;  // users' own, enabled
    bool subscribed = false;            // a subscription writes it: statement triggers do not see that
    bool inherits = false;              // has parents or children (CREATE TABLE ... INHERITS)
    bool offers_xmin = true;            // its server tells which transaction wrote a row
    bool converts_zones = true;         // false: a time without zone is UTC or nothing is known
    bool rls = false;                   // row security applies to our role
    bool owned = false;                 // our role is a member of the owner
    bool may_use_schema = true;
    bool may_select = false, may_insert = false, may_update = false, may_delete = false, may_trigger = false;
    std::int64_t estimated_rows = 0;
    std::string fingerprint;  // changes when a column is added, dropped, renamed or retyped
    const RelationColumn* column(const std::string& wanted) const {
        for (const RelationColumn& c : columns)
            if (c.name == wanted) return &c;
        return nullptr;
    }
};

}  // namespace tideway
