// The console of `serve`, as the configurations in force want it.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "daemon/daemon.hpp"
#include "web/console.hpp"

namespace tideway::cli {

class ServedConsole {
  public:
    // Opens nothing yet. Both must outlive it.
    ServedConsole(daemon::Service& service, World& world) : service_(service), world_(world) {}
    // Opens, moves or closes it. Of several pairs the first one that names an address decides; while that
    // pair's file cannot be read, all stays. Throws Error(console_address) or Error(token_file): then all
    // stays, too.
    void follow(const daemon::Configs& configs);

  private:
    struct Wanted {
        std::string from;  // the configuration's file
        web::ConsoleSetting setting;
        bool same_as(const Wanted& other) const;
    };
    static std::optional<Wanted> wanted_by(const daemon::Configs& configs);
    std::unique_ptr<web::Console> open(const Wanted& wanted);

    daemon::Service& service_;
    World& world_;
    std::optional<Wanted> now_;
    std::unique_ptr<web::Console> console_;
};

}  // namespace tideway::cli
