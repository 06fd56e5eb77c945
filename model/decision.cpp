#include "protocol.hpp"

namespace tideway::protocol {
namespace {

struct Winner {
    bool desktop;
};

Decision winner_is(Winner winner, Version desktop, Version cloud) {
    return winner.desktop ? Decision{Action::to_cloud, desktop, true}
                          : Decision{Action::to_desktop, cloud, true};
}

// Absence without a base is no proof of a delete: the row that exists is kept, whoever lacks it.
std::optional<Decision> decide_absence_without_base(const State& s, const Options& options, Version desktop,
                                                    Version cloud) {
    const bool desktop_absent = is_delete(s, desktop), cloud_absent = is_delete(s, cloud);
    if (desktop_absent == cloud_absent) return std::nullopt;
    if (cloud_absent) return winner_is({.desktop = true}, desktop, cloud);
    if (options.without(Mutant::delete_without_base)) return Decision{Action::to_cloud, desktop};
    return winner_is({.desktop = false}, desktop, cloud);
}

Version merged_row(State& s, Version desktop, Version cloud) {
    History& h = s.history;
    if (h.merged != unknown && h.merged_desktop == desktop && h.merged_cloud == cloud) return h.merged;
    const auto parents = static_cast<VersionSet>(h.ancestors[desktop] | h.ancestors[cloud]);
    const Version merged = add_version(s, parents, false);
    if (merged == unknown) return unknown;
    h.merged_desktop = desktop;
    h.merged_cloud = cloud;
    h.merged = merged;
    return merged;
}

Decision merge_both(State& s, Version desktop, Version cloud) {
    const Version merged = merged_row(s, desktop, cloud);
    if (merged == unknown) return {Action::hold};
    return {Action::merge, merged};
}

// Version ids grow with time, so the larger one is the later one.
bool desktop_wins(const State& s, Policy policy, Version base, Version desktop, Version cloud) {
    const bool one_is_delete = is_delete(s, desktop) != is_delete(s, cloud);
    if (base != unknown && one_is_delete) return is_delete(s, cloud);  // an update wins over a delete
    switch (policy) {
        case Policy::desktop:
            return true;
        case Policy::cloud:
            return false;
        default:
            return desktop > cloud;
    }
}

Decision decide_conflict(State& s, const Options& options, Version base, Version desktop, Version cloud) {
    if (options.policy == Policy::manual) return {Action::hold};
    const bool both_live = !is_delete(s, desktop) && !is_delete(s, cloud);
    if (options.policy == Policy::merge && both_live && base != unknown) return merge_both(s, desktop, cloud);
    return winner_is({desktop_wins(s, options.policy, base, desktop, cloud)}, desktop, cloud);
}

}  // namespace

Decision decide(State& s, const Options& options, Version base, Version desktop, Version cloud) {
    if (options.without(Mutant::blind_forward))
        return {desktop == cloud ? Action::none : Action::to_cloud, desktop};
    if (same_content(s, desktop, cloud)) {
        const bool booked = base == desktop || base == cloud;
        return {booked ? Action::none : Action::agree, desktop};
    }
    if (base == unknown) {
        if (const auto decision = decide_absence_without_base(s, options, desktop, cloud)) return *decision;
        return decide_conflict(s, options, base, desktop, cloud);
    }
    if (cloud == base) return {Action::to_cloud, desktop};
    if (desktop == base) return {Action::to_desktop, cloud};
    Decision decision = decide_conflict(s, options, base, desktop, cloud);
    decision.false_conflict = descends(s, desktop, cloud) || descends(s, cloud, desktop);
    return decision;
}

}  // namespace tideway::protocol
