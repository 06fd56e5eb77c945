// One run of the commit protocol (correctness.md 2.10), step by step. The steps and the failpoints have the
// names of the specification and of model/.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/deliver.hpp"
#include "engine/gather.hpp"
#include "engine/session.hpp"

namespace tideway {

class Run {
  public:
    // run: its name; a second attempt of one run has the same, so that its own lease is not in its way.
    // serialize: makes the JSON for the run history; may be empty.
    Run(Session& session, const RunOptions& options, std::string run,
        std::function<std::string(const RunReport&)> serialize = {});
    ~Run();
    RunReport sync();
    RunReport plan();

  private:
    struct Wave {  // works that travel together, parents first
        std::vector<std::pair<TableRun*, std::vector<KeyWork>>> parts;
    };

    std::optional<Gathered> probe();
    void open_protocol();
    void work();
    bool guard_allows();
    void look_ahead(TableRun& run, WriteCounts& to_cloud, WriteCounts& to_desktop);
    void start_new_tables();
    bool renumber_collisions();  // true: everything was read anew
    void forget_marks_of_children();
    void record_guard_stop();
    void raise_barriers();
    void process_everything();
    void process_large();
    void drain(TableRun& run, Part part, const std::function<bool(const Decision&)>& wanted);  // null: all
    static bool erases(const Decision& decision);
    void process(Wave wave);
    Batch batch_for(Side target, Wave& wave, std::int64_t source_barrier);
    void sort_decisions(Wave& wave, Booking& booking);
    Delivery deliver_to(Side target, Batch batch);
    void list_parked(const Delivery& delivery, Booking& booking);
    void note_raced(const Delivery& delivery, Side target);
    void count_writes(const Delivery& delivery, Side target);
    void give_up_raced();
    void keep_marks_of_left_out_tables();
    void advance();
    void remember_rows();
    void collect_reports();
    void count_protected(Gathered& gathered, bool before);
    void finish(RunReport& report);
    TableRun* run_of(const LinkedTable* table);
    RunRecord record() const;

    Session& session_;
    const RunOptions& options_;
    std::function<std::string(const RunReport&)> serialize_;
    RunReport report_;
    std::int64_t started_ = 0;
    std::int64_t desktop_fence_ = 0, cloud_fence_ = 0, desktop_barrier_ = 0, cloud_barrier_ = 0,
                 acknowledged_ = 0;
    bool holds_lease_ = false;
    std::optional<Gathered> gathered_;
    std::map<std::pair<int, Side>, StoredMark> marks_;
    std::map<int, std::optional<std::int64_t>> protected_before_;
    PlanHash hash_, plan_hash_;  // of what was decided while writing, and while looking ahead
    bool planning_ = false;
    bool cut_ = false;       // too many rows for one transaction a direction
    std::int64_t done_ = 0;  // rows of a large run
};

}  // namespace tideway
