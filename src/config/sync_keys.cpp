#include "config/sync_keys.hpp"

#include <fmt/format.h>

namespace tideway::config {
namespace {

const std::vector<std::string> capture_words = {"auto", "changelog", "xmin", "timestamp", "digest"};
const std::vector<std::string> conflict_words = {"latest", "desktop", "cloud", "manual"};
const std::vector<std::string> ownership_words = {"shared", "strict"};
const std::vector<std::string> deletes_words = {"propagate", "hold", "ignore"};

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

void refuse_what_is_not_offered(Section& section) {
    if (section.text("conflict") == "merge")
        section.refuse(Code::not_in_this_version, "conflict", "= \"merge\" is not offered by this version",
                       "use latest, desktop, cloud or manual: the losing row is kept whole either way");
    if (section.text("deletes").value_or("").starts_with("soft:"))
        section.refuse(Code::not_in_this_version, "deletes", "= \"soft:...\" is not offered by this version",
                       "use hold: deletes then wait for a person");
}

}  // namespace

SyncKeys read_sync_keys(Section& section) {
    refuse_what_is_not_offered(section);
    SyncKeys keys;
    read_capture(section, keys);
    keys.conflict = section.word<ConflictPolicy>("conflict", parse_conflict, conflict_words);
    keys.ownership = section.word<Ownership>("ownership", parse_ownership, ownership_words);
    keys.deletes = section.word<DeletePolicy>("deletes", parse_deletes, deletes_words);
    keys.collision = section.word<Collision>("collision", parse_collision, {"protect", "remap"});
    return keys;
}

}  // namespace tideway::config
