// The watch over a side kept in PostgreSQL: notifications of the changelog's triggers where the connection brings
// them, and beside them a cheap question that tells whether anything was written at all.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "db/postgres/connection.hpp"
#include "store/watch.hpp"

namespace tideway::pg {

class PgWatch : public Watch {
  public:
    // The hook must outlive the watch.
    PgWatch(const ConnectOptions& options, std::string pair, WaitHook& hook);
    bool wait(Millis limit) override;
    bool listens() const override { return direct_ && !channel_.empty(); }
    Place hold_place(const std::string& holder) override;
    void leave_place(const std::string& holder) noexcept override;

  private:
    using Time = std::chrono::steady_clock::time_point;
    bool learn();  // false: the pair's state is not there yet
    void listen();
    bool rang(Millis limit);
    bool anything_written();
    Millis interval() const;

    std::string pair_;
    Connection connection_;
    bool direct_ = false;          // no pooler is between: LISTEN lasts
    std::string channel_;          // empty: the pair's number is not known yet
    std::string logs_are_filled_;  // SQL: whether a changelog holds anything; empty: there are none
    bool unlogged_tables_ = false;  // xmin finds their changes: any write may be one
    std::string seen_;             // the transactions of the whole server when it was last asked
    Time learned_ = {}, asked_ = {}, written_ = {};
};

}  // namespace tideway::pg
