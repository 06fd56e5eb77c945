#include <algorithm>
#include <utility>

#include "db/postgres/impl.hpp"
#include "sql/copy_text.hpp"

namespace tideway::pg {
namespace {

// Large enough that a send(2) costs nothing per row, small enough that the hook is ticked in time on a slow
// line.
constexpr std::size_t buffer_size = 256 * 1024;

}  // namespace

// What was posted goes in the same message where it can.
void Connection::Impl::begin_copy(const Statement& statement, ExecStatusType expected, Patience& patience) {
    if (!std::all_of(posted.begin(), posted.end(), [](const Request& each) { return each.plain(); }))
        fly(patience);
    Flight ahead = take_off();
    send({statement.name, ahead.text() + (ahead.empty() ? "" : ";\n") + statement.text});
    ahead.land_ahead(patience);
    const ResultPtr first = line.next(patience);
    const ExecStatusType status = first ? PQresultStatus(first.get()) : PGRES_FATAL_ERROR;
    if (status == expected) {
        if (PQbinaryTuples(first.get()) != 0) throw Misfit("it copies in a binary format");
        return;
    }
    if (status != PGRES_FATAL_ERROR) throw Misfit("it does not copy as it was asked to");
    while (line.next(patience)) continue;
    throw first ? error_of(first.get(), side, statement.name, line.lost())
                : lost_error(side, statement.name, "the connection broke before the server's answer");
}

void Connection::copy_out(const Statement& statement, std::size_t columns, const std::function<void(const Cells&)>& sink) {
    impl_->exchange(statement.name, [&](Patience& patience) {
        impl_->begin_copy(statement, PGRES_COPY_OUT, patience);
        Cells cells;
        while (const auto row = impl_->line.copy_row(patience)) {
            sql::parse_copy_row(*row, cells);
            if (cells.size() != columns) throw Misfit("a row has more or fewer columns than the statement");
            sink(cells);
            patience.progress();
        }
        impl_->collect(statement.name, patience);
    });
}

void Connection::copy_lines(const Statement& statement, const std::function<void(std::string_view)>& sink) {
    impl_->exchange(statement.name, [&](Patience& patience) {
        impl_->begin_copy(statement, PGRES_COPY_OUT, patience);
        while (const auto row = impl_->line.copy_row(patience)) {
            sink(*row);
            patience.progress();
        }
        impl_->collect(statement.name, patience);
    });
}

std::int64_t Connection::copy_in(const Statement& statement,
                                 const std::function<bool(std::string& buffer)>& fill) {
    return impl_->exchange(statement.name, [&](Patience& patience) {
        impl_->begin_copy(statement, PGRES_COPY_IN, patience);
        std::string piece, buffer;
        for (bool more = true; more;) {
            piece.clear();
            more = fill(piece);
            if (buffer.empty())
                buffer.swap(piece);
            else
                buffer += piece;
            if (more && buffer.size() < buffer_size) continue;
            patience.tick();
            patience.progress();
            impl_->line.put_copy(buffer, patience);
            buffer.clear();
        }
        // A failure to queue the end means that the line is lost, which the results tell.
        PQputCopyEnd(impl_->line.raw(), nullptr);
        return impl_->collect(statement.name, patience).affected();
    });
}

}  // namespace tideway::pg
