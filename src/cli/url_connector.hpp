// Opens the sides of a configuration with the store that their urls ask for.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "engine/engine.hpp"

namespace tideway::cli {

class UrlConnector : public Connector {
  public:
    // The configuration must outlive the connector. A password is asked for once a side, when it is first
    // opened.
    explicit UrlConnector(const Config& config) : config_(config) {}
    std::unique_ptr<Store> open(Side side, WaitHook& hook) override;

  private:
    const Config& config_;
    std::map<Side, std::optional<std::string>> passwords_;
};

// One side by its url alone, without a configuration. The hook must outlive the store.
std::unique_ptr<Store> open_url(Side side, const std::string& url, WaitHook& hook);

}  // namespace tideway::cli
