#include "engine/session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/app_views.hpp"
#include "engine/at_once.hpp"

namespace tideway {

void Pulse::tick() {
    if (world_.stop.requested() && !finishing_)
        throw Error(Code::interrupted, "stopped on request",
                    "nothing is half-done; run the same command again to continue");
    if (busy_.test_and_set()) return;
    const std::int64_t now = world_.clock.monotonic_micros();
    if (last_micros_ == 0) last_micros_ = now;
    if (every_five_seconds && now - last_micros_ >= 5'000'000) {
        last_micros_ = now;
        every_five_seconds();
    }
    busy_.clear();
}

void Pulse::finish_in_peace() {
    finishing_ = true;
    every_five_seconds = nullptr;
}

Session::Session(const Config& c, Connector& connector, World& w, Progress& p, Sides sides)
    : config(c), world(w), progress(p), pulse(w), sides_(sides) {
    progress.phase("connecting");
    desktop = connector.open(Side::desktop, pulse);
    cloud = connector.open(Side::cloud, pulse);
    measure_clocks();
    desktop_identity = desktop->identity(config.pair);
    cloud_identity = cloud->identity(config.pair);
    compare_identities();
}

// The offset is known as well as the slower of the two answers was quick.
void Session::measure_clocks() {
    const std::int64_t t0 = world.clock.monotonic_micros();
    desktop_server = desktop->server();
    const std::int64_t t1 = world.clock.monotonic_micros();
    cloud_server = cloud->server();
    const std::int64_t t2 = world.clock.monotonic_micros();
    clocks.offset = (cloud_server.now - (t1 + t2) / 2) - (desktop_server.now - (t0 + t1) / 2);
    clocks.uncertainty = (t2 - t0) / 2;
    clocks.desktop_now = desktop_server.now;
    clocks.cloud_now = cloud_server.now;
}

namespace {

[[noreturn]] void wrong(const std::string& what, const std::string& hint) {
    throw Error(Code::wrong_database, what, hint);
}

constexpr const char* same_hint =
    "check the two urls; if a database was moved, dumped and loaded, or copied on purpose, run tideway "
    "uninstall on both sides and sync again: "
    "equal rows are then linked again and nothing is deleted";

}  // namespace

void Session::compare_identities() {
    if (desktop_server.system_id == cloud_server.system_id &&
        desktop_server.database == cloud_server.database)
        wrong(fmt::format("both urls lead to the same database ({})", desktop->describe()),
              "correct one of the urls in the configuration");
    for (const auto& [identity, server, side] :
         {std::tuple(&desktop_identity, &desktop_server, Side::desktop),
          std::tuple(&cloud_identity, &cloud_server, Side::cloud)}) {
        if (!*identity) continue;
        if ((*identity)->side != side)
            wrong(fmt::format("the {} url leads to the {} database of pair \"{}\": the two urls are swapped",
                              name(side), name(other(side)), config.pair),
                  "swap the two urls");
        if ((*identity)->system_id != server->system_id && sides_ == Sides::real)
            wrong(fmt::format("the {} database is a copy: its state was written on another server or in "
                              "another database",
                              name(side)),
                  same_hint);
        if ((*identity)->version > state_version)
            throw Error(Code::state_version,
                        fmt::format("the state on the {} side was written by a newer version", name(side)),
                        "install that version");
    }
    if (desktop_identity && cloud_identity && desktop_identity->uuid != cloud_identity->uuid)
        wrong(fmt::format("the two databases belong to different pairs named \"{}\"", config.pair),
              same_hint);
    if (desktop_identity && !cloud_identity && desktop->archive()->peer_sequence() > 0)
        wrong(fmt::format("the desktop was synchronised with a cloud database, and {} is not that one",
                          cloud->describe()),
              same_hint);
    if (cloud_identity && !desktop_identity && cloud->lease().sequence > 0) look_at_the_desktop_again();
}

// Another first run may have made the state of both sides since the desktop was looked at.
void Session::look_at_the_desktop_again() {
    desktop_identity = desktop->identity(config.pair);
    if (!desktop_identity)
        wrong(fmt::format("the cloud belongs to another desktop database, not to {}", desktop->describe()),
              same_hint);
    compare_identities();
}

bool Session::outdated() const {
    return (desktop_identity && desktop_identity->version < state_version) ||
           (cloud_identity && cloud_identity->version < state_version);
}

void Session::link_tables(OlderState older) {
    if (outdated() && older == OlderState::refuse)
        throw Error(Code::state_version, "tideway's own tables were made by an earlier version",
                    "run tideway sync once: it completes them and loses nothing");
    progress.phase("reading catalogues");
    std::vector<sql::TableName> at_desktop, at_cloud;
    for (const TableSetting& setting : config.tables) {
        at_desktop.push_back(sql::TableName::parse(setting.desktop));
        at_cloud.push_back(sql::TableName::parse(setting.cloud));
    }
    const auto [desktop_relations, cloud_relations] = at_once(
        !embedded(), [&] { return desktop->relations(at_desktop); }, [&] { return cloud->relations(at_cloud); });
    for (std::size_t i = 0; i < config.tables.size(); ++i) {
        const TableSetting& setting = config.tables[i];
        TableUnderSync table;
        table.setting = &setting;
        table.desktop = desktop_relations[i];
        table.cloud = cloud_relations[i];
        LinkResult result = link(setting, table.desktop, table.cloud);
        table.link = std::move(result.table);
        table.problems = std::move(result.problems);
        table.remarks = std::move(result.remarks);
        tables.push_back(std::move(table));
    }
    order_tables();
    std::vector<TableToRefer> to_refer;
    for (TableUnderSync& table : tables)
        to_refer.push_back({table.setting, table.desktop ? &*table.desktop : nullptr,
                            table.cloud ? &*table.cloud : nullptr, &table.link, &table.problems});
    link_references(to_refer);
    if (embedded()) refuse_on_files();
    if (cloud_server.embedded && !configured_views(config).empty())
        throw Error(Code::not_in_this_version,
                    "views for the app are not offered where the cloud is an SQLite file",
                    "remove status_view and conflicts_view from [cloud]");
    number_tables();
}

// What only servers offer.
void Session::refuse_on_files() {
    for (TableUnderSync& table : tables) {
        const TableSetting& setting = *table.setting;
        const auto refuse = [&](const char* what, const char* instead) {
            table.problems.push_back(
                {Code::not_in_this_version, fmt::format("desktop.{}", table.link.desktop.display()),
                 fmt::format("{} is not offered where a side is an SQLite file", what), instead});
        };
        if (config.journal.backup_table)
            refuse("guard.backup = \"table\"", "leave it out: the journal keeps the same rows");
        if (setting.local_id)
            refuse("local_id", "let both sides use one number, or leave the column out with skip");
        if (setting.policy.merges()) refuse("conflict = \"merge\"", "use latest, desktop, cloud or manual");
        if (setting.soft) refuse("deletes = \"soft:...\"", "use propagate, hold or ignore");
        if (setting.policy.collision == Collision::remap) refuse("collision = \"remap\"", "use protect");
        for (const auto& [column, each] : setting.columns)
            if (each.orphans == Orphans::null) refuse("orphans = \"null\"", "use park");
    }
}

void Session::order_tables() {
    static const Relation nothing;
    std::vector<Ordered> given;
    for (const TableUnderSync& table : tables)
        given.push_back({table.desktop ? &*table.desktop : &nothing, table.cloud ? &*table.cloud : &nothing,
                         declared_parents(*table.setting)});
    const std::vector<std::size_t> order = parents_first(given);
    std::vector<TableUnderSync> ordered;
    for (const std::size_t index : order) ordered.push_back(std::move(tables[index]));
    tables = std::move(ordered);
}

// Numbers and captures that the state already knows stay as they are.
void Session::number_tables() {
    if (desktop_identity) known_[Side::desktop] = desktop->known_tables();
    if (cloud_identity) known_[Side::cloud] = cloud->known_tables();
    const std::vector<TableUse>&desktop_known = known_[Side::desktop], &cloud_known = known_[Side::cloud];
    int next = 1;
    for (const TableUse& use : desktop_known) next = std::max(next, use.id + 1);
    for (const TableUse& use : cloud_known) next = std::max(next, use.id + 1);
    const auto find = [](const std::vector<TableUse>& known, const LinkedTable& link) -> const TableUse* {
        for (const TableUse& use : known)
            if (use.desktop == link.desktop) return &use;  // its counterpart may be another one now
        return nullptr;
    };
    for (TableUnderSync& table : tables) {
        const TableUse* d = find(desktop_known, table.link);
        const TableUse* c = find(cloud_known, table.link);
        table.link.id = d ? d->id : c ? c->id : next++;
        if (!table.desktop || !table.cloud) continue;
        table.link.capture_desktop =
            resolve_capture(table.setting->capture_desktop, table.link, Side::desktop, *table.desktop,
                            d ? std::optional(d->capture) : std::nullopt);
        table.link.capture_cloud =
            resolve_capture(table.setting->capture_cloud, table.link, Side::cloud, *table.cloud,
                            c ? std::optional(c->capture) : std::nullopt);
        table.link.row_guard = wants_row_guard(table);
        for (const Side side : {Side::desktop, Side::cloud}) {
            const auto& stamp = side == Side::desktop ? table.link.stamp_desktop : table.link.stamp_cloud;
            const Relation& relation = side == Side::desktop ? *table.desktop : *table.cloud;
            if (table.link.capture(side) == Capture::timestamp && !stamp)
                table.problems.push_back(
                    {Code::config_value, fmt::format("{}.{}", name(side), relation.name.display()),
                     "capture = \"timestamp\" needs a column that is set on every change",
                     "add timestamps = { updated = \"...\" }"});
            if (table.link.capture(side) == Capture::xmin && !relation.offers_xmin)
                table.problems.push_back(
                    {Code::config_value, fmt::format("{}.{}", name(side), relation.name.display()),
                     "capture = \"xmin\" is a means of PostgreSQL; SQLite has none like it",
                     "capture = \"auto\", which logs changes by triggers"});
            if (table.link.capture(side) == Capture::changelog && !relation.may_trigger)
                table.problems.push_back(
                    {Code::no_rights, fmt::format("{}.{}", name(side), relation.name.display()),
                     "capture = \"changelog\" needs the right to create triggers",
                     fmt::format("GRANT TRIGGER ON {} TO <the role of the {} url>; or capture = \"xmin\"",
                                 relation.name.quoted(), name(side))});
        }
    }
}

// Only where the table accepts triggers of ours anyway: capture = "xmin" promises that nothing is added to
// it.
bool Session::wants_row_guard(const TableUnderSync& table) const {
    return table.setting->guard.triggers && table.link.policy.ownership == Ownership::strict &&
           table.link.origin && table.link.origin->cloud_column &&
           table.link.capture_cloud == Capture::changelog && table.cloud->may_trigger &&
           !cloud_server.embedded;
}

void Session::require_usable_tables() const {
    std::string text;
    const Problem* first = nullptr;
    int count = 0;
    for (const TableUnderSync& table : tables)
        for (const Problem& problem : table.problems) {
            if (!first) first = &problem;
            if (++count <= 10)
                text += fmt::format("{}{} {}", text.empty() ? "" : "\n  ", problem.where, problem.text);
        }
    if (!first) return;
    if (count > 10) text += fmt::format("\n  and {} more (tideway doctor lists all)", count - 10);
    throw Error(first->code, text, first->remedy);
}

void Session::select(const std::vector<std::string>& names) {
    if (names.empty()) return;
    for (TableUnderSync& table : tables) table.selected = false;
    for (const std::string& wanted : names) {
        bool found = false;
        for (TableUnderSync& table : tables)
            if (table.link.desktop.display() == wanted || table.link.cloud.display() == wanted)
                found = table.selected = true;
        if (!found)
            throw Error(Code::table_missing, fmt::format("table {} is not in the configuration", wanted),
                        fmt::format("add a [[table]] for it to {}", config.path));
    }
}

std::vector<TableUnderSync*> Session::active() {
    std::vector<TableUnderSync*> result;
    for (TableUnderSync& table : tables)
        if (table.selected && table.not_synced.empty() && table.problems.empty()) result.push_back(&table);
    return result;
}

PairIdentity Session::fresh_identity(Side side) const {
    PairIdentity identity;
    identity.uuid = random_uuid(world.random);
    identity.seeds = {static_cast<std::int64_t>(world.random.next()),
                      static_cast<std::int64_t>(world.random.next())};
    identity.side = side;
    return identity;
}

std::string Session::table_name(int id) const {
    for (const TableUnderSync& table : tables)
        if (table.link.id == id) return table.link.desktop.display();
    return fmt::format("table {}", id);
}

}  // namespace tideway
