// The users of both sides: carry out their transactions, and remember what they saw of them.
#pragma once
#include <array>
#include <optional>

#include "simulate/recorder.hpp"
#include "simulate/script.hpp"

namespace tideway::simulate {

class Users {
  public:
    Users(VirtualTime& time, Recorder& recorder, SideFile& desktop, SideFile& cloud)
        : time_(time), recorder_(recorder), files_{&desktop, &cloud} {}

    void act(const UserWork& work);
    // Transactions whose time is over end.
    void end_what_is_due() { end(false); }
    void end_all() { end(true); }
    // The side was restored: whoever was connected is so no more.
    void disconnect(Side side);
    int transactions() const { return transactions_; }

  private:
    struct Open {
        UserWork work;
        std::int64_t until = 0;
        std::vector<std::string> written;  // versions that the statements returned
    };
    struct Session {
        std::optional<sqlite::Connection> connection;
        std::optional<Open> open;
    };
    Session& session(Side side) { return sessions_[side == Side::desktop ? 0 : 1]; }
    std::vector<std::string> carry_out(sqlite::Connection& connection, const UserWork& work);
    std::string with_times(std::string statement, Side side);
    void end(bool all);
    void finish(Session& session, Open done);
    void remember(const UserWork& work, checker::Outcome outcome, const std::vector<std::string>& versions);

    VirtualTime& time_;
    Recorder& recorder_;
    std::array<SideFile*, 2> files_;
    std::array<Session, 2> sessions_;
    int transactions_ = 0;
};

}  // namespace tideway::simulate
