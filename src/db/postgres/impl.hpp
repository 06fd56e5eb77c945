// What a Connection holds, and the frame around every exchange with the server. Private to this folder.
#pragma once
#include <string>

#include "db/postgres/connection.hpp"
#include "db/postgres/db_error.hpp"
#include "db/postgres/flight.hpp"
#include "db/postgres/line.hpp"

namespace tideway::pg {

struct Connection::Impl {
    Line line;
    Side side;
    WaitHook* hook;
    Millis statement_deadline;
    std::string description;
    std::vector<Request> posted = {};  // travel with the next statement
    bool opening = false;              // BEGIN is among them
    bool leaving = false;              // the end of the transaction before is among them
    bool read_only = false;            // the transaction that was opened last

    // Throws connection_lost when there is no line, Defect when another statement is under way on it.
    void require_idle(std::string_view statement) const;
    // Hands the statement to libpq. The caller reads the results.
    void send(const Statement& statement, std::span<const Cell> parameters = {});
    // What a COMMIT that broke off says: nothing is in doubt where nothing was written.
    DbError outcome_of_commit(const DbError& error) const;
    // Takes what was posted.
    Flight take_off();
    // Sends what was posted and reads the answers.
    void fly(Patience& patience);
    // Reads results until there are no more; the last one, or the first error as an exception.
    Result collect(std::string_view statement, Patience& patience);
    // Sends a COPY and waits until the server is ready for `expected` (PGRES_COPY_IN or PGRES_COPY_OUT).
    void begin_copy(const Statement& statement, ExecStatusType expected, Patience& patience);

    // talk(patience) speaks with the server. Whatever leaves it as an exception, the line is idle afterwards,
    // or lost; a Misfit gives it up.
    template <class Talk>
    auto exchange(std::string_view statement, Talk talk) {
        require_idle(statement);
        Patience patience(hook, statement_deadline);
        line.expect_answer();
        try {
            return talk(patience);
        } catch (const DeadlinePassed&) {
            line.settle();
            throw deadline_error(side, statement, statement_deadline, line.lost());
        } catch (const Misfit& misfit) {
            line.abandon();
            throw strange_answer(side, statement, misfit.what());
        } catch (...) {
            line.settle();
            throw;
        }
    }
};

}  // namespace tideway::pg
