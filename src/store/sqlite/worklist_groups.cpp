// What a worklist hands out: keys with all that the desktop and the base know of them.
#include <fmt/format.h>

#include "sql/named_query.hpp"
#include "sql/text_array.hpp"
#include "store/sqlite/sqlite_worklist.hpp"

namespace tideway::sqlite {
namespace {

BaseState state_named(const std::string& letter) {
    if (letter == "L") return BaseState::live;
    if (letter == "T" || letter == "S") return BaseState::tombstone;
    return letter == "U" ? BaseState::unknown : BaseState::none;
}

BaseEntry entry_at(const Statement& found, bool refill) {
    BaseEntry entry;
    entry.state = state_named(found.text(1));
    entry.deletion_forgotten = found.text(1) == "S";
    entry.origin = found.text(2) == "M" ? Origin::mobile : Origin::desktop;
    entry.desktop = {found.integer(3), found.integer(4)};
    entry.cloud = {found.integer(5), found.integer(6)};
    entry.stamp_desktop = found.maybe_integer(7);
    entry.stamp_cloud = found.maybe_integer(8);
    if (refill) entry.previous = {found.integer(9), found.integer(10)};
    return entry;
}

std::optional<Choice> choice_in(const Cell& cell) { return cell ? std::optional(Choice::parse(*cell)) : std::nullopt; }

const char* only(Part part) {
    return part == Part::everything ? "1"
           : part == Part::gone     ? "(d_gone OR c_gone)"
                                    : "NOT (d_gone OR c_gone)";
}

}  // namespace

void SqliteWorklist::add_waiting_keys() {
    if (!installed_) return;
    Statement found(connection_, "read waiting keys",
                    "SELECT key FROM tideway_waiting WHERE pair = ?1 AND tbl = ?2",
                    {store_.pair(), std::int64_t{table_.id}});
    Statement put(
        connection_, "add waiting key",
        fmt::format("INSERT INTO {} (key, waits) VALUES (?1, 1) ON CONFLICT (key) DO UPDATE SET waits = 1",
                    work_.name()));
    while (found.step()) {
        Key key = sql::parse_text_array(found.text(0));
        key.resize(table_.key_cells());  // without the ordinal
        put.run({sql::text_array(key)});
    }
}

void SqliteWorklist::add_keys(const std::vector<KeyAgain>& keys) {
    Statement put(connection_, "add key",
                  fmt::format("INSERT INTO {} (key, d_at, c_at) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO NOTHING", work_.name()));
    for (const KeyAgain& again : keys) {
        Key key = again.key;
        key.resize(table_.key_cells());
        const auto moment = [](const std::optional<std::int64_t>& at) { return at ? Value(*at) : Value(); };
        put.run({sql::text_array(key), moment(again.captured_desktop), moment(again.captured_cloud)});
    }
}

// A key that only waits may be anything: nobody has compared it. A file counts its rows quickly.
Tally SqliteWorklist::tally(const std::optional<RowsThatTell>& /*enough*/) {
    constexpr const char* unseen = "waits AND NOT d_seen AND NOT c_seen";
    Statement found(connection_, "tally",
                    fmt::format(R"(
SELECT count(*), coalesce(sum(c_bytes), 0), (SELECT count(*) FROM {0} WHERE state = 'L'),
       coalesce(sum(weight) FILTER (WHERE base_live AND d_gone AND NOT c_seen OR {1}), 0),
       coalesce(sum(weight) FILTER (WHERE base_live AND d_seen AND (NOT d_gone OR weight > 1) OR {1}), 0),
       coalesce(sum(weight) FILTER (WHERE base_live AND c_gone AND NOT d_seen OR {1}), 0),
       coalesce(sum(weight) FILTER (WHERE base_live AND c_seen AND (NOT c_gone OR weight > 1) OR {1}), 0),
       coalesce(sum(weight) FILTER (WHERE NOT base_live AND d_seen AND NOT d_gone AND c_seen AND NOT c_gone), 0),
       coalesce(sum(weight), 0)
FROM {2})",
                                base_, unseen, work_.name()));
    found.step();
    return {found.integer(0), found.integer(1), found.integer(2), found.integer(3), found.integer(4),
            found.integer(5), found.integer(6), found.integer(7), found.integer(8)};
}

CandidateGroup SqliteWorklist::group_of(const std::string& key, std::optional<std::int64_t> d_at,
                                        std::optional<std::int64_t> c_at) {
    CandidateGroup group;
    group.key = sql::parse_text_array(key);
    group.cloud_captured = c_at;
    Statement& found = base_rows();
    for (found.bind({key}); found.step();)
        group.base.push_back({static_cast<int>(found.integer(0)), entry_at(found, table_.policy.refill)});
    for (const Row& row : finder().find(group.key)) {
        group.desktop.push_back(codec_.image(row));
        group.desktop.back().facts.captured = d_at;
    }
    return group;
}

void SqliteWorklist::add_waiting_rows(CandidateGroup& group, const std::string& key) {
    // A key is the beginning of those that name its rows.
    const std::string beginning = key.substr(0, key.size() - 1);
    Statement found(connection_, "read waiting rows",
                    "SELECT key, choice FROM tideway_waiting WHERE pair = ?1 AND tbl = ?2 AND substr(key, 1, "
                    "length(?3)) = ?3",
                    {store_.pair(), std::int64_t{table_.id}, beginning});
    while (found.step()) {
        Key waiting = sql::parse_text_array(found.text(0));
        const int ordinal = table_.repeats() ? std::stoi(waiting.back()) : 1;
        waiting.resize(table_.key_cells());
        if (waiting == group.key) group.waiting.push_back({ordinal, choice_in(found.cell(1)), {}});
    }
}

std::vector<CandidateGroup> SqliteWorklist::next(Part part, int max_rows, std::int64_t max_bytes) {
    Statement work(
        connection_, "read keys",
        fmt::format(
            "SELECT n, key, d_at, c_at, c_bytes, weight, waits, d_seen, c_seen FROM {} WHERE n > ?1 AND {} ORDER BY n",
            work_.name(), only(part)),
        {position_});
    std::vector<CandidateGroup> groups;
    std::int64_t rows = 0, bytes = 0;
    while (work.step()) {
        CandidateGroup group = group_of(work.text(1), work.maybe_integer(2), work.maybe_integer(3));
        rows += work.integer(5);
        bytes += work.integer(4);
        for (const RowImage& row : group.desktop)
            for (const Cell& cell : row.cells) bytes += cell ? static_cast<std::int64_t>(cell->size()) : 0;
        if (!groups.empty() && (rows > max_rows || bytes > max_bytes)) break;
        if (work.integer(6) != 0) add_waiting_rows(group, work.text(1));
        group.desktop_written = work.integer(7) != 0;
        group.cloud_written = work.integer(8) != 0;
        fill_lookups(group);
        groups.push_back(std::move(group));
        position_ = work.integer(0);
    }
    return groups;
}

// Columns of the cloud that a query on the desktop's snapshot fills.
void SqliteWorklist::fill_lookups(CandidateGroup& group) {
    for (const Lookup& lookup : table_.lookups) {
        const std::vector<std::string> names = sql::parameter_names(lookup.query);
        Statement query(connection_, "look up " + lookup.cloud.name,
                        sql::replace_parameters(lookup.query, [&](const std::string& name) {
                            return fmt::format(
                                "?{}", std::find(names.begin(), names.end(), name) - names.begin() + 1);
                        }));
        for (RowImage& row : group.desktop) {
            row.cells.resize(table_.columns.size() + table_.lookups.size());
            std::vector<Value> parameters;
            for (const std::size_t at : lookup.parameters)
                parameters.push_back(
                    row.cells[at] ? value_of(codec_.form(at), *row.cells[at]).value_or(Value()) : Value());
            std::set<std::string> answers;
            query.bind(parameters);
            while (query.step())
                if (const Cell answer = query.cell(0)) answers.insert(*answer);
            const auto column = static_cast<std::size_t>(&lookup - table_.lookups.data());
            if (!answers.empty()) row.cells[table_.columns.size() + column] = *answers.begin();
            if (answers.size() > 1) row.ambiguous = lookup.cloud.name;
        }
    }
}

}  // namespace tideway::sqlite
