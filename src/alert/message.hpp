// One message to one channel: everything that is due there, in the forms that channels take.
#pragma once
#include <string>
#include <vector>

#include "alert/ledger.hpp"

namespace tideway::alert {

struct Message {
    std::string pair, host, at;  // at: ISO, UTC
    std::string run, status;     // empty: of no run
    std::vector<Item> items;
    std::int64_t dropped = 0;  // older items that the channel was never told
    bool test = false;
};

std::string subject(const Message& message);  // one line, ASCII but for what the pair is called
std::string text(const Message& message);     // lines ending in newlines
// One JSON object: "text" for receivers that know nothing else, and every field (docs/cli.md).
std::string json(const Message& message);

}  // namespace tideway::alert
