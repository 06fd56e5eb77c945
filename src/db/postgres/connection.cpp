#include "db/postgres/connection.hpp"

#include <algorithm>
#include <utility>

#include "db/postgres/impl.hpp"

namespace tideway::pg {
namespace {

constexpr std::string_view begin_name = "BEGIN";
constexpr Millis commit_limit{60'000};    // where the connection has no deadline of its own
constexpr Millis rollback_limit{10'000};  // a server rolls back in no time; beyond this it does not answer

// For COMMIT: its outcome is worth more than an early stop, so nothing may cancel it. Whatever the hook wants
// to throw, it throws again at the next wait.
class SilentHook : public WaitHook {
  public:
    explicit SilentHook(WaitHook* inner) : inner_(inner) {}
    void tick() override try {
        if (inner_) inner_->tick();
    } catch (...) {
    }

  private:
    WaitHook* inner_;
};

DbError commit_unknown(DbError::Fields fields) {
    fields.message = "the connection broke after COMMIT was sent: " + fields.message;
    return {Code::commit_unknown, std::move(fields), "run again: the next run finds out from the receipts"};
}

// A server answers COMMIT of a failed transaction with ROLLBACK, and calls that a success.
DbError rolled_back_instead(Side side) {
    DbError::Fields fields;
    fields.sqlstate = "25P02";
    fields.message = "the transaction had already failed and was rolled back";
    fields.statement = "COMMIT";
    fields.side = side;
    return {Code::statement_failed, std::move(fields)};
}

}  // namespace

DbError Connection::Impl::outcome_of_commit(const DbError& error) const {
    return read_only ? error : commit_unknown(error.fields());
}

void Connection::Impl::require_idle(std::string_view statement) const {
    if (line.lost()) throw lost_error(side, statement, "the connection is already lost");
    ensure(line.transaction() != PQTRANS_ACTIVE, "a connection runs one statement at a time");
}

void Connection::Impl::send(const Statement& statement, std::span<const Cell> parameters) {
    const auto values = parameter_values(parameters, side, statement.name);
    const int sent = parameters.empty() ? PQsendQuery(line.raw(), statement.text.c_str())
                                        : PQsendQueryParams(line.raw(), statement.text.c_str(),
                                                            static_cast<int>(values.size()), nullptr,
                                                            values.data(), nullptr, nullptr, 0);
    if (sent != 0) return;
    // libpq refuses for a broken line, and for more parameters than the protocol can count.
    ensure(line.lost(), "a statement can be sent");
    throw lost_error(side, statement.name, "the connection broke before the statement was sent");
}

Flight Connection::Impl::take_off() {
    opening = leaving = false;
    return Flight(line, side, std::exchange(posted, {}));
}

void Connection::Impl::fly(Patience& patience) {
    Flight flight = take_off();
    flight.send();
    flight.land(patience);
}

Result Connection::Impl::collect(std::string_view statement, Patience& patience) {
    ResultPtr last, failed;
    while (ResultPtr result = line.next(patience)) {
        switch (PQresultStatus(result.get())) {
            case PGRES_EMPTY_QUERY:
            case PGRES_COMMAND_OK:
            case PGRES_TUPLES_OK:
                last = std::move(result);
                break;
            case PGRES_BAD_RESPONSE:
            case PGRES_FATAL_ERROR:
                if (!failed) failed = std::move(result);
                break;
            case PGRES_NONFATAL_ERROR:
                break;
            case PGRES_COPY_IN:
            case PGRES_COPY_OUT:
            case PGRES_COPY_BOTH:
                throw Misfit(unasked_copy);
            case PGRES_SINGLE_TUPLE:
            case PGRES_PIPELINE_SYNC:
            case PGRES_PIPELINE_ABORTED:
                throw Misfit(unasked_mode);
        }
    }
    if (failed) throw error_of(failed.get(), side, statement, line.lost());
    if (!last) throw lost_error(side, statement, "the connection broke before the server's answer");
    return {last.release(), side, std::string(statement)};
}

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

int Connection::server_version() const { return lost() ? 0 : PQserverVersion(impl_->line.raw()); }
std::string Connection::server_encoding() const {
    const char* encoding = lost() ? nullptr : PQparameterStatus(impl_->line.raw(), "server_encoding");
    return encoding ? encoding : "UTF8";
}
Side Connection::side() const { return impl_->side; }
std::string Connection::describe() const { return impl_->description; }
int Connection::announced_pid() const { return PQbackendPID(impl_->line.raw()); }
bool Connection::lost() const { return impl_->line.lost(); }
bool Connection::in_transaction() const {
    if (impl_->opening) return true;
    if (impl_->leaving) return false;
    const auto status = impl_->line.transaction();
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

const Result& Answer::get() const {
    ensure(answer_->has_value(), "an answer is read after its statement was sent");
    return **answer_;
}

bool Answer::there() const { return answer_->has_value(); }

// Several statements without parameters cannot travel in a pipeline.
Result Connection::query(const Statement& statement, std::span<const Cell> parameters) {
    return impl_->exchange(statement.name, [&](Patience& patience) {
        const bool pipelined = std::any_of(impl_->posted.begin(), impl_->posted.end(),
                                           [](const Request& each) { return !each.plain(); });
        if (pipelined && parameters.empty()) impl_->fly(patience);
        if (!impl_->posted.empty()) {
            const Answer answer = post(statement, {parameters.begin(), parameters.end()});
            impl_->fly(patience);
            return answer.get();
        }
        impl_->send(statement, parameters);
        return impl_->collect(statement.name, patience);
    });
}

Answer Connection::post(const Statement& statement, std::vector<Cell> parameters) {
    auto answer = std::make_shared<std::optional<Result>>();
    impl_->posted.push_back({std::string(statement.name), {statement.text}, std::move(parameters), answer});
    return Answer(std::move(answer));
}

void Connection::flush() {
    if (impl_->posted.empty()) return;
    const std::string name = impl_->posted.back().name;
    impl_->exchange(name, [&](Patience& patience) { impl_->fly(patience); });
}

void Connection::begin(std::vector<std::string> statements, bool read_only) {
    impl_->posted.push_back({std::string(begin_name), std::move(statements)});
    impl_->opening = true;
    impl_->read_only = read_only;
}

void Connection::commit() {
    impl_->require_idle("COMMIT");
    ensure(in_transaction(), "COMMIT ends an open transaction");
    if (impl_->opening && impl_->posted.back().name == begin_name) return rollback();  // nothing was asked
    SilentHook silent(impl_->hook);
    // Behind statements that may wait for locks the whole can be stopped: whether it was committed is then as open as after a
    // kill, and found out by whoever comes next.
    WaitHook* const hook = impl_->posted.empty() ? &silent : impl_->hook;
    const Millis limit = impl_->statement_deadline.count() > 0 ? impl_->statement_deadline : commit_limit;
    Patience patience(hook, limit);
    try {
        const Answer end = post({"COMMIT", "COMMIT"});
        impl_->fly(patience);
        if (end.get().command() == "ROLLBACK") throw rolled_back_instead(impl_->side);
    } catch (const DeadlinePassed&) {
        impl_->line.abandon();
        throw impl_->outcome_of_commit(deadline_error(impl_->side, "COMMIT", limit, true));
    } catch (const Misfit& misfit) {
        impl_->line.abandon();
        throw impl_->outcome_of_commit(strange_answer(impl_->side, "COMMIT", misfit.what()));
    } catch (const DbError& error) {
        if (error.connection_is_lost() || error.sqlstate() == "40003") throw impl_->outcome_of_commit(error);
        throw;
    }
}

void Connection::leave() {
    impl_->require_idle("ROLLBACK");
    ensure(in_transaction(), "ROLLBACK ends an open transaction");
    if (impl_->opening) return rollback();  // nothing was asked
    post({"ROLLBACK", "ROLLBACK"});
    impl_->leaving = true;
}

void Connection::rollback() noexcept {
    Line& line = impl_->line;
    impl_->posted.clear();
    impl_->opening = impl_->leaving = false;
    line.settle();
    if (line.lost() || line.transaction() == PQTRANS_IDLE) return;
    try {
        Patience patience(nullptr, rollback_limit);
        impl_->send({"ROLLBACK", "ROLLBACK"});
        impl_->collect("ROLLBACK", patience);
    } catch (...) {
        line.abandon();
    }
}

}  // namespace tideway::pg
