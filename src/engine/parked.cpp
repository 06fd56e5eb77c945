// Rows that the other database refuses for now.
#include "engine/case_list.hpp"
#include "engine/engine.hpp"
#include "engine/session.hpp"

namespace tideway {
namespace {

const std::vector<std::string> kinds_parked{"parked", "emptied"};

std::string in_one_line(std::string names) {
    for (std::size_t at; (at = names.find('\n')) != std::string::npos;) names.replace(at, 1, ", ");
    return names;
}

}  // namespace

ParkedPage Engine::parked(const PageRequest& page) {
    CaseList<ParkedEntry> list(page);
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    if (!session.installed()) return {};
    CaseQuery asked;
    asked.kinds = kinds_parked;
    list.add(
        session.archive().waiting(list.part_of(asked, Side::desktop)), Side::desktop,
        [&](const WaitingEntry& each) {
            return ParkedEntry{
                session.table_name(each.table_id), display(each.key), each.sqlstate, each.reason, each.detail,
                in_one_line(each.constraint),      each.first_seen,   each.rule};
        });
    ParkedPage found;
    found.next = list.take(found.entries);
    return found;
}

std::vector<std::string> Engine::tables_with_parked() {
    Session session(config_, connector_, world_, progress_);
    session.link_tables();
    std::vector<std::string> names;
    if (!session.installed()) return names;
    for (const TableUnderSync& table : session.tables) {
        CaseQuery asked;
        asked.tables = {table.link.id};
        asked.kinds = kinds_parked;
        asked.most = 1;
        if (!session.archive().waiting(asked).cases.empty()) names.push_back(table.link.desktop.display());
    }
    return names;
}

}  // namespace tideway
