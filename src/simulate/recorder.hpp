// Takes down the history of a simulated pair: audit triggers in the files log each row's change, and are read
// after each transaction; what the program keeps of conflicts and old rows is read with them.
#pragma once
#include <array>
#include <optional>
#include <span>

#include "checker/history.hpp"
#include "simulate/setting.hpp"
#include "simulate/side_file.hpp"

namespace tideway::simulate {

inline checker::Side judged(Side side) {
    return side == Side::desktop ? checker::Side::desktop : checker::Side::cloud;
}

// Tables of users, the log and its triggers.
std::string schema_with_audit(const Setting& setting);

class Recorder {
  public:
    Recorder(const Setting& setting, VirtualTime& time, SideFile& desktop, SideFile& cloud);

    // Adds what the last transaction on that side has written. Who that was is known by who calls.
    void take_down(Side side, bool by_sync);
    // Runs may begin while others are at work.
    void note_run_begins();
    void note_run_ends(bool well);
    // The side begins anew from a backup.
    void note_backup(Side side, int number);
    void note_restore(Side side, int number);
    // Whether the program has been there.
    bool is_known_to_sync(Side side);
    void note(const std::string& text);
    void note_clock_step() { history_.clocks_were_set = true; }
    bool clocks_were_set() const { return history_.clocks_were_set; }
    void note_user(const checker::UserTransaction& user) { history_.users.push_back(user); }
    std::size_t writes() const { return history_.writes.size(); }
    std::span<const checker::Write> writes_since(std::size_t before) const {
        return std::span(history_.writes).subspan(before);
    }
    void begin_further_run();
    // With what both sides hold now, and what waits.
    checker::History history();

  private:
    // Reads one side; opened anew with each restore.
    struct Reader {
        sqlite::Connection connection;
        std::optional<sqlite::Statement> log, conflicts, journal;
        std::int64_t log_seen = 0, conflict_seen = 0, journal_seen = 0;
    };
    Reader& reader(Side side);
    void open(Side side);
    void skip_what_is_there(Reader& reader);
    void prepare_records(Reader& reader);
    void take_down_records(Side side, Reader& reader, long long transaction);
    void collect_rows(Side side);
    void collect_waiting();

    VirtualTime& time_;
    std::array<SideFile*, 2> files_;
    std::array<std::optional<Reader>, 2> readers_;
    std::array<long long, 2> seq_{};
    // What runs have written since then may be agreed on only after a backup that holds it.
    std::optional<long long> unsettled_since_;
    int at_work_ = 0;
    // The last seq that each backup holds, and since when it may lack agreements.
    std::array<std::map<int, std::pair<long long, long long>>, 2> backups_;
    long long transactions_ = 0;
    checker::History history_;
};

}  // namespace tideway::simulate
