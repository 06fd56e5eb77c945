// Views in the cloud that the app may read, where the configuration asks for them.
#include "engine/app_views.hpp"

#include <fmt/format.h>

namespace tideway {

std::vector<AppView> configured_views(const Config& config) {
    std::vector<AppView> views;
    if (config.status_view) views.push_back({ViewKind::status, sql::TableName::parse(*config.status_view)});
    if (config.conflicts_view)
        views.push_back({ViewKind::conflicts, sql::TableName::parse(*config.conflicts_view)});
    return views;
}

std::optional<Problem> obstacle(const AppView& view, const ViewFacts& facts, const ServerFacts& cloud) {
    const std::string where = "cloud." + view.name.display();
    if (facts.state == ViewFacts::State::foreign)
        return Problem{Code::view_name_taken, where,
                       "is not a view that tideway has made, and is left as it is",
                       "choose another name for the view in [cloud]"};
    if (facts.state == ViewFacts::State::absent && !facts.may_create)
        return Problem{
            Code::no_rights, where, "cannot be made: the role lacks a right, or there is no such schema",
            fmt::format("GRANT USAGE, CREATE ON SCHEMA {} TO {};", sql::Identifier(view.name.schema).quoted(),
                        sql::Identifier(cloud.user).quoted())};
    return std::nullopt;
}

}  // namespace tideway
