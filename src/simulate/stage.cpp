#include "simulate/stage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>

#include "simulate/recorder.hpp"

namespace tideway::simulate {
namespace {

namespace fs = std::filesystem;

constexpr Side sides[] = {Side::desktop, Side::cloud};

std::vector<std::string> table_names(sqlite::Connection& connection) {
    // Users' before those that their triggers write to, and children before parents.
    sqlite::Statement found(connection, "list tables",
                            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name = 'audit_log' "
                            "OR name LIKE 'tideway\\_%' ESCAPE '\\', rowid DESC");
    std::vector<std::string> names;
    while (found.step()) names.push_back(found.text(0));
    return names;
}

std::int64_t schema_version(sqlite::Connection& connection) {
    sqlite::Statement found(connection, "read schema version",
                            "SELECT schema_version FROM pragma_schema_version");
    found.step();
    return found.integer(0);
}

TableContent content_of(sqlite::Connection& connection, const std::string& table) {
    TableContent content{table, {}};
    sqlite::Statement found(connection, "read content",
                            fmt::format("SELECT * FROM {} ORDER BY rowid", table));
    while (found.step()) {
        std::vector<sqlite::Value>& row = content.rows.emplace_back();
        for (int i = 0; i < found.columns(); ++i) row.push_back(found.value(i));
    }
    return content;
}

void put(sqlite::Connection& connection, const TableContent& content) {
    if (content.rows.empty()) return;
    std::vector<std::string> places(content.rows[0].size(), "?");
    sqlite::Statement insert(
        connection, "put content",
        fmt::format("INSERT INTO {} VALUES ({})", content.table, fmt::join(places, ", ")));
    for (const std::vector<sqlite::Value>& row : content.rows) insert.run(row);
}

}  // namespace

Stage::Stage(const Setting& setting, std::uint64_t number, const fs::path& folder)
    : setting_(setting),
      number_(number),
      folder_(folder),
      config_(parse_config(setting.toml(), "simulated.toml")) {}

void Stage::set(bool in_sync, std::uint64_t seed) {
    time_.when_passed = nullptr;
    reset_machines(number_);
    const bool as_before =
        in_sync && desktop_template_ && still_fits(Side::desktop) && still_fits(Side::cloud);
    if (as_before) {
        for (const Side side : sides) go_back(side);
    } else {
        lay_new_files();
        if (in_sync) run_first();
    }
    reset_machines(seed);
}

void Stage::reset_machines(std::uint64_t seed) {
    numbers_.seed(seed);
    time_.begin_anew();
    for (VirtualWorld* machine : {&desktop_machine_, &cloud_machine_, &machine_}) machine->set_clock_right();
}

void Stage::lay_new_files() {
    desktop_template_.reset();
    cloud_template_.reset();
    desktop_tables_.clear();
    cloud_tables_.clear();
    desktop_.reset();
    cloud_.reset();
    for (const auto& entry : fs::directory_iterator(folder_)) fs::remove_all(entry.path());
    const fs::path prepared = folder_ / "prepared.db";
    std::ofstream(prepared).close();
    {
        sqlite::Connection made = sqlite::Connection::open({prepared.string(), Side::desktop}, nullptr);
        made.execute("prepare", "PRAGMA journal_mode = WAL");
        sqlite::Transaction transaction(made, sqlite::Access::write);
        made.execute("create tables", schema_with_audit(setting_));
        transaction.commit();
    }
    desktop_.emplace(Side::desktop, folder_, prepared, desktop_machine_);
    cloud_.emplace(Side::cloud, folder_, prepared, cloud_machine_);
}

void Stage::run_first() {
    Surroundings around = surroundings(
        Sabotage::none, [](const Script&) {}, [](Side) {});
    const RunWork work;
    Runner runner(around, work);
    const std::string end = runner.run();
    ensure(runner.is_fine(), "a first run of empty tables ends well");
    for (const Side side : sides) {
        sqlite::Connection connection = sqlite::Connection::open(file(side).options(), nullptr);
        Template& made = (side == Side::desktop ? desktop_template_ : cloud_template_).emplace();
        made.schema_version = schema_version(connection);
        for (const std::string& table : table_names(connection))
            made.tables.push_back(content_of(connection, table));
    }
}

bool Stage::still_fits(Side side) {
    file(side).forget_restores();
    sqlite::Connection connection = sqlite::Connection::open(file(side).options(), nullptr);
    return schema_version(connection) ==
           (side == Side::desktop ? desktop_template_ : cloud_template_)->schema_version;
}

void Stage::go_back(Side side) {
    sqlite::Connection connection = sqlite::Connection::open(file(side).options(), nullptr);
    sqlite::Transaction transaction(connection, sqlite::Access::write);
    const Template& made = *(side == Side::desktop ? desktop_template_ : cloud_template_);
    for (const TableContent& each : made.tables)
        sqlite::Statement(connection, "empty table", fmt::format("DELETE FROM {} WHERE true", each.table))
            .run();
    for (const TableContent& each : made.tables) put(connection, each);
    transaction.commit();
}

Surroundings Stage::surroundings(Sabotage sabotage, std::function<void(const Script&)> live,
                                 std::function<void(Side)> take_down) {
    return {config_,  time_,           machine_.world(),     *desktop_,       *cloud_,
            sabotage, std::move(live), std::move(take_down), desktop_tables_, cloud_tables_};
}

}  // namespace tideway::simulate
