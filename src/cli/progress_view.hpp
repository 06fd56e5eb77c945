// How far a run is: a bar with the time left on a terminal, a line every five seconds anywhere else.
#pragma once
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include "engine/engine.hpp"

namespace tideway::cli {

enum class ProgressKind { none, lines, bar };

class ProgressView : public Progress {
  public:
    using MonotonicMicros = std::function<std::int64_t()>;
    // `out` must outlive the view.
    ProgressView(std::ostream& out, ProgressKind kind, MonotonicMicros now);
    ~ProgressView() override;  // clears the bar
    ProgressView(const ProgressView&) = delete;
    ProgressView& operator=(const ProgressView&) = delete;

    void phase(std::string_view what) override;
    // total 0: unknown.
    void table(std::string_view name, std::int64_t done, std::int64_t total) override;

  private:
    void clear();
    std::string bar(std::int64_t done, std::int64_t total, std::int64_t now) const;
    std::string line(std::int64_t done, std::int64_t total) const;

    std::ostream& out_;
    ProgressKind kind_;
    MonotonicMicros now_;
    std::string phase_, table_;
    std::int64_t table_since_ = 0, shown_at_ = 0;
    std::size_t shown_width_ = 0;
};

}  // namespace tideway::cli
