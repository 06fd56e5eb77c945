// A pair of databases with work to do, copied for each fault, and what an undisturbed run makes of it.
#pragma once
#include "fault/clones.hpp"
#include "fault/failpoints.hpp"
#include "fault/workload.hpp"

namespace tideway::test {

using Work = void (*)(Ledger&);

// A pair of databases in which a run has something to do, and what an undisturbed run makes of it.
class Prepared {
  public:
    // Without `after`, the work is a first sync.
    Prepared(PgServer& desktop_server, PgServer& cloud_server, const std::string& name,
             const std::vector<Work>& before_first_sync, const std::vector<Work>& after)
        : office_(desktop_server, cloud_server, name) {
        office_.create();
        Db desktop = office_.open(At::desktop), cloud = office_.open(At::cloud);
        carry_out(before_first_sync, desktop, cloud);
        if (!after.empty()) {
            const TidewayResult first = office_.sync();
            EXPECT_EQ(first.exit_code, 0) << told(first);
            carry_out(after, desktop, cloud);
        }
        desktop.close();
        cloud.close();
        clones_.emplace(desktop_server, cloud_server, name);
        run_undisturbed();
    }

    const Ledger& users() const { return users_; }
    const std::map<std::string, int>& passed() const { return passed_; }
    Office& next_copy() { return clones_->next(); }
    int exit_code() const { return exit_code_; }  // of an undisturbed run
    // Until the next copy is asked for; so that servers may be stopped.
    void leave_servers_alone() { clones_->leave_servers_alone(); }

    // What must be true of a copy after a disturbed run and one plain run.
    void expect_recovered(const Office& office) const {
        const TidewayResult recovery = office.sync();
        EXPECT_EQ(recovery.exit_code, exit_code_) << told(recovery);
        expect_as_undisturbed(office);
    }
    void expect_as_undisturbed(const Office& office) const {
        Db desktop = office.open(At::desktop), cloud = office.open(At::cloud);
        expect_same_state(state_, read_state(desktop, cloud));
        expect_accounted(users_, desktop, cloud);
        expect_quiet(office, desktop, cloud, exit_code_);
    }

  private:
    void carry_out(const std::vector<Work>& works, Db& desktop, Db& cloud) {
        users_.observe(At::desktop, desktop);
        users_.observe(At::cloud, cloud);
        for (const Work work : works) work(users_);
        users_.carry_out(At::desktop, desktop);
        users_.carry_out(At::cloud, cloud);
    }

    void run_undisturbed() {
        SCOPED_TRACE("undisturbed");
        Office& office = clones_->next();
        const Trace trace;
        const TidewayResult result = office.sync(trace.env());
        passed_ = trace.passed();
        exit_code_ = result.exit_code;
        EXPECT_TRUE(exit_code_ == 0 || exit_code_ == 3) << told(result);
        Db desktop = office.open(At::desktop), cloud = office.open(At::cloud);
        state_ = read_state(desktop, cloud);
        expect_accounted(users_, desktop, cloud);
        expect_quiet(office, desktop, cloud, exit_code_);
    }

    Office office_;
    Ledger users_;
    std::optional<Clones> clones_;
    std::map<std::string, int> passed_;
    PairState state_;
    int exit_code_ = -1;
};

}  // namespace tideway::test
