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

void PgSnapshot::expect(const std::vector<Watched>& watched) {
    std::vector<const LinkedTable*> with_origin;
    for (const auto& [table, capture, mark] : watched) {
        if (table->origin) with_origin.push_back(table);
        const Mark since = Mark::parse(mark);
        Mark now = mark_;
        now.relation = store_.relation_mark(*table);
        if (capture != Capture::changelog || mark.empty() || !follows(now, since, capture)) continue;
        const Expressions e = store_.expressions(*table);
        const std::string hints =
            fmt::format("{} LIMIT {}", changelog_hints_sql(e, since), most_expected + 1);
        expected_.insert_or_assign(
            table->id,
            Expected{mark, ask_truncated(connection_, changes_name(store_.pair_number(), table->id), since),
                     connection_.post({"read hints", hints})});
    }
    std::optional<Answer> counts;
    if (!with_origin.empty())
        counts = connection_.post({"count protected rows", count_protected_sql(store_, with_origin)});
    std::optional<Answer> journaled;
    if (store_.pair_number() > 0)
        journaled = connection_.post({"read newest of journal", newest_journaled_sql});
    connection_.flush();
    if (journaled) journaled_ = journaled->get().integer(0, 0);
    for (int i = 0; counts && i < counts->get().rows(); ++i)
        protected_[static_cast<int>(counts->get().integer(i, 0))] = counts->get().integer(i, 1);
}

std::optional<HintOutcome> PgSnapshot::expected_hints(const Expressions& e, Capture capture,
                                                      const std::string& mark, const HintSink& sink) const {
    const auto known = expected_.find(e.table().id);
    if (capture != Capture::changelog || known == expected_.end() || known->second.mark != mark)
        return std::nullopt;
    if (known->second.truncated.get().boolean(0, 0)) return HintOutcome{.needs_digest = true};
    const Result& found = known->second.hints.get();
    if (found.rows() > most_expected) return std::nullopt;
    for (int row = 0; row < found.rows(); ++row) {
        Cells cells;
        for (int column = 0; column < found.columns(); ++column) cells.push_back(found.cell(row, column));
        sink(hint_of(cells, e.table().key_cells()));
    }
    return HintOutcome{.examined = found.rows()};
}

}  // namespace tideway::pg
