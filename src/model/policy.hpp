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
enum class ConflictPolicy { latest, desktop, cloud, manual };
enum class Ownership { shared, strict };
enum class DeletePolicy { propagate, hold, ignore };
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
};

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
