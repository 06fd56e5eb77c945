#include "simulate/selftest.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "checker/history_json.hpp"
#include "simulate/script_maker.hpp"
#include "simulate/shrink.hpp"

namespace tideway::simulate {
namespace {

namespace fs = std::filesystem;

// In memory where the system offers it.
class Folder {
  public:
    Folder() {
        std::error_code none;
        const fs::path parent = fs::is_directory("/dev/shm", none) ? "/dev/shm" : fs::temp_directory_path();
        std::string name = (parent / "tideway-selftest-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw Error(Code::selftest_folder, fmt::format("no folder can be made in {}", parent.string()),
                        "make room there, or set TMPDIR to a folder that may be written to");
        path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

// Seeds that follow each other share a setting, and with it a stage. The first of them begins with a pair
// that the program has never seen.
constexpr std::uint64_t seeds_of_a_setting = 8;

std::uint64_t setting_number(std::uint64_t seed) { return seed / seeds_of_a_setting; }
bool begins_in_sync(std::uint64_t seed) { return seed % seeds_of_a_setting != 0; }

Setting setting_of(std::uint64_t seed) {
    Dice dice(setting_number(seed));
    return Setting(dice);
}

// Plays seeds, one after the other.
class Player {
  public:
    Life play(std::uint64_t seed, const Script& script, Sabotage sabotage) {
        if (!stage_ || number_ != setting_number(seed)) {
            number_ = setting_number(seed);
            stage_.emplace(setting_of(seed), number_, folder_.path());
        }
        stage_->set(begins_in_sync(seed), seed);
        return Scene(*stage_, sabotage).play(script);
    }

  private:
    Folder folder_;
    std::uint64_t number_ = 0;
    std::optional<Stage> stage_;
};

void obey_stop() {
    if (real_world().stop.requested()) throw Error(Code::interrupted, "stopped on request");
}

bool fails_alike(const checker::Verdict& one, const checker::Verdict& other) {
    return !one.empty() && std::any_of(other.begin(), other.end(), [&](const checker::Violation& each) {
        return each.invariant == one[0].invariant && each.table == one[0].table;
    });
}

Failure explain(std::uint64_t seed, const SelftestOptions& options) {
    Player player;
    const Script script = script_of(seed, options.steps);
    const auto play = [&](const Script& some) { return player.play(seed, some, options.sabotage); };
    const checker::Verdict first = play(script).verdict;
    const Script shrunk = shrink(
        script,
        [&](const Script& some) {
            obey_stop();
            return fails_alike(first, play(some).verdict);
        },
        options.most_tries);
    const Life life = play(shrunk);
    return {seed,
            text_of(shrunk),
            setting_of(seed).toml(),
            checker::describe(life.history, life.verdict),
            checker::to_json(life.history),
            static_cast<int>(shrunk.size()),
            static_cast<int>(script.size())};
}

// Workers take the next setting's seeds each. When one has failed, they go on with lower ones only.
class Workers {
  public:
    Workers(const SelftestOptions& options, const std::function<void(int)>& told)
        : options_(options), told_(told) {}

    SelftestReport work() {
        std::vector<std::thread> threads;
        for (int i = 1; i < options_.jobs; ++i) threads.emplace_back([this] { play_seeds(); });
        play_seeds();
        for (std::thread& each : threads) each.join();
        if (error_) std::rethrow_exception(error_);
        if (failed_) report_.failure = explain(*failed_, options_);
        return report_;
    }

  private:
    void play_seeds() {
        try {
            Player player;
            const std::uint64_t end = options_.first + static_cast<std::uint64_t>(options_.seeds);
            for (std::uint64_t setting = next_++; setting <= setting_number(end - 1); setting = next_++) {
                const std::uint64_t lowest = setting * seeds_of_a_setting;
                for (std::uint64_t seed = std::max(lowest, options_.first);
                     seed < std::min(lowest + seeds_of_a_setting, end); ++seed) {
                    obey_stop();
                    if (!is_wanted(seed)) return;
                    add(seed, player.play(seed, script_of(seed, options_.steps), options_.sabotage));
                }
            }
        } catch (...) {
            const std::lock_guard lock(mutex_);
            error_ = std::current_exception();
        }
    }
    bool is_wanted(std::uint64_t seed) {
        const std::lock_guard lock(mutex_);
        return !error_ && (!failed_ || seed < *failed_);
    }
    void add(std::uint64_t number, const Life& life) {
        const std::lock_guard lock(mutex_);
        ++report_.seeds;
        report_.counts += life.counts;
        if (!life.verdict.empty()) failed_ = std::min(failed_.value_or(number), number);
        if (told_) told_(report_.seeds);
    }

    const SelftestOptions& options_;
    const std::function<void(int)>& told_;
    std::atomic<std::uint64_t> next_ = setting_number(options_.first);
    std::mutex mutex_;
    SelftestReport report_;
    std::optional<std::uint64_t> failed_;
    std::exception_ptr error_;
};

}  // namespace

SelftestReport selftest(const SelftestOptions& options, const std::function<void(int)>& told) {
    return Workers(options, told).work();
}

Life play_seed(std::uint64_t seed, int steps, Sabotage sabotage) {
    return Player().play(seed, script_of(seed, steps), sabotage);
}

Script script_of(std::uint64_t seed, int steps) {
    Dice dice(seed);
    const Setting setting = setting_of(seed);
    return make_script(dice, setting, steps);
}

}  // namespace tideway::simulate
