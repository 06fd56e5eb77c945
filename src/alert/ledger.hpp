// Who was told what, and what is still to be told: pure.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "alert/event.hpp"

namespace tideway::alert {

struct Told {
    Place place;
    std::int64_t since = 0;                    // microseconds since 1970
    std::map<std::string, std::int64_t> last;  // channel: when it was told, or put aside for it
    bool over = false;                         // and not everybody knows yet
    std::vector<std::string> signs = {};       // of the condition since it began
};

struct Failure {  // of a channel, until it succeeds
    std::string channel, code, text, hint;
    std::int64_t since = 0;
};

enum class State { begun, again, over };
std::string_view to_string(State state);

struct Item {
    State state = State::begun;
    Condition condition;
    std::int64_t since = 0;
    bool late = false;  // the channel did not take it when it was new
};

// What a channel did not take, in order, until it works again.
struct Owed {
    std::string channel;
    std::vector<Item> items;   // the latest `owed_at_most`
    std::int64_t dropped = 0;  // older ones
};
inline constexpr std::size_t owed_at_most = 100;

struct Ledger {
    std::vector<Told> told;
    std::vector<Failure> failing;
    std::vector<Owed> owed = {};
};

// Notes what was found. Entries of tables that are not among `tables` go: nobody will look at them again.
void note(Ledger& ledger, const Observation& seen, const std::vector<std::string>& tables, std::int64_t now);

// What this channel has not been told yet, or not for so long that it is told again; with what it is owed, also where
// that is over meanwhile.
std::vector<Item> due(const Ledger& ledger, const std::string& channel, const Observation& seen,
                      const std::set<AlertKind>& wanted, std::int64_t now, std::int64_t repeat);

void note_sent(Ledger& ledger, const std::string& channel, const std::vector<Item>& items, std::int64_t now);
// The channel failed: what was due is put aside for it.
void note_owed(Ledger& ledger, const std::string& channel, std::vector<Item> items, std::int64_t now);
// How many items of this channel were dropped because it has not worked for too long.
std::int64_t dropped(const Ledger& ledger, const std::string& channel);
void note_success(Ledger& ledger, const std::string& channel);
void note_failure(Ledger& ledger, const std::string& channel, const Error& error, std::int64_t now);

// Drops what need not be remembered any more.
void prune(Ledger& ledger, const std::vector<std::string>& channels, std::int64_t now, std::int64_t repeat);

}  // namespace tideway::alert
