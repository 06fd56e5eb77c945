// A pair on servers of its own whose sides go back to backups.
#pragma once
#include "fault/prepared.hpp"
#include "support/temp_dir.hpp"

namespace tideway::test {

// A pair on servers of its own, with backups of either.
class Restorable {
  public:
    explicit Restorable(const std::string& capture) {
        office.create();
        if (capture != "auto") office.configure("[sync]\ncapture = '" + capture + "'");
        observe();
    }

    void backup(At side, const std::string& name = "backup") {
        office.server(side).stop();
        office.server(side).copy_data_dir_to(copy_of(side, name));
        office.server(side).start();
    }
    // The moment counts: a run may be under way, and loses nothing by it. What was committed is in the copy.
    void backup_while_running(At side) {
        open(side).exec("checkpoint");
        office.server(side).copy_running_data_dir_to(copy_of(side, "backup"));
    }
    void restore(At side, const std::string& name = "backup") {
        office.server(side).stop(StopMode::immediate);
        office.server(side).restore_from(copy_of(side, name));
        office.server(side).start();
        Db desktop = open(At::desktop), cloud = open(At::cloud);
        users.forgive_what_is_lost(read_evidence(desktop, cloud));
    }

    Db open(At side) const { return office.open(side); }
    std::map<int, std::string> rows(At side) const {
        Db db = open(side);
        return bodies(db);
    }
    // What users see from now on.
    void observe() {
        for (const At side : both_sides) {
            Db db = open(side);
            users.observe(side, db);
        }
    }
    template <typename Work>
    void work(const Work& edits) {
        observe();
        edits(users);
        for (const At side : both_sides) {
            Db db = open(side);
            users.carry_out(side, db);
        }
    }
    TidewayResult sync(const Environment& env = {}) { return office.sync(env); }

    // Everything is accounted for, and a further run has nothing to do.
    void expect_settled(int exit_code) {
        Db desktop = open(At::desktop), cloud = open(At::cloud);
        expect_accounted(users, desktop, cloud);
        expect_quiet(office, desktop, cloud, exit_code);
    }
    // No row of `side` went back to one of its ancestors.
    void expect_no_regression(At side, const std::map<int, std::string>& before) {
        const auto after = rows(side);
        for (const auto& [id, body] : before) {
            const auto now = after.find(id);
            if (now == after.end()) continue;
            EXPECT_FALSE(users.is_older(id, now->second, body))
                << "at the " << word(side) << ", " << body << " went back to " << now->second;
        }
    }

    PgServer desktop_server{{.version = desktop_version()}}, cloud_server;
    Office office{desktop_server, cloud_server, "restore"};
    Ledger users;

  private:
    std::filesystem::path copy_of(At side, const std::string& name) const {
        return backups_ / (word(side) + "_" + name);
    }
    TempDir backups_{"/tmp", true};
};

inline bool told_rolled_back(const TidewayResult& result, At side) {
    return result.json.is_object() && result.json.value(word(side) + "_rolled_back", false);
}

inline bool waits(Db& desktop, int id) {
    return desktop.number(fmt::format("select count(*) from tideway.waiting where key[1] = '{}'", id)) == 1;
}

}  // namespace tideway::test
