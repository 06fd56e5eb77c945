#include "support/pg_backend.hpp"

#include <algorithm>
#include <cstdint>

namespace tideway::test {
namespace {

std::uint32_t length_at(const std::string& bytes, std::size_t offset) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
    return value;
}

}  // namespace

std::vector<BackendPiece> BackendParser::feed(std::string_view chunk, bool apart_copy_data) {
    pending_ += chunk;
    std::vector<BackendPiece> pieces;
    while (at_ < pending_.size() && take_message(pieces, apart_copy_data)) {
    }
    pending_.erase(0, at_);
    at_ = 0;
    return pieces;
}

void BackendParser::take(std::vector<BackendPiece>& pieces, char type, std::size_t size) {
    if (type != 0 || pieces.empty() || pieces.back().type != 0) pieces.push_back({type, {}});
    pieces.back().bytes.append(pending_, at_, size);
    at_ += size;
}

bool BackendParser::take_message(std::vector<BackendPiece>& pieces, bool apart_copy_data) {
    const std::size_t there = pending_.size() - at_;
    if (pass_through_ > 0) {
        const std::size_t size = std::min(pass_through_, there);
        pass_through_ -= size;
        take(pieces, 0, size);
        return true;
    }
    const char type = pending_[at_];
    if (!started_ && type == 'N') {
        take(pieces, 0, 1);
        return true;
    }
    started_ = true;
    if (there < 5) return false;
    const std::size_t size = 1 + std::size_t{length_at(pending_, at_ + 1)};
    if (type != 'Z' && !(type == 'd' && apart_copy_data)) {
        pass_through_ = size;
        return true;
    }
    if (there < size) return false;
    take(pieces, type, size);
    return true;
}

}  // namespace tideway::test
