// Keys that are numbers: whether both sides can give the same one, and whether enough are left.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "engine/doctor.hpp"

namespace tideway::doctor {
namespace {

constexpr std::int64_t most = 9'000'000'000'000'000'000;
// Between two ranges, so that the lower one takes long to reach the upper one.
constexpr std::int64_t wide_gap = 100'000;
// What may be given between the advice and the moment when somebody follows it.
constexpr std::int64_t given_meanwhile = 1'000;
// Numbers picked by chance among fewer meet too soon.
constexpr std::int64_t roomy = 1'000'000;

const RelationColumn& column_of(const TableUnderSync& table, const LinkedColumn& column, Side side) {
    return *relation(table, side)->column(column.on(side).name);
}

std::int64_t limit(const TableUnderSync& table, const LinkedColumn& column, Side side) {
    const double fits = greatest(column_of(table, column, side));
    return fits < static_cast<double>(most) ? static_cast<std::int64_t>(fits) : most;
}

std::int64_t narrower_limit(const TableUnderSync& table, const LinkedColumn& column) {
    return std::min(limit(table, column, Side::desktop), limit(table, column, Side::cloud));
}

std::int64_t gap(std::int64_t limit) { return std::min(wide_gap, limit / 10); }

// The greatest number in use that numbering goes on from; a single one far above is a special value.
std::int64_t highest(const NumbersInUse& used) { return used.beyond > 1 ? used.greatest : used.within_reach; }
std::int64_t highest(const KeyNumbers& numbers) {
    return std::max(highest(numbers.desktop.used), highest(numbers.cloud.used));
}

std::string place_of(const TableUnderSync& table, const LinkedColumn& column, Side side) {
    return place(side, table.link.on(side), column.on(side).name);
}

// Whether two sequences can ever hand out the same number: no where their steps keep them to different
// remainders, where one ends before the other begins, or where one begins far above the other.
bool may_meet(const SequenceFacts& a, const SequenceFacts& b, std::int64_t limit) {
    if ((a.next - b.next) % std::gcd(a.step, b.step) != 0) return false;
    const auto lowest = [](const SequenceFacts& s) { return s.step > 0 ? s.next : s.least; };
    const auto topmost = [](const SequenceFacts& s) { return s.step > 0 ? s.greatest : s.next; };
    if (topmost(a) < lowest(b) || topmost(b) < lowest(a)) return false;
    if (a.step < 0 || b.step < 0) return true;
    const SequenceFacts& near = a.next < b.next ? a : b;
    const SequenceFacts& far = a.next < b.next ? b : a;
    const std::int64_t start = range_start(far) > near.next ? range_start(far) : far.next;
    return start - near.next < std::max(start / 5, gap(limit));
}

std::int64_t first_from(std::int64_t from, std::int64_t remainder, std::int64_t step) {
    return from + ((remainder - from) % step + step) % step;
}

const char* no_room = "too few numbers are left to share: widen the column on both sides first";

// Odd numbers for the desktop and even ones for the cloud, or remainders of a longer step that one has.
std::string sharing_sql(const KeyNumbers& numbers, const std::string& sequence, Side side,
                        std::int64_t limit) {
    const SequenceFacts &d = *numbers.desktop.sequence, &c = *numbers.cloud.sequence;
    if (d.step < 0 || c.step < 0) return "let one of the sequences count on where the other one never comes";
    const std::int64_t step = std::max({std::int64_t{2}, d.step, c.step});
    std::int64_t from = std::max({highest(numbers) + 1, d.next, c.next});
    const std::int64_t room = std::min({limit, d.greatest, c.greatest}) - step * given_meanwhile;
    if (from > room) return no_room;
    if (room - from > 10 * given_meanwhile) from += given_meanwhile;
    return fmt::format("ALTER SEQUENCE {} INCREMENT BY {} RESTART WITH {};", sequence, step,
                       first_from(from, (side == Side::desktop ? 1 : 2) % step, step));
}

Findings both_number(const TableUnderSync& table, const LinkedColumn& column, const KeyNumbers& numbers) {
    const std::int64_t fits = narrower_limit(table, column);
    if (!may_meet(*numbers.desktop.sequence, *numbers.cloud.sequence, fits)) return {};
    Findings found;
    for (const Side side : {Side::desktop, Side::cloud}) {
        const SequenceFacts &here = *numbers.on(side).sequence, &there = *numbers.on(other(side)).sequence;
        found.push_back(
            {Severity::warning, "numbering-collides", place_of(table, column, side),
             fmt::format(
                 "is numbered by a sequence on both sides, and they can give the same number: from {} in "
                 "steps of {} here, from {} in steps of {} on the other side; then both rows are kept "
                 "and wait for a person. Share the numbers out by running this here and its counterpart "
                 "there",
                 here.next, here.step, there.next, there.step),
             sharing_sql(numbers, column_of(table, column, side).counter, side, fits)});
    }
    return found;
}

// A round number well inside the range, or else the middle of what is left.
std::optional<std::int64_t> high_range(std::int64_t highest, std::int64_t limit) {
    std::int64_t round = 1;
    while (round <= limit / 20) round *= 10;
    for (const std::int64_t start : {round, highest + (limit - highest) / 2})
        if (start - highest >= gap(limit) && limit - start >= gap(limit)) return start;
    return std::nullopt;
}

Findings one_numbers(const TableUnderSync& table, const LinkedColumn& column, const KeyNumbers& numbers,
                     Side side) {
    const SequenceFacts& sequence = *numbers.on(side).sequence;
    const std::int64_t fits = std::min(narrower_limit(table, column), sequence.greatest);
    if (sequence.step < 0 ? sequence.next <= 0
                          : range_start(sequence) - numbers.on(other(side)).below_range >= gap(fits))
        return {};
    std::string remedy =
        "let the other side use numbers that the sequence will not reach, for instance from 1000000000 on";
    if (side == Side::cloud) {
        const auto start = high_range(std::max(highest(numbers), sequence.next), fits);
        remedy = start ? fmt::format("ALTER SEQUENCE {0} START WITH {1} RESTART WITH {1};",
                                     column_of(table, column, side).counter, *start)
                       : no_room;
    }
    return {{Severity::warning, "key-numbering", place_of(table, column, side),
             "is numbered by a sequence, which does not know the numbers given on the other side; where both "
             "sides give the same one, both rows are kept and wait for a person",
             remedy}};
}

Findings unreadable(const TableUnderSync& table, const LinkedColumn& column, Side side,
                    const ServerFacts& server) {
    return {{Severity::warning, "numbers-unseen", place_of(table, column, side),
             "is numbered by a sequence that the role may not read, so whether its numbers meet those of the "
             "other side cannot be told",
             fmt::format("GRANT SELECT ON SEQUENCE {} TO {}; and USAGE on its schema",
                         column_of(table, column, side).counter, sql::Identifier(server.user).quoted())}};
}

// The sequence of a serial column has the old type's end.
std::string widening_sql(const TableUnderSync& table, const LinkedColumn& column, const KeyNumbers& numbers,
                         Side side) {
    const RelationColumn& seen = column_of(table, column, side);
    const bool whole = seen.type_class == TypeClass::integer;
    const std::size_t comma = seen.type.find(',');
    const std::string fraction = comma == std::string::npos ? "0)" : seen.type.substr(comma + 1);
    std::string sql = fmt::format("ALTER TABLE {} ALTER COLUMN {} TYPE {};", table.link.on(side).quoted(),
                                  sql::Identifier(seen.name).quoted(),
                                  whole              ? "bigint"
                                  : fraction == "0)" ? "numeric(18)"
                                                     : "numeric(20," + fraction);
    const auto& sequence = numbers.on(side).sequence;
    if (sequence && whole && !seen.sequence.empty() && sequence->greatest <= limit(table, column, side))
        sql += fmt::format("\nALTER SEQUENCE {} AS bigint;", seen.sequence);
    return sql;
}

bool used_up(const KeyNumbers& numbers, std::int64_t reach) {
    for (const Side side : {Side::desktop, Side::cloud}) {
        const auto& [sequence, used, below] = numbers.on(side);
        if (used.beyond > 1 || (sequence && sequence->next > reach)) return true;
    }
    return false;
}

// Ids that nobody counts up lie far apart, or there are none yet to see it by.
bool picked_by_chance(const TableUnderSync& table, const LinkedColumn& column, const KeyNumbers& numbers) {
    std::int64_t rows = 0, top = 0;
    for (const Side side : {Side::desktop, Side::cloud}) {
        if (!column_of(table, column, side).counter.empty()) return false;
        rows = std::max(rows, numbers.on(side).used.rows);
        top = std::max(top, numbers.on(side).used.greatest);
    }
    return table.link.key_columns().size() == 1 && (rows == 0 || (top > 1'000 && top / 10 > rows));
}

Finding too_narrow(const TableUnderSync& table, const LinkedColumn& column, const KeyNumbers& numbers,
                   Side side, bool full) {
    const std::int64_t fits = limit(table, column, side);
    const std::string& type = column_of(table, column, side).type;
    const std::string text =
        full ? fmt::format(
                   "is {}, and more than 80 % of its numbers are used up (to {} of {}); rows that do not "
                   "fit will be parked",
                   type, std::max(numbers.desktop.used.greatest, numbers.cloud.used.greatest), fits)
             : fmt::format(
                   "is {}, and no sequence numbers it: where phones pick ids by chance, two of {:.0f} rows "
                   "have the same one in every second case",
                   type, 1.18 * std::sqrt(static_cast<double>(fits)));
    return {Severity::warning, full ? "key-nearly-full" : "key-space-small", place_of(table, column, side),
            text, widening_sql(table, column, numbers, side)};
}

}  // namespace

std::vector<const LinkedColumn*> numbered_keys(const TableUnderSync& table) {
    std::vector<const LinkedColumn*> keys;
    for (const LinkedColumn* column : table.link.key_columns()) {
        const auto number = [&](Side side) {
            const TypeClass type = column_of(table, *column, side).type_class;
            return type == TypeClass::integer || type == TypeClass::numeric;
        };
        if (number(Side::desktop) && number(Side::cloud)) keys.push_back(column);
    }
    return keys;
}

std::int64_t reach(const TableUnderSync& table, const LinkedColumn& column) {
    return narrower_limit(table, column) / 10 * 8 + narrower_limit(table, column) % 10 * 8 / 10;
}

std::int64_t range_start(const SequenceFacts& sequence) {
    return sequence.start <= sequence.next ? std::max(sequence.start, sequence.least) : sequence.least;
}

Findings check_numbering(const TableUnderSync& table, const LinkedColumn& column, const KeyNumbers& numbers,
                         const ServerFacts& desktop, const ServerFacts& cloud) {
    Findings found;
    bool counted[2] = {false, false};
    for (const Side side : {Side::desktop, Side::cloud}) {
        counted[side == Side::cloud] = !column_of(table, column, side).counter.empty();
        if (counted[side == Side::cloud] && !numbers.on(side).sequence)
            add(found, unreadable(table, column, side, side == Side::desktop ? desktop : cloud));
    }
    if (!found.empty()) return found;
    if (counted[0] && counted[1]) return both_number(table, column, numbers);
    if (counted[0]) return one_numbers(table, column, numbers, Side::desktop);
    if (counted[1]) return one_numbers(table, column, numbers, Side::cloud);
    return {};
}

Findings check_key_space(const TableUnderSync& table, const LinkedColumn& column, const KeyNumbers& numbers) {
    const std::int64_t fits = narrower_limit(table, column);
    if (fits == most) return {};
    const bool full = used_up(numbers, reach(table, column));
    if (!full && (fits > roomy || !picked_by_chance(table, column, numbers))) return {};
    Findings found;
    for (const Side side : {Side::desktop, Side::cloud})
        if (const std::int64_t here = limit(table, column, side); full ? here == fits : here <= roomy)
            found.push_back(too_narrow(table, column, numbers, side, full));
    return found;
}

}  // namespace tideway::doctor
