#include "alert/memory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

namespace tideway::alert {
namespace {

using Json = nlohmann::ordered_json;

// Another run tells somebody just now; each of its channels has a time limit of its own.
constexpr std::chrono::seconds patience{15};

[[noreturn]] void fail(const std::string& path, const std::string& what) {
    throw Error(Code::alert_memory, fmt::format("{} {}", path, what));
}

bool lock(int file) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
}

Json to_json(const Item& item) {
    return {{"state", to_string(item.state)},
            {"event", to_string(item.condition.place.first)},
            {"table", item.condition.place.second},
            {"count", item.condition.count},
            {"code", item.condition.code},
            {"detail", item.condition.detail},
            {"since", item.since}};
}

Json to_json(const Owed& owed) {
    Json items = Json::array();
    for (const Item& item : owed.items) items.push_back(to_json(item));
    return {{"channel", owed.channel}, {"items", items}, {"dropped", owed.dropped}};
}

Json to_json(const Ledger& ledger) {
    Json out = {{"version", 1}, {"told", Json::array()}, {"failing", Json::array()}, {"owed", Json::array()}};
    for (const Told& each : ledger.told)
        out["told"].push_back({{"event", to_string(each.place.first)},
                               {"table", each.place.second},
                               {"since", each.since},
                               {"last", each.last},
                               {"over", each.over},
                               {"signs", each.signs}});
    for (const Failure& each : ledger.failing)
        out["failing"].push_back({{"channel", each.channel},
                                  {"code", each.code},
                                  {"text", each.text},
                                  {"hint", each.hint},
                                  {"since", each.since}});
    for (const Owed& each : ledger.owed) out["owed"].push_back(to_json(each));
    return out;
}

Owed owed_from(const Json& json) {
    Owed owed{json.at("channel"), {}, json.at("dropped")};
    for (const Json& each : json.at("items")) {
        const auto kind = parse_alert_kind(each.at("event").get<std::string>());
        if (!kind) continue;
        State state = State::begun;
        for (const State other : {State::again, State::over})
            if (each.at("state").get<std::string>() == to_string(other)) state = other;
        owed.items.push_back(
            {state, {{*kind, each.at("table")}, each.at("count"), each.at("code"), each.at("detail")}, each.at("since")});
    }
    return owed;
}

Ledger from_json(const std::string& text) try {
    const Json json = Json::parse(text);
    Ledger ledger;
    for (const Json& each : json.at("told")) {
        const auto kind = parse_alert_kind(each.at("event").get<std::string>());
        if (kind)
            ledger.told.push_back({{*kind, each.at("table")},
                                   each.at("since"),
                                   each.at("last").get<std::map<std::string, std::int64_t>>(),
                                   each.at("over"),
                                   each.value("signs", std::vector<std::string>{})});
    }
    for (const Json& each : json.at("failing"))
        ledger.failing.push_back(
            {each.at("channel"), each.at("code"), each.at("text"), each.at("hint"), each.at("since")});
    for (const Json& each : json.value("owed", Json::array())) ledger.owed.push_back(owed_from(each));
    return ledger;
} catch (const Json::exception&) {
    return {};
}

}  // namespace

Memory::Memory(const std::string& path) : path_(path) {
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) fail(path, fmt::format("cannot be opened: {}", std::strerror(errno)));
    if (lock(file_)) return;
    ::close(file_);
    fail(path, "is kept by another process");
}

Memory::~Memory() { ::close(file_); }

Ledger Memory::load() const { return peek(path_); }

// In place: the lock belongs to this very file. A text that was cut off counts as none.
void Memory::save(const Ledger& ledger) const {
    const std::string text = to_json(ledger).dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
    const auto length = static_cast<ssize_t>(text.size());
    if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, text.data(), text.size(), 0) != length)
        fail(path_, fmt::format("cannot be written: {}", std::strerror(errno)));
}

Ledger peek(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return from_json(text.str());
}

}  // namespace tideway::alert
