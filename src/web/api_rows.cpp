#include <algorithm>

#include "web/answers.hpp"
#include "web/ask.hpp"
#include "web/handlers.hpp"
#include "web/row_columns.hpp"

namespace tideway::web {
namespace {

ConflictFilter filter_of(const Request& request) {
    ConflictFilter filter{{}, request.asked("kind"), request.asked("since"), request.asked("open") == "1"};
    for (const auto& [name, value] : request.query)
        if (name == "table") filter.tables.push_back(value);
    return filter;
}

std::vector<std::int64_t> ids_in(const Json& body) {
    const bool whole = body.contains("ids") && body["ids"].is_array() && !body["ids"].empty() &&
                       std::all_of(body["ids"].begin(), body["ids"].end(),
                                   [](const Json& each) { return each.is_number_integer(); });
    if (!whole) throw Error(Code::request_unfit, "ids is no list of numbers");
    return body["ids"].get<std::vector<std::int64_t>>();
}

Response resolve_with_row(const Call& call, std::int64_t id, const Json& row) {
    const std::string text = row.dump();
    const Resolution done = ask(call, [&](Engine& engine) { return engine.resolve_with_row(id, text); });
    return json_answer(resolutions_json({done}, "row"));
}

Response page_answer(Json list, const std::string& next) {
    list["next"] = next.empty() ? Json(nullptr) : Json(next);
    return json_answer(list);
}

// A row is handed over as it was written: parsed, its numbers might be rounded.
bool has_inexact_numbers(const Json& value) {
    return value.is_number_float() ||
           (value.is_structured() && std::any_of(value.begin(), value.end(), has_inexact_numbers));
}

}  // namespace

Response list_conflicts(const Call& call) {
    const ConflictFilter filter = filter_of(call.request);
    const PageRequest wanted = page_in(call.request);
    const ConflictPage page = ask(call, [&](Engine& engine) { return engine.conflicts(filter, wanted); });
    return page_answer(conflicts_json(page.entries), page.next);
}

Response show_conflict(const Call& call) {
    const std::int64_t id = whole_number(call.names[1], "the conflict's number");
    const ConflictEntry entry = ask(call, [&](Engine& engine) { return engine.conflict(id); });
    Json json = conflict_json(entry);
    json["columns"] = columns_json(entry.desktop_row, entry.cloud_row);
    return json_answer({{"version", 1}, {"conflict", json}});
}

Response resolve_conflicts(const Call& call) {
    const Json body = body_of(call.request, {"ids", "take", "row"});
    const std::vector<std::int64_t> ids = ids_in(body);
    if (body.contains("row")) {
        if (ids.size() != 1 || !body["row"].is_object() || has_inexact_numbers(body["row"]))
            throw Error(Code::request_unfit, "row is no JSON object for one conflict",
                        "give one id, and numbers with a fraction as texts");
        return resolve_with_row(call, ids.front(), body["row"]);
    }
    const std::string take = text_in(body, "take");
    const auto side = side_named(take);
    if (!side) throw Error(Code::request_unfit, "take names no side", "desktop or cloud");
    const auto done = ask(call, [&](Engine& engine) { return engine.resolve(ids, *side); });
    return json_answer(resolutions_json(done, take));
}

Response list_parked(const Call& call) {
    const PageRequest wanted = page_in(call.request);
    const ParkedPage page = ask(call, [&](Engine& engine) { return engine.parked(wanted); });
    return page_answer(parked_json(page.entries), page.next);
}

Response retry_parked(const Call& call) {
    const std::vector<std::string> tables =
        ask(call, [](Engine& engine) { return engine.tables_with_parked(); });
    if (tables.empty()) return json_answer({{"version", 1}, {"status", "nothing parked"}});
    daemon::RunRequest wanted;
    wanted.sync.tables = tables;
    call.service.request_run(call.pair(), wanted);
    return json_answer({{"version", 1}, {"status", "requested"}, {"tables", tables}}, 202);
}

}  // namespace tideway::web
