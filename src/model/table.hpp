// A linked table: one table of the desktop and its counterpart in the cloud, compared column by column with
// both catalogues. Everything that SQL is built from is here; nothing else is looked up later.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/policy.hpp"
#include "model/value.hpp"
#include "sql/identifier.hpp"

namespace tideway {

// How equality *across* the sides is decided for a column (correctness.md 2.3). `image`: the text image
// itself.
// `beginning`: as much of a text as the narrower side holds. `time_of_day`: a time at one side, that time on
// a date of the same row at the other.
enum class Canon { image, number, trimmed, instant, json, beginning, time_of_day };

struct ColumnSide {
    std::string name;
    std::string type;          // as format_type() spells it: "numeric(10,2)"
    std::string base_type;     // without modifier, so that a cast cannot cut: "numeric"
    int length = -1;           // varchar(n), char(n): n
    bool native_hash = false;  // equality of this type is equality of its image (DESIGN.md 10.6)
    bool not_null = false;
    bool writable = true;  // false: generated always as stored
    std::string counter;   // sequence that must not fall behind the numbers we bring, quoted; empty: none
    bool checked = true;   // false: may hold values that are not of its type
    bool constrained_type = false;  // as RelationColumn has it
};

struct ParentByKey;

// What the values of a column are to a merge.
enum class ValueKind { other, number, moment, truth, text, list };

struct LinkedColumn {
    ColumnSide desktop, cloud;
    Canon canon = Canon::image;
    bool types_differ = false;  // an update keeps the target's image where the meaning is equal
    bool key = false;
    bool hashed = true;        // false: time stamps and the origin mark travel, but do not make a change
    bool insert_only = false;  // the origin mark
    bool kept_on_update = false;
    int beginning = 0;                               // Canon::beginning: characters that both sides hold
    std::string date_desktop = {}, date_cloud = {};  // Canon::time_of_day: the date's column
    // Set where the column holds a number that each side gives to the parent's row by itself: it crosses as
    // the key of that row.
    std::shared_ptr<const ParentByKey> by_key = {};
    ColumnPolicy policy = {};
    ValueKind kind = ValueKind::other;
    // Makes a change without being the key: what a merge decides on.
    bool merges() const { return hashed && !key; }
    const ColumnSide& on(Side side) const { return side == Side::desktop ? desktop : cloud; }
};

struct ParentByKey {
    sql::TableName desktop, cloud;
    std::string id_desktop, id_cloud;  // the column with each side's own numbers
    std::vector<LinkedColumn> key;     // what tells the parent's rows apart on both sides
};

struct ConstantColumn {  // written when Tideway inserts a row on that side
    Side side = Side::cloud;
    std::string name, type, value;
};

// A column of the cloud that a query on the desktop's snapshot fills whenever the row is written. It makes no
// change by itself and is never written back (DESIGN.md 10.4).
struct Lookup {
    ColumnSide cloud;
    std::string query;
    std::vector<std::size_t>
        parameters;  // positions in LinkedTable::columns, in the order of parameter_names()
};

// A foreign key of one side, checked at the end of each statement there, or declared by the configuration:
// its columns as positions in LinkedTable::columns.
struct Reference {
    std::string name;
    std::vector<std::size_t> columns;
    sql::TableName parent;
    std::vector<std::string> parent_columns;
    Orphans orphans = Orphans::park;
    bool declared = false;  // the server does not check it
    bool late = false;  // the server checks it at the end of the transaction, and need not be asked before
    bool ring = false;  // the parent's table refers to this one in turn, if only through others
};

// A unique key of one side that is not the table's key.
struct OtherKey {
    std::string name;
    std::vector<std::size_t> columns;  // positions in LinkedTable::columns
};

struct ImageColumn {
    std::string name, type;
    bool json = false;  // may hold what jsonb refuses, or does not give back as it was
};

struct OriginMark {  // the letter that says "made on the phone" / "made at the office" on each side that has
                     // the column
    std::optional<std::string> desktop_column, cloud_column;
    std::string desktop_letter, cloud_letter;
};

// A row of that side whose column has the value counts as deleted (deletes = "soft:...").
struct DeletionMark {
    std::string column, type, value;
    std::string removed;  // what the column holds when the row is brought back; empty: NULL
};

struct LinkedTable {
    int id = 0;  // number of the table in the state schemas; stable for the life of the pair
    sql::TableName desktop, cloud;
    std::vector<LinkedColumn> columns;  // in the desktop's order; key columns included
    std::vector<ConstantColumn> constants;
    std::vector<Lookup> lookups;
    std::string where;  // condition on linked columns by their desktop names; empty: all rows
    std::optional<OriginMark> origin;
    std::optional<std::string> stamp_desktop, stamp_cloud;  // columns that `latest` compares
    std::optional<std::string> created_desktop, created_cloud;
    std::string stamp_desktop_type, stamp_cloud_type, created_desktop_type, created_cloud_type;
    std::string desktop_zone;  // for timestamp without time zone; empty if no column needs it
    std::vector<std::string> side_effects;
    std::vector<Reference> references_desktop, references_cloud;
    std::vector<OtherKey> other_keys_desktop, other_keys_cloud;
    // All columns of a side, linked or not, where one of them is json or jsonb; otherwise empty.
    std::vector<ImageColumn> image_desktop, image_cloud;
    std::optional<DeletionMark> mark_desktop, mark_cloud;
    Policy policy;
    Capture capture_desktop = Capture::digest, capture_cloud = Capture::digest;  // resolved, never automatic
    bool key_index_desktop = false, key_index_cloud = false;  // ON CONFLICT (key) has an index to refer to
    Identity identity = Identity::key;
    // A column outside `columns` that each side numbers by itself.
    std::optional<std::string> local_id_desktop, local_id_cloud;
    // Triggers in the cloud refuse what our transactions do to rows of mobile origin outside their plan.
    bool row_guard = false;
    std::string fingerprint_desktop, fingerprint_cloud;  // of the columns, as the catalogue said when linking

    const std::optional<DeletionMark>& mark(Side side) const {
        return side == Side::desktop ? mark_desktop : mark_cloud;
    }
    const sql::TableName& on(Side side) const { return side == Side::desktop ? desktop : cloud; }
    // Cells of a row on its way to `target`: one a linked column, and to the cloud one a look-up behind.
    std::size_t cells_to(Side target) const {
        return columns.size() + (target == Side::cloud ? lookups.size() : 0);
    }
    const std::vector<Reference>& references(Side side) const {
        return side == Side::desktop ? references_desktop : references_cloud;
    }
    const std::vector<OtherKey>& other_keys(Side side) const {
        return side == Side::desktop ? other_keys_desktop : other_keys_cloud;
    }
    bool key_index(Side side) const { return side == Side::desktop ? key_index_desktop : key_index_cloud; }
    const std::string& fingerprint(Side side) const {
        return side == Side::desktop ? fingerprint_desktop : fingerprint_cloud;
    }
    Capture capture(Side side) const { return side == Side::desktop ? capture_desktop : capture_cloud; }
    // Empty for full_row: there the canonical digest of the whole row is the key.
    std::vector<const LinkedColumn*> key_columns() const;
    bool repeats() const { return tideway::repeats(identity); }
    // Cells of a key, and of a row's identity: where rows repeat the ordinal is the last cell.
    std::size_t key_cells() const { return identity == Identity::full_row ? 1 : key_columns().size(); }
    std::size_t identity_cells() const { return key_cells() + (repeats() ? 1 : 0); }
};

// The key columns of one side as SQL names them: "job_id", "seq".
std::string key_names(const LinkedTable& table, Side side);

// What identifies a row of that side: the base and the changelog are built for it.
std::string identity_text(const LinkedTable& table, Side side);
// The types of its columns, which may be changed while the identity stays.
std::string key_types_text(const LinkedTable& table, Side side);

// The key is one column of whole numbers on both sides.
bool numbered_key(const LinkedTable& table);
// The largest key that both sides' columns can hold; numbered_key() must hold.
std::int64_t largest_number(const LinkedTable& table);

// Equal hashes of the two sides mean equal rows: every column that counts has one type, and both servers hash
// alike.
bool hashes_comparable(const LinkedTable& table, int desktop_version, int cloud_version);

// What the hashes of this link cover, both sides. Hashes taken under another definition say nothing about a
// row.
std::string definition(const LinkedTable& table);

// Names the columns of a side's table and what its hashes cover: a kept image goes back only into a table of
// the same form.
std::int64_t row_form(const LinkedTable& table, Side side);

// A key in text form, one cell per key column in the order of LinkedTable::columns; where rows repeat a NULL
// is \N, and what names one row has its ordinal behind.
using Key = std::vector<std::string>;
// "8533" or "8533/12", for people; a slash within a cell of several is written \/.
std::string display(const Key& key);
// The cells of a key that display() wrote; `cells` is how many it has.
Key key_displayed(const std::string& text, std::size_t cells);

}  // namespace tideway
