// Who was told what, and what is still to be told: pure.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "alert/event.hpp"

namespace tideway::alert {

struct Told {
    Place place;
    std::int64_t since = 0;                    // microseconds since 1970
    std::map<std::string, std::int64_t> last;  // channel: when it was told
    bool over = false;                         // and not everybody knows yet
};

struct Failure {  // of a channel, until it succeeds
    std::string channel, code, text, hint;
    std::int64_t since = 0;
};

struct Ledger {
    std::vector<Told> told;
    std::vector<Failure> failing;
};

enum class State { begun, again, over };

struct Item {
    State state = State::begun;
    Condition condition;
    std::int64_t since = 0;
};

// Notes what was found. Entries of tables that are not among `tables` go: nobody will look at them again.
void note(Ledger& ledger, const Observation& seen, const std::vector<std::string>& tables, std::int64_t now);

// What this channel has not been told yet, or not for so long that it is told again.
std::vector<Item> due(const Ledger& ledger, const std::string& channel, const Observation& seen,
                      const std::set<AlertKind>& wanted, std::int64_t now, std::int64_t repeat);

void note_sent(Ledger& ledger, const std::string& channel, const std::vector<Item>& items, std::int64_t now);
void note_success(Ledger& ledger, const std::string& channel);
void note_failure(Ledger& ledger, const std::string& channel, const Error& error, std::int64_t now);

// Drops what need not be remembered any more.
void prune(Ledger& ledger, const std::vector<std::string>& channels, std::int64_t now, std::int64_t repeat);

}  // namespace tideway::alert
