// What users wrote, version by version, and whether every version is accounted for at the end: current on
// both sides, an ancestor of such a one, kept as a conflict, or of a key that is listed as waiting.
#pragma once
#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "support/db.hpp"

namespace tideway::test {

enum class At { desktop, cloud };
inline At across(At side) { return side == At::desktop ? At::cloud : At::desktop; }
inline std::string word(At side) { return side == At::desktop ? "desktop" : "cloud"; }
inline constexpr At both_sides[] = {At::desktop, At::cloud};

// Customers have ids below 100, their jobs below 1000, the tasks of those all others: an id names its table.
inline std::string table_of(int id) { return id < 100 ? "customer" : id < 1000 ? "job" : "task"; }
inline constexpr const char* tables_parents_first[] = {"customer", "job", "task"};

inline const std::string office_schema = R"(
create table customer (id int primary key, body text not null, source text, created_at timestamptz, updated_at timestamptz);
create table job (id int primary key, customer_id int not null references customer, body text not null, source text,
    created_at timestamptz, updated_at timestamptz);
create table task (id int primary key, job_id int not null references job, body text not null, source text,
    created_at timestamptz, updated_at timestamptz);
)";

inline const std::string office_tables = [] {
    std::string toml = "[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n";
    for (const char* table : tables_parents_first)
        toml += fmt::format(
            "[[table]]\nname = '{}'\norigin = {{ column = 'source', desktop = 'D', cloud = 'M' }}\n"
            "timestamps = {{ updated = 'updated_at', created = 'created_at' }}\n",
            table);
    return toml;
}();

// Where things stand: read by its own queries from both databases.
struct Evidence {
    std::map<int, std::string> rows[2];          // id -> body
    std::set<std::pair<int, std::string>> kept;  // what conflict records hold
    std::set<int> deletes_kept;                  // keys whose delete lost, and is recorded
    std::set<int> waiting;                       // listed as held, parked, pending or for a person
};

inline std::size_t index(At side) { return side == At::desktop ? 0 : 1; }

inline std::map<int, std::string> bodies(Db& db) {
    std::map<int, std::string> found;
    for (const char* table : tables_parents_first)
        for (const auto& row : db.query(fmt::format("select id, body from {}", table)))
            found[std::stoi(*row[0])] = *row[1];
    return found;
}

inline Evidence read_evidence(Db& desktop, Db& cloud) {
    Evidence evidence;
    for (const At side : both_sides) {
        Db& db = side == At::desktop ? desktop : cloud;
        evidence.rows[index(side)] = bodies(db);
        for (const auto& row :
             db.query("select key[1], desktop_row->>'body', cloud_row->>'body' from tideway.conflict"))
            for (const Cell& body : {row[1], row[2]}) {
                if (body)
                    evidence.kept.emplace(std::stoi(*row[0]), *body);
                else
                    evidence.deletes_kept.insert(std::stoi(*row[0]));
            }
    }
    for (const auto& row : desktop.query("select key[1] from tideway.waiting"))
        evidence.waiting.insert(std::stoi(*row[0]));
    return evidence;
}

class Ledger {
  public:
    // From now on users see what `db` holds.
    void observe(At side, Db& db) {
        for (auto& [id, current] : current_[index(side)]) current.clear();
        for (const auto& [id, body] : bodies(db)) current_[index(side)][id] = body;
    }

    // One version each. The row is marked as its creator's side marks it; `at` is the hour of a day in 2020.
    void insert(At side, int id, int parent, int at = 1) { insert(side, id, parent, at, fresh(side, id)); }
    void insert(At side, int id, int parent, int at, const std::string& body) {
        const char* parent_column = id < 100 ? "" : id < 1000 ? ", customer_id" : ", job_id";
        add_sql(
            side,
            "insert into {} (id, body, source, created_at, updated_at{}) values ({}, '{}', '{}', {}, {}{})",
            table_of(id), parent_column, id, body, side == At::desktop ? "D" : "M", hour(1), hour(at),
            id < 100 ? "" : fmt::format(", {}", parent));
        written(side, id, body);
    }
    void update(At side, int id, int at) { update(side, id, at, fresh(side, id)); }
    void update(At side, int id, int at, const std::string& body) {
        add_sql(side, "update {} set body = '{}', updated_at = {} where id = {}", table_of(id), body,
                hour(at), id);
        written(side, id, body);
    }
    void remove(At side, int id) {
        add_sql(side, "delete from {} where id = {}", table_of(id), id);
        written(side, id, fmt::format("(delete {} of {})", ++count_, id));
    }

    // Carries out what was collected for `side`, as one transaction of one user.
    void carry_out(At side, Db& db) {
        db.exec(sql_[index(side)]);
        sql_[index(side)].clear();
    }

    // Right after a restore: what is nowhere now was lost by the restore itself.
    void forgive_what_is_lost(const Evidence& evidence) {
        for (const Version* version : missing(known_of(evidence, true)))
            lost_.emplace(version->id, version->text);
    }

    // `older` was replaced by users, step by step, and became `newer`.
    bool is_older(int id, const std::string& older, const std::string& newer) const {
        if (older == newer) return false;
        return descends_to_known(id, older, {{id, newer}});
    }

    // A line for each version that is nowhere, and for each key that is unequal without being listed.
    std::vector<std::string> unaccounted(const Evidence& evidence) const {
        std::vector<std::string> complaints;
        for (const auto& [id, parents] : parents_) {
            const auto d = current_of(evidence, At::desktop, id), c = current_of(evidence, At::cloud, id);
            if (d != c && !evidence.waiting.contains(id))
                complaints.push_back(fmt::format("{} differs and does not wait: desktop {}, cloud {}", id,
                                                 d.value_or("-"), c.value_or("-")));
        }
        for (const Version* version : missing(known_of(evidence, false)))
            complaints.push_back(fmt::format("{} of {}, written at the {}, is gone", version->text,
                                             version->id, word(version->side)));
        return complaints;
    }

  private:
    using Known = std::set<std::pair<int, std::string>>;  // id, version
    struct Version {
        At side;
        int id;
        std::string text;
    };

    static std::string hour(int at) {
        return fmt::format("'2020-01-01 00:00Z'::timestamptz + interval '{} hour'", at);
    }
    std::string fresh(At side, int id) {
        return fmt::format("{} {} by {}, write {}", table_of(id), id, word(side), ++count_);
    }

    template <typename... Args>
    void add_sql(At side, fmt::format_string<Args...> text, Args&&... args) {
        sql_[index(side)] += fmt::format(text, std::forward<Args>(args)...) + ";\n";
    }

    void written(At side, int id, const std::string& text) {
        std::string& current = current_[index(side)][id];
        parents_[id].emplace(text, current);
        current = text;
        versions_.push_back({side, id, text});
    }

    static std::optional<std::string> current_of(const Evidence& evidence, At side, int id) {
        const auto& rows = evidence.rows[index(side)];
        const auto found = rows.find(id);
        return found == rows.end() ? std::nullopt : std::optional(found->second);
    }

    // Versions that are to be seen somewhere. A delete is seen where a key is absent on both sides, or on one
    // side and waits; `any_absence`: on one side.
    Known known_of(const Evidence& evidence, bool any_absence) const {
        Known known = evidence.kept;
        for (const auto& [id, parents] : parents_) {
            const auto d = current_of(evidence, At::desktop, id), c = current_of(evidence, At::cloud, id);
            for (const auto& row : {d, c})
                if (row) known.emplace(id, *row);
            const bool may_differ = any_absence || evidence.waiting.contains(id);
            if (((!d || !c) && may_differ) || (!d && !c) || evidence.deletes_kept.contains(id))
                add_deletes(id, known);
        }
        return known;
    }

    std::vector<const Version*> missing(const Known& known) const {
        std::vector<const Version*> found;
        for (const Version& version : versions_)
            if (!lost_.contains({version.id, version.text}) &&
                !descends_to_known(version.id, version.text, known))
                found.push_back(&version);
        return found;
    }

    void add_deletes(int id, Known& known) const {
        for (const auto& [text, parent] : parents_.at(id))
            if (text.starts_with("(delete ")) known.insert({id, text});
    }

    // Known itself, or replaced by a user with something that is.
    bool descends_to_known(int id, const std::string& text, const Known& known) const {
        if (known.contains({id, text})) return true;
        for (const auto& [child, parent] : parents_.at(id))
            if (parent == text && child != text && descends_to_known(id, child, known)) return true;
        return false;
    }

    std::map<int, std::multimap<std::string, std::string>> parents_;  // id -> version -> what it replaced
    std::vector<Version> versions_;
    std::map<int, std::string> current_[2];
    Known lost_;
    std::string sql_[2];
    int count_ = 0;
};

}  // namespace tideway::test
