// What a service keeps of a side from one run to the next.
#pragma once
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "db/postgres/connection_shelf.hpp"
#include "model/catalog.hpp"

namespace tideway::pg {

// The catalogue of the tables of one pair, as it was read with the sign that a later look at it compares. Safe to use from
// several threads.
class KeptCatalog {
  public:
    using Relations = std::vector<std::optional<Relation>>;
    struct Reading {
        std::vector<sql::TableName> names;
        std::string sign;
        Relations relations;  // in the order of names
        std::chrono::steady_clock::time_point at = {};
    };
    // Of these names and read a short time ago; nothing otherwise. What the sign does not tell is as old as that at most.
    std::optional<Reading> of(const std::vector<sql::TableName>& names);
    void keep(Reading reading);
    void clear();

  private:
    std::mutex guard_;
    std::optional<Reading> kept_;
};

// Of one side of one pair.
struct KeptBetweenRuns {
    ConnectionShelf connections;
    KeptCatalog catalog;
    std::atomic<bool> spare_connections = false;  // a table is filled on one connection

    void clear();
};

}  // namespace tideway::pg
