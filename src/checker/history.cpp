#include "checker/history.hpp"

#include <algorithm>
#include <limits>

namespace tideway::checker {
namespace {

Cell cell(const Row& row, const std::string& column) {
    const auto found = row.find(column);
    return found == row.end() ? Cell() : found->second;
}

const Restore* last_restore(const History& history, Side side, long long up_to) {
    const Restore* last = nullptr;
    for (const Restore& each : history.restores)
        if (each.side == side && each.seq <= up_to) last = &each;
    return last;
}

bool is_of(const TableRules& rules, const Write& write, const Key& key) {
    return write.table == rules.table && ((write.before && key_of(rules, *write.before) == key) ||
                                          (write.after && key_of(rules, *write.after) == key));
}

}  // namespace

bool History::holds(Side side, long long seq, long long behind) const {
    while (seq <= behind) {
        const Restore* restore = last_restore(*this, side, behind);
        if (restore == nullptr || seq > restore->seq) return true;
        behind = restore->to;
    }
    return false;
}

bool History::holds(const Write& write) const {
    return holds(write.side, write.seq, std::numeric_limits<long long>::max());
}

// After a second restore, agreements of any time may be doubtful: it may hide the first one.
bool History::is_shaken(const TableRules& rules, const Key& key) const {
    if (restores.size() > 1) return true;
    return std::any_of(restores.begin(), restores.end(), [&](const Restore& restore) {
        return std::any_of(writes.begin(), writes.end(), [&](const Write& write) {
            return write.at >= restore.since && write.at <= restore.at && is_of(rules, write, key);
        });
    });
}

Key key_of(const TableRules& rules, const Row& row) {
    Key key;
    for (const std::string& column : rules.key) key.push_back(cell(row, column).value_or("(null)"));
    return key;
}

Row content_of(const TableRules& rules, const Row& row) {
    Row content;
    for (const std::string& column : rules.content) content[column] = cell(row, column);
    return content;
}

std::string version_of(const TableRules& rules, const Row& row) {
    return cell(row, rules.version).value_or("(no version)");
}

std::string text_of(const Key& key) {
    std::string text;
    for (const std::string& part : key) text += (text.empty() ? "" : ", ") + part;
    return text;
}

}  // namespace tideway::checker
