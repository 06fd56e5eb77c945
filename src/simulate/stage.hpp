// Where lives of one setting are played, one after the other: the files of both sides, and the machines that
// they and the program are on. Files, connections and prepared statements outlive a life; nothing that the
// life has left in them does.
#pragma once
#include <optional>

#include "simulate/runner.hpp"
#include "simulate/setting.hpp"

namespace tideway::simulate {

// A table's rows, in the order of their numbers.
struct TableContent {
    std::string table;
    std::vector<std::vector<sqlite::Value>> rows;
};

class Stage {
  public:
    // Works in an empty folder of its own.
    Stage(const Setting& setting, std::uint64_t number, const std::filesystem::path& folder);

    // Empty tables on both sides; `in_sync`: the program has run once and found nothing. What happens from
    // here on depends on the seed alone, never on the lives before.
    void set(bool in_sync, std::uint64_t seed);

    const Setting& setting() const { return setting_; }
    VirtualTime& time() { return time_; }
    SideFile& file(Side side) { return *(side == Side::desktop ? desktop_ : cloud_); }
    Surroundings surroundings(Sabotage sabotage, std::function<void(const Script&)> live,
                              std::function<void(Side)> take_down);

  private:
    // A file as it is after the first run.
    struct Template {
        std::int64_t schema_version = 0;
        std::vector<TableContent> tables;
    };
    void reset_machines(std::uint64_t seed);
    void lay_new_files();
    void run_first();
    bool still_fits(Side side);
    void go_back(Side side);

    Setting setting_;
    std::uint64_t number_;
    std::filesystem::path folder_;
    Config config_;
    std::mt19937_64 numbers_;
    VirtualTime time_;
    VirtualWorld desktop_machine_{time_, numbers_}, cloud_machine_{time_, numbers_},
        machine_{time_, numbers_};
    Relations desktop_tables_, cloud_tables_;
    std::optional<SideFile> desktop_, cloud_;
    std::optional<Template> desktop_template_, cloud_template_;
};

}  // namespace tideway::simulate
