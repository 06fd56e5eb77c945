// What a guard stopped, kept under its hash until somebody confirms it (DESIGN.md 10.18).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/table.hpp"
#include "store/refused.hpp"

namespace tideway {

struct KeptKey {
    int table_id = 0;
    Key key;
    std::uint64_t print = 0;  // of the decision and both rows
};

// Plans are proposals: they change nothing that is agreed, and old ones go by themselves.
class KeptPlans {
  public:
    virtual ~KeptPlans() = default;
    // A plan whose keys are all there.
    virtual bool has_plan(const std::string& hash) = 0;
    virtual std::vector<KeptKey> plan_keys(const std::string& hash, int table_id) = 0;
    // Any number of times, then keep_plan() once; keys that are there already stay.
    virtual void keep_keys(const std::string& hash, const std::vector<KeptKey>& keys) = 0;
    virtual void keep_plan(const std::string& hash, const std::string& run) = 0;
    virtual void forget_plan(const std::string& hash) = 0;
    virtual void forget_plans_older_than(int days) = 0;
};

}  // namespace tideway
