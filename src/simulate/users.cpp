#include "simulate/users.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <utility>

namespace tideway::simulate {
namespace {

std::string quoted_moment(std::int64_t micros) {
    return fmt::format("'{:%FT%T}.{:06}Z'", fmt::gmtime(static_cast<std::time_t>(micros / 1'000'000)),
                       micros % 1'000'000);
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
    for (std::size_t at; (at = text.find(what)) != std::string::npos;) text.replace(at, what.size(), by);
}

}  // namespace

std::string Users::with_times(std::string statement, Side side) {
    const std::int64_t now = files_[side == Side::desktop ? 0 : 1]->world().now_micros();
    replace_all(statement, "{now}", quoted_moment(now));
    replace_all(statement, "{late}", quoted_moment(now - 3'600'000'000));
    return statement;
}

// A side whose only writer's place is taken refuses everybody else.
void Users::act(const UserWork& work) {
    ++transactions_;
    Session& here = session(work.side);
    if (here.open) return remember(work, checker::Outcome::failed, work.versions);
    if (!here.connection)
        here.connection =
            sqlite::Connection::open(files_[work.side == Side::desktop ? 0 : 1]->options(), nullptr);
    try {
        here.connection->execute("begin", "BEGIN IMMEDIATE");
        Open done{work, time_.now() + 1'000 * work.held_ms, carry_out(*here.connection, work)};
        if (work.held_ms > 0)
            here.open = std::move(done);
        else
            finish(here, std::move(done));
    } catch (const sqlite::SqliteError&) {
        here.connection->rollback();
        remember(work, checker::Outcome::failed, work.versions);
    }
}

std::vector<std::string> Users::carry_out(sqlite::Connection& connection, const UserWork& work) {
    std::vector<std::string> written;
    for (const std::string& each : work.statements)
        for (sqlite::Statement statement(connection, "user", with_times(each, work.side)); statement.step();)
            written.push_back(statement.text(0));
    return written;
}

void Users::finish(Session& here, Open done) {
    if (!done.work.commits) {
        here.connection->rollback();
        return remember(done.work, checker::Outcome::failed, done.work.versions);
    }
    here.connection->execute("commit", "COMMIT");
    recorder_.take_down(done.work.side, false);
    remember(done.work, checker::Outcome::committed, done.written);
}

void Users::remember(const UserWork& work, checker::Outcome outcome,
                     const std::vector<std::string>& versions) {
    recorder_.note_user({work.number, judged(work.side), outcome, versions});
}

void Users::end(bool all) {
    for (Session& each : sessions_)
        if (each.open && (all || each.open->until <= time_.now()))
            finish(each, *std::exchange(each.open, std::nullopt));
}

void Users::disconnect(Side side) {
    Session& here = session(side);
    if (here.open) {
        const UserWork work = std::exchange(here.open, std::nullopt)->work;
        remember(work, checker::Outcome::failed, work.versions);
    }
    here.connection.reset();
}

}  // namespace tideway::simulate
