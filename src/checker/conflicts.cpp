// I12: are conflict records exact?
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "checker/judges.hpp"

namespace tideway::checker {
namespace {

using Node = VersionGraph::Node;

// Since 1970, of 2026-01-31T23:59:58.5+00:00.
long long micros(const std::string& text) {
    std::tm parts{};
    double seconds = 0;
    if (std::sscanf(text.c_str(), "%d-%d-%d%*1[T ]%d:%d:%lf", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                    &parts.tm_hour, &parts.tm_min, &seconds) != 6)
        return 0;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    return static_cast<long long>(timegm(&parts)) * 1'000'000 + std::llround(seconds * 1e6);
}

class ConflictJudge {
  public:
    ConflictJudge(const History& history, const Replay& replay, const Conflict& conflict, Verdict& verdict)
        : history_(history),
          replay_(replay),
          conflict_(conflict),
          rules_(*history.rules_of(conflict.table)),
          verdict_(verdict) {}

    void judge() {
        if (!images_are_real()) return;
        if (!conflict_.desktop && !conflict_.cloud) return complain("a conflict of no row with no row");
        judge_concurrency();
        judge_winner();
        if (!rules_.repeats) judge_write();
    }

  private:
    Side winner() const { return conflict_.winner == "desktop" ? Side::desktop : Side::cloud; }
    const Image& image(Side side) const {
        return side == Side::desktop ? conflict_.desktop : conflict_.cloud;
    }

    bool images_are_real() {
        for (const Side side : sides) {
            if (!image(side)) continue;
            const auto known = replay_.versions.find({conflict_.table, version_of(rules_, *image(side))});
            if (known != replay_.versions.end() &&
                known->second.contents.contains(content_of(rules_, *image(side))))
                continue;
            complain(fmt::format("the image of the {} is no row that a user wrote", name(side)));
            return false;
        }
        return true;
    }

    // The versions that an image may stand for: a delete, any of its side's.
    std::vector<Node> nodes(Side side) const {
        if (image(side))
            return {replay_.versions.at({conflict_.table, version_of(rules_, *image(side))}).node};
        std::vector<Node> found;
        for (const Deletion& each : replay_.deletions)
            if (each.table == conflict_.table && each.key == conflict_.key && each.side == side)
                found.push_back(each.node);
        return found;
    }

    void judge_concurrency() {
        const std::vector<Node> desktop = nodes(Side::desktop), cloud = nodes(Side::cloud);
        if (rules_.repeats && (!image(Side::desktop) || !image(Side::cloud))) return;
        if (is_twin(Side::desktop) || is_twin(Side::cloud) || a_version_came_back()) return;
        if (history_.is_shaken(rules_, conflict_.key)) return;
        if (desktop.empty() || cloud.empty())
            return complain("nobody deleted the row that is said to be deleted");
        for (const Node a : desktop)
            for (const Node b : cloud)
                if (!replay_.by_users.descends(a, b) && !replay_.by_users.descends(b, a)) return;
        complain("no conflict: one version was made from the other");
    }

    // A user took an edit back: each of the two versions was made from the other.
    bool a_version_came_back() const {
        return !rules_.repeats &&
               std::any_of(replay_.versions.begin(), replay_.versions.end(), [&](const auto& each) {
                   return each.first.first == conflict_.table && each.second.key == conflict_.key &&
                          each.second.came_back();
               });
    }

    bool is_twin(Side side) const {
        return image(side) &&
               replay_.versions.at({conflict_.table, version_of(rules_, *image(side))}).is_twin();
    }

    void judge_winner() {
        if (conflict_.winner != "desktop" && conflict_.winner != "cloud") return;
        if (!image(winner())) return complain("a delete won over a row");
        if (!image(across(winner()))) return;
        const bool both_mobile =
            marked_mobile(Side::desktop) && marked_mobile(Side::cloud) && !the_office_made_one();
        if (rules_.strict && both_mobile) {
            if (winner() != Side::cloud) complain("the desktop won over a row of mobile origin");
            return;
        }
        // A row that was first seen in the cloud belongs to mobile, whatever its mark says.
        if (rules_.strict && winner() == Side::cloud) return;
        if ((rules_.policy == "desktop" || rules_.policy == "cloud") && rules_.policy != conflict_.winner &&
            !both_mobile)
            complain(fmt::format("the policy is {}, the winner {}", rules_.policy, conflict_.winner));
        if (rules_.policy == "manual" && !both_mobile) complain("a person was to decide");
        if (rules_.policy == "latest" && !both_mobile && !history_.clocks_were_set) judge_stamps();
    }

    // The mark in the image of a row that was written over another one may be that one's.
    bool the_office_made_one() const {
        return std::any_of(replay_.steps.begin(), replay_.steps.end(), [&](const Step& each) {
            return !each.write.by_sync && each.write.side == Side::desktop && !each.write.before &&
                   each.write.table == conflict_.table && each.key == conflict_.key;
        });
    }

    bool marked_mobile(Side side) const {
        const auto mark = image(side)->find(rules_.origin);
        return mark != image(side)->end() && mark->second == rules_.cloud_mark;
    }

    // Where a clock set both. A tie protects the cloud's row.
    void judge_stamps() {
        const auto desktop = honest_stamp(Side::desktop), cloud = honest_stamp(Side::cloud);
        if (!desktop || !cloud) return;
        const Side later = *desktop > *cloud ? Side::desktop : Side::cloud;
        if (later != winner())
            complain(fmt::format("the latest was to win: desktop {}, cloud {}, winner {}", *desktop, *cloud,
                                 conflict_.winner));
    }

    // A stamp that is the time of the write.
    std::optional<long long> honest_stamp(Side side) const {
        const auto found = image(side)->find(rules_.stamp);
        if (found == image(side)->end() || !found->second) return std::nullopt;
        const long long stamp = micros(*found->second);
        const auto& known = replay_.versions.at({conflict_.table, version_of(rules_, *image(side))});
        return std::abs(stamp - known.at) < 1'000'000 ? std::optional(stamp) : std::nullopt;
    }

    // The transaction that recorded it wrote the winner over the loser.
    void judge_write() {
        if (conflict_.winner != "desktop" && conflict_.winner != "cloud") return;
        const Side loser = across(winner());
        const auto content = [&](const Image& row) {
            return row ? std::optional(content_of(rules_, *row)) : std::nullopt;
        };
        for (const Step& each : replay_.steps)
            if (each.write.by_sync && each.write.side == conflict_.side && each.write.xid == conflict_.xid &&
                each.write.table == conflict_.table && content(each.write.before) == content(image(loser)) &&
                content(each.write.after) == content(image(winner())))
                return;
        complain("the transaction that recorded it did not write the winner over the loser");
    }

    void complain(const std::string& text) {
        std::vector<std::string> versions;
        for (const Side side : sides)
            versions.push_back(image(side) ? version_of(rules_, *image(side)) : "(deleted)");
        verdict_.push_back({"I12", conflict_.table, conflict_.key, versions, text});
    }

    const History& history_;
    const Replay& replay_;
    const Conflict& conflict_;
    const TableRules& rules_;
    Verdict& verdict_;
};

}  // namespace

void judge_conflicts(const History& history, const Replay& replay, Verdict& verdict) {
    for (const Conflict& each : history.conflicts)
        if (history.rules_of(each.table) != nullptr) ConflictJudge(history, replay, each, verdict).judge();
}

}  // namespace tideway::checker
