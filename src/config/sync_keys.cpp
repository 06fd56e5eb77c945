#include "config/sync_keys.hpp"

#include <fmt/format.h>

namespace tideway::config {
namespace {

const std::vector<std::string> capture_words = {"auto", "changelog", "xmin", "timestamp", "digest"};
const std::vector<std::string> conflict_words = {"latest", "desktop", "cloud", "manual", "merge"};
const std::vector<std::string> ownership_words = {"shared", "strict"};
const std::vector<std::string> deletes_words = {"propagate", "hold", "ignore", "soft:column=value"};

// capture = "xmin", or capture = { desktop = "xmin", cloud = "changelog" }
void read_capture(Section& section, SyncKeys& keys) {
    const Node* value = section.node("capture");
    if (value == nullptr) return;
    if (value->kind != Node::Kind::table) {
        keys.capture_desktop = section.word<Capture>("capture", parse_capture, capture_words);
        keys.capture_cloud = keys.capture_desktop;
        return;
    }
    const auto sides = section.pairs("capture").value();
    for (const auto& [side, given] : sides) {
        const std::optional<Capture> capture = parse_capture(given);
        if (side != "desktop" && side != "cloud")
            section.refuse(Code::config_unknown_key, "capture", fmt::format("has no side \"{}\"", side),
                           "write capture = { desktop = \"...\", cloud = \"...\" }");
        if (!capture) section.not_a_word("capture", given, capture_words);
        (side == "desktop" ? keys.capture_desktop : keys.capture_cloud) = capture;
    }
}

// conflict = "merge:desktop": merge, and the desktop's row where a whole one must win.
void read_conflict(Section& section, SyncKeys& keys) {
    const std::optional<std::string> given = section.text("conflict");
    const std::string prefix = "merge:";
    if (!given || !given->starts_with(prefix)) {
        keys.conflict = section.word<ConflictPolicy>("conflict", parse_conflict, conflict_words);
        return;
    }
    keys.conflict = ConflictPolicy::merge;
    keys.fallback = parse_conflict(given->substr(prefix.size()));
    if (!keys.fallback || keys.fallback == ConflictPolicy::merge)
        section.refuse(Code::merge_setting, "conflict", fmt::format("cannot be \"{}\"", *given),
                       "behind merge: stands latest, desktop, cloud or manual: who wins where columns cannot "
                       "settle it");
}

void read_deletes(Section& section, SyncKeys& keys) {
    const std::optional<std::string> given = section.text("deletes");
    if (!given || !given->starts_with("soft")) {
        keys.deletes = section.word<DeletePolicy>("deletes", parse_deletes, deletes_words);
        return;
    }
    keys.deletes = DeletePolicy::soft;
    keys.soft = parse_soft_delete(*given);
    if (!keys.soft)
        section.refuse(Code::merge_setting, "deletes", fmt::format("cannot be \"{}\"", *given),
                       "name the column and the value that marks a deleted row: \"soft:is_deleted=true\"");
}

}  // namespace

SyncKeys read_sync_keys(Section& section) {
    SyncKeys keys;
    read_capture(section, keys);
    read_conflict(section, keys);
    keys.ownership = section.word<Ownership>("ownership", parse_ownership, ownership_words);
    read_deletes(section, keys);
    keys.collision = section.word<Collision>("collision", parse_collision, {"protect", "remap"});
    return keys;
}

}  // namespace tideway::config
