#include "cli/url_connector.hpp"

#include <fmt/format.h>

#include "config/sqlite_url.hpp"
#include "store/postgres/pg_watch.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace tideway::cli {
namespace {

std::optional<std::string> password_of(Side side, const SideSetting& setting) {
    try {
        return read_password(setting);
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("{}: {}", name(side), error.what()), error.hint());
    }
}

std::unique_ptr<Store> open_file(Side side, const std::string& path, const std::string& pair, WaitHook& hook) {
    return std::make_unique<sqlite::SqliteStore>(sqlite::ConnectOptions{path, side}, pair, &hook);
}

}  // namespace

pg::ConnectOptions UrlConnector::options(Side side) {
    const std::lock_guard lock(guard_);
    auto known = passwords_.find(side);
    if (known == passwords_.end()) known = passwords_.emplace(side, password_of(side, setting(side))).first;
    pg::ConnectOptions options;
    options.url = setting(side).url;
    options.password = known->second;
    options.side = side;
    return options;
}

std::unique_ptr<Store> UrlConnector::open(Side side, WaitHook& hook) {
    if (const auto path = sqlite_path(setting(side).url)) return open_file(side, *path, config_.pair, hook);
    pg::KeptBetweenRuns* kept = side == Side::desktop ? &desktop_ : &cloud_;
    return std::make_unique<pg::PgStore>(options(side), config_.pair, &hook,
                                         keeping_ == Keeping::between_runs ? kept : nullptr);
}

std::unique_ptr<Watch> UrlConnector::watch(Side side, WaitHook& hook) {
    if (sqlite_path(setting(side).url)) return nullptr;
    return std::make_unique<pg::PgWatch>(options(side), config_.pair, hook);
}

std::string UrlConnector::server(Side side) const {
    const auto path = sqlite_path(setting(side).url);
    return path ? *path : pg::server_of(setting(side).url);
}

// A password may have changed meanwhile as well.
void UrlConnector::rest() {
    const std::lock_guard lock(guard_);
    passwords_.clear();
    desktop_.clear();
    cloud_.clear();
}

std::unique_ptr<Store> open_url(Side side, const std::string& url, WaitHook& hook) {
    if (const auto path = sqlite_path(url)) return open_file(side, *path, Config{}.pair, hook);
    pg::ConnectOptions options;
    options.url = url;
    options.side = side;
    return std::make_unique<pg::PgStore>(options, Config{}.pair, &hook);
}

}  // namespace tideway::cli
