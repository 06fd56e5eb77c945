// Holds the program at a named failpoint until the test lets it go on.
//
//     PauseAt pause("apply.before_commit");
//     auto run = start_tideway(config, {"sync"}, pause.env());
//     pause.wait_until_reached();
//     ... edit rows in another session ...
//     pause.release();
#pragma once
#include <string>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace tideway::test {

class PauseAt {
  public:
    explicit PauseAt(const std::string& failpoint, int hit = 1);
    ~PauseAt() { release(); }

    std::string spec() const;  // "NAME=pause:FILE@HIT", to be joined with others by ;
    Environment env() const { return {{"TIDEWAY_FAILPOINTS", spec()}}; }
    bool reached() const;
    void wait_until_reached(Millis deadline = std::chrono::seconds(30)) const;  // throws when it is not
    void release() const;

  private:
    TempDir dir_;
    std::string failpoint_;
    int hit_;
};

}  // namespace tideway::test
