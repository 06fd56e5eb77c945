// Statements that travel together and are answered together, in one round trip. Private to this folder.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "db/postgres/connection.hpp"
#include "db/postgres/line.hpp"

namespace tideway::pg {

struct Request {
    std::string name;
    std::vector<std::string> texts;  // one statement each; one alone where there are parameters or an answer
    std::vector<Cell> parameters = {};
    std::shared_ptr<std::optional<Result>> answer = {};  // may be null

    bool plain() const { return parameters.empty(); }
};

class Flight {
  public:
    Flight(Line& line, Side side, std::vector<Request> requests);
    bool empty() const { return requests_.empty(); }
    bool plain() const;        // no parameters anywhere: it may be one message of the simple protocol
    std::string text() const;  // of that message
    // As one message where that will do, else as a pipeline.
    void send();
    // Reads everything and hands out the answers; the first failure is thrown when all has been read.
    void land(Patience& patience);
    // The answers of a plain flight that was sent ahead of another statement, in its message.
    void land_ahead(Patience& patience);

  private:
    void send_pipeline();
    void land_message(Patience& patience);
    void land_pipeline(Patience& patience);
    void land_one(const Request& request, Patience& patience);
    void note(const Request& request, ResultPtr result);
    void fail_if_failed(const Request& last);

    Line& line_;
    Side side_;
    std::vector<Request> requests_;
    ResultPtr failed_;
    const Request* failing_ = nullptr;
};

inline constexpr const char* unasked_copy = "it copies, and nothing asked for that";
inline constexpr const char* unasked_mode = "it belongs to another way of asking";

// Null-terminated texts of the parameters; NULL is a null pointer. DbError for a zero byte.
std::vector<const char*> parameter_values(std::span<const Cell> parameters, Side side,
                                          std::string_view statement);

}  // namespace tideway::pg
