// The service that runs: one runner for each pair, begun and ended as configurations come and go.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/pair_runner.hpp"
#include "daemon/service.hpp"

namespace tideway::daemon {

// A configuration file that cannot be used, for as long as it is so.
struct BadFile {
    std::string path, code, text;
};

// What a file, or all *.toml of a folder, say: those that can be used, and those of the folder that cannot.
struct Configs {
    std::vector<Config> good;
    std::vector<BadFile> bad;
};
// Two files of one pair: the first one holds, in the order of their names. Throws Error where nothing can be said
// about any pair: for a single file that cannot be used, and a folder that is away or without any file.
Configs read_configs(const std::string& path);

class Daemon : public Service {
  public:
    Daemon(Wiring wiring, World& world) : wiring_(std::move(wiring)), world_(world) {}
    ~Daemon() override;  // waits for the end of every run

    // Begins to serve what is new. What cannot be used leaves its pair as it is; a pair whose file is gone
    // ends after its run, is shown until then, and is waited for.
    void reload(const Configs& configs);
    // False until the first configurations are in use.
    bool serving() const override { return serving_; }
    // Browsers are told that nothing more comes.
    void close() { events_.close(); }

    std::vector<PairState> pairs() const override;
    std::vector<PastRun> history(const std::string& pair, std::size_t limit) const override;
    std::vector<Event> events_after(std::uint64_t after, Millis wait) const override;
    void request_run(const std::string& pair, const RunRequest& request) override;
    void with_engine(const std::string& pair,
                     const std::function<void(Engine&, const Config&)>& work) override;

  private:
    std::shared_ptr<PairRunner> runner(const std::string& pair) const;
    void begin(const Config& config);

    Wiring wiring_;
    World& world_;
    EventLog events_;
    ConnectionLimits limits_;
    mutable std::mutex guard_;
    std::map<std::string, std::shared_ptr<PairRunner>> runners_;
    std::vector<std::shared_ptr<PairRunner>> ending_;  // served no longer; with a run to finish
    std::vector<BadFile> bad_;
    std::atomic<bool> serving_ = false;
};

}  // namespace tideway::daemon
