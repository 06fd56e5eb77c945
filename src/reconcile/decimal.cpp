#include "reconcile/decimal.hpp"

#include <algorithm>

namespace tideway {
namespace {

std::strong_ordering compare_digits(const std::string& one, const std::string& other) {
    if (one.size() != other.size()) return one.size() <=> other.size();
    return one.compare(other) <=> 0;
}

std::string add_digits(const std::string& one, const std::string& other) {
    std::string sum;
    int carry = 0;
    for (std::size_t i = 0; i < std::max(one.size(), other.size()) || carry != 0; ++i) {
        if (i < one.size()) carry += one[one.size() - 1 - i] - '0';
        if (i < other.size()) carry += other[other.size() - 1 - i] - '0';
        sum.push_back(static_cast<char>('0' + carry % 10));
        carry /= 10;
    }
    std::reverse(sum.begin(), sum.end());
    return sum;
}

// one >= other
std::string subtract_digits(const std::string& one, const std::string& other) {
    std::string difference;
    int borrow = 0;
    for (std::size_t i = 0; i < one.size(); ++i) {
        int digit = one[one.size() - 1 - i] - '0' - borrow;
        if (i < other.size()) digit -= other[other.size() - 1 - i] - '0';
        borrow = digit < 0 ? 1 : 0;
        difference.push_back(static_cast<char>('0' + digit + 10 * borrow));
    }
    std::reverse(difference.begin(), difference.end());
    return difference;
}

}  // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) {
    Decimal number;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        number.negative_ = text.front() == '-';
        text.remove_prefix(1);
    }
    const std::size_t point = text.find('.');
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i == point) continue;
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        number.digits_.push_back(text[i]);
    }
    if (number.digits_.empty()) return std::nullopt;
    if (point != std::string_view::npos) number.scale_ = text.size() - point - 1;
    return number.trim();
}

Decimal& Decimal::trim() {
    while (scale_ > 0 && !digits_.empty() && digits_.back() == '0') {
        digits_.pop_back();
        --scale_;
    }
    digits_.erase(0, std::min(digits_.find_first_not_of('0'), digits_.size()));
    if (digits_.empty()) {
        scale_ = 0;
        negative_ = false;
    }
    return *this;
}

std::string Decimal::text() const {
    std::string text = digits_;
    if (text.size() <= scale_) text.insert(0, scale_ + 1 - text.size(), '0');
    if (scale_ > 0) text.insert(text.size() - scale_, ".");
    return (negative_ ? "-" : "") + text;
}

Decimal Decimal::operator-() const {
    Decimal other = *this;
    other.negative_ = !negative_ && !digits_.empty();
    return other;
}

// Not trimmed: digits that line up with those of another number.
Decimal Decimal::scaled(std::size_t scale) const {
    Decimal wide = *this;
    if (!digits_.empty()) wide.digits_.append(scale - scale_, '0');
    wide.scale_ = scale;
    return wide;
}

Decimal Decimal::operator+(const Decimal& other) const {
    const std::size_t scale = std::max(scale_, other.scale_);
    const Decimal one = scaled(scale), two = other.scaled(scale);
    Decimal sum;
    sum.scale_ = scale;
    if (one.negative_ == two.negative_) {
        sum.digits_ = add_digits(one.digits_, two.digits_);
        sum.negative_ = one.negative_;
        return sum.trim();
    }
    const bool first_is_larger = compare_digits(one.digits_, two.digits_) >= 0;
    const Decimal &larger = first_is_larger ? one : two, &smaller = first_is_larger ? two : one;
    sum.digits_ = subtract_digits(larger.digits_, smaller.digits_);
    sum.negative_ = larger.negative_;
    return sum.trim();
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
    if (negative_ != other.negative_) return negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
    const std::size_t scale = std::max(scale_, other.scale_);
    const auto order = compare_digits(scaled(scale).digits_, other.scaled(scale).digits_);
    return negative_ ? 0 <=> order : order;
}

}  // namespace tideway
