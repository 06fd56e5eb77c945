#include "support/served_console.hpp"

#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "support/temp_dir.hpp"

namespace tideway::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto patience = std::chrono::seconds(60);

bool answers(std::uint16_t port) {
    try {
        return ask_http(port, {"GET", "/livez"}).status == 200;
    } catch (const std::runtime_error&) {
        return false;
    }
}

template <typename Condition>
void wait_for(const char* what, Process& process, const Condition& holds) {
    const auto end = Clock::now() + patience;
    while (!holds()) {
        if (Clock::now() > end || !process.running())
            throw std::runtime_error(fmt::format("waited in vain for {}:\n{}", what, process.err()));
        std::this_thread::sleep_for(Millis(20));
    }
}

}  // namespace

ServedConsole::ServedConsole(const std::string& toml, const Environment& env, const std::string& serve) {
    config_ = std::make_unique<ConfigFile>(
        fmt::format("{}\n[serve]\nlisten = '127.0.0.1:{}'\n{}", toml, port(), serve));
    process_ = start_tideway(*config_, {"serve"}, env);
    wait_for("the console", *process_, [&] { return answers(port()); });
    // It listens a moment before it serves its pairs; some tests have none that could be asked for.
    for (int i = 0; i < 100 && !shows_a_pair(); ++i) std::this_thread::sleep_for(Millis(20));
}

bool ServedConsole::shows_a_pair() {
    try {
        return !get("/pairs")["pairs"].empty();
    } catch (const std::runtime_error&) {
        return false;
    }
}

std::string ServedConsole::url() const { return fmt::format("http://127.0.0.1:{}", port()); }

std::string ServedConsole::token_file() const {
    return std::filesystem::path(config_->path()).replace_extension(".token");
}

std::string ServedConsole::token() const {
    const std::string text = read_file(token_file());
    return text.substr(0, text.find('\n'));
}

int ServedConsole::stop() {
    if (process_->running()) process_->signal(SIGTERM);
    return process_->wait(patience).value_or(-1000);
}

HttpAnswer ServedConsole::ask(HttpQuestion question) {
    bool named = false;
    for (const auto& [name, value] : question.headers) named = named || name == "Authorization";
    if (!named) question.headers.emplace_back("Authorization", "Bearer " + token());
    return ask_http(port(), question);
}

nlohmann::json ServedConsole::get(const std::string& path) {
    const HttpAnswer answer = ask({"GET", "/api/v1" + path});
    if (answer.status != 200) throw std::runtime_error(path + ": " + answer.head + answer.body);
    return nlohmann::json::parse(answer.body);
}

HttpAnswer ServedConsole::post(const std::string& path, const nlohmann::json& body) {
    return ask({"POST", "/api/v1" + path, {{"Content-Type", "application/json"}}, body.dump()});
}

nlohmann::json ServedConsole::run(const nlohmann::json& wanted) {
    const std::string runs = "/pairs/main/runs";
    const auto last = [&] {
        const nlohmann::json all = get(runs + "?limit=1")["runs"];
        return all.empty() ? 0 : all[0]["number"].get<int>();
    };
    const int before = last();
    if (const HttpAnswer answer = post(runs, wanted); answer.status != 202)
        throw std::runtime_error("no run: " + answer.body);
    wait_for("the run", *process_, [&] { return last() > before; });
    return get(fmt::format("{}/{}", runs, last()))["run"];
}

}  // namespace tideway::test
