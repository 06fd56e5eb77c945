// Every combination of what can happen to a row on the two sides, under every ownership, conflict policy,
// delete policy and direction, on real servers through the built program, judged by the oracle.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "support/watched_pair.hpp"

namespace tideway::test {
namespace {

using oracle::Conflict;
using oracle::Deletes;
using oracle::Direction;
using oracle::Side;
using oracle::Stamp;

constexpr Stamp at_hour(long long hour) { return 1704067200 + 3600 * hour; }  // of 2024
constexpr Stamp kFuture = 4102444800;                                         // 2100

struct Stamps {
    const char* story;
    Stamp desktop, cloud;
};
const Stamps kStamps[] = {
    {"desktop newer", at_hour(20), at_hour(10)},
    {"cloud newer", at_hour(10), at_hour(20)},
    {"tie", at_hour(10), at_hour(10)},
    {"desktop unstamped", std::nullopt, at_hour(10)},
    {"cloud unstamped", at_hour(10), std::nullopt},
    {"both unstamped", std::nullopt, std::nullopt},
    {"desktop's clock stands", at_hour(0), at_hour(10)},
    {"cloud's clock stands", at_hour(10), at_hour(0)},
    {"desktop in the future", kFuture, at_hour(10)},
    {"cloud in the future", at_hour(10), kFuture},
};
const Stamps& kDesktopNewer = kStamps[0];

const Cell kMarks[] = {"D", "M", std::nullopt};
std::string text(const Cell& mark) { return mark.value_or("none"); }

struct Maker {
    const char* story;
    Side side;
    Cell mark;
};
const Maker kMakers[] = {
    {"made on the desktop", Side::desktop, "D"},
    {"made in the cloud", Side::cloud, "M"},
    {"made in the cloud, unmarked", Side::cloud, std::nullopt},
};

enum class Deed { nothing, touch, restamp, reinsert, edit, edit_and_flip_mark, remove };
struct NamedDeed {
    const char* story;
    Deed deed;
};
const NamedDeed kDeeds[] = {
    {"equal", Deed::nothing},
    {"touched", Deed::touch},
    {"restamped", Deed::restamp},
    {"reinserted", Deed::reinsert},
    {"edited", Deed::edit},
    {"deleted", Deed::remove},
    {"edited and mark flipped", Deed::edit_and_flip_mark},
};

bool edits(Deed deed) { return deed == Deed::edit || deed == Deed::edit_and_flip_mark; }

class Matrix {
  public:
    explicit Matrix(const oracle::Settings& settings, const std::string& mode) : pair(settings, mode) {}

    void add_agreed_keys();
    void add_new_keys() { add_keys_without_base("new"); }
    void add_buried_keys();
    void bury();
    void users_go_on();
    void second_round(int shift);

    WatchedPair pair;

  private:
    void add_agreed_key(const Maker& maker, const NamedDeed& desktop, const NamedDeed& cloud,
                        const Stamps& stamps, bool same_edit, Stamp first_stamp);
    void add_keys_without_base(const std::string& story);
    void add_keys_on_both_sides(const std::string& story);
    int add_buried_or_new(const std::string& story);
    void act(Deed deed, Side side, int id, const std::string& body, Stamp stamp);

    std::vector<std::function<void()>> later_;
    std::vector<int> to_bury_;
    bool burying_ = false;
};

void Matrix::act(Deed deed, Side side, int id, const std::string& body, Stamp stamp) {
    const auto old = pair.key(id).at(side);
    switch (deed) {
        case Deed::nothing:
            return;
        case Deed::touch:
            return pair.touch(side, id);
        case Deed::restamp:
            return pair.edit(side, id, {old->body, old->mark, stamp});
        case Deed::reinsert:
            return pair.reinsert(side, id);
        case Deed::edit:
            return pair.edit(side, id, {body, old->mark, stamp});
        case Deed::edit_and_flip_mark:
            return pair.edit(side, id, {body, old->mark == "M" ? "D" : "M", stamp});
        case Deed::remove:
            return pair.remove(side, id);
    }
}

void Matrix::add_agreed_key(const Maker& maker, const NamedDeed& desktop, const NamedDeed& cloud,
                            const Stamps& stamps, bool same_edit, Stamp first_stamp) {
    const int id = pair.add_key(fmt::format("{}, {}; desktop {}, cloud {}{}; {}", maker.story,
                                            first_stamp ? "stamped" : "unstamped", desktop.story, cloud.story,
                                            same_edit ? " alike" : "", stamps.story));
    pair.insert(maker.side, id, {fmt::format("{} first", id), maker.mark, first_stamp});
    later_.push_back([=, this] {
        const std::string body = fmt::format("{} {}", id, same_edit ? "both" : "desktop");
        act(desktop.deed, Side::desktop, id, body, stamps.desktop);
        act(cloud.deed, Side::cloud, id, same_edit ? body : fmt::format("{} cloud", id), stamps.cloud);
    });
}

void Matrix::add_agreed_keys() {
    for (const Maker& maker : kMakers)
        for (const NamedDeed& desktop : kDeeds)
            for (const NamedDeed& cloud : kDeeds) {
                const bool both = edits(desktop.deed) && edits(cloud.deed);
                for (const Stamps& stamps : kStamps) {
                    if (!both && &stamps != &kDesktopNewer) continue;
                    add_agreed_key(maker, desktop, cloud, stamps, false, at_hour(0));
                    if (both) add_agreed_key(maker, desktop, cloud, stamps, true, at_hour(0));
                    if (both) add_agreed_key(maker, desktop, cloud, stamps, false, std::nullopt);
                }
            }
}

int Matrix::add_buried_or_new(const std::string& story) {
    const int id = pair.add_key(story);
    if (!burying_) return id;
    const Maker& maker = kMakers[static_cast<std::size_t>(id) % std::size(kMakers)];
    pair.insert(maker.side, id, {fmt::format("{} buried", id), maker.mark, at_hour(0)});
    to_bury_.push_back(id);
    return id;
}

void Matrix::add_keys_without_base(const std::string& story) {
    for (const Side side : {Side::desktop, Side::cloud})
        for (const Cell& mark : kMarks)
            for (const char* body : {"alone", "buried"}) {
                const int id =
                    add_buried_or_new(fmt::format("{}; {} only, marked {}", story,
                                                  side == Side::desktop ? "desktop" : "cloud", text(mark)));
                later_.push_back([=, this] {
                    pair.insert(side, id, {fmt::format("{} {}", id, body), mark, at_hour(10)});
                });
            }
    add_keys_on_both_sides(story);
}

void Matrix::add_keys_on_both_sides(const std::string& story) {
    for (const Cell& desktop : kMarks)
        for (const Cell& cloud : kMarks)
            for (const Stamps& stamps : kStamps)
                for (const bool same : {false, true}) {
                    const int id = add_buried_or_new(fmt::format("{}; both {}, marked {} and {}; {}", story,
                                                                 same ? "alike" : "differing", text(desktop),
                                                                 text(cloud), stamps.story));
                    later_.push_back([=, this] {
                        const std::string body = fmt::format("{} {}", id, same ? "both" : "desktop");
                        pair.insert(Side::desktop, id, {body, desktop, stamps.desktop});
                        pair.insert(Side::cloud, id,
                                    {same ? body : fmt::format("{} cloud", id), cloud, stamps.cloud});
                    });
                }
}

void Matrix::add_buried_keys() {
    burying_ = true;
    add_keys_without_base("came back");
    burying_ = false;
}

void Matrix::bury() {
    for (const int id : to_bury_)
        for (const Side side : {Side::desktop, Side::cloud}) pair.remove(side, id);
}

void Matrix::users_go_on() {
    for (const auto& deeds : later_) deeds();
    later_.clear();
}

// Edits and deletes upon whatever the runs left: shows that they booked what they did.
void Matrix::second_round(int shift) {
    const auto edit = [&](Side side, int id) {
        const std::string body = fmt::format("{} later {}", id, side == Side::desktop ? "desktop" : "cloud");
        const auto old = pair.key(id).at(side);
        if (old)
            pair.edit(side, id, {body, old->mark, at_hour(40)});
        else
            pair.insert(side, id, {body, side == Side::desktop ? "D" : "M", at_hour(40)});
    };
    for (int id = 1; id <= pair.last_key(); ++id) {
        const int turn = (id + shift) % 5;
        if (turn == 0 || turn == 2) edit(Side::desktop, id);
        if (turn == 1 || turn == 2) edit(Side::cloud, id);
        if (turn == 3 && pair.key(id).desktop) pair.remove(Side::desktop, id);
        if (turn == 4 && pair.key(id).cloud) pair.remove(Side::cloud, id);
    }
}

struct Setup {
    oracle::Settings settings;
    Direction direction;
    std::string mode;
};

std::string name_of(const testing::TestParamInfo<Setup>& info) {
    const Setup& setup = info.param;
    return fmt::format("{}_{}_{}_{}_{}", setup.settings.strict ? "strict" : "shared",
                       to_text(setup.settings.conflict), to_text(setup.settings.deletes),
                       to_text(setup.direction), setup.mode);
}

// Everything incrementally; in full mode each value of each setting, though not all their combinations.
std::vector<Setup> setups() {
    std::vector<Setup> all;
    for (const bool strict : {false, true})
        for (const auto conflict : {Conflict::latest, Conflict::desktop, Conflict::cloud, Conflict::manual})
            for (const auto deletes : {Deletes::propagate, Deletes::hold, Deletes::ignore})
                for (const auto direction : {Direction::both, Direction::forward, Direction::reverse}) {
                    const oracle::Settings settings{strict, conflict, deletes};
                    all.push_back({settings, direction, "incremental"});
                    const int diagonal = static_cast<int>(conflict) + static_cast<int>(deletes);
                    if (diagonal % 3 == static_cast<int>(direction))
                        all.push_back({settings, direction, "full"});
                }
    return all;
}

class DecisionMatrix : public testing::TestWithParam<Setup> {};

TEST_P(DecisionMatrix, EveryKeyEndsAsSpecified) {
    const Direction direction = GetParam().direction;
    Matrix matrix(GetParam().settings, GetParam().mode);
    matrix.add_agreed_keys();
    matrix.add_buried_keys();
    matrix.pair.sync(Direction::both);
    matrix.bury();
    matrix.pair.sync(Direction::both);
    matrix.add_new_keys();
    matrix.users_go_on();
    matrix.pair.expect_planned(direction);
    matrix.pair.sync(direction);
    matrix.pair.expect_listed();
    matrix.pair.sync(Direction::both);
    matrix.pair.expect_quiet();
    matrix.second_round(static_cast<int>(direction));
    matrix.pair.sync(direction);
    matrix.pair.expect_listed();
    matrix.pair.sync(Direction::both);
    matrix.pair.expect_quiet();
    matrix.pair.expect_nothing_lost();
}

INSTANTIATE_TEST_SUITE_P(All, DecisionMatrix, testing::ValuesIn(setups()), name_of);

// No base at all: two databases that were filled before tideway came.
class FirstContact : public testing::TestWithParam<Setup> {};

TEST_P(FirstContact, EveryKeyEndsAsSpecified) {
    Matrix matrix(GetParam().settings, GetParam().mode);
    matrix.add_new_keys();
    matrix.users_go_on();
    matrix.pair.expect_planned(GetParam().direction);
    matrix.pair.sync(GetParam().direction);
    matrix.pair.expect_listed();
    matrix.pair.sync(Direction::both);
    matrix.pair.expect_quiet();
    matrix.pair.expect_nothing_lost();
}

std::vector<Setup> first_setups() {
    std::vector<Setup> all = setups();
    std::erase_if(all, [](const Setup& setup) { return setup.settings.deletes != Deletes::propagate; });
    return all;
}

INSTANTIATE_TEST_SUITE_P(All, FirstContact, testing::ValuesIn(first_setups()), name_of);

}  // namespace
}  // namespace tideway::test
