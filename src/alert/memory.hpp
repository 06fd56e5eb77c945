// The ledger in a file beside the configuration: what matters most is told when no database can be reached.
#pragma once
#include <string>

#include "alert/ledger.hpp"

namespace tideway::alert {

class Memory {
  public:
    // Opens or creates the file and keeps other processes out of it until the end of life; waits for them a
    // few seconds. Throws Error(alert_memory).
    explicit Memory(const std::string& path);
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    // Empty where there is none, and where it cannot be understood: then everything is told once more.
    Ledger load() const;
    void save(const Ledger& ledger) const;  // Error(alert_memory)

  private:
    std::string path_;
    int file_ = -1;
};

// Without waiting for anybody: as far as the file can be read now.
Ledger peek(const std::string& path);

}  // namespace tideway::alert
