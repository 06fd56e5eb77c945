#include "support/pg_frontend.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace tideway::test {
namespace {

constexpr std::uint32_t kSslRequest = 80877103;
constexpr std::uint32_t kGssEncRequest = 80877104;

std::uint32_t number_at(const std::string& bytes, std::size_t offset) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
    return value;
}

// Query: type, length, sql. Parse: type, length, statement name, sql.
std::string sql_of(const std::string& message) {
    std::size_t begin = 5;
    if (message[0] == 'P') begin = message.find('\0', begin) + 1;
    return message.substr(begin, message.find('\0', begin) - begin);
}

std::string_view without_lead(std::string_view statement) {
    for (;;) {
        while (!statement.empty() && std::isspace(static_cast<unsigned char>(statement[0])) != 0)
            statement.remove_prefix(1);
        if (!statement.starts_with("/*")) return statement;
        const std::size_t end = statement.find("*/");
        if (end == std::string_view::npos) return {};
        statement.remove_prefix(end + 2);
    }
}

bool begins_with(std::string_view statement, std::string_view text) {
    return statement.size() >= text.size() &&
           std::equal(text.begin(), text.end(), statement.begin(),
                      [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

}  // namespace

std::vector<FrontendPiece> FrontendParser::feed(std::string_view chunk) {
    pending_ += chunk;
    std::vector<FrontendPiece> pieces;
    while (at_ < pending_.size() && take_message(pieces)) {
    }
    pending_.erase(0, at_);
    at_ = 0;
    return pieces;
}

bool FrontendParser::take(std::vector<FrontendPiece>& pieces, char type, std::size_t size) {
    std::string bytes = pending_.substr(at_, size);
    at_ += size;
    if (type == 0 && !pieces.empty() && pieces.back().type == 0) {
        pieces.back().bytes += bytes;
        return true;
    }
    std::string sql = type == 'Q' || type == 'P' ? sql_of(bytes) : std::string();
    pieces.push_back({type, std::move(bytes), std::move(sql)});
    return true;
}

bool FrontendParser::take_message(std::vector<FrontendPiece>& pieces) {
    const std::size_t there = pending_.size() - at_;
    if (pass_through_ > 0) {
        const std::size_t size = std::min(pass_through_, there);
        pass_through_ -= size;
        return take(pieces, 0, size);
    }
    if (!started_) {  // length, code, payload
        if (there < 8 || there < number_at(pending_, at_)) return false;
        const std::uint32_t code = number_at(pending_, at_ + 4);
        started_ = code != kSslRequest && code != kGssEncRequest;
        return take(pieces, started_ ? 'I' : '\0', number_at(pending_, at_));
    }
    if (there < 5) return false;
    const char type = pending_[at_];
    const std::size_t size = 1 + std::size_t{number_at(pending_, at_ + 1)};
    if (type != 'Q' && type != 'P' && type != 'S' && type != 'd') {
        pass_through_ = size;
        return true;
    }
    return there >= size && take(pieces, type, size);
}

bool holds_statement(std::string_view sql, std::string_view text) {
    for (;;) {
        const std::size_t end = sql.find(';');
        if (begins_with(without_lead(sql.substr(0, end)), text)) return true;
        if (end == std::string_view::npos) return false;
        sql.remove_prefix(end + 1);
    }
}

}  // namespace tideway::test
