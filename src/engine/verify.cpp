#include "engine/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <iterator>

#include "base/iso_time.hpp"

namespace tideway {
namespace {

// An interrupted verify that is older says too little about today's rows.
constexpr int resumable_hours = 4;
// Keys with their hashes that are held in memory at once.
constexpr std::int64_t listed_at_once = 200'000;
// From one group of all buckets down to single ones.
constexpr int middle_width = 128;
// More differences of a table are not sent to one repair.
constexpr std::size_t repaired_at_once = 100'000;

// Asks for as few sums as it takes.
Verification::Narrowed narrow(ProofReader& desktop, ProofReader& cloud) {
    Verification::Narrowed found;
    std::vector<int> groups{0};
    int wider = bucket_count;
    for (const int width : {bucket_count, middle_width, 1}) {
        found.desktop = desktop.sums(width, wider, groups);
        found.cloud = cloud.sums(width, wider, groups);
        if (width == bucket_count && !found.desktop.empty()) found.rows = found.desktop.begin()->second.rows;
        groups = unequal_groups(found.desktop, found.cloud);
        if (groups.empty()) return found;
        wider = width;
    }
    found.buckets = groups;
    return found;
}

std::vector<ProofRow> list(ProofReader& reader, const std::vector<int>& buckets) {
    std::vector<ProofRow> rows;
    reader.list(buckets, [&](ProofRow&& row) { rows.push_back(std::move(row)); });
    return rows;
}

}  // namespace

ProofForm proof_form(const ServerFacts& desktop, const ServerFacts& cloud) {
    constexpr int first_with_record_hash = 140'000;
    if (desktop.encoding != "UTF8" || cloud.encoding != "UTF8") return ProofForm::bytes;
    const bool native = !desktop.embedded && !cloud.embedded && desktop.version >= first_with_record_hash &&
                        cloud.version >= first_with_record_hash;
    return native ? ProofForm::native : ProofForm::text;
}

// What must not have changed for an interrupted verify to go on.
std::string Verification::selection() const {
    std::string text = std::to_string(static_cast<int>(form_));
    for (const TableUnderSync* table : session_.active())
        text += fmt::format("\n{} {} {}\n{}", table->link.id, table->link.cloud.display(), table->link.where,
                            definition(table->link));
    return text;
}

VerifyReport Verification::run() {
    VerifyReport report;
    report.pair = session_.config.pair;
    report.at = iso_time(session_.world.clock.now_micros());
    const std::int64_t started = session_.world.clock.monotonic_micros();
    form_ = proof_form(session_.desktop_server, session_.cloud_server);
    if (session_.installed())
        pass_ = session_.archive().proofs().open(random_uuid(session_.world.random), selection(),
                                                 options_.anew ? 0 : resumable_hours);
    session_.progress.phase("comparing");
    for (TableUnderSync& table : session_.tables)
        if (table.selected) report.tables.push_back(prove(table));
    if (session_.installed()) {
        session_.archive().proofs().close(pass_.id);
        const std::map<int, std::string> proven = session_.archive().proofs().proven();
        for (TableProof& proof : report.tables)
            for (const TableUnderSync& table : session_.tables)
                if (table.link.desktop.display() == proof.desktop && proven.contains(table.link.id))
                    proof.proven = proven.at(table.link.id);
    }
    report.status = "ok";
    for (const TableProof& proof : report.tables) {
        if (proof.state == "differs") report.status = "differs";
        if (proof.state != "equal" && report.status == "ok") report.status = "attention";
    }
    report.duration_ms = (session_.world.clock.monotonic_micros() - started) / 1000;
    return report;
}

TableProof Verification::prove(TableUnderSync& table) {
    TableProof proof{table.link.desktop.display(), table.link.cloud.display(), "equal"};
    const std::int64_t started = session_.world.clock.monotonic_micros();
    const std::vector<TableUnderSync*> active = session_.active();
    if (std::find(active.begin(), active.end(), &table) == active.end()) {
        proof.state = "not compared";
        proof.not_compared = table.not_synced;
        return proof;
    }
    ProofProgress progress;
    if (const auto known = pass_.tables.find(table.link.id); known != pass_.tables.end()) {
        progress = known->second;
        proof.resumed = pass_.resumed;
    }
    const std::int64_t estimated = std::max(table.desktop->estimated_rows, table.cloud->estimated_rows);
    for (const BucketRange& slice : slices(progress.position, estimated, options_.rows_at_once)) {
        prove_slice(table, slice, progress, proof);
        session_.progress.table(proof.desktop, progress.counts.rows, std::max(estimated, progress.counts.rows));
        if (proof.state == "not compared") return proof;
        // From the first bucket that is not proven an interrupted verify goes on.
        if (proof.differences + proof.unproven == 0) {
            progress.position = slice.end;
            remember(table, progress);
        }
        failpoint("verify.slice");
    }
    proof.rows = progress.counts.rows;
    proof.listed = progress.counts.listed;
    proof.changing = progress.counts.changing;
    proof.ignored = progress.counts.ignored;
    if (proof.differences > 0) {
        proof.state = "differs";
        unequal_tables_.push_back(&table);
    } else if (progress.counts.in_flight() > 0) {
        proof.state = "waiting";
    }
    proof.duration_ms = (session_.world.clock.monotonic_micros() - started) / 1000;
    return proof;
}

// The snapshots of one step end before the next one takes its own.
void Verification::prove_slice(TableUnderSync& table, const BucketRange& slice, ProofProgress& progress,
                               TableProof& proof) {
    const Narrowed found = read_slice(table, slice, progress);
    for (const std::vector<int>& portion :
         bucket_portions(found.buckets, found.desktop, found.cloud, listed_at_once)) {
        const std::map<Key, Unequal> suspects = list_unequal(table, portion);
        if (suspects.empty()) continue;
        const std::size_t shown = std::min(options_.show, proof.found.size());
        take(proof, progress, look_again(session_, table, form_, suspects, options_.show - shown));
        if (proof.state == "not compared") return;
    }
}

Verification::Narrowed Verification::read_slice(TableUnderSync& table, const BucketRange& slice, ProofProgress& progress) {
    const auto desktop = session_.desktop->snapshot({&table.link}), cloud = session_.cloud->snapshot({&table.link});
    if (progress.began == 0) progress.began = desktop->now();
    const auto here = desktop->proof(table.link, form_), there = cloud->proof(table.link, form_);
    read_both(*here, *there, slice);
    Narrowed found = narrow(*here, *there);
    progress.counts.rows += found.rows;
    return found;
}

// At the same time; where one of them fails the other one ends early.
void Verification::read_both(ProofReader& desktop, ProofReader& cloud, const BucketRange& slice) {
    std::atomic<bool> broken{false};
    const auto read = [&](ProofReader& reader, Throttle& throttle) {
        try {
            reader.read(slice, [&] {
                throttle.pause();
                return !broken;
            });
        } catch (...) {
            broken = true;
            throw;
        }
    };
    std::future<void> reading = std::async(std::launch::async, [&] { read(cloud, cloud_); });
    read(desktop, desktop_);
    reading.get();
}

std::map<Key, Unequal> Verification::list_unequal(TableUnderSync& table, const std::vector<int>& buckets) {
    const auto desktop = session_.desktop->snapshot({&table.link}), cloud = session_.cloud->snapshot({&table.link});
    const auto here = desktop->proof(table.link, form_), there = cloud->proof(table.link, form_);
    std::future<std::vector<ProofRow>> listing = std::async(std::launch::async, [&] { return list(*there, buckets); });
    std::vector<ProofRow> rows = list(*here, buckets);
    return unequal_keys(std::move(rows), listing.get());
}

void Verification::take(TableProof& proof, ProofProgress& progress, SecondLook&& look) {
    if (!look.not_compared.empty()) {
        proof.state = "not compared";
        proof.not_compared = std::move(look.not_compared);
        return;
    }
    progress.counts.listed += look.counts.listed;
    progress.counts.changing += look.counts.changing;
    progress.counts.ignored += look.counts.ignored;
    proof.differences += look.differences;
    proof.unproven += look.unproven;
    std::move(look.found.begin(), look.found.end(), std::back_inserter(proof.found));
    if (!options_.repair || again_.waiting.size() + look.again.waiting.size() > repaired_at_once) return;
    std::move(look.again.agreements.begin(), look.again.agreements.end(), std::back_inserter(again_.agreements));
    std::move(look.again.waiting.begin(), look.again.waiting.end(), std::back_inserter(again_.waiting));
}

void Verification::remember(const TableUnderSync& table, const ProofProgress& progress) {
    if (session_.installed()) session_.archive().proofs().note(pass_.id, table.link.id, progress);
}

Throttle::Throttle(Session& session, int load)
    : session_(session), load_(load), worked_since_(session.world.clock.monotonic_micros()) {}

void Throttle::pause() {
    const std::int64_t worked = session_.world.clock.monotonic_micros() - worked_since_;
    if (load_ < 100) {
        session_.world.sleeper.sleep(Millis(worked * (100 - load_) / load_ / 1000));
        session_.pulse.tick();
    }
    worked_since_ = session_.world.clock.monotonic_micros();
}

}  // namespace tideway
