#include "db/postgres/flight.hpp"

#include <algorithm>

#include "db/postgres/db_error.hpp"

namespace tideway::pg {

std::vector<const char*> parameter_values(std::span<const Cell> parameters, Side side,
                                          std::string_view statement) {
    std::vector<const char*> values;
    for (const Cell& cell : parameters) {
        if (cell && cell->find('\0') != std::string::npos) {
            DbError::Fields fields;
            fields.sqlstate = "22021";
            fields.message = "a text holds a zero byte, which PostgreSQL cannot store";
            fields.statement = statement;
            fields.side = side;
            throw DbError(Code::statement_failed, std::move(fields));
        }
        values.push_back(cell ? cell->c_str() : nullptr);
    }
    return values;
}

Flight::Flight(Line& line, Side side, std::vector<Request> requests)
    : line_(line), side_(side), requests_(std::move(requests)) {}

bool Flight::plain() const {
    return std::all_of(requests_.begin(), requests_.end(),
                       [](const Request& request) { return request.plain(); });
}

std::string Flight::text() const {
    std::string text;
    for (const Request& request : requests_)
        for (const std::string& each : request.texts) text += (text.empty() ? "" : ";\n") + each;
    return text;
}

void Flight::send() {
    if (!plain()) return send_pipeline();
    if (PQsendQuery(line_.raw(), text().c_str()) != 0) return;
    ensure(line_.lost(), "a statement can be sent");
    throw lost_error(side_, requests_.front().name, "the connection broke before the statement was sent");
}

void Flight::send_pipeline() {
    // Before the first is on its way: a flight is sent whole or not at all.
    std::vector<std::vector<const char*>> values;
    for (const Request& request : requests_)
        values.push_back(parameter_values(request.parameters, side_, request.name));
    bool sent = PQenterPipelineMode(line_.raw()) != 0;
    for (std::size_t i = 0; i < requests_.size(); ++i)
        for (const std::string& text : requests_[i].texts)
            sent = sent && PQsendQueryParams(line_.raw(), text.c_str(), static_cast<int>(values[i].size()),
                                             nullptr, values[i].data(), nullptr, nullptr, 0) != 0;
    sent = sent && PQpipelineSync(line_.raw()) != 0;
    if (sent) return;
    ensure(line_.lost(), "a statement can be sent");
    throw lost_error(side_, requests_.front().name, "the connection broke before the statement was sent");
}

void Flight::land(Patience& patience) {
    plain() ? land_message(patience) : land_pipeline(patience);
    fail_if_failed(requests_.back());
}

void Flight::note(const Request& request, ResultPtr result) {
    switch (PQresultStatus(result.get())) {
        case PGRES_EMPTY_QUERY:
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
            if (request.answer) request.answer->emplace(result.release(), side_, request.name);
            break;
        case PGRES_BAD_RESPONSE:
        case PGRES_FATAL_ERROR:
            if (failed_) break;
            failed_ = std::move(result);
            failing_ = &request;
            break;
        case PGRES_NONFATAL_ERROR:
        case PGRES_PIPELINE_ABORTED:
            break;
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
            throw Misfit(unasked_copy);
        case PGRES_SINGLE_TUPLE:
        case PGRES_PIPELINE_SYNC:
            throw Misfit(unasked_mode);
    }
}

// The last statement may be several: it has all the results that are left.
void Flight::land_message(Patience& patience) {
    std::size_t at = 0, seen = 0;
    while (ResultPtr result = line_.next(patience)) {
        note(requests_[at], std::move(result));
        if (++seen < requests_[at].texts.size() || at + 1 == requests_.size()) continue;
        ++at;
        seen = 0;
    }
}

void Flight::land_ahead(Patience& patience) {
    for (const Request& request : requests_) land_one(request, patience);
    if (!failed_) return;
    while (line_.next(patience)) continue;
    fail_if_failed(requests_.back());
}

void Flight::land_one(const Request& request, Patience& patience) {
    for (std::size_t i = 0; i < request.texts.size() && !failed_; ++i) {
        ResultPtr result = line_.next(patience);
        if (!result) throw lost_error(side_, request.name, "the connection broke before the server's answer");
        note(request, std::move(result));
    }
}

// Each statement's results end with a null; the whole with a result of its own.
void Flight::land_pipeline(Patience& patience) {
    for (const Request& request : requests_)
        for (std::size_t i = 0; i < request.texts.size(); ++i)
            while (ResultPtr result = line_.next(patience)) note(request, std::move(result));
    while (!line_.lost()) {
        const ResultPtr result = line_.next(patience);
        if (!result || PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
    }
    // A pooler that lost its server ends the conversation where it stands: what is left of the pipeline is never answered.
    if (!line_.lost() && PQexitPipelineMode(line_.raw()) == 0) line_.abandon();
}

void Flight::fail_if_failed(const Request& last) {
    if (failed_) throw error_of(failed_.get(), side_, failing_->name, line_.lost());
    if (line_.lost()) throw lost_error(side_, last.name, "the connection broke before the server's answer");
}

}  // namespace tideway::pg
