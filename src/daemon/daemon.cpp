#include "daemon/daemon.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace tideway::daemon {
namespace {

namespace fs = std::filesystem;

bool is_folder(const std::string& path) {
    std::error_code unreadable;
    return fs::is_directory(path, unreadable);
}

// A folder without any is taken for one that is away: a file system that is not mounted looks like that.
std::vector<std::string> files_in(const std::string& folder) {
    std::vector<std::string> files;
    try {
        for (const auto& entry : fs::directory_iterator(folder))
            if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
    } catch (const fs::filesystem_error& error) {
        throw Error(Code::config_missing_file, fmt::format("{} cannot be read: {}", folder, error.code().message()),
                    "the service must be allowed to read the folder");
    }
    if (files.empty())
        throw Error(Code::config_missing_file, fmt::format("{}: there is no file *.toml", folder),
                    "a folder holds a file for each pair");
    std::sort(files.begin(), files.end());
    return files;
}

bool has(const std::vector<Config>& configs, const std::string& pair) {
    return std::any_of(configs.begin(), configs.end(), [&](const Config& each) { return each.pair == pair; });
}

// Of a file that cannot be read nobody knows which pair it was; its runner is known by the path.
bool is_bad(const std::vector<BadFile>& bad, const std::string& path) {
    return std::any_of(bad.begin(), bad.end(), [&](const BadFile& each) { return each.path == path; });
}

}  // namespace

Configs read_configs(const std::string& path) {
    Configs configs;
    if (!is_folder(path)) {
        configs.good.push_back(load_config(path));
        return configs;
    }
    for (const std::string& file : files_in(path)) {
        try {
            Config config = load_config(file);
            if (has(configs.good, config.pair))
                throw Error(Code::config_value,
                            fmt::format("{}: another file names the pair \"{}\" as well", file, config.pair),
                            "give each pair a name of its own: pair = \"...\"");
            configs.good.push_back(std::move(config));
        } catch (const Error& error) {
            configs.bad.push_back({file, std::string(error.id()), error.what()});
        }
    }
    return configs;
}

Daemon::~Daemon() {
    close();
    for (const auto& [name, runner] : runners_) runner->retire();
    runners_.clear();
}

void Daemon::begin(const Config& config) {
    spdlog::info("pair {}: served from {}", config.pair, config.path);
    runners_[config.pair] =
        std::make_shared<PairRunner>(config, Shared{wiring_, world_, events_, limits_});
}

// Runners end outside the lock: they may have a run to finish.
void Daemon::reload(const Configs& configs) {
    std::unique_lock lock(guard_);
    for (const BadFile& bad : configs.bad) spdlog::error("{} is not used: {} {}", bad.path, bad.code, bad.text);
    std::erase_if(runners_, [&](const auto& each) {
        if (has(configs.good, each.first) || is_bad(configs.bad, each.second->state().config_path)) return false;
        spdlog::info("pair {}: is served no longer", each.first);
        each.second->retire();
        ending_.push_back(each.second);
        return true;
    });
    for (const Config& config : configs.good) {
        const auto known = runners_.find(config.pair);
        known == runners_.end() ? begin(config) : known->second->use(config);
    }
    bad_ = configs.bad;
    serving_ = true;
    const std::vector<std::shared_ptr<PairRunner>> ending = ending_;
    lock.unlock();
    for (const auto& runner : ending) runner->end();
    lock.lock();
    ending_.clear();
}

// A file that cannot be used is shown where no pair is still served from it.
std::vector<PairState> Daemon::pairs() const {
    const std::lock_guard lock(guard_);
    std::vector<PairState> states;
    for (const auto& [name, runner] : runners_) states.push_back(runner->state());
    for (const auto& runner : ending_) states.push_back(runner->state());
    for (const BadFile& bad : bad_) {
        PairState state;
        state.name = fs::path(bad.path).stem().string();
        state.config_path = bad.path;
        state.phase = PairPhase::failed;
        state.reason = bad.text;
        state.alive_at = world_.clock.monotonic_micros();
        if (std::none_of(states.begin(), states.end(),
                         [&](const PairState& each) { return each.config_path == bad.path; }))
            states.push_back(std::move(state));
    }
    return states;
}

std::shared_ptr<PairRunner> Daemon::runner(const std::string& pair) const {
    const std::lock_guard lock(guard_);
    const auto found = runners_.find(pair);
    if (found == runners_.end())
        throw Error(Code::usage, fmt::format("no pair \"{}\" is served", pair), "ask for one that is");
    return found->second;
}

std::vector<PastRun> Daemon::history(const std::string& pair, std::size_t limit) const {
    return runner(pair)->history(limit);
}

std::vector<Event> Daemon::events_after(std::uint64_t after, Millis wait) const {
    return events_.after(after, wait);
}

void Daemon::request_run(const std::string& pair, const RunRequest& request) { runner(pair)->ask(request); }

void Daemon::with_engine(const std::string& pair, const std::function<void(Engine&, const Config&)>& work) {
    runner(pair)->with_engine(work);
}

}  // namespace tideway::daemon
