#include "simulate/selftest.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <fstream>
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

// All of a seed: its tables, its script, and a place to play it in.
class Seed {
  public:
    Seed(std::uint64_t seed, int steps, const fs::path& folder)
        : seed_(seed),
          dice_(seed),
          setting_(dice_),
          script_(make_script(dice_, setting_, steps)),
          folder_(folder) {}

    const Script& script() const { return script_; }
    const Setting& setting() const { return setting_; }

    Life play(const Script& script, Sabotage sabotage) {
        for (const auto& entry : fs::directory_iterator(folder_)) fs::remove_all(entry.path());
        prepare();
        return Scene(setting_, seed_, folder_, prepared(), sabotage).play(script);
    }

  private:
    fs::path prepared() const { return folder_ / "prepared.db"; }
    void prepare() {
        std::ofstream(prepared()).close();
        sqlite::Connection made = sqlite::Connection::open({prepared().string(), Side::desktop}, nullptr);
        made.execute("prepare", "PRAGMA journal_mode = WAL");
        sqlite::Transaction transaction(made, sqlite::Access::write);
        made.execute("create tables", schema_with_audit(setting_));
        transaction.commit();
    }

    std::uint64_t seed_;
    Dice dice_;
    Setting setting_;
    Script script_;
    fs::path folder_;
};

void obey_stop() {
    if (real_world().stop.requested()) throw Error(Code::interrupted, "stopped on request");
}

bool fails_alike(const checker::Verdict& one, const checker::Verdict& other) {
    return !one.empty() && std::any_of(other.begin(), other.end(), [&](const checker::Violation& each) {
        return each.invariant == one[0].invariant && each.table == one[0].table;
    });
}

Failure explain(std::uint64_t number, const SelftestOptions& options) {
    const Folder folder;
    Seed seed(number, options.steps, folder.path());
    const checker::Verdict first = seed.play(seed.script(), options.sabotage).verdict;
    const Script shrunk = shrink(
        seed.script(),
        [&](const Script& script) {
            obey_stop();
            return fails_alike(first, seed.play(script, options.sabotage).verdict);
        },
        options.most_tries);
    const Life life = seed.play(shrunk, options.sabotage);
    return {number,
            text_of(shrunk),
            seed.setting().toml(),
            checker::describe(life.history, life.verdict),
            checker::to_json(life.history),
            static_cast<int>(shrunk.size()),
            static_cast<int>(seed.script().size())};
}

// Workers take the next seed each; a failure lets them finish what they have begun, and no more.
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
            const Folder folder;
            for (int i = next_++; i < options_.seeds && !stop_; i = next_++) {
                obey_stop();
                const std::uint64_t number = options_.first + static_cast<std::uint64_t>(i);
                Seed seed(number, options_.steps, folder.path());
                add(number, seed.play(seed.script(), options_.sabotage));
            }
        } catch (...) {
            const std::lock_guard lock(mutex_);
            error_ = std::current_exception();
            stop_ = true;
        }
    }
    void add(std::uint64_t number, const Life& life) {
        const std::lock_guard lock(mutex_);
        ++report_.seeds;
        report_.counts += life.counts;
        if (!life.verdict.empty()) {
            failed_ = std::min(failed_.value_or(number), number);
            stop_ = true;
        }
        if (told_) told_(report_.seeds);
    }

    const SelftestOptions& options_;
    const std::function<void(int)>& told_;
    std::atomic<int> next_ = 0;
    std::atomic<bool> stop_ = false;
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
    const Folder folder;
    Seed played(seed, steps, folder.path());
    return played.play(played.script(), sabotage);
}

Script script_of(std::uint64_t seed, int steps) {
    Dice dice(seed);
    const Setting setting(dice);
    return make_script(dice, setting, steps);
}

}  // namespace tideway::simulate
