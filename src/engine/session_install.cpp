// What a pair and its tables have of their own on both sides: created, completed, or found to be there.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/app_views.hpp"
#include "engine/at_once.hpp"
#include "engine/session.hpp"

namespace tideway {

void Session::install_views() {
    for (const AppView& view : configured_views(config)) {
        const ViewFacts facts = cloud->look_at_view(view);
        if (const auto problem = obstacle(view, facts, cloud_server))
            throw Error(problem->code, fmt::format("{} {}", problem->where, problem->text), problem->remedy);
        if (facts.state == ViewFacts::State::absent) cloud->create_view(view);
    }
}

// The cloud first: a desktop that knows a pair which the cloud does not know would look like a swapped cloud.
void Session::install_state() {
    if (installed() && !outdated()) return install_views();
    progress.phase("installing");
    PairIdentity identity = cloud_identity     ? *cloud_identity
                            : desktop_identity ? *desktop_identity
                                               : fresh_identity(Side::cloud);
    for (const Side side : {Side::cloud, Side::desktop}) {
        identity.side = side;
        identity.system_id = side == Side::cloud ? cloud_server.system_id : desktop_server.system_id;
        store(side).install(config.pair, identity);
        // Another run may have been first: its name and seeds are the pair's, on both sides.
        if (side == Side::cloud) identity = cloud->identity(config.pair).value();
        failpoint(side == Side::cloud ? "install.cloud" : "install.desktop");
    }
    desktop_identity = desktop->identity(config.pair);
    cloud_identity = cloud->identity(config.pair);
    compare_identities();
    install_views();
}

std::vector<std::pair<Side, TableUnderSync*>> Session::incomplete_tables() {
    std::vector<std::pair<Side, TableUnderSync*>> incomplete;
    for (const Side side : {Side::cloud, Side::desktop}) {
        const std::vector<TableUse>& known = known_[side];
        for (TableUnderSync* table : active()) {
            const std::string keys = identity_text(table->link, side);
            const bool intact = std::any_of(known.begin(), known.end(), [&](const TableUse& use) {
                const bool remembers = side == Side::cloud || use.remembers == table->link.policy.merges();
                return use.id == table->link.id && use.intact && remembers && use.capture == table->link.capture(side) &&
                       use.key_columns == keys && use.key_types == key_types_text(table->link, side) &&
                       use.cloud == table->link.cloud && use.definition == definition(table->link);
            });
            if (!intact) incomplete.emplace_back(side, table);
        }
    }
    return incomplete;
}

std::vector<TableUnderSync*> Session::wrongly_guarded_tables() {
    if (cloud_server.embedded) return {};  // see wants_row_guard()
    const std::vector<TableUse>& known = known_[Side::cloud];
    std::vector<TableUnderSync*> wrong;
    for (TableUnderSync* table : active()) {
        const auto use = std::find_if(known.begin(), known.end(),
                                      [&](const TableUse& each) { return each.id == table->link.id; });
        if ((use != known.end() && use->row_guard) != table->link.row_guard) wrong.push_back(table);
    }
    return wrong;
}

bool Session::tables_intact() { return incomplete_tables().empty() && wrongly_guarded_tables().empty(); }

namespace {

// Names of the desktop's columns in a definition, a line each: "desktop:type=cloud:type".
std::set<std::string> columns_of(const std::string& text) {
    std::set<std::string> names;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        names.insert(text.substr(begin, text.find(':', begin) - begin));
        begin = end + 1;
    }
    return names;
}

}  // namespace

void Session::note_lost_columns(const std::string& earlier, const TableUnderSync& table) {
    const std::set<std::string> now = columns_of(definition(table.link));
    for (const std::string& column : columns_of(earlier))
        if (!now.contains(column) && !table.setting->skip.contains(column))
            lost_columns.push_back(
                fmt::format("{}: column {} has no counterpart any more and is not synchronised from now on; "
                            "rename = {{ {} = "
                            "\"...\" }} maps it to another name",
                            table.link.desktop.display(), column, column));
}

// Marks go first: one that outlived its changelog would hide what happened in between.
void Session::install_tables() {
    for (const Side side : {Side::desktop, Side::cloud}) known_[side] = store(side).known_tables();
    for (const TableUse& use : known_[Side::desktop])
        for (const TableUnderSync* table : active())
            if (use.id == table->link.id) note_lost_columns(use.definition, *table);
    const auto incomplete = incomplete_tables();
    for (const auto& [side, table] : incomplete) archive().forget_marks(table->link.id);
    const auto install = [&](Side where) {
        for (const auto& [side, table] : incomplete) {
            if (side != where) continue;
            store(side).install_table(table->link);
            failpoint("install.table");
        }
        return where;
    };
    at_once(!embedded(), [&] { return install(Side::desktop); }, [&] { return install(Side::cloud); });
    for (const TableUnderSync* table : wrongly_guarded_tables()) cloud->guard_rows(table->link);
}

}  // namespace tideway
