// Looking ahead: decides everything that was gathered without writing anything, and says which tables a guard
// stops, which changes of other tables depend on those, and which keys a person has let through
// (DESIGN.md 10.18).
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/gather.hpp"
#include "engine/guard.hpp"

namespace tideway {


struct StoppedTable {
    std::vector<GuardStop> stops;
    std::set<std::uint64_t> let_through;  // prints of keys that somebody has confirmed
};

class Lookout {
  public:
    // marks: where the last complete run left off; a table that stands in for another one shows by them.
    Lookout(Session& session, Gathered& gathered, Direction direction, const Marks& marks);

    // Told of every decision, in the order in which a run would make them.
    std::function<void(TableRun&, const KeyWork&)> seen;

    // Whether anything may be stopped at all; much cheaper than look().
    bool called_for();
    // confirm: hash of a plan that was stopped, or that `plan` printed. False: it covers nothing that is
    // still as it was, and nobody must act on it.
    bool look(const std::optional<std::string>& confirm);

    // Another relation stands under the table's name than at the last complete run.
    bool replaced(const TableRun& run, Side side) const;
    const std::map<int, StoppedTable>& stopped() const { return stopped_; }
    const std::vector<std::string>& remarks() const { return remarks_; }
    // Of what is stopped; where nothing is, of the whole plan.
    std::string hash() const;
    // Keeps what is stopped under hash().
    void keep_plan(const std::string& run);

  private:
    struct Sight {  // of one table
        Outlook outlook;
        PlanHash open;  // what nobody has confirmed
        PlanHash all;
        std::set<std::uint64_t> confirmed;
    };
    bool suspicious(const TableRun& run);
    void look_at(TableRun& run, const std::string& plan);
    void tally(Sight& sight, const TableRun& run, const KeyWork& work) const;
    void stop_dependants();
    bool stop_if_dependent(TableRun& run, const class WithheldRows& withheld);
    void list_moved(const TableRun& run, const std::vector<KeptKey>& plan,
                    const std::set<std::uint64_t>& found);
    bool is_open(const TableRun& run, const KeyWork& work) const;
    void each_work(TableRun& run, const std::function<void(const KeyWork&)>& visit);
    void clear();

    Session& session_;
    Gathered& gathered_;
    Direction direction_;
    const Marks& marks_;
    std::map<int, Sight> sights_;
    std::map<int, StoppedTable> stopped_;
    std::vector<std::string> remarks_;
    std::int64_t confirmed_ = 0;
};

}  // namespace tideway
