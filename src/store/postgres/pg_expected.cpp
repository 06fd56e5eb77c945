// What a run is going to ask about every table, asked at once: which keys were captured, how many rows are
// protected.
#include <fmt/format.h>

#include "store/postgres/pg_snapshot.hpp"
#include "store/postgres/schema.hpp"

namespace tideway::pg {
namespace {

// A table with more hints has them streamed, so that memory stays flat.
constexpr int most_expected = 1'000;

}  // namespace

const char* const newest_journaled_sql = "SELECT coalesce(max(id), 0) FROM tideway.journal";

std::string count_protected_sql(const PgStore& store, const std::vector<const LinkedTable*>& tables) {
    std::vector<std::string> counts;
    for (const LinkedTable* table : tables) {
        const Expressions e = store.expressions(*table);
        counts.push_back(fmt::format("SELECT {}, count(*) FROM {} t WHERE {} AND {}", table->id, e.relation(),
                                     e.marked_mobile(), e.in_scope()));
    }
    return join(counts, " UNION ALL ");
}

std::map<int, std::int64_t> counts_of(const Result& found) {
    std::map<int, std::int64_t> counts;
    for (int i = 0; i < found.rows(); ++i) counts[static_cast<int>(found.integer(i, 0))] = found.integer(i, 1);
    return counts;
}

void PgSnapshot::expect(const std::vector<Watched>& watched) {
    post_expected(watched);
    connection_.flush();
    note_expected();
}

// Whether the marks hold is known with the answers: the snapshot may begin in the same flight.
void PgSnapshot::post_expected(const std::vector<Watched>& watched) {
    std::vector<const LinkedTable*> with_origin;
    std::vector<std::string> empty_logs;
    for (const auto& [table, capture, mark] : watched) {
        if (table->origin) with_origin.push_back(table);
        if (capture != Capture::changelog || mark.empty()) continue;
        if (store_.side() == Side::cloud)
            post_hints(*table, mark);
        else
            empty_logs.push_back(post_watch(*table, mark));
    }
    if (!empty_logs.empty())
        logs_ = connection_.post({"look for anything logged",
                                  fmt::format("SELECT q.id FROM ({}) q WHERE NOT EXISTS (SELECT FROM tideway.waiting w "
                                              "WHERE w.pair = {} AND w.tbl = q.id)",
                                              join(empty_logs, " UNION ALL "), sql::literal(store_.pair()))});
    if (store_.side() == Side::desktop) return;
    if (!with_origin.empty())
        counts_ = connection_.post({"count protected rows", count_protected_sql(store_, with_origin)});
    if (store_.pair_number() > 0)
        newest_ = connection_.post({"read newest of journal", newest_journaled_sql});
}

void PgSnapshot::post_hints(const LinkedTable& table, const std::string& mark) {
    const Expressions e = store_.expressions(table);
    const Mark since = Mark::parse(mark);
    const std::string hints = fmt::format("{} LIMIT {}", changelog_hints_sql(e, since), most_expected + 1);
    expected_.insert_or_assign(
        table.id, Expected{&table, mark, ask_truncated(connection_, changes_name(store_.pair_number(), table.id), since),
                           connection_.post({"read hints", hints})});
}

// A query for the table's number, where its log holds nothing new.
std::string PgSnapshot::post_watch(const LinkedTable& table, const std::string& mark) {
    expected_.insert_or_assign(table.id, Expected{&table, mark, std::nullopt, std::nullopt});
    return fmt::format("SELECT {} AS id WHERE NOT EXISTS (SELECT FROM {} h WHERE {})", table.id,
                       changes_name(store_.pair_number(), table.id), changed_since_sql(Mark::parse(mark)));
}

void PgSnapshot::note_expected() {
    std::erase_if(expected_, [&](const auto& each) {
        Mark now = mark_;
        now.relation = store_.relation_mark(*each.second.table);
        return !follows(now, Mark::parse(each.second.mark), Capture::changelog);
    });
    for (const auto& [id, each] : expected_)
        if (each.hints && each.hints->get().rows() == 0 && !each.truncated->get().boolean(0, 0)) untouched_.insert(id);
    for (int i = 0; logs_ && i < logs_->get().rows(); ++i)
        if (const auto id = static_cast<int>(logs_->get().integer(i, 0)); expected_.contains(id)) untouched_.insert(id);
    if (newest_) journaled_ = newest_->get().integer(0, 0);
    if (counts_) protected_ = counts_of(counts_->get());
}

std::optional<HintOutcome> PgSnapshot::expected_hints(const Expressions& e, Capture capture,
                                                      const std::string& mark, const HintSink& sink) const {
    const auto known = expected_.find(e.table().id);
    if (capture != Capture::changelog || known == expected_.end() || known->second.mark != mark || !known->second.hints)
        return std::nullopt;
    if (known->second.truncated->get().boolean(0, 0)) return HintOutcome{.needs_digest = true};
    const Result& found = known->second.hints->get();
    if (found.rows() > most_expected) return std::nullopt;
    for (int row = 0; row < found.rows(); ++row) {
        Cells cells;
        for (int column = 0; column < found.columns(); ++column) cells.push_back(found.cell(row, column));
        if (auto hint = hint_of(cells, e.table().key_cells())) sink(std::move(*hint));
    }
    return HintOutcome{.examined = found.rows()};
}

}  // namespace tideway::pg
