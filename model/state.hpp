// One state of the modelled world: one key or two, two sides, one runner, at most one transaction whose
// outcome is unknown. What a server keeps (Desktop, Cloud) survives a crash of the runner; what the runner
// knows (Runner) does not. There is no padding, so that equality and hash are those of the bytes.
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace tideway::protocol {

// One key, or a family: a parent and a child that refers to it, each in a table of its own. Both models are
// built from these sources.
inline constexpr int keys = TIDEWAY_MODEL_KEYS;
static_assert(keys == 1 || keys == 2);
using Key = int;
inline constexpr Key parent = 0, child = keys - 1;
inline constexpr bool family = keys == 2;

using Version =
    std::int8_t;  // id of a committed row version; two versions are two contents, but all deletes are one
using VersionSet = std::uint16_t;  // bit v stands for version v
using Seq = std::int8_t;           // value of a lease row: fence token and barrier counter in one
using Count = std::int8_t;

inline constexpr Version unknown = -1;   // a base that is not known; a write that is not planned
inline constexpr Count everything = -1;  // a watermark that makes the next run look at the key again
// Enough for every user write, the three versions that exist when the archive was lost, and merges. A merge
// that finds no room is held instead.
inline constexpr int max_versions = 10;
// One run adds one receipt and S3 of the next run removes it: more than two at once need rejected ones
// besides.
inline constexpr int max_receipts = 4;

enum class Place : std::int8_t { none, cloud, desktop };

// Steps as in correctness.md 2.10; the runner is about to do the step it stands at. M5c (agreeing without a
// write) is part of M4, and M8 (purging) has no step: it deletes what S3 of the next run deletes.
enum class Step : std::int8_t { idle, S1, S2, S3, M1, M2, M3, M4, M5a, M6a, M5b, M7 };
inline constexpr Step all_steps[] = {Step::S1, Step::S2,  Step::S3,  Step::M1,  Step::M2, Step::M3,
                                     Step::M4, Step::M5a, Step::M6a, Step::M5b, Step::M7};

enum class Action : std::int8_t {
    none,        // both sides already agree, and the archive says so
    agree,       // both sides agree, the archive does not know yet
    to_cloud,    // write the desktop's row at the cloud
    to_desktop,  // write the cloud's row at the desktop
    hold,        // a person decides
    merge  // write a merge of both at the cloud; the next run carries it to the desktop as an ordinary change
};

#pragma pack(push, 1)
struct History {  // who descends from whom; belongs to the observer, no server stores it
    Count count;
    VersionSet ancestors[max_versions];  // of each version, itself included
    VersionSet deletes;
    Version merged_desktop, merged_cloud, merged;  // the last merge, so that merging again gives the same row
    Count epochs;                                  // given out so far; stands for fresh random ids
};

struct Side {
    Version row[keys];
    Count changes[keys];        // length of the changelog: every commit on the row adds one, ours too
    Seq seq;                    // the lease row
    VersionSet retained[keys];  // journal and conflict table: versions kept whole when they were replaced
};

struct Desktop : Side {
    Version base[keys];  // what both sides last agreed on
    Seq proof[keys];     // the cloud had the base durably when its lease stood at this value
    Seq peer_seq;        // highest lease value known to have been committed at the cloud
    Seq acked;           // receipts up to this one are booked or rejected
    Count seen_desktop[keys], seen_cloud[keys];  // watermarks into the two changelogs
    Count epoch;                                 // of the cloud, as last known here (restore marks only)
    bool parked[keys];  // the list of waiting rows: could not be written, to be tried by every run
};

struct Receipt {
    Seq seq;
    Version agreed[keys];  // unknown: the batch did not write this row
    Seq desktop_barrier;   // the desktop had the copied row durably when its lease stood at this value
};

struct Cloud : Side {
    Count receipts;
    Receipt inbox[max_receipts];
    Count epoch;  // changes whenever a restore of the cloud was noticed (restore marks only)
};

struct Apply {  // one apply transaction (2.9): what it needs to find, what it leaves
    Place place;
    Version expected[keys], write[keys], agreed[keys];  // write unknown: this row is not part of the batch
    bool retain[keys];                                  // keep the replaced version in the journal
    Seq desktop_barrier, cloud_barrier;
    Seq fence;
};

struct Runner {
    Step step;
    Version base_read[keys], desktop_read[keys], cloud_read[keys];
    Count desktop_hints[keys], cloud_hints[keys];  // changelog lengths in the same snapshots
    Action action[keys];
    Version write[keys];
    bool retain[keys];
    Seq desktop_barrier;
    Seq cloud_fence;  // also the cloud's barrier
    Seq cloud_seen, desktop_fence;
    bool done[keys];    // the action was carried out or the row is listed: the watermarks may advance
    bool parked[keys];  // refused for good by the last apply, to be listed
    bool booked;        // M6a is over; what it does after M5b is listing alone
    Seq receipt;
};

struct Budgets {  // how often each event may still happen on this path; they make the search finite
    Count writes, crashes, restores, runs, failures;
};

struct State {
    History history;
    Desktop desktop;
    Cloud cloud;
    bool desktop_backed_up, cloud_backed_up;
    Desktop desktop_backup;
    Cloud cloud_backup;
    Runner runner;
    Apply in_doubt;  // outlived its runner: may still commit or abort; place none when there is no such
                     // transaction
    Budgets left;
};
#pragma pack(pop)

static_assert(std::has_unique_object_representations_v<State>);

inline bool operator==(const State& a, const State& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

constexpr VersionSet only(Version v) { return static_cast<VersionSet>(1U << v); }
constexpr bool contains(VersionSet set, Version v) { return (set & only(v)) != 0; }
constexpr Seq following(Seq seq) { return static_cast<Seq>(seq + 1); }

inline bool is_delete(const State& s, Version v) { return contains(s.history.deletes, v); }
inline bool descends(const State& s, Version v, Version ancestor) {
    return contains(s.history.ancestors[v], ancestor);
}
// Equality is equality of content: two deletes are the same.
inline bool same_content(const State& s, Version a, Version b) {
    return a == b || (is_delete(s, a) && is_delete(s, b));
}

// Adds a version that descends from `parents` (a closed set of ancestors); unknown when the history is full.
inline Version add_version(State& s, VersionSet parents, bool deletes) {
    if (s.history.count >= max_versions) return unknown;
    const Version v = s.history.count++;
    s.history.ancestors[v] = static_cast<VersionSet>(parents | only(v));
    if (deletes) s.history.deletes |= only(v);
    return v;
}

inline Side& side_at(State& s, Place place) {
    return place == Place::cloud ? static_cast<Side&>(s.cloud) : s.desktop;
}
inline const Side& side_at(const State& s, Place place) {
    return place == Place::cloud ? static_cast<const Side&>(s.cloud) : s.desktop;
}
inline bool lives(const State& s, Place place, Key key) { return !is_delete(s, side_at(s, place).row[key]); }

// Everything the runner knew is gone; what it sent to a server is not.
inline void forget_runner(State& s) { s.runner = {}; }

}  // namespace tideway::protocol
