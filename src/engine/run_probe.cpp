// The look in front of a run: whether there is anything to do (DESIGN.md 10.13). It takes no lease and moves no mark.
#include <fmt/format.h>

#include <algorithm>

#include "engine/at_once.hpp"
#include "engine/run.hpp"

namespace tideway {

// Without lease, barrier or mark: is there anything to do at all? (DESIGN.md 10.13)
bool Run::probe() {
    if (options_.mode == Mode::full || !session_.tables_intact()) return false;
    const Standing standing = session_.archive().standing();
    const Marks& marks = standing.marks;
    if (standing.anything_waits || !all_marked(marks) || confirm_ || !told_.empty()) return false;
    const std::optional<Looks> looks = look_at_both(marks, [&] { return nothing_to_recover(standing); });
    if (!looks || looks->cloud.logged) return false;
    if (looks->quiet()) {
        note_quiet(looks->cloud);
    } else {
        gathered_ = gather(session_, options_.mode, marks, Reach::first_reason);
        told_.insert(told_.end(), gathered_->left_out.begin(), gathered_->left_out.end());
        if (gathered_->calls_for_a_run() || !told_.empty()) {
            gathered_.reset();
            return false;
        }
        count_protected(*gathered_);
    }
    report_idle();
    return true;
}

// False: numbers that do not fit, or receipts. Error(lease_held) where another run is at work.
bool Run::nothing_to_recover(const Standing& standing) {
    const auto [cloud, receipts] = session_.cloud->lease_and_receipts(standing.acknowledged);
    if (cloud.run == report_.run)
        return false;  // an attempt of ours broke off: take its lease and give it back
    if (cloud.held)
        throw Error(Code::lease_held, fmt::format("run {} of {} is at work", cloud.run, cloud.holder),
                    "wait until it ends; a run that died is taken over after 20 seconds");
    return cloud.sequence == standing.known.sequence && cloud.epoch == standing.known.epoch && receipts.empty();
}

// Every table that takes part has been compared before, by the capture that it has now.
bool Run::all_marked(const Marks& marks) {
    for (const TableUnderSync* table : session_.active())
        for (const Side side : {Side::desktop, Side::cloud}) {
            const auto mark = marks.find({table->link.id, side});
            if (mark == marks.end() || mark->second.capture != table->link.capture(side)) return false;
        }
    return true;
}

// For a run that a change has started; what waits for other reasons is for the runs of the schedule.
bool Run::nothing_new() {
    if (!session_.tables_intact()) return false;
    const Marks marks = session_.archive().marks();
    if (!all_marked(marks)) return false;
    const std::optional<Looks> looks = look_at_both(marks, [] { return true; });
    report_.idle = looks && looks->quiet();
    if (report_.idle) note_quiet(looks->cloud);
    return report_.idle;
}

void Run::report_idle() {
    collect_reports();
    for (TableReport& table : report_.tables) table.protected_after = table.protected_before;
    gathered_.reset();
    report_.plan_hash = hash_.text();
}

// The usual case, told by one statement a side: nothing was written since the marks. Keys are not looked at: those that were
// distinct then still are, also where the two sides spell them apart.
Look Run::look_at(Side side, const Marks& marks) {
    std::vector<Watched> watched;
    for (const TableUnderSync* table : session_.active())
        watched.push_back({&table->link, table->link.capture(side), marks.at({table->link.id, side}).mark});
    return session_.store(side).look(watched);
}

// None: a run has something to look at, or `worth_it` says so. The cloud is looked at where the desktop is quiet; where both have to
// count rows they do it at the same time.
std::optional<Run::Looks> Run::look_at_both(const Marks& marks, const std::function<bool()>& worth_it) {
    if (!counts_on_both_sides()) {
        Look desktop = look_at(Side::desktop, marks);
        if (desktop.logged || !worth_it()) return std::nullopt;
        Look cloud = desktop.quiet ? look_at(Side::cloud, marks) : Look{};
        return Looks{std::move(desktop), std::move(cloud)};
    }
    auto [desktop, cloud] = at_once(
        true, [&] { return look_at(Side::desktop, marks); },
        [&] { return worth_it() ? std::optional(look_at(Side::cloud, marks)) : std::nullopt; });
    if (desktop.logged || !cloud) return std::nullopt;
    if (!desktop.quiet) cloud = Look{};
    return Looks{std::move(desktop), std::move(*cloud)};
}

bool Run::counts_on_both_sides() {
    const std::vector<TableUnderSync*> tables = session_.active();
    return !session_.embedded() && std::any_of(tables.begin(), tables.end(), [](const TableUnderSync* table) {
        return table->link.capture_desktop == Capture::xmin && table->link.capture_cloud == Capture::xmin;
    });
}

// Where deletes do not show, the rows that there are must be as many as were agreed on.
bool Run::Looks::quiet() const {
    return desktop.quiet && cloud.quiet &&
           std::all_of(cloud.counted_rows.begin(), cloud.counted_rows.end(), [&](const auto& counted) {
               const auto agreed = desktop.counted_rows.find(counted.first);
               return agreed != desktop.counted_rows.end() && agreed->second == counted.second;
           });
}

// What a report says of tables in which nothing happened.
void Run::note_quiet(const Look& cloud) {
    gathered_.emplace();
    for (TableUnderSync* table : session_.active()) {
        TableRun run;
        run.table = table;
        run.report.desktop = table->link.desktop.display();
        run.report.cloud = table->link.cloud.display();
        run.report.capture_desktop = to_string(table->link.capture_desktop);
        run.report.capture_cloud = to_string(table->link.capture_cloud);
        if (const auto count = cloud.protected_rows.find(table->link.id); count != cloud.protected_rows.end())
            run.report.protected_before = count->second;
        gathered_->tables.push_back(std::move(run));
    }
}

}  // namespace tideway
