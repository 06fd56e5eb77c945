// Kept plans in the desktop's file.
#pragma once
#include "store/sqlite/sqlite_store.hpp"

namespace tideway::sqlite {

class SqliteKeptPlans : public KeptPlans {
  public:
    explicit SqliteKeptPlans(SqliteStore& store) : store_(store) {}
    bool has_plan(const std::string& hash) override;
    std::vector<KeptKey> plan_keys(const std::string& hash, int table_id) override;
    void keep_keys(const std::string& hash, const std::vector<KeptKey>& keys) override;
    void keep_plan(const std::string& hash, const std::string& run) override;
    void forget_plan(const std::string& hash) override;
    void forget_plans_older_than(int days) override;

  private:
    void remove(const std::string& which, const Value& value);
    SqliteStore& store_;
};

}  // namespace tideway::sqlite
