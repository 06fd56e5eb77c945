// Kept plans in the desktop's PostgreSQL.
#pragma once
#include "store/postgres/pg_store.hpp"

namespace tideway::pg {

class PgKeptPlans : public KeptPlans {
  public:
    explicit PgKeptPlans(PgStore& store) : store_(store) {}
    bool has_plan(const std::string& hash) override;
    std::vector<KeptKey> plan_keys(const std::string& hash, int table_id) override;
    void keep_keys(const std::string& hash, const std::vector<KeptKey>& keys) override;
    void keep_plan(const std::string& hash, const std::string& run) override;
    void forget_plan(const std::string& hash) override;
    void forget_plans_older_than(int days) override;

  private:
    static bool there(Connection& connection);
    void remove(const std::string& which, const Cell& value);
    PgStore& store_;
};

}  // namespace tideway::pg
