#include "web/feed_stream.hpp"

#include <algorithm>
#include <cstring>

namespace tideway::web {

struct FeedStreams::Stream {
    FeedStreams& streams;
    MHD_Connection* connection;
    std::unique_ptr<Feed> feed;
    std::string pending;
};

MHD_Response* FeedStreams::response(MHD_Connection* connection, std::unique_ptr<Feed> feed) {
    const std::lock_guard lock(mutex_);
    if (open_ >= most_ || ending_) return nullptr;
    ++open_;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, &FeedStreams::read,
                                             new Stream{*this, connection, std::move(feed), {}},
                                             &FeedStreams::forget);
}

void FeedStreams::wake() {
    const std::lock_guard lock(mutex_);
    for (MHD_Connection* each : sleeping_) MHD_resume_connection(each);
    sleeping_.clear();
}

void FeedStreams::end() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wake();
}

// A feed is asked, and its connection put to sleep, under the lock that wake() takes: what happens in between
// cannot be missed. A sleeping connection is not closed, so its address stays good.
ssize_t FeedStreams::read(void* place, std::uint64_t, char* out, std::size_t most) {
    Stream& stream = *static_cast<Stream*>(place);
    FeedStreams& all = stream.streams;
    if (stream.pending.empty()) {
        const std::lock_guard lock(all.mutex_);
        auto more = all.ending_ ? std::nullopt : stream.feed->take();
        if (!more) return MHD_CONTENT_READER_END_OF_STREAM;
        if (more->empty()) {
            all.sleeping_.push_back(stream.connection);
            MHD_suspend_connection(stream.connection);
            return 0;
        }
        stream.pending = std::move(*more);
    }
    const std::size_t size = std::min(most, stream.pending.size());
    std::memcpy(out, stream.pending.data(), size);
    stream.pending.erase(0, size);
    return static_cast<ssize_t>(size);
}

void FeedStreams::forget(void* place) {
    const std::unique_ptr<Stream> stream(static_cast<Stream*>(place));
    const std::lock_guard lock(stream->streams.mutex_);
    --stream->streams.open_;
}

}  // namespace tideway::web
