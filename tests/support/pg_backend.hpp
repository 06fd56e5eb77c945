// Follows what a PostgreSQL server sends (protocol 3, no TLS), cut anywhere into chunks, message by message.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace tideway::test {

struct BackendPiece {
    char type;  // 'Z' ReadyForQuery, or 'd' CopyData when asked for: one whole message; 0: other bytes
    std::string bytes;  // as they came, to be forwarded
};

class BackendParser {
  public:
    // The pieces that `chunk` completes, in order. Other messages pass at once, however long they are. Those
    // of a COPY are looked at one by one only when that is wished: there may be millions.
    std::vector<BackendPiece> feed(std::string_view chunk, bool apart_copy_data);

  private:
    bool take_message(std::vector<BackendPiece>& pieces, bool apart_copy_data);
    void take(std::vector<BackendPiece>& pieces, char type, std::size_t size);

    std::string pending_;
    std::size_t at_ = 0;            // of pending_, what has been taken
    std::size_t pass_through_ = 0;  // bytes left of a message that nobody looks into
    bool started_ = false;          // the answers to requests for encryption, one byte each, have passed
};

}  // namespace tideway::test
