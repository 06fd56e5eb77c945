// Both sides opened, compared with the configuration and linked: what every command starts from.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "engine/link.hpp"

namespace tideway {

// Called wherever a connection waits. Throws Error(interrupted) when the program is asked to stop, and again
// wherever it is called after that (a COMMIT is not to be stopped and swallows it), until finish_in_peace().
class Pulse : public WaitHook {
  public:
    Pulse(World& world) : world_(world) {}
    void tick() override;
    // From now on nothing is thrown and nothing renewed: leases can be released.
    void finish_in_peace();
    std::function<void()> every_five_seconds;  // must not throw

  private:
    World& world_;
    std::atomic_flag busy_;  // several connections may wait at once, each in a thread of its own
    bool finishing_ = false;
    std::int64_t last_micros_ = 0;
};

// One configured table after linking.
struct TableUnderSync {
    const TableSetting* setting = nullptr;
    LinkedTable link;
    std::optional<Relation> desktop, cloud;
    std::vector<Problem> problems;  // of linking
    std::vector<std::string> remarks;
    std::string not_synced;  // why it is left out, in words; empty: it takes part
    bool selected = true;    // --table
};

enum class Sides { real, copies };  // copies: for a rehearsal, which refuses the real ones

// Whether the state tables of an earlier version will do: for sync, which completes them.
enum class OlderState { refuse, complete };

class Session {
  public:
    Session(const Config& config, Connector& connector, World& world, Progress& progress,
            Sides sides = Sides::real);

    const Config& config;
    World& world;
    Progress& progress;
    Pulse pulse;
    std::unique_ptr<Store> desktop, cloud;
    ServerFacts desktop_server, cloud_server;
    ClockFacts clocks;
    std::optional<PairIdentity> desktop_identity, cloud_identity;
    std::vector<TableUnderSync> tables;  // parents first

    Store& store(Side side) { return side == Side::desktop ? *desktop : *cloud; }
    Archive& archive() { return *desktop->archive(); }
    bool installed() const { return desktop_identity && cloud_identity; }
    bool outdated() const;  // the state tables of a side are an earlier version's
    std::string table_name(int id) const;  // its desktop name
    bool embedded() const { return desktop_server.embedded || cloud_server.embedded; }

    // Reads both catalogues and links every configured table. Does not throw for problems of single tables.
    void link_tables(OlderState older = OlderState::refuse);
    // Throws the first problem of linking that makes the configuration unusable, all of them listed in its
    // text.
    void require_usable_tables() const;
    // Only these take part (names of either side); Error(table_missing) for a name that is not configured.
    void select(const std::vector<std::string>& names);
    // The tables that take part, parents first.
    std::vector<TableUnderSync*> active();
    // Creates or completes the state schemas on both sides.
    void install_state();
    // Tables whose capture or base is missing or disabled somewhere; they need install_tables() first. As far as was
    // seen when the tables were linked.
    bool tables_intact();
    // Creates what is missing for the active tables. The lease must be held: a changelog that is made anew is
    // only complete for runs that start later.
    void install_tables();
    // Columns that were synchronised until now and have lost their counterpart, found by install_tables().
    std::vector<std::string> lost_columns;

  private:
    void install_views();
    void compare_identities();
    void look_at_the_desktop_again();
    void measure_clocks();
    void note_lost_columns(const std::string& earlier, const TableUnderSync& table);
    void refuse_on_files();
    void number_tables();
    void order_tables();
    bool wants_row_guard(const TableUnderSync& table) const;
    std::vector<TableUnderSync*> wrongly_guarded_tables();
    PairIdentity fresh_identity(Side side) const;
    std::vector<std::pair<Side, TableUnderSync*>> incomplete_tables();
    Sides sides_;
    std::map<Side, std::vector<TableUse>> known_;  // what the state tables record of them
};

}  // namespace tideway
