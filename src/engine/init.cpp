#include "engine/init.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "engine/engine.hpp"

namespace tideway {
namespace init {
namespace {

// The catalogues of both sides, each relation read once.
class Catalogues {
  public:
    Catalogues(Store& desktop, Store& cloud) : desktop_(desktop), cloud_(cloud) {}
    Store& store(Side side) { return side == Side::desktop ? desktop_ : cloud_; }
    const Relation& relation(Side side, const sql::TableName& name) {
        auto known = known_.find({side, name});
        if (known == known_.end()) {
            Relation gone;  // dropped since the tables were listed
            gone.name = name;
            known = known_.emplace(std::pair(side, name), store(side).relation(name).value_or(gone)).first;
        }
        return known->second;
    }

  private:
    Store& desktop_;
    Store& cloud_;
    std::map<std::pair<Side, sql::TableName>, Relation> known_;
};

std::string section(const char* side, const std::string& url) {
    return fmt::format(
        "\n[{0}]\nurl = {1}\n# password_command = \"pass show tideway/{0}\"  # or password_file, PGPASSWORD, "
        ".pgpass\n",
        side, toml_string(url_for_file(url)));
}

constexpr const char* head =
    R"(# Proposed by tideway init. A line with "DECIDE:" needs the eye of somebody who knows the tables; what stands
# below it is taken unless that is changed. No catalogue tells which tables another program empties and fills
# again: those need refill = true.
# Then: tideway -c FILE doctor   what could go wrong, and the SQL that mends it
#       tideway -c FILE plan     what the first sync would do; writes nothing
pair = "main"
)";

constexpr const char* defaults = R"(
[sync]
capture = "auto"       # how changed rows are found; auto chooses for each table and side
conflict = "latest"    # the newer row wins, the other one is kept
deletes = "propagate"  # a row deleted on one side is deleted on the other; "hold" waits for a person

[guard]
max_deletes = "2%"     # more in one table stops the run until somebody confirms
max_updates = "30%"
)";

// What is to be decided once for all tables.
std::string common_decisions(const std::vector<Proposal>& proposals) {
    std::string text;
    for (const Proposal& proposal : proposals)
        if (const auto& zone = proposal.setting.timestamps.desktop_zone) {
            text += decide(fmt::format(
                        "desktop_zone below is the desktop server's own zone, {}: keep it, or name "
                        "the zone in which the office software writes its time stamps",
                        *zone)) +
                    "\n";
            break;
        }
    for (const Proposal& proposal : proposals)
        if (proposal.setting.origin) {
            text += decide(
                        "in the origin columns D means made at the office and M on a phone; ownership = "
                        "\"strict\" leaves rows made on phones to the phones, \"shared\" is for tables that "
                        "people edit on both sides") +
                    "\n";
            break;
        }
    return text.empty() ? "" : "\n" + text;
}

std::string lonely_tables(const char* side, const std::vector<sql::TableName>& names,
                          const std::set<sql::TableName>& matched) {
    std::set<std::string> schemas;
    for (const sql::TableName& name : matched) schemas.insert(name.schema);
    std::vector<std::string> lonely;
    for (const sql::TableName& name : names)
        if (!matched.contains(name) && (schemas.empty() || schemas.contains(name.schema)))
            lonely.push_back(name.display());
    if (lonely.empty()) return {};
    return comment(fmt::format("Only {}: {}", side, fmt::join(lonely, ", "))) + "\n";
}

Proposal propose_or_explain(Catalogues& catalogues, const TableMatch& match, const std::string& zone,
                            const Rows& rows) try {
    return propose_table(match, catalogues.relation(Side::desktop, match.desktop),
                         catalogues.relation(Side::cloud, match.cloud), zone, rows);
} catch (const Error& error) {
    if (error.code() != Code::statement_failed && error.code() != Code::no_rights) throw;
    Proposal proposal;
    proposal.setting.desktop = match.desktop.display();
    proposal.setting.cloud = match.cloud.display();
    proposal.obstacles.push_back(error.what());
    return proposal;
}

Rows questions(Catalogues& catalogues) {
    return {[&](Side side, const LinkedTable& table) {
                return catalogues.store(side).snapshot({&table})->count(table);
            },
            [&](Side side, const LinkedTable& table) {
                return catalogues.store(side).snapshot({&table})->duplicate_keys(table, 3);
            },
            [&](Side side, const sql::TableName& table, const std::vector<std::string>& columns) {
                return catalogues.store(side).spread(table, columns);
            },
            [&](Side side, const sql::TableName& table) {
                return catalogues.store(side).distinct_estimates(table);
            }};
}

std::string tables_text(const std::vector<Proposal>& proposals) {
    std::string ready, waiting;
    for (const Proposal& proposal : proposals)
        (proposal.obstacles.empty() ? ready : waiting) += "\n" + table_text(proposal);
    if (ready.empty()) ready = "\n# No table can be synchronised yet; the reasons follow.\n";
    return ready + waiting;
}

}  // namespace
}  // namespace init

std::string propose_config(Store& desktop, Store& cloud, const std::string& desktop_url,
                           const std::string& cloud_url) {
    using namespace init;
    Catalogues catalogues(desktop, cloud);
    const std::vector<sql::TableName> here = desktop.tables(), there = cloud.tables();
    const auto matches = settle(possible_matches(here, there), [&](const TableMatch& match) {
        return likeness(catalogues.relation(Side::desktop, match.desktop),
                        catalogues.relation(Side::cloud, match.cloud));
    });
    const Rows rows = questions(catalogues);
    const std::string zone = desktop.server().time_zone;
    std::vector<Proposal> proposals;
    std::vector<const Relation*> desktop_tables;
    std::set<sql::TableName> matched_here, matched_there;
    for (const TableMatch& match : matches) {
        proposals.push_back(propose_or_explain(catalogues, match, zone, rows));
        desktop_tables.push_back(&catalogues.relation(Side::desktop, match.desktop));
        matched_here.insert(match.desktop);
        matched_there.insert(match.cloud);
    }
    for (std::size_t i = 0; i < matches.size(); ++i)
        if (proposals[i].obstacles.empty())
            offer_lookups(proposals[i], *desktop_tables[i],
                          catalogues.relation(Side::cloud, matches[i].cloud), desktop_tables, rows);
    const std::string lonely = lonely_tables("at the desktop", here, matched_here) +
                               lonely_tables("in the cloud", there, matched_there);
    return head + section("desktop", desktop_url) + section("cloud", cloud_url) + defaults +
           common_decisions(proposals) + tables_text(proposals) + (lonely.empty() ? "" : "\n" + lonely);
}

}  // namespace tideway
