// Follows what a PostgreSQL client sends (protocol 3, no TLS), cut anywhere into chunks, message by message.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace tideway::test {

struct FrontendPiece {
    char type;          // 'Q' Query, 'P' Parse, 'S' Sync or 'd' CopyData: one whole message; 'I': a session's
                        // startup packet; 0: other bytes, cut anywhere
    std::string bytes;  // as they came, to be forwarded
    std::string sql;    // of Query and Parse
};

class FrontendParser {
  public:
    // The pieces that `chunk` completes, in order; what is not complete is kept for the next call.
    std::vector<FrontendPiece> feed(std::string_view chunk);

  private:
    bool take_message(std::vector<FrontendPiece>& pieces);
    bool take(std::vector<FrontendPiece>& pieces, char type, std::size_t size);

    std::string pending_;
    std::size_t at_ = 0;            // of pending_, what has been taken
    std::size_t pass_through_ = 0;  // bytes left of a message that nobody looks into
    bool started_ = false;          // the startup packet has passed
};

// Does one of the statements in `sql` (cut at each ;) begin with `text`? Case, spaces and comments before do
// not matter.
bool holds_statement(std::string_view sql, std::string_view text);

}  // namespace tideway::test
