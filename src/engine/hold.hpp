// Both leases of a pair, taken as the protocol wants it (S1 to S3) and given back at the end.
#pragma once
#include <string>

#include "engine/session.hpp"

namespace tideway {

class Hold {
  public:
    // run: its name; a lease of that name is not in its way.
    Hold(Session& session, std::string run) : session_(session), run_(std::move(run)) {}
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold();
    // Waits out an in-flight transaction of an older run, books what it left, takes both leases and keeps
    // them fresh. What the desktop knows is read first: a run that goes on meanwhile must not make the cloud
    // look restored. Error(lease_held) if another run is at work.
    void take();
    // Both sides have given it back with the end of the run.
    void given_back();

    Recovery recovery;
    std::int64_t cloud_fence = 0;  // the desktop's: recovery.fence

  private:
    Session& session_;
    std::string run_;
    bool taken_ = false;
};

}  // namespace tideway
