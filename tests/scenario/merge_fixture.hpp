// A pair whose table `job` is merged by columns.
#pragma once
#include "scenario/hazard_pair.hpp"

namespace tideway::test {

inline const std::string kMergeJob =
    "create table job (id int primary key, title text, place text, status text, hours numeric(10,2), note text, "
    "updated_at timestamptz default now())";

inline std::string merge_toml(const std::string& conflict = "merge", const std::string& more = {}) {
    return fmt::format(
        "[[table]]\nname = 'job'\nconflict = '{}'\ntimestamps = {{ updated = 'updated_at' }}\n{}"
        "[[table.column]]\nname = 'status'\npolicy = 'advance:Open>On Hold>Done'\n"
        "[[table.column]]\nname = 'hours'\npolicy = 'sum'\n"
        "[[table.column]]\nname = 'note'\npolicy = 'append'\n",
        conflict, more);
}

inline const std::string kMerged = "select id, title, place, status, hours, note, updated_at from job order by id";
inline const std::string kValues = "select title, place, status, hours, note from job order by id";

class MergePair : public HazardPair {
  public:
    explicit MergePair(const std::string& name, const std::string& tables = merge_toml(), int rows = 1,
                       const std::string& schema = kMergeJob)
        : HazardPair(name, {.tables = tables, .schema = schema}) {
        add(1, rows);
        EXPECT_SYNC(sync(), 0);
    }
    // Jobs made at the office an hour ago.
    void add(int first, int last) const {
        open(At::desktop)
            .exec(fmt::format("insert into job select i, 'title', 'place', 'Open', 10, 'note', now() - interval '1 "
                              "hour' from generate_series({}, {}) i",
                              first, last));
    }
    void edit(At side, const std::string& assignments, int id = 1) const {
        open(side).exec(fmt::format("update job set {}, updated_at = clock_timestamp() where id = {}", assignments, id));
    }
    std::string values(At side, int id) const {
        return dump(on(side), fmt::format("select title, place, status, hours, note from job where id = {}", id));
    }
};

inline nlohmann::json job_of(const TidewayResult& result) {
    return result.json.is_object() && result.json.contains("tables") ? result.json["tables"][0] : nlohmann::json();
}

}  // namespace tideway::test
