#include "cli/url_connector.hpp"

#include <fmt/format.h>

#include "config/sqlite_url.hpp"
#include "store/postgres/pg_store.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace tideway::cli {
namespace {

std::unique_ptr<Store> open_store(Side side, const std::string& url,
                                  const std::optional<std::string>& password, const std::string& pair,
                                  WaitHook& hook) {
    if (const auto path = sqlite_path(url))
        return std::make_unique<sqlite::SqliteStore>(sqlite::ConnectOptions{*path, side}, pair, &hook);
    pg::ConnectOptions options;
    options.url = url;
    options.password = password;
    options.side = side;
    return std::make_unique<pg::PgStore>(options, pair, &hook);
}

std::optional<std::string> password_of(Side side, const SideSetting& setting) {
    try {
        return read_password(setting);
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("{}: {}", name(side), error.what()), error.hint());
    }
}

}  // namespace

std::unique_ptr<Store> UrlConnector::open(Side side, WaitHook& hook) {
    const SideSetting& setting = side == Side::desktop ? config_.desktop : config_.cloud;
    auto known = passwords_.find(side);
    if (known == passwords_.end()) known = passwords_.emplace(side, password_of(side, setting)).first;
    return open_store(side, setting.url, known->second, config_.pair, hook);
}

std::unique_ptr<Store> open_url(Side side, const std::string& url, WaitHook& hook) {
    return open_store(side, url, std::nullopt, Config{}.pair, hook);
}

}  // namespace tideway::cli
