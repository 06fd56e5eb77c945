// The steps of a run, for advance() alone.
#pragma once
#include "options.hpp"
#include "protocol.hpp"
#include "state.hpp"

namespace tideway::protocol {

// Each does its step if the runner stands there, and moves the runner on.
Effect s1_lock_cloud_lease(State& s, const Options& options);
Effect s2_recover(State& s, const Options& options);
Effect s3_fence_cloud(State& s, const Options& options);

// Another run has taken the desktop's lease.
bool desktop_fence_lost(const State& s);

// The agreement on a key, and the cloud's lease number at which the cloud had it; the key leaves the list of
// parked rows.
void book(Desktop& desktop, Key key, Version base, Seq proof, const Options& options);

// A run is over, well or fenced. What it had read is of no use to the next one.
Effect end_run(State& s);

}  // namespace tideway::protocol
