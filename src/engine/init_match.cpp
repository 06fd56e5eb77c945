#include <algorithm>
#include <cctype>
#include <set>

#include "engine/init.hpp"

namespace tideway::init {
namespace {

// Shorter names are contained in too many others.
constexpr std::size_t telling_length = 4;

std::string plain(const std::string& name) {
    std::string out;
    for (const char c : name)
        if (c != '_') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

bool names_alike(const sql::TableName& desktop, const sql::TableName& cloud) {
    const std::string d = plain(desktop.table), c = plain(cloud.table);
    if (d == c) return true;
    const std::string& shorter = d.size() < c.size() ? d : c;
    const std::string& longer = d.size() < c.size() ? c : d;
    return shorter.size() >= telling_length && longer.find(shorter) != std::string::npos;
}

bool contains(const std::vector<sql::TableName>& names, const sql::TableName& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::vector<TableMatch> possible_matches(const std::vector<sql::TableName>& desktop,
                                         const std::vector<sql::TableName>& cloud) {
    std::vector<TableMatch> matches;
    for (const sql::TableName& name : desktop)
        if (contains(cloud, name)) matches.push_back({name, name, false});
    for (const sql::TableName& d : desktop)
        for (const sql::TableName& c : cloud)
            if (!contains(cloud, d) && !contains(desktop, c) && names_alike(d, c))
                matches.push_back({d, c, true});
    return matches;
}

std::vector<TableMatch> settle(std::vector<TableMatch> possible,
                               const std::function<double(const TableMatch&)>& likeness_of) {
    std::vector<TableMatch> settled;
    std::vector<std::pair<double, TableMatch>> guesses;
    for (TableMatch& match : possible) {
        if (!match.guessed)
            settled.push_back(std::move(match));
        else if (const double alike = likeness_of(match); alike > 0.5)
            guesses.emplace_back(alike, std::move(match));
    }
    std::stable_sort(guesses.begin(), guesses.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::set<sql::TableName> desktop_taken, cloud_taken;
    for (auto& [alike, match] : guesses) {
        if (desktop_taken.contains(match.desktop) || cloud_taken.contains(match.cloud)) continue;
        desktop_taken.insert(match.desktop);
        cloud_taken.insert(match.cloud);
        settled.push_back(std::move(match));
    }
    return settled;
}

std::map<std::string, std::string> match_columns(const Relation& desktop, const Relation& cloud) {
    std::map<std::string, std::string> matched;
    for (const RelationColumn& d : desktop.columns)
        if (cloud.column(d.name)) matched[d.name] = d.name;
    for (const RelationColumn& d : desktop.columns)
        for (const RelationColumn& c : cloud.columns)
            if (!matched.contains(d.name) && !desktop.column(c.name) && plain(d.name) == plain(c.name) &&
                canon_of(d, c) && std::none_of(matched.begin(), matched.end(), [&](const auto& pair) {
                    return pair.second == c.name;
                }))
                matched[d.name] = c.name;
    return matched;
}

double likeness(const Relation& desktop, const Relation& cloud) {
    const std::size_t larger = std::max(desktop.columns.size(), cloud.columns.size());
    return larger == 0
               ? 0
               : static_cast<double>(match_columns(desktop, cloud).size()) / static_cast<double>(larger);
}

}  // namespace tideway::init
