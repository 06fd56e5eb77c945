// How far a run is: a bar with the time left on a terminal, a line every five seconds anywhere else.
#pragma once
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

namespace tideway::cli {

class ProgressView {
  public:
    using MonotonicMicros = std::function<std::int64_t()>;
    // `out` must outlive the view.
    ProgressView(std::ostream& out, bool terminal, MonotonicMicros now);
    ~ProgressView();  // clears the bar
    ProgressView(const ProgressView&) = delete;
    ProgressView& operator=(const ProgressView&) = delete;

    void phase(std::string_view what);
    // total 0: unknown.
    void table(std::string_view name, std::int64_t done, std::int64_t total);

  private:
    void clear();
    std::string bar(std::int64_t done, std::int64_t total, std::int64_t now) const;
    std::string line(std::int64_t done, std::int64_t total) const;

    std::ostream& out_;
    bool terminal_;
    MonotonicMicros now_;
    std::string phase_, table_;
    std::int64_t table_since_ = 0, shown_at_ = 0;
    std::size_t shown_width_ = 0;
};

}  // namespace tideway::cli
