// The choices that a configuration makes, as plain values.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tideway {

enum class Mode { incremental, full };
enum class Direction { both, forward, reverse };
enum class Capture { automatic, changelog, xmin, timestamp, digest };
enum class ConflictPolicy { latest, desktop, cloud, manual, merge };
enum class Ownership { shared, strict };
enum class DeletePolicy { propagate, hold, ignore, soft };
// Two rows created under one key: both stay and wait, or the desktop's row gets another key.
enum class Collision { protect, remap };
// A row whose parent is missing at the target: it waits, its reference is left empty until the parent is
// there, or it is written as it is.
enum class Orphans { park, null, allow };
enum class Identity { key, business_key, business_key_ordinal, full_row };

// Rows may share a key: a row is then identified by its key and an ordinal.
inline bool repeats(Identity identity) {
    return identity == Identity::business_key_ordinal || identity == Identity::full_row;
}

// What decide() needs to know about a table.
struct Policy {
    ConflictPolicy conflict = ConflictPolicy::latest;
    Ownership ownership = Ownership::shared;
    DeletePolicy deletes = DeletePolicy::propagate;
    Collision collision = Collision::protect;
    bool refill = false;  // the desktop's rows are rewritten from elsewhere before each run
    // conflict = merge only: who wins where columns cannot settle it. Never merge itself.
    ConflictPolicy fallback = ConflictPolicy::latest;

    bool merges() const { return conflict == ConflictPolicy::merge; }
    // What decides where one whole row must win.
    ConflictPolicy whole_row() const { return merges() ? fallback : conflict; }
};

// What a column that both sides changed becomes (conflict = merge). `table`: what the table's fallback says.
enum class ColumnRule { table, desktop, cloud, latest, max, min, sum, set_union, append, advance, expression };

struct ColumnPolicy {
    ColumnRule rule = ColumnRule::table;
    std::vector<std::string> order = {};  // advance: the values, from the first to the last
    std::string expression = {};          // with :base, :desktop and :cloud
    bool operator==(const ColumnPolicy&) const = default;
};

// "sum", "advance:Open>Done", "sql:greatest(:desktop, :cloud)".
std::string to_text(const ColumnPolicy& policy);
std::optional<ColumnPolicy> parse_column_policy(std::string_view text);

// deletes = "soft:column=value": a row whose column has the value counts as deleted on its side.
struct SoftDelete {
    std::string column, value;  // the desktop's name
    bool operator==(const SoftDelete&) const = default;
};
std::optional<SoftDelete> parse_soft_delete(std::string_view text);

// The spelling used in the configuration file, on the command line, in reports and in state tables.
std::string_view to_string(Mode);
std::string_view to_string(Direction);
std::string_view to_string(Capture);
std::string_view to_string(ConflictPolicy);
std::string_view to_string(Ownership);
std::string_view to_string(DeletePolicy);
std::string_view to_string(Collision);
std::string_view to_string(Orphans);
std::string_view to_string(Identity);

std::optional<Mode> parse_mode(std::string_view);
std::optional<Direction> parse_direction(std::string_view);
std::optional<Capture> parse_capture(std::string_view);
std::optional<ConflictPolicy> parse_conflict(std::string_view);
std::optional<Ownership> parse_ownership(std::string_view);
std::optional<DeletePolicy> parse_deletes(std::string_view);
std::optional<Collision> parse_collision(std::string_view);
std::optional<Orphans> parse_orphans(std::string_view);
std::optional<Identity> parse_identity(std::string_view);

}  // namespace tideway
