// Users who write to both sides at random, and remember what became of it.
#pragma once
#include <array>
#include <memory>

#include "fault/random_statements.hpp"
#include "support/db.hpp"

namespace tideway::test {

class RandomUsers {
  public:
    // `urls` of the two sides, which need no proxy.
    RandomUsers(Dice& dice, std::array<std::string, 2> urls)
        : dice_(dice), statements_(dice), urls_(std::move(urls)) {}

    // One transaction of a user on one of the sides.
    void act() { act(dice_.one_in(2) ? checker::Side::desktop : checker::Side::cloud); }
    // An edit where many edits meet.
    void edit_a_busy_row(checker::Side side) {
        Work work = statements_.begin(side);
        statements_.add_busy_update(work);
        finish(sessions_[checker::index(work.side)], std::move(work), true);
    }
    void look_elsewhere() { statements_.look_elsewhere(); }
    void act(checker::Side side) {
        if (dice_.one_in(12)) return same_edit_on_both_sides();
        if (dice_.one_in(40)) return maintain(side);
        Work work = statements_.begin(side);
        for (int statements = 1 + (dice_.one_in(3) ? dice_.below(3) : 0); statements > 0; --statements)
            statements_.add(work);
        if (dice_.one_in(8)) add_undone(work);
        finish(sessions_[checker::index(side)], std::move(work), !dice_.one_in(12));
    }

    // A transaction that stays open, with its locks, until let_go(); sometimes a prepared one, which outlives
    // its session and its server.
    void hold_open() {
        if (holder_) return;
        const checker::Side side = dice_.one_in(2) ? checker::Side::desktop : checker::Side::cloud;
        held_ = statements_.begin(side);
        for (int i = 0; i < 2; ++i) statements_.add(held_);
        try {
            holder_ = std::make_unique<Db>(urls_[checker::index(side)]);
            written_ = run(*holder_, held_, "");
            prepared_ = dice_.one_in(3);
            if (prepared_) holder_->exec("prepare transaction 'held'");
        } catch (const DbError&) {
            holder_.reset();
            prepared_ = false;
            log(held_, checker::Outcome::failed, held_.planned);
        }
    }
    // That transaction wants another row as well, perhaps one that somebody else holds who waits for it.
    void reach_further() {
        if (!holder_ || reaching_ || prepared_) return;
        Work further = statements_.begin(held_.side);
        statements_.add_update(further);
        held_.planned.push_back(further.planned[0]);
        try {
            holder_->send(further.statements[0]);
            reaching_ = true;
        } catch (const DbError&) {
            // The server has restarted meanwhile; let_go() will notice.
        }
    }
    void let_go() {
        if (!holder_) return;
        if (reaching_ && !has_reached()) {
            log(held_, checker::Outcome::failed, held_.planned);
            holder_.reset();
            return;
        }
        const bool commits = !dice_.one_in(4);
        if (prepared_)
            end_prepared(commits);
        else
            end(*holder_, held_, written_, commits);
        holder_.reset();
    }

    const std::vector<checker::UserTransaction>& log() const { return log_; }
    // Before the databases are dropped.
    void forget_sessions() {
        if (prepared_) end_prepared(false);
        for (auto& session : sessions_) session.reset();
    }

  private:
    void end_prepared(bool commits) {
        prepared_ = false;
        Db(urls_[checker::index(held_.side)])
            .exec(commits ? "commit prepared 'held'" : "rollback prepared 'held'");
        log(held_, commits ? checker::Outcome::committed : checker::Outcome::failed, written_);
    }
    void maintain(checker::Side side) {
        try {
            Db administrator(urls_[checker::index(side)]);
            administrator.exec("set lock_timeout = '300ms'");
            administrator.exec(statements_.maintenance());
        } catch (const DbError&) {
            // Somebody holds the table.
        }
    }

    // What it waited for is done; otherwise its transaction has failed.
    bool has_reached() {
        reaching_ = false;
        try {
            for (const auto& row : holder_->wait()) written_.push_back(*row[0]);
            return true;
        } catch (const DbError&) {
            return false;
        }
    }

    using Versions = std::vector<std::string>;

    void add_undone(Work& work) {
        Work undone = statements_.begin(work.side);
        statements_.add_update(undone);
        work.statements.push_back("savepoint undone");
        work.statements.push_back(undone.statements[0]);
        work.statements.push_back("rollback to savepoint undone");
        log(undone, checker::Outcome::failed, undone.planned);
    }

    // As a person does who enters the same correction twice.
    void same_edit_on_both_sides() {
        const std::string table = dice_.any_of<std::string>({"client", "setting"});
        const std::string where = table == "client" ? fmt::format("id = {}", 1 + dice_.below(14))
                                                    : "name = " + statements_.odd_text(1 + dice_.below(14));
        const std::string version = fmt::format("same{}", ++same_edits_), time = statements_.stamp();
        for (const checker::Side side : checker::sides) {
            Work work = statements_.begin(side);
            work.planned.push_back(version);
            work.statements.push_back(fmt::format(
                "update {} set vid = '{}', note = 'the same', updated_at = {} where {} returning vid", table,
                version, time, where));
            finish(sessions_[checker::index(side)], std::move(work), true);
        }
    }

    // The versions that the statements returned.
    Versions run(Db& db, const Work& work, const std::string& settings) {
        db.exec("begin; set local lock_timeout = '300ms'; " + settings);
        Versions written;
        bool undone = false;
        for (const std::string& statement : work.statements) {
            const Rows rows = db.query(statement);
            if (statement == "savepoint undone") undone = true;
            if (statement.starts_with("rollback to")) undone = false;
            if (!undone && statement.find("returning vid") != std::string::npos)
                for (const auto& row : rows) written.push_back(*row[0]);
        }
        return written;
    }

    void finish(std::unique_ptr<Db>& session, Work work, bool commits) {
        Versions written;
        try {
            if (!session || !session->connected())
                session = std::make_unique<Db>(urls_[checker::index(work.side)]);
            written = run(*session, work, "");
        } catch (const DbError&) {
            log(work, checker::Outcome::failed, work.planned);
            if (session && session->connected()) session->exec("rollback");
            return;
        }
        end(*session, work, written, commits);
    }

    void end(Db& db, const Work& work, const Versions& written, bool commits) {
        try {
            db.exec(commits ? "commit" : "rollback");
            log(work, commits ? checker::Outcome::committed : checker::Outcome::failed, written);
        } catch (const DbError& error) {
            log(work,
                error.sqlstate.empty() && commits ? checker::Outcome::unknown : checker::Outcome::failed,
                written);
        }
    }
    void log(const Work& work, checker::Outcome outcome, const Versions& versions) {
        log_.push_back({work.number, work.side, outcome, versions});
    }

    Dice& dice_;
    RandomStatements statements_;
    std::array<std::string, 2> urls_;
    std::array<std::unique_ptr<Db>, 2> sessions_;
    std::unique_ptr<Db> holder_;
    bool reaching_ = false;  // a statement of it is under way
    bool prepared_ = false;
    Work held_;
    Versions written_;
    std::vector<checker::UserTransaction> log_;
    int same_edits_ = 0;
};

}  // namespace tideway::test
