// Exact decimal numbers of any length, as PostgreSQL writes a numeric. Pure.
#pragma once
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace tideway {

class Decimal {
  public:
    // None: not a finite number in plain digits.
    static std::optional<Decimal> parse(std::string_view text);
    std::string text() const;  // without needless zeros: "-0.5", "12"
    Decimal operator-() const;
    Decimal operator+(const Decimal& other) const;
    Decimal operator-(const Decimal& other) const { return *this + -other; }
    std::strong_ordering operator<=>(const Decimal& other) const;
    bool operator==(const Decimal& other) const { return (*this <=> other) == 0; }

  private:
    std::string digits_;     // most significant first, without leading zeros; empty: zero
    std::size_t scale_ = 0;  // how many of them stand behind the point
    bool negative_ = false;
    Decimal scaled(std::size_t scale) const;
    Decimal& trim();
};

}  // namespace tideway
