// The line to one server: libpq without blocking, under a deadline and a hook. Private to this folder.
#pragma once
#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "base/world.hpp"

namespace tideway::pg {

struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

struct FinishConnection {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
using ConnectionPtr = std::unique_ptr<PGconn, FinishConnection>;

// Thrown by Patience; whoever knows the statement's name turns it into an error.
struct DeadlinePassed {};

// How long to wait for the server, and who is told meanwhile.
class Patience {
  public:
    Patience(WaitHook* hook, Millis limit);  // hook may be null; limit 0 = for ever

    // Waits until the socket is ready for one of `events` (poll(2)) and returns what poll said. Ticks the
    // hook at the first wait, then at least every 250 ms, and at once after a signal; lets pass what the hook
    // throws; throws DeadlinePassed.
    int wait(int socket, short events);
    // The server has moved: the deadline counts from now on, and the hook is ticked if it is due.
    void progress();
    void tick();

  private:
    using Time = std::chrono::steady_clock::time_point;
    int poll_timeout() const;

    WaitHook* hook_;
    Millis limit_;
    Time deadline_;
    Time next_tick_;
};

class Line {
  public:
    explicit Line(ConnectionPtr connection) : connection_(std::move(connection)) {}
    PGconn* raw() const { return connection_.get(); }
    bool lost() const { return !connection_ || PQstatus(raw()) == CONNECTION_BAD; }
    PGTransactionStatusType transaction() const {
        return lost() ? PQTRANS_UNKNOWN : PQtransactionStatus(raw());
    }

    // What comes from now on is counted anew: one answer is at most 1 GiB long, what is longer is a Misfit. libpq keeps an
    // answer whole, and PostgreSQL itself makes no value longer than that.
    void expect_answer() { taken_ = 0; }
    // Until everything that libpq holds is sent. Failures show in the next result.
    void flush(Patience& patience);
    // The next result of the statement; null when there is no more.
    ResultPtr next(Patience& patience);
    // The next row of a COPY TO STDOUT, valid until the next call; nothing at its end and after a failure,
    // which then shows in the next result.
    std::optional<std::string_view> copy_row(Patience& patience);
    // Data of a COPY FROM STDIN. Failures show in the next result.
    void put_copy(std::string_view data, Patience& patience);

    // Ends whatever is under way: cancels it on the server and reads all results. Afterwards the line is
    // idle, or lost where the server did not answer in time.
    void settle() noexcept;
    // Closes the line without asking the server anything.
    void abandon() noexcept { connection_.reset(); }

  private:
    struct FreeMemory {
        void operator()(char* memory) const { PQfreemem(memory); }
    };
    void drain(Patience& patience);
    // PQconsumeInput. False: the line is lost.
    bool take_in();

    ConnectionPtr connection_;
    std::int64_t taken_ = 0;
    std::unique_ptr<char, FreeMemory> row_;
};

}  // namespace tideway::pg
