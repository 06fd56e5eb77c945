// One side's database file: who opens it, its backups, and what becomes of it when one is restored.
#pragma once
#include <filesystem>
#include <set>

#include "db/sqlite/connection.hpp"
#include "db/sqlite/idle_connections.hpp"
#include "simulate/virtual_world.hpp"

namespace tideway::simulate {

class SideFile {
  public:
    // Makes the file from a prepared one.
    SideFile(Side side, const std::filesystem::path& folder, const std::filesystem::path& prepared,
             VirtualWorld& world);

    Side side() const { return side_; }
    VirtualWorld& world() { return world_; }
    sqlite::ConnectOptions options() { return {path().string(), side_, &world_.world(), &idle_, true}; }
    // Another one after each restore: connections of an earlier one see a file that is no more.
    int generation() const { return generation_; }

    void back_up(int number);
    bool has_backup(int number) const { return backups_.contains(number); }
    void restore(int number);
    // Back to the first file, as it is now; backups are gone.
    void forget_restores();

  private:
    std::filesystem::path path() const;
    std::filesystem::path backup(int number) const;

    Side side_;
    std::filesystem::path folder_;
    VirtualWorld& world_;
    sqlite::IdleConnections idle_;
    int generation_ = 0, newest_ = 0;
    std::set<int> backups_;
};

}  // namespace tideway::simulate
