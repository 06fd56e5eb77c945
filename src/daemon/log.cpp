#include "daemon/log.hpp"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/iso_time.hpp"

namespace tideway::daemon {
namespace {

constexpr std::size_t file_bytes = 10 * 1024 * 1024, files = 5;

std::string_view text_of(spdlog::string_view_t view) { return {view.data(), view.size()}; }

class JsonLines : public spdlog::formatter {
  public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        const auto at = std::chrono::duration_cast<std::chrono::microseconds>(message.time.time_since_epoch());
        const nlohmann::ordered_json line = {
            {"time", iso_time(at.count())},
            {"level", text_of(spdlog::level::to_string_view(message.level))},
            {"message", text_of(message.payload)}};
        const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
        out.append(text.data(), text.data() + text.size());
    }
    std::unique_ptr<formatter> clone() const override { return std::make_unique<JsonLines>(); }
};

spdlog::sink_ptr sink_of(const LogSetting& setting) {
    if (setting.file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    try {
        return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(setting.file, file_bytes, files - 1);
    } catch (const spdlog::spdlog_ex& failure) {
        throw Error(Code::usage, fmt::format("{} cannot be written: {}", setting.file, failure.what()),
                    "give another --log-file");
    }
}

}  // namespace

// journald adds the time by itself.
void open_log(const LogSetting& setting) {
    auto logger = std::make_shared<spdlog::logger>("tideway", sink_of(setting));
    const bool journal = setting.file.empty() && std::getenv("JOURNAL_STREAM") != nullptr;
    if (setting.json)
        logger->set_formatter(std::make_unique<JsonLines>());
    else
        logger->set_pattern(journal ? "%l: %v" : "%Y-%m-%dT%H:%M:%SZ %l: %v", spdlog::pattern_time_type::utc);
    logger->set_level(spdlog::level::from_str(setting.level));
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace tideway::daemon
