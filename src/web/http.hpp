// A request and its answer as plain values: nothing above the server knows the library that speaks HTTP.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tideway::web {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method, path;  // path: as it was sent, without the query
    std::string peer;          // the address that sent it, without a port
    Fields query;              // decoded
    Fields headers;            // names in lower case
    std::string body;

    // What was sent exactly once under this name (in lower case); a header that stands there twice says
    // nothing.
    std::optional<std::string> header(std::string_view name) const;
    // The first value of that name; empty where there is none.
    std::string asked(std::string_view name) const;
};

// An answer that goes on as long as somebody listens.
class Feed {
  public:
    virtual ~Feed() = default;
    // What there is to say now: empty if nothing, no value when it is over. Must be quick.
    virtual std::optional<std::string> take() = 0;
};

struct Response {
    int status = 200;
    Fields headers;
    std::string body;
    std::unique_ptr<Feed> feed = nullptr;  // instead of a body
};

}  // namespace tideway::web
