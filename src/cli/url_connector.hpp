// Opens the sides of a configuration with the store that their urls ask for.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "daemon/reach.hpp"
#include "engine/engine.hpp"
#include "store/postgres/pg_store.hpp"

namespace tideway::cli {

enum class Keeping { nothing, between_runs };  // for the next store of a side

class UrlConnector : public daemon::Reach {
  public:
    // The configuration must outlive the connector. A password is asked for once a side, when it is first
    // opened.
    explicit UrlConnector(const Config& config, Keeping keeping = Keeping::nothing)
        : config_(config), keeping_(keeping) {}
    std::unique_ptr<Store> open(Side side, WaitHook& hook) override;
    std::unique_ptr<Watch> watch(Side side, WaitHook& hook) override;
    std::string server(Side side) const override;
    void rest() override;
    void spare_connections(bool spare) override { cloud_.spare_connections = spare; }

  private:
    const SideSetting& setting(Side side) const { return side == Side::desktop ? config_.desktop : config_.cloud; }
    pg::ConnectOptions options(Side side);

    const Config& config_;
    Keeping keeping_;
    std::mutex guard_;
    std::map<Side, std::optional<std::string>> passwords_;
    pg::KeptBetweenRuns desktop_, cloud_;
};

// One side by its url alone, without a configuration. The hook must outlive the store.
std::unique_ptr<Store> open_url(Side side, const std::string& url, WaitHook& hook);

}  // namespace tideway::cli
