// One wave of a run: what was decided becomes two batches and a booking (M5a, M6a, M5b).
#include <fmt/format.h>

#include <algorithm>

#include "engine/run.hpp"

namespace tideway {

TableRun* Run::run_of(const LinkedTable* table) {
    for (TableRun& run : gathered_->tables)
        if (&run.link() == table) return &run;
    throw Defect("a row belongs to a table that is not part of the run");
}

Batch Run::batch_for(Side target, const Wave& wave, std::int64_t source_barrier) const {
    Batch batch;
    batch.run = report_.run;
    batch.cut = cut_;
    batch.backup = session_.config.journal.backup_table;
    batch.source_barrier = source_barrier;
    for (const auto& [run, works] : wave.parts) {
        BatchSection section{&run->link(), {}};
        for (const KeyWork& work : works)
            if ((target == Side::cloud ? work.decision.to_cloud : work.decision.to_desktop) != Write::none)
                section.rows.push_back(planned_row(run->link(), work, target));
        if (!section.rows.empty()) batch.sections.push_back(std::move(section));
    }
    return batch;
}

// By the side whose mark stays where it is, since its direction does not run.
bool Run::found_again(const Candidate& candidate) const {
    return options_.direction == Direction::forward ? candidate.cloud_written : candidate.desktop_written;
}

// What needs no write in a user's table: adopt, bury, wait, settle.
void Run::sort_decisions(Wave& wave, Booking& booking) {
    for (auto& [run, works] : wave.parts)
        for (const KeyWork& work : works) {
            const Decision& decision = work.decision;
            count(run->report, decision);
            hash_.add(run->link(), work);
            if (decision.book != Book::none) booking.agreements.push_back(agreement_found(run->link(), work));
            if (decision.wait == Wait::person_held || decision.wait == Wait::person_conflict)
                booking.waiting.push_back({&run->link(),
                                           work.candidate.key,
                                           decision.wait == Wait::person_held ? "held" : "conflict",
                                           std::string(decision.rule->id),
                                           decision.reason,
                                           {},
                                           facts_as_json(work)});
            // The change may lie before the marks, and the other side's capture knows nothing of the key (any more): then only
            // this list does.
            if (decision.wait == Wait::direction && (work.candidate.was_waiting || !found_again(work.candidate)))
                booking.waiting.push_back({&run->link(),
                                           work.candidate.key,
                                           "pending",
                                           std::string(decision.rule->id),
                                           decision.reason,
                                           {}});
            const bool writes = decision.to_cloud != Write::none || decision.to_desktop != Write::none;
            const bool quiet = decision.book == Book::none && !writes &&
                               (decision.wait == Wait::none || decision.wait == Wait::ignored);
            if (quiet && work.candidate.was_waiting)
                booking.settled.emplace_back(&run->link(), work.candidate.key);
        }
}

// Whoever waits for the snapshot of this round, to alter a table say, has everybody else wait behind him: so the round is brought
// to its end, and its rows are tried with a new snapshot.
bool Run::is_busy(Side target, const Batch& batch) const {
    return !batch.sections.empty() && std::all_of(batch.sections.begin(), batch.sections.end(), [&](const BatchSection& section) {
        return busy_.contains({target, section.table->id});
    });
}

Delivery Run::deliver_to(Side target, Batch& batch, Ahead ahead) {
    std::int64_t& fence = target == Side::cloud ? cloud_fence_ : desktop_fence_;
    batch.fence = fence;
    batch.receipts_booked = acknowledged_;
    Delivery delivery = is_busy(target, batch)
                            ? give_up(batch)
                            : deliver(session_.store(target), batch, session_.world, std::move(ahead));
    if (delivery.table_busy && !session_.embedded())
        for (const BatchSection& section : batch.sections) busy_.insert({target, section.table->id});
    fence = delivery.fence;
    count_writes(delivery, target);
    note_raced(delivery, target);
    return delivery;
}

namespace {

void count_conflict(TableReport& report, const PlannedRow& row) {
    const ConflictNote& note = row.conflict ? *row.conflict : *row.if_altered;
    ++report.conflicts;
    ++report.settled[{note.policy, row.ahead ? "merged" : name(note.winner)}];
}

}  // namespace

void Run::count_writes(const Delivery& delivery, Side target) {
    for (const DeliveredRow& row : delivery.applied) {
        TableReport& report = run_of(row.table)->report;
        WriteCounts& writes = target == Side::cloud ? report.to_cloud : report.to_desktop;
        (row.row.write == Write::insert   ? writes.inserted
         : row.row.write == Write::update ? writes.updated
                                          : writes.deleted)++;
        if (row.row.conflict || row.outcome.altered) count_conflict(report, row.row);
        if (row.row.rule == "R31") ++report.merged;
        if (row.row.ahead) run_of(row.table)->merged.push_back(row.row.key);
        if (!row.outcome.constraint.empty()) ++report.parked;  // without a reference, until its parent comes
    }
    for (const ParkedRow& row : delivery.parked) {
        ++run_of(row.table)->report.parked;
        for (const auto& [code, reason] : {std::pair(Code::side_effects, reason_side_effects),
                                           std::pair(Code::protected_row, reason_protected)})
            if (row.refusal.sqlstate == info(code).id)
                report_.guard.push_back({row.table->desktop.display(),
                                         fmt::format("key {}: {}", display(row.row.key), row.refusal.message),
                                         1, 0, std::string(reason)});
    }
}

void Run::note_raced(const Delivery& delivery, Side) {
    for (const DeliveredRow& row : delivery.raced) run_of(row.table)->raced.push_back({row.row.key, row.row.captured_desktop, row.row.captured_cloud});
}

namespace {

// A row that was written already and only lacks a parent keeps all its empty references in the list.
WaitingKey waiting_key(const ParkedRow& parked) {
    WaitingKey waiting{parked.table,    parked.row.key,         "parked",
                       parked.row.rule, parked.refusal.message, parked.refusal};
    if (!parked.row.fills) return waiting;
    waiting.kind = "emptied";
    waiting.refusal.constraint = parked.row.emptied;
    return waiting;
}

}  // namespace

void Run::list_parked(const Delivery& delivery, Booking& booking) {
    for (const ParkedRow& parked : delivery.parked) booking.waiting.push_back(waiting_key(parked));
}

// Whether the connection that writes on the desktop is used by nothing but bookings while waves are written.
bool Run::books_beside() const {
    return cut_ && !session_.embedded() &&
           std::none_of(gathered_->tables.begin(), gathered_->tables.end(),
                        [](const TableRun& run) { return run.link().policy.merges(); });
}

// What the desktop books needs nobody's answer, so in a large run the next wave is written meanwhile: no two waves of a round
// share a key.
void Run::start_booking(Booking booking) {
    const bool anything = !booking.agreements.empty() || !booking.waiting.empty() ||
                          !booking.settled.empty() || booking.cloud_sequence > 0;
    if (!anything) return;
    booking_.cloud_sequence = booking.cloud_sequence;
    booking_.done = std::async(books_beside() ? std::launch::async : std::launch::deferred,
                               [this, booking = std::move(booking), fence = desktop_fence_] {
                                   session_.archive().book(booking, fence);
                               });
}

// Only what is booked is acknowledged to the cloud, which forgets the receipt then.
void Run::await_booking() {
    if (!booking_.done.valid()) return;
    booking_.done.get();
    if (booking_.cloud_sequence > 0) acknowledged_ = booking_.cloud_sequence;
}

Delivery Run::write_to_cloud(Wave& wave, ComingWave* behind) {
    Ahead ahead{std::move(wave.sent)};
    if (behind) {
        if (!ahead.sent && behind->is_in_the_way()) behind->make_way();
        ahead.make_way = [behind] { behind->make_way(); };
        wave.forward->sent = [behind] { behind->may_be_sent(); };
    }
    return deliver_to(Side::cloud, *wave.forward, std::move(ahead));
}

// M5a, M6a, M5b. A crash between M5a and M6a leaves receipts in the cloud's inbox, of two waves at most: S2 of the next run
// books them.
void Run::process(Wave wave, ComingWave* behind) {
    Booking booking;
    booking.run = report_.run;
    sort_decisions(wave, booking);
    // P6: the versions about to be copied are older than both barriers.
    ensure(desktop_barrier_ > 0 && cloud_barrier_ > 0, "P6: no barrier before a batch");
    if (!wave.forward) wave.forward = std::make_unique<Batch>(batch_for(Side::cloud, wave, desktop_barrier_));
    Batch reverse = batch_for(Side::desktop, wave, cloud_barrier_);
    wave.parts.clear();
    failpoint("M5a.before");
    Delivery sent = write_to_cloud(wave, behind);
    for (const DeliveredRow& row : sent.applied)
        booking.agreements.push_back(agreement_after(*row.table, row.row, row.outcome, Side::cloud));
    list_parked(sent, booking);
    booking.cloud_barrier = std::max(cloud_barrier_, sent.last_batch);
    booking.cloud_sequence = sent.last_batch;
    await_booking();
    failpoint("M6a.before");
    start_booking(std::move(booking));
    if (cut_ && reverse.sections.empty()) return;
    await_booking();
    failpoint("M5b.before");
    Delivery received = deliver_to(Side::desktop, reverse);
    Booking refused;
    refused.run = report_.run;
    refused.cloud_barrier = cloud_barrier_;
    list_parked(received, refused);
    if (!refused.waiting.empty()) session_.archive().book(refused, desktop_fence_);
}

}  // namespace tideway
