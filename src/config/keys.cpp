#include "config/keys.hpp"

#include <algorithm>

namespace tideway::config {

const std::vector<KnownKey>& known_keys() {
    static const std::vector<KnownKey> keys = {
        {"", "pair"},
        {"desktop", "url"},
        {"desktop", "password_file"},
        {"desktop", "password_command"},
        {"cloud", "url"},
        {"cloud", "password_file"},
        {"cloud", "password_command"},
        {"cloud", "status_view"},
        {"cloud", "conflicts_view"},
        {"rehearsal", "desktop"},
        {"rehearsal", "cloud"},
        {"sync", "capture"},
        {"sync", "conflict"},
        {"sync", "ownership"},
        {"sync", "deletes"},
        {"sync", "collision"},
        {"guard", "max_deletes"},
        {"guard", "max_updates"},
        {"guard", "max_shrinkage"},
        {"guard", "stop_emptied"},
        {"guard", "stop_replaced"},
        {"guard", "max_clock_difference"},
        {"guard", "triggers"},
        {"guard", "restored"},
        {"guard", "backup"},
        {"journal", "keep"},
        {"journal", "max_size"},
        {"table", "name"},
        {"table", "desktop"},
        {"table", "cloud"},
        {"table", "key"},
        {"table", "identity"},
        {"table", "capture"},
        {"table", "conflict"},
        {"table", "ownership"},
        {"table", "deletes"},
        {"table", "collision"},
        {"table", "local_id"},
        {"table", "rename"},
        {"table", "skip"},
        {"table", "constant"},
        {"table", "lookup"},
        {"table", "where"},
        {"table", "refill"},
        {"table", "side_effects"},
        {"table.guard", "max_deletes"},
        {"table.guard", "max_updates"},
        {"table.guard", "max_shrinkage"},
        {"table.guard", "stop_emptied"},
        {"table.guard", "stop_replaced"},
        {"table.guard", "max_clock_difference"},
        {"table.guard", "triggers"},
        {"table.origin", "column"},
        {"table.origin", "desktop"},
        {"table.origin", "cloud"},
        {"table.timestamps", "updated"},
        {"table.timestamps", "created"},
        {"table.timestamps", "desktop_zone"},
        {"table.column", "name"},
        {"table.column", "policy"},
        {"table.column", "lossy"},
        {"table.column", "date"},
        {"table.column", "refers_to"},
        {"table.column", "orphans"},
        {"serve", "listen"},
        {"serve", "token_file"},
        {"serve", "hosts"},
        {"serve", "public"},
        {"serve", "push"},
        {"serve", "max_connections"},
        {"serve", "memory"},
        {"serve.job", "every"},
        {"serve.job", "cron"},
        {"serve.job", "time_zone"},
        {"serve.job", "run"},
        {"serve.job", "mode"},
        {"serve.job", "direction"},
        {"serve.job", "tables"},
        {"alert", "command"},
        {"alert", "webhook"},
        {"alert", "heartbeat_url"},
        {"alert", "timeout"},
        {"alert", "repeat"},
        {"alert", "events"},
        {"alert", "memory"},
        {"alert.email", "url"},
        {"alert.email", "password_file"},
        {"alert.email", "password_command"},
        {"alert.email", "from"},
        {"alert.email", "to"},
        {"alert.email", "tls"},
    };
    return keys;
}

std::string section_title(std::string_view section) {
    if (section.empty()) return "the top of the file";
    if (section == "table" || section == "table.column" || section == "serve.job")
        return "[[" + std::string(section) + "]]";
    if (section.starts_with("table.")) return std::string(section.substr(6)) + " = { ... } of [[table]]";
    return "[" + std::string(section) + "]";
}

std::vector<std::string> names_in(std::string_view section) {
    const std::string prefix = section.empty() ? "" : std::string(section) + ".";
    std::vector<std::string> names;
    for (const KnownKey& known : known_keys()) {
        std::string_view name;
        if (known.section == section)
            name = known.key;
        else if (known.section.size() > prefix.size() && known.section.starts_with(prefix))
            name = known.section.substr(prefix.size());
        name = name.substr(0, name.find('.'));
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
            names.emplace_back(name);
    }
    return names;
}

bool is_known(std::string_view section, std::string_view key) {
    const std::vector<std::string> names = names_in(section);
    return std::find(names.begin(), names.end(), key) != names.end();
}

std::vector<std::string> sections_with(std::string_view key) {
    std::vector<std::string_view> sections = {""};
    for (const KnownKey& known : known_keys())
        if (std::find(sections.begin(), sections.end(), known.section) == sections.end())
            sections.push_back(known.section);
    std::vector<std::string> titles;
    for (const std::string_view section : sections)
        if (is_known(section, key)) titles.push_back(section_title(section));
    return titles;
}

}  // namespace tideway::config
