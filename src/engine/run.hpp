// One run of the commit protocol (correctness.md 2.10), step by step. The steps and the failpoints have the
// names of the specification and of model/.
#pragma once
#include <functional>
#include <future>
#include <map>
#include <set>
#include <optional>
#include <string>
#include <vector>

#include "engine/deliver.hpp"
#include "engine/first_contact.hpp"
#include "engine/gather.hpp"
#include "engine/hold.hpp"
#include "engine/lookout.hpp"
#include "engine/coming_wave.hpp"
#include "engine/pages.hpp"
#include "engine/session.hpp"

namespace tideway {

class Run {
  public:
    // run: its name; a second attempt of one run has the same, so that its own lease is not in its way.
    // serialize: makes the JSON for the run history; may be empty.
    Run(Session& session, const RunOptions& options, std::string run,
        std::function<std::string(const RunReport&)> serialize = {});
    // Before sync(): these keys are to be looked at, and these agreements forgotten, as soon as the lease is held.
    void decide_again(Booking again) { again_ = std::move(again); }
    RunReport sync();
    RunReport plan();
    // After sync(): sides whose journal may hold what is older or more than the retention keeps.
    const std::vector<Side>& with_old_records() const { return with_old_records_; }

  private:
    bool probe();  // true: there is nothing to do
    bool nothing_new();
    bool nothing_to_recover(const Standing& standing);
    bool all_marked(const Marks& marks);
    struct Looks {
        Look desktop, cloud;
        bool quiet() const;
    };
    Look look_at(Side side, const Marks& marks);
    bool counts_on_both_sides();
    std::optional<Looks> look_at_both(const Marks& marks, const std::function<bool()>& worth_it);
    void note_quiet(const Look& cloud);
    void report_idle();
    void open_protocol();
    void book_again();
    void work();
    bool guard_allows();
    bool restore_may_go_on();
    void tell_of_restores(bool desktop, bool cloud, bool stopped);
    void note_tables_left_out();
    void take_over(const Lookout& lookout);
    void withhold(const Lookout& lookout);
    void refuse_confirmation();
    bool is_withheld(const LinkedTable& table, const KeyWork& work) const;
    void leave_out_withheld(const TableRun& run, std::vector<KeyWork>& works) const;
    void look_at_plan(TableRun& run, const KeyWork& work);
    void start_new_tables();
    void note_first_contact(TableReport& report, int table) const;
    bool renumber_collisions();  // true: everything was read anew
    void forget_marks_of_children();
    void record_guard_stop();
    void raise_barriers();
    void process_everything();
    void process_large();
    Cloud cloud_rows() const;
    using Wanted = std::function<bool(const Decision&)>;  // null: all
    ComingWave::Source waves_of(TableRun& run, Part part, const Wanted& wanted);
    void send_ahead(Wave& wave, Line line, const std::function<void()>& gone) const;
    void drain(TableRun& run, Part part, const Wanted& wanted);
    static bool erases(const Decision& decision);
    void process(Wave wave, ComingWave* behind = nullptr);
    Delivery write_to_cloud(Wave& wave, ComingWave* behind);
    bool books_beside() const;
    void start_booking(Booking booking);
    void await_booking();
    Batch batch_for(Side target, const Wave& wave, std::int64_t source_barrier) const;
    bool found_again(const Candidate& candidate) const;
    void sort_decisions(Wave& wave, Booking& booking);
    Delivery deliver_to(Side target, Batch& batch, Ahead ahead = {});
    bool is_busy(Side target, const Batch& batch) const;
    void list_parked(const Delivery& delivery, Booking& booking);
    void note_raced(const Delivery& delivery, Side target);
    void count_writes(const Delivery& delivery, Side target);
    void give_up_raced();
    void keep_marks_of_left_out_tables();
    void advance();
    void remember_rows();
    void collect_reports();
    void count_protected(Gathered& gathered);
    void note_protected_afterwards(const std::map<int, std::int64_t>& counts);
    void end_on_both_sides(const Marks& marks);
    Ending ending_of(Side side, const Marks& marks) const;
    void open_account();
    void settle_accounts(bool first_round);
    void report_lost(const TableRun& run, const Account& account);
    void finish(RunReport& report);
    TableRun* run_of(const LinkedTable* table);
    RunRecord record() const;

    Session& session_;
    const RunOptions& options_;
    std::function<std::string(const RunReport&)> serialize_;
    RunReport report_;
    std::int64_t started_ = 0;
    std::map<int, Started> first_contact_;
    std::int64_t desktop_fence_ = 0, cloud_fence_ = 0, desktop_barrier_ = 0, cloud_barrier_ = 0,
                 acknowledged_ = 0;
    std::optional<Gathered> gathered_;
    std::map<std::pair<int, Side>, StoredMark> marks_;
    std::map<int, std::optional<std::int64_t>> protected_before_;
    PlanHash hash_;  // of what was decided while writing
    Booking again_;
    std::optional<std::int64_t> journal_before_;
    std::optional<std::string> confirm_;
    Marks earlier_marks_;                  // as they were before tables were installed anew
    Marks kept_marks_;                     // of tables that stand in for others, until somebody has confirmed
    std::map<int, StoppedTable> stopped_;  // by a guard, in this run
    std::vector<GuardStop> told_;          // what no table's plan says
    std::set<std::pair<Side, int>> busy_;         // tables that somebody held, in this round
    std::map<int, TableReport> earlier_rounds_;  // by table; what was written of one that is left out now
    bool cut_ = false;       // too many rows for one transaction a direction
    std::int64_t done_ = 0;  // rows of a large run
    std::vector<Side> with_old_records_;
    Hold hold_;              // the leases go before anything else of this
    struct Underway {        // M6a of the last wave, while the next one is written
        std::future<void> done;
        std::int64_t cloud_sequence = 0;
    };
    Underway booking_;  // but a booking ends while they are held
};

}  // namespace tideway
