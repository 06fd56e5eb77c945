#include "web/http_server.hpp"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstring>

#include "base/error.hpp"
#include "web/feed_stream.hpp"
#include "web/url_text.hpp"
#include "web/work_queue.hpp"

namespace tideway::web {
namespace {

using Clock = std::chrono::steady_clock;

// One request and its answer, as long as the connection is about it.
struct Exchange {
    MHD_Connection* connection = nullptr;
    int socket = -1;
    Request request;
    Response response;
    bool too_large = false;
    // Written last by whoever answers and read first by the server's thread: what it hands over does not lean on the library's locks.
    std::atomic<bool> answered{false};
};

int socket_of(MHD_Connection* connection) {
    const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == nullptr ? -1 : info->connect_fd;
}

std::string peer_of(MHD_Connection* connection) {
    const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == nullptr || info->client_addr == nullptr) return "";
    std::array<char, INET6_ADDRSTRLEN> text{};
    const sockaddr* address = info->client_addr;
    const void* number =
        address->sa_family == AF_INET6
            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr)
            : &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    ::inet_ntop(address->sa_family, number, text.data(), text.size());
    return text.data();
}

MHD_Result keep_header(void* place, MHD_ValueKind, const char* name, const char* value) {
    std::string lower;
    for (const char* at = name; *at != 0; ++at)
        lower += static_cast<char>(std::tolower(static_cast<unsigned char>(*at)));
    static_cast<Request*>(place)->headers.emplace_back(std::move(lower), value == nullptr ? "" : value);
    return MHD_YES;
}

// The library's own decoding would turn %2F into a separator before anybody has looked at the path.
std::size_t leave_encoded(void*, MHD_Connection*, char* text) { return std::strlen(text); }

// The query as it was sent: the library has cut it off the path, and would decode it.
void* keep_target(void*, const char* target, MHD_Connection*) {
    auto exchange = std::make_unique<Exchange>();
    const std::string_view all = target;
    if (const std::size_t mark = all.find('?'); mark != std::string_view::npos)
        exchange->request.query = form_fields(all.substr(mark + 1));
    exchange->request.path = all.substr(0, all.find('?'));
    return exchange.release();
}

Response plain(int status, std::string text) {
    return {status, {{"Content-Type", "text/plain"}}, std::move(text)};
}

bool announces_too_much(const Request& request, std::size_t most) {
    const auto length = request.header("content-length");
    if (!length) return false;
    std::size_t number = 0;
    const auto read = std::from_chars(length->data(), length->data() + length->size(), number);
    return read.ec != std::errc() || number > most;
}

}  // namespace

struct HttpServer::Parts {
    Parts(int listening, const ServerLimits& given, Answer answer_with)
        : limits(given),
          answer(std::move(answer_with)),
          socket(listening),
          clock(given.clock),
          feeds(given.feeds),
          queue(given.workers, given.queue, [this](Exchange* each, bool last) { work(*each, last); }) {}

    void start();
    void stop();
    void watch_connections();
    MHD_Result begin(Exchange& exchange, MHD_Connection* connection, const char* method);
    MHD_Result hand_over(Exchange& exchange);
    MHD_Result send(Exchange& exchange);
    void work(Exchange& exchange, bool last);

    static MHD_Result on_request(void* parts, MHD_Connection* connection, const char* path,
                                 const char* method, const char* version, const char* data, std::size_t* size,
                                 void** place);
    static void on_connection(void* parts, MHD_Connection* connection, void** place,
                              MHD_ConnectionNotificationCode what);
    static void on_completed(void* parts, MHD_Connection* connection, void** place,
                             MHD_RequestTerminationCode how);

    ServerLimits limits;
    Answer answer;
    int socket;
    ConnectionClock clock;
    FeedStreams feeds;
    WorkQueue<Exchange*> queue;
    MHD_Daemon* daemon = nullptr;
    std::mutex mutex;
    std::condition_variable stopping_told;
    bool stopping = false;
    std::thread watcher;
};

void HttpServer::Parts::start() {
    daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, &Parts::on_request,
        this, MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT, limits.connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits.per_address, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        limits.header_bytes, MHD_OPTION_CONNECTION_TIMEOUT, 30U, MHD_OPTION_URI_LOG_CALLBACK, &keep_target,
        nullptr, MHD_OPTION_UNESCAPE_CALLBACK, &leave_encoded, nullptr, MHD_OPTION_NOTIFY_CONNECTION,
        &Parts::on_connection, this, MHD_OPTION_NOTIFY_COMPLETED, &Parts::on_completed, this, MHD_OPTION_END);
    if (daemon == nullptr) {
        ::close(socket);
        throw Error(Code::console_address, "the console's server does not start",
                    "look at the limits of the process");
    }
    watcher = std::thread([this] { watch_connections(); });
}

// Answers that are being made end first, then feeds: the library must have no sleeping connection when it
// stops.
void HttpServer::Parts::stop() {
    {
        const std::lock_guard lock(mutex);
        stopping = true;
        stopping_told.notify_all();
    }
    watcher.join();
    queue.close();
    feeds.end();
    MHD_stop_daemon(daemon);
}

void HttpServer::Parts::watch_connections() {
    std::unique_lock lock(mutex);
    while (!stopping_told.wait_for(lock, std::chrono::milliseconds(250), [this] { return stopping; }))
        clock.cut_late(Clock::now());
}

MHD_Result HttpServer::Parts::on_request(void* self, MHD_Connection* connection, const char*,
                                         const char* method, const char*, const char* data, std::size_t* size,
                                         void** place) {
    Parts& parts = *static_cast<Parts*>(self);
    Exchange& exchange = *static_cast<Exchange*>(*place);
    if (exchange.connection == nullptr) return parts.begin(exchange, connection, method);
    if (*size > 0) {
        exchange.too_large =
            exchange.too_large || exchange.request.body.size() + *size > parts.limits.body_bytes;
        if (!exchange.too_large) exchange.request.body.append(data, *size);
        *size = 0;
        return MHD_YES;
    }
    return exchange.answered ? parts.send(exchange) : parts.hand_over(exchange);
}

MHD_Result HttpServer::Parts::begin(Exchange& exchange, MHD_Connection* connection, const char* method) {
    exchange.connection = connection;
    exchange.socket = socket_of(connection);
    exchange.request.method = method;
    exchange.request.peer = peer_of(connection);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, &keep_header, &exchange.request);
    if (!announces_too_much(exchange.request, limits.body_bytes)) return MHD_YES;
    exchange.response = plain(413, "the body is too large\n");
    return send(exchange);
}

MHD_Result HttpServer::Parts::hand_over(Exchange& exchange) {
    if (exchange.too_large) {
        exchange.response = plain(413, "the body is too large\n");
        return send(exchange);
    }
    clock.works(exchange.socket);
    MHD_suspend_connection(exchange.connection);
    if (!queue.push(&exchange)) work(exchange, true);
    return MHD_YES;
}

// On a thread of the queue, but for what finds no room in it. Once the connection goes on, the exchange is no
// longer ours.
void HttpServer::Parts::work(Exchange& exchange, bool last) {
    MHD_Connection* const connection = exchange.connection;
    exchange.response = last ? plain(503, "too much to do at once, or the service stops; try again\n")
                             : answer(exchange.request);
    exchange.answered = true;
    MHD_resume_connection(connection);
}

MHD_Result HttpServer::Parts::send(Exchange& exchange) {
    Response& from = exchange.response;
    MHD_Response* out = nullptr;
    if (from.feed) {
        out = feeds.response(exchange.connection, std::move(from.feed));
        if (out == nullptr) from = plain(503, "too many pages watch; close one\n");
    }
    const bool ends = out == nullptr;
    // The exchange outlives the answer, so nothing has to be copied.
    if (ends)
        out = MHD_create_response_from_buffer(from.body.size(), from.body.data(), MHD_RESPMEM_PERSISTENT);
    if (out == nullptr) return MHD_NO;
    for (const auto& [name, value] : from.headers) MHD_add_response_header(out, name.c_str(), value.c_str());
    const MHD_Result queued =
        MHD_queue_response(exchange.connection, static_cast<unsigned>(from.status), out);
    MHD_destroy_response(out);
    if (ends) clock.answers(exchange.socket, Clock::now());
    return queued;
}

void HttpServer::Parts::on_connection(void* self, MHD_Connection* connection, void**,
                                      MHD_ConnectionNotificationCode what) {
    Parts& parts = *static_cast<Parts*>(self);
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        parts.clock.waits(socket_of(connection), Clock::now());
    else
        parts.clock.closed(socket_of(connection));
}

void HttpServer::Parts::on_completed(void* self, MHD_Connection*, void** place,
                                     MHD_RequestTerminationCode how) {
    const std::unique_ptr<Exchange> exchange(static_cast<Exchange*>(*place));
    *place = nullptr;
    // Whoever answered may have been at work with it until just now, also where the peer is gone.
    if (exchange) static_cast<void>(exchange->answered.load());
    if (exchange && exchange->socket >= 0 && how == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        static_cast<Parts*>(self)->clock.waits(exchange->socket, Clock::now());
}

HttpServer::HttpServer(int listening_socket, const ServerLimits& limits, Answer answer)
    : parts_(std::make_unique<Parts>(listening_socket, limits, std::move(answer))) {
    parts_->start();
}

HttpServer::~HttpServer() { parts_->stop(); }

void HttpServer::wake_feeds() { parts_->feeds.wake(); }

}  // namespace tideway::web
