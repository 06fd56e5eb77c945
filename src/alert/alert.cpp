#include "alert/alert.hpp"

#include <unistd.h>

#include <functional>
#include <memory>

#include "alert/channel.hpp"
#include "alert/memory.hpp"
#include "base/iso_time.hpp"
#include "config/hidden_url.hpp"
#include "sql/identifier.hpp"

namespace tideway::alert {
namespace {

constexpr const char* heartbeat = "heartbeat";
constexpr const char* memory_name = "memory";

std::int64_t micros(std::chrono::seconds duration) { return std::chrono::microseconds(duration).count(); }

std::string host_name() {
    char name[256] = {};
    ::gethostname(name, sizeof name - 1);
    return name;
}

std::vector<std::string> table_names(const Config& config) {
    std::vector<std::string> names;
    for (const TableSetting& table : config.tables)
        names.push_back(sql::TableName::parse(table.desktop).display());
    return names;
}

// The ledger of one telling, on disk where that is possible.
class Book {
  public:
    Book(const AlertSetting& setting, World& world) : world_(world) {
        guarded([&] {
            memory_ = std::make_unique<Memory>(setting.memory);
            ledger = memory_->load();
        });
    }

    Ledger ledger;

    // What the channel threw, noted; nothing: it took the message.
    std::optional<Failure> attempt(const std::string& channel, const std::function<void()>& send) {
        try {
            send();
        } catch (const Error& error) {
            note_failure(ledger, channel, error, world_.clock.now_micros());
            return ledger.failing.back();
        }
        note_success(ledger, channel);
        return std::nullopt;
    }
    // Puts it away; what the memory itself did not do.
    std::optional<Failure> close() {
        if (memory_) guarded([&] { memory_->save(ledger); });
        return broken_;
    }

  private:
    void guarded(const std::function<void()>& work) {
        try {
            work();
        } catch (const Error& error) {
            Ledger one;
            note_failure(one, memory_name, error, world_.clock.now_micros());
            broken_ = one.failing.front();
        }
    }

    World& world_;
    std::unique_ptr<Memory> memory_;
    std::optional<Failure> broken_;
};

Message message_of(const Config& config, World& world) {
    Message message;
    message.pair = config.pair;
    message.host = host_name();
    message.at = iso_time(world.clock.now_micros());
    return message;
}

std::vector<std::string> names_of(const AlertSetting& setting,
                                  const std::vector<std::unique_ptr<Channel>>& all) {
    std::vector<std::string> names;
    for (const auto& channel : all) names.push_back(channel->name());
    if (setting.heartbeat_url) names.emplace_back(heartbeat);
    return names;
}

}  // namespace

std::vector<Failure> tell(const Config& config, const Observation& seen, World& world) {
    if (!config.alert || seen.judged.empty()) return {};
    const AlertSetting& setting = *config.alert;
    const std::int64_t now = world.clock.now_micros(), repeat = micros(setting.repeat);
    std::vector<Failure> failures;
    Book book(setting, world);
    note(book.ledger, seen, table_names(config), now);
    const auto all = channels(setting);
    for (const auto& channel : all) {
        Message message = message_of(config, world);
        message.run = seen.run;
        message.status = seen.status;
        message.items = due(book.ledger, channel->name(), seen, setting.events, now, repeat);
        message.dropped = dropped(book.ledger, channel->name());
        if (message.items.empty()) continue;
        const auto failure = book.attempt(channel->name(), [&] { channel->send(message); });
        if (failure) failures.push_back(*failure);
        failure ? note_owed(book.ledger, channel->name(), message.items, now)
                : note_sent(book.ledger, channel->name(), message.items, now);
    }
    if (setting.heartbeat_url && seen.status == "ok")
        if (const auto failure =
                book.attempt(heartbeat, [&] { beat(*setting.heartbeat_url, setting.timeout); }))
            failures.push_back(*failure);
    prune(book.ledger, names_of(setting, all), now, repeat);
    if (const auto failure = book.close()) failures.push_back(*failure);
    return failures;
}

std::vector<Tried> try_all(const Config& config, World& world) {
    if (!config.alert) return {};
    const AlertSetting& setting = *config.alert;
    std::vector<Tried> tried;
    Book book(setting, world);
    Message message = message_of(config, world);
    message.test = true;
    for (const auto& channel : channels(setting))
        tried.push_back({channel->name(), channel->where(),
                         book.attempt(channel->name(), [&] { channel->send(message); })});
    if (setting.heartbeat_url)
        tried.push_back({heartbeat, hidden_url(*setting.heartbeat_url),
                         book.attempt(heartbeat, [&] { beat(*setting.heartbeat_url, setting.timeout); })});
    tried.push_back({memory_name, setting.memory, book.close()});
    return tried;
}

std::vector<Failure> failing(const Config& config) {
    return config.alert ? peek(config.alert->memory).failing : std::vector<Failure>{};
}

}  // namespace tideway::alert
