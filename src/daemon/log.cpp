#include "daemon/log.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <mutex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/iso_time.hpp"
#include "daemon/log_file.hpp"

namespace tideway::daemon {
namespace {

std::string_view text_of(spdlog::string_view_t view) { return {view.data(), view.size()}; }

class JsonLines : public spdlog::formatter {
  public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        const auto at =
            std::chrono::duration_cast<std::chrono::microseconds>(message.time.time_since_epoch());
        const nlohmann::ordered_json line = {{"time", iso_time(at.count())},
                                             {"level", text_of(spdlog::level::to_string_view(message.level))},
                                             {"message", text_of(message.payload)}};
        const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
        out.append(text.data(), text.data() + text.size());
    }
    std::unique_ptr<formatter> clone() const override { return std::make_unique<JsonLines>(); }
};

class FileSink : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit FileSink(const std::string& path) : file_(path, {}) {}
    bool reopen() {
        const std::lock_guard lock(mutex_);
        return file_.reopen();
    }

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        file_.write({line.data(), line.size()});
    }
    void flush_() override {}  // nothing is held back

  private:
    LogFile file_;
};

spdlog::sink_ptr sink_of(const LogSetting& setting) {
    if (setting.file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    return std::make_shared<FileSink>(setting.file);
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

void reopen_log() {
    for (const spdlog::sink_ptr& sink : spdlog::default_logger()->sinks())
        if (auto* file = dynamic_cast<FileSink*>(sink.get()); file != nullptr && !file->reopen())
            spdlog::warn("the log's file cannot be opened anew: the old one is written on");
}

}  // namespace tideway::daemon
