// Histories written by hand, for tests of the judge.
#pragma once
#include <fmt/format.h>

#include <algorithm>

#include "checker/history.hpp"

namespace tideway::checker {

// Tables: `job` (shared), `task` (of a job), `card` (strict, marked D or M), `remark` (rows repeat). A row is
// its key, its version, its mark, and the time when its version was written.
class HandHistory {
  public:
    HandHistory() {
        TableRules job;
        job.table = "job";
        job.key = {"id"};
        job.content = {"id", "vid", "note"};
        job.stamp = "at";
        TableRules task = job, card = job, remark = job;
        task.table = "task";
        task.references = {{"note", "job", "id"}};
        card.table = "card";
        card.strict = true;
        card.origin = "source";
        remark.table = "remark";
        remark.repeats = true;
        history.tables = {job, task, card, remark};
    }

    // One row is written or, without a version, taken away. Each call is a transaction of its own, but within
    // together().
    HandHistory& user(Side side, const std::string& table, const std::string& key,
                      const std::string& version) {
        return write(side, false, table, key, version);
    }
    HandHistory& sync(Side side, const std::string& table, const std::string& key,
                      const std::string& version) {
        return write(side, true, table, key, version);
    }
    // A user gives a row another key.
    HandHistory& move(Side side, const std::string& table, const std::string& from, const std::string& to,
                      const std::string& version) {
        auto& all = rows(side, table);
        const auto found =
            std::find_if(all.begin(), all.end(), [&](const Row& each) { return each.at("id") == from; });
        const Row old = *found;
        *found = row(to, version);
        return log(side, false, table, old, *found);
    }
    // Copies of rows that repeat: one more, one less.
    HandHistory& add_copy(Side side, bool by_sync, const std::string& key, const std::string& version) {
        rows(side, "remark").push_back(row(key, version));
        return log(side, by_sync, "remark", {}, rows(side, "remark").back());
    }
    HandHistory& take_copy(Side side, bool by_sync, const std::string& key, const std::string& version) {
        auto& all = rows(side, "remark");
        const auto found = std::find_if(all.begin(), all.end(), [&](const Row& each) {
            return each.at("id") == key && each.at("vid") == version;
        });
        const Row old = *found;
        all.erase(found);
        return log(side, by_sync, "remark", old, {});
    }
    // The number of the last write.
    long long last() const { return count_; }
    // A side goes back to what it was after that write.
    HandHistory& restore(Side side, long long to) {
        history.restores.push_back({side, ++count_, to, to * 1'000'000, count_ * 1'000'000});
        auto& tables = history.rows[index(side)];
        tables.clear();
        for (const Write& write : history.writes) {
            if (write.side != side || !history.holds(write)) continue;
            auto& all = tables[write.table];
            if (write.before) std::erase(all, *write.before);
            if (write.after) all.push_back(*write.after);
        }
        return *this;
    }
    template <typename Work>
    HandHistory& together(const Work& work) {
        ++transaction_;
        grouped_ = true;
        work();
        grouped_ = false;
        return *this;
    }

    // Recorded by the last transaction. Without a version: deleted.
    HandHistory& conflict(Side side, const std::string& table, const std::string& key,
                          const std::string& desktop, const std::string& cloud, const std::string& winner) {
        history.conflicts.push_back({side,
                                     transaction_,
                                     table,
                                     {key},
                                     "update_update",
                                     "latest",
                                     winner,
                                     image(key, desktop),
                                     image(key, cloud)});
        return *this;
    }
    HandHistory& waits(const std::string& table, const std::string& key,
                       const std::string& reason = "edited on both sides") {
        history.waiting.push_back({table, {key}, "held", "R8", reason});
        return *this;
    }
    HandHistory& told(Outcome outcome, Side side, std::vector<std::string> versions) {
        history.users.push_back(
            {static_cast<int>(history.users.size()) + 1, side, outcome, std::move(versions)});
        return *this;
    }

    // What a version's row says elsewhere than in its key and version.
    void note_of(const std::string& version, const std::string& note) { notes_[version] = note; }

    History history;

  private:
    HandHistory& write(Side side, bool by_sync, const std::string& table, const std::string& key,
                       const std::string& version) {
        auto& all = rows(side, table);
        const auto found =
            std::find_if(all.begin(), all.end(), [&](const Row& each) { return each.at("id") == key; });
        const Image before = found == all.end() ? Image() : Image(*found);
        if (before) all.erase(found);
        Image after = image(key, version);
        if (after && before) (*after)["source"] = before->at("source");
        if (after && !before)
            (*after)["source"] =
                creators_.try_emplace({table, key}, side == Side::desktop ? "D" : "M").first->second;
        if (after) all.push_back(*after);
        return log(side, by_sync, table, before, after);
    }
    HandHistory& log(Side side, bool by_sync, const std::string& table, const Image& before,
                     const Image& after) {
        if (!grouped_) ++transaction_;
        const long long seq = ++count_;
        history.writes.push_back({side, seq, transaction_, seq * 1'000'000, by_sync, table, before, after});
        if (by_sync && before)
            history.journal.push_back({side, transaction_, table, after ? "U" : "D", before});
        return *this;
    }
    Row row(const std::string& key, const std::string& version) {
        Row made{
            {"id", key}, {"vid", version}, {"source", "D"}, {"note", std::nullopt}, {"at", std::nullopt}};
        if (notes_.contains(version)) made["note"] = notes_[version];
        const auto stamp = fmt::format("1970-01-01T00:00:{:02}+00:00", count_ + 1);
        made["at"] = stamps_.try_emplace(version, stamp).first->second;
        return made;
    }
    Image image(const std::string& key, const std::string& version) {
        return version.empty() ? Image() : Image(row(key, version));
    }
    std::vector<Row>& rows(Side side, const std::string& table) { return history.rows[index(side)][table]; }

    std::map<std::string, std::string> notes_, stamps_;
    std::map<std::pair<std::string, std::string>, std::string> creators_;
    long long count_ = 0, transaction_ = 0;
    bool grouped_ = false;
};

}  // namespace tideway::checker
