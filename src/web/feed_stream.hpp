// Feeds on their way: a connection whose feed has nothing to say sleeps until it is woken.
#pragma once
#include <microhttpd.h>

#include <memory>
#include <mutex>
#include <vector>

#include "web/http.hpp"

namespace tideway::web {

class FeedStreams {
  public:
    explicit FeedStreams(std::size_t most) : most_(most) {}

    // The answer that carries the feed on this connection; null where there are too many.
    MHD_Response* response(MHD_Connection* connection, std::unique_ptr<Feed> feed);
    void wake();
    // Every feed is over, now and from now on.
    void end();

  private:
    struct Stream;
    static ssize_t read(void* stream, std::uint64_t position, char* out, std::size_t most);
    static void forget(void* stream);

    std::size_t most_;
    std::mutex mutex_;
    std::size_t open_ = 0;
    bool ending_ = false;
    std::vector<MHD_Connection*> sleeping_;
};

}  // namespace tideway::web
