// Sums of hashes as servers make them (checksum_sql), made here.
#pragma once
#include <cstdint>
#include <limits>

namespace tideway::pg {

class Checksum {
  public:
    void add(std::int64_t value) { sum_ += value; }
    // The remainder has the sign of the sum, as in SQL.
    std::int64_t value() const { return static_cast<std::int64_t>(sum_ % std::numeric_limits<std::int64_t>::max()); }

  private:
    __extension__ typedef __int128 Wide;
    Wide sum_ = 0;
};

}  // namespace tideway::pg
