// The judge is judged: lawful histories pass, and each way to break a promise is seen.
#include "checker/judge.hpp"

#include <gtest/gtest.h>

#include <set>

#include "checker/hand_history.hpp"
#include "checker/history_json.hpp"

namespace tideway::checker {
namespace {

constexpr Side desktop = Side::desktop, cloud = Side::cloud;

// "I1 job 1", sorted, once each.
std::string broken(const History& history) {
    std::set<std::string> found;
    for (const Violation& each : judge(history)) {
        std::string line = each.invariant + " " + each.table;
        if (!each.key.empty()) line += " " + text_of(each.key);
        found.insert(line);
    }
    std::string text;
    for (const std::string& line : found) text += (text.empty() ? "" : "\n") + line;
    return text;
}

#define EXPECT_LAWFUL(hand) \
    EXPECT_EQ(broken((hand).history), "") << describe((hand).history, judge((hand).history))
#define EXPECT_BROKEN(hand, lines) \
    EXPECT_EQ(broken((hand).history), lines) << describe((hand).history, judge((hand).history))

// A row that both sides agree on.
HandHistory agreed(const std::string& table = "job", Side creator = desktop) {
    HandHistory hand;
    hand.user(creator, table, "1", "a").sync(across(creator), table, "1", "a");
    return hand;
}

// Both sides edited version a; the desktop's b wins over the cloud's c.
HandHistory settled_conflict() {
    HandHistory hand = agreed();
    hand.user(cloud, "job", "1", "c").user(desktop, "job", "1", "b").sync(cloud, "job", "1", "b");
    hand.conflict(cloud, "job", "1", "b", "c", "desktop");
    return hand;
}

TEST(Judge, NothingIsWrongWithNothing) { EXPECT_LAWFUL(HandHistory()); }

TEST(Judge, NewRowsEditsAndDeletesMayTravel) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "b").sync(cloud, "job", "1", "b");
    hand.user(cloud, "job", "1", "c").user(cloud, "job", "1", "d").sync(desktop, "job", "1", "d");
    hand.user(cloud, "job", "1", "").sync(desktop, "job", "1", "");
    hand.user(desktop, "job", "1", "e").sync(cloud, "job", "1", "e");
    EXPECT_LAWFUL(hand);
}

TEST(Judge, ALoserThatIsKeptMayBeReplaced) { EXPECT_LAWFUL(settled_conflict()); }

TEST(Judge, DeletesOfBothSidesAreOneAgreement) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "").user(cloud, "job", "1", "");
    EXPECT_LAWFUL(hand);
    hand.user(desktop, "job", "1", "b").sync(cloud, "job", "1", "b");
    EXPECT_LAWFUL(hand);
}

TEST(Judge, AnEditMayWinOverADeleteThatIsRecorded) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "").user(cloud, "job", "1", "b").sync(desktop, "job", "1", "b");
    HandHistory silent = hand;
    hand.conflict(desktop, "job", "1", "", "b", "cloud");
    EXPECT_LAWFUL(hand);
    EXPECT_BROKEN(silent, "I1 job 1\nI2 job 1");
}

TEST(Judge, ADeleteOfOneOfTwoRowsThatCollidedSaysNothingAboutTheOther) {
    HandHistory hand;
    hand.user(desktop, "job", "1", "a").user(cloud, "job", "1", "x").user(cloud, "job", "1", "");
    hand.sync(cloud, "job", "1", "a");
    EXPECT_LAWFUL(hand);
}

TEST(Judge, ARowThatLeftItsKeyAndCameBackUnderItIsNoResurrection) {
    HandHistory hand;
    hand.user(cloud, "job", "1", "a").move(cloud, "job", "1", "2", "b").sync(desktop, "job", "2", "b");
    hand.move(desktop, "job", "2", "1", "c").sync(cloud, "job", "2", "").sync(cloud, "job", "1", "c");
    EXPECT_LAWFUL(hand);
}

TEST(Judge, OneEditOnBothSidesIsNoConflict) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "same").user(cloud, "job", "1", "same");
    EXPECT_LAWFUL(hand);
}

TEST(Judge, AnEditOfAnEditThatBothSidesMadeIsAConflictWhereNobodyHadCompared) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "same").user(cloud, "job", "1", "same").user(desktop, "job", "1", "b");
    hand.sync(desktop, "job", "1", "same").conflict(desktop, "job", "1", "b", "same", "cloud");
    hand.history.tables[0].policy = "cloud";
    EXPECT_LAWFUL(hand);
}

TEST(Judge, AnEditThatIsTakenBackIsNoRegressionAndNoConflictOfAncestors) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "b").sync(cloud, "job", "1", "b");
    hand.user(desktop, "job", "1", "a").sync(cloud, "job", "1", "a");
    EXPECT_LAWFUL(hand);
    hand.user(cloud, "job", "1", "").user(desktop, "job", "1", "c").user(desktop, "job", "1", "a");
    hand.sync(cloud, "job", "1", "a").conflict(cloud, "job", "1", "a", "", "desktop");
    EXPECT_LAWFUL(hand);
}

TEST(Judge, AnEditThatIsTakenBackIsNoAncestorOfWhatTheOtherSideMadeOfTheRowBefore) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "b").user(cloud, "job", "1", "c").user(desktop, "job", "1", "a");
    hand.sync(cloud, "job", "1", "b").conflict(cloud, "job", "1", "b", "c", "desktop");
    hand.sync(cloud, "job", "1", "a").history.tables[0].policy = "desktop";
    EXPECT_LAWFUL(hand);
}

TEST(Judge, WhatARestoreTookBackIsNoLossAndWhatItBroughtBackIs) {
    HandHistory hand = agreed();
    const long long backup = hand.last();
    hand.user(cloud, "job", "1", "lost").restore(cloud, backup);
    EXPECT_LAWFUL(hand);
    hand.user(cloud, "job", "1", "c").sync(desktop, "job", "1", "c");
    EXPECT_LAWFUL(hand);
}

TEST(Judge, AVersionThatTheOtherSideHadReceivedIsNotLostByARestore) {
    HandHistory hand = agreed();
    const long long backup = hand.last();
    hand.user(cloud, "job", "1", "b").sync(desktop, "job", "1", "b").restore(cloud, backup);
    HandHistory lost = hand;
    hand.sync(cloud, "job", "1", "b");
    EXPECT_LAWFUL(hand);
    lost.sync(desktop, "job", "1", "a");
    EXPECT_BROKEN(lost, "I1 job 1\nI2 job 1");
}

TEST(Judge, AConflictRecordThatARestoreTookBackKeepsNothing) {
    HandHistory hand = agreed();
    const long long backup = hand.last();
    hand.user(cloud, "job", "1", "c").user(desktop, "job", "1", "b").sync(cloud, "job", "1", "b");
    hand.conflict(cloud, "job", "1", "b", "c", "desktop");
    hand.user(cloud, "job", "1", "d").sync(desktop, "job", "1", "d").restore(cloud, backup + 1);
    hand.sync(cloud, "job", "1", "d");
    EXPECT_BROKEN(hand, "I1 job 1\nI2 job 1");
}

TEST(Judge, AfterARestoreARowMayComeBackThatWasDeletedMeanwhile) {
    HandHistory hand = agreed();
    const long long backup = hand.last();
    hand.user(desktop, "job", "1", "b").sync(cloud, "job", "1", "b").user(desktop, "job", "1", "");
    HandHistory without_restore = hand;
    without_restore.sync(desktop, "job", "1", "b");
    EXPECT_BROKEN(without_restore, "I1 job 1\nI2 job 1\nI5 job 1");
    hand.restore(cloud, backup).sync(desktop, "job", "1", "a");
    EXPECT_LAWFUL(hand);
}

TEST(Judge, AHistoryWithRestoresCanBeKept) {
    HandHistory hand = agreed();
    const long long backup = hand.last();
    hand.user(cloud, "job", "1", "lost").restore(cloud, backup);
    hand.history.clocks_were_set = true;
    const History again = from_json(to_json(hand.history));
    EXPECT_EQ(to_json(again), to_json(hand.history));
    EXPECT_EQ(again.restores.size(), 1U);
    EXPECT_TRUE(again.clocks_were_set);
}

TEST(History, AWriteIsThereOrNotHoweverOftenASideGoesBack) {
    History history;
    history.restores = {{cloud, 11, 5, 0, 0}, {cloud, 21, 8, 0, 0}, {cloud, 31, 15, 0, 0}};
    EXPECT_TRUE(history.holds(cloud, 8, 10));
    EXPECT_FALSE(history.holds(cloud, 8, 12));
    EXPECT_TRUE(history.holds(cloud, 8, 25));
    EXPECT_FALSE(history.holds(cloud, 8, 35));
    EXPECT_TRUE(history.holds(cloud, 14, 35));
    EXPECT_FALSE(history.holds(cloud, 14, 25));
    EXPECT_TRUE(history.holds(desktop, 14, 25));
}

TEST(Judge, AWriteThatPassesThroughOtherValuesIsJudgedByItsEnd) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "b");
    hand.together([&] { hand.sync(cloud, "job", "1", "(aside)").sync(cloud, "job", "1", "b"); });
    EXPECT_LAWFUL(hand);
}

TEST(Judge, I0_ACommittedTransactionThatIsNotThereIsSeen) {
    HandHistory hand = agreed();
    hand.told(Outcome::committed, desktop, {"a"}).told(Outcome::failed, cloud, {"x"});
    hand.told(Outcome::unknown, cloud, {"y", "z"});
    EXPECT_LAWFUL(hand);
    for (const auto& [outcome, versions] : std::vector<std::pair<Outcome, std::vector<std::string>>>{
             {Outcome::committed, {"a", "x"}}, {Outcome::failed, {"a"}}, {Outcome::unknown, {"a", "x"}}}) {
        HandHistory wrong = agreed();
        wrong.told(outcome, desktop, versions);
        EXPECT_BROKEN(wrong, "I0 ");
    }
}

TEST(Judge, I0_OneVersionWithTwoContentsIsSeen) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "2", "a").sync(cloud, "job", "2", "a");
    EXPECT_BROKEN(hand, "I0 job 2");
}

TEST(Judge, I1_ALoserThatNobodyKeepsIsSeen) {
    HandHistory hand = settled_conflict();
    hand.history.conflicts.clear();
    EXPECT_BROKEN(hand, "I1 job 1\nI2 job 1");
}

TEST(Judge, I1_ALoserThatIsKeptLaterOnIsSeen) {
    HandHistory hand = settled_conflict();
    ++hand.history.conflicts[0].xid;
    EXPECT_BROKEN(hand, "I1 job 1\nI12 job 1");
}

TEST(Judge, I1_ALoserThatIsKeptInPartIsSeen) {
    HandHistory hand = settled_conflict();
    (*hand.history.conflicts[0].cloud)["note"] = "something else";
    EXPECT_BROKEN(hand, "I1 job 1\nI12 job 1\nI2 job 1");
}

TEST(Judge, I1_AReplacedRowThatIsNotInTheJournalIsSeen) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "b").sync(cloud, "job", "1", "b");
    hand.history.journal.clear();
    EXPECT_BROKEN(hand, "I1 job 1");
}

// A phone writes c between the look and the write.
TEST(Judge, I1_AnEditThatCameInBetweenIsSeenToBeOverwritten) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "b").user(cloud, "job", "1", "c").sync(cloud, "job", "1", "b");
    EXPECT_BROKEN(hand, "I1 job 1\nI2 job 1");
}

TEST(Judge, I2_ARowThatNeverArrivedIsSeen) {
    HandHistory hand;
    hand.user(desktop, "job", "1", "a");
    EXPECT_BROKEN(hand, "I2 job 1\nI7 job 1");
    hand.waits("job", "1");
    EXPECT_LAWFUL(hand);
}

TEST(Judge, I2_ADeleteThatNeverArrivedIsSeen) {
    HandHistory hand = agreed();
    hand.user(cloud, "job", "1", "");
    EXPECT_BROKEN(hand, "I2 job 1\nI7 job 1");
}

TEST(Judge, I3_AVersionThatNobodyWroteIsSeen) {
    HandHistory hand = agreed();
    hand.sync(cloud, "job", "1", "invented");
    EXPECT_BROKEN(hand, "I1 job 1\nI2 job 1\nI3 job 1\nI7 job 1");
}

TEST(Judge, I3_AMixtureOfTwoVersionsIsSeen) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "b");
    hand.note_of("b", "of another row");
    hand.sync(cloud, "job", "1", "b");
    EXPECT_BROKEN(hand, "I3 job 1\nI7 job 1");
}

TEST(Judge, I3_ADeleteThatNobodyMadeIsSeen) {
    HandHistory hand = agreed();
    hand.sync(cloud, "job", "1", "");
    EXPECT_BROKEN(hand, "I2 job 1\nI3 job 1\nI7 job 1");
}

// The desktop deleted a, and the cloud's edit b goes as well.
TEST(Judge, I1_ADeleteOfAnEditThatItDidNotKnowIsSeen) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "").user(cloud, "job", "1", "b").sync(cloud, "job", "1", "");
    EXPECT_BROKEN(hand, "I1 job 1\nI2 job 1");
}

TEST(Judge, I4_AStrictRowOfAPhoneIsSeenToBeChangedInTheCloud) {
    HandHistory hand = agreed("card", cloud);
    hand.user(desktop, "card", "1", "b").sync(cloud, "card", "1", "b");
    EXPECT_BROKEN(hand, "I4 card 1");
    HandHistory deleted = agreed("card", cloud);
    deleted.user(desktop, "card", "1", "").sync(cloud, "card", "1", "");
    EXPECT_BROKEN(deleted, "I4 card 1");
}

TEST(Judge, I4_AStrictRowOfTheDesktopIsSeenToBeDeletedThere) {
    HandHistory hand = agreed("card", desktop);
    hand.user(cloud, "card", "1", "").sync(desktop, "card", "1", "");
    EXPECT_BROKEN(hand, "I4 card 1");
    HandHistory edited = agreed("card", desktop);
    edited.user(cloud, "card", "1", "b").sync(desktop, "card", "1", "b");
    EXPECT_LAWFUL(edited);
}

TEST(Judge, I5_AnOlderVersionThatComesBackIsSeen) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "b").sync(desktop, "job", "1", "a");
    EXPECT_BROKEN(hand, "I1 job 1\nI2 job 1\nI5 job 1");
}

TEST(Judge, I5_ADeletedRowThatComesBackIsSeen) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "").sync(desktop, "job", "1", "a");
    EXPECT_BROKEN(hand, "I1 job 1\nI2 job 1\nI5 job 1");
}

TEST(Judge, I6_RowsOfOneTransactionThatArriveApartAreSeen) {
    for (const bool apart : {false, true}) {
        HandHistory hand;
        hand.note_of("t", "1");  // task t is of job 1
        hand.together([&] { hand.user(desktop, "job", "1", "a").user(desktop, "task", "9", "t"); });
        const auto copy = [&] { hand.sync(cloud, "job", "1", "a").sync(cloud, "task", "9", "t"); };
        apart ? copy() : void(hand.together(copy));
        EXPECT_BROKEN(hand, apart ? "I6 task 9" : "");
    }
}

TEST(Judge, I7_AFurtherRunThatWritesIsSeen) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "b").sync(cloud, "job", "1", "b");
    for (const Side side : sides) hand.history.quiet_since[index(side)] = hand.history.writes.back().seq;
    EXPECT_LAWFUL(hand);
    for (const Side side : sides) hand.history.quiet_since[index(side)] = hand.history.writes.back().seq - 1;
    EXPECT_BROKEN(hand, "I7 job 1");
}

TEST(Judge, I8_WaitingWithoutAReasonOrADifferenceIsSeen) {
    HandHistory equal = agreed();
    equal.waits("job", "1");
    EXPECT_BROKEN(equal, "I8 job 1");
    HandHistory silent;
    silent.user(desktop, "job", "1", "a").waits("job", "1", "");
    EXPECT_BROKEN(silent, "I8 job 1");
    for (const char* under_way : {"pending", "raced"}) {
        HandHistory unfinished;
        unfinished.user(desktop, "job", "1", "a").waits("job", "1");
        unfinished.history.waiting[0].kind = under_way;
        EXPECT_BROKEN(unfinished, "I8 job 1");
    }
}

TEST(Judge, I12_AConflictOfAVersionWithItsDescendantIsSeen) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "b")
        .sync(cloud, "job", "1", "b")
        .conflict(cloud, "job", "1", "b", "a", "desktop");
    EXPECT_BROKEN(hand, "I12 job 1");
}

TEST(Judge, I12_TheWrongWinnerIsSeen) {
    HandHistory hand = settled_conflict();
    hand.history.tables[0].policy = "cloud";
    EXPECT_BROKEN(hand, "I12 job 1");
    hand.history.tables[0].policy = "manual";
    EXPECT_BROKEN(hand, "I12 job 1");
    hand.history.tables[0].policy = "desktop";
    EXPECT_LAWFUL(hand);
    hand.history.tables[0].policy = "latest";
    EXPECT_LAWFUL(hand);
    hand.history.conflicts[0].winner = "cloud";
    EXPECT_BROKEN(hand, "I12 job 1");
}

// A stamp that no clock set decides nothing that could be judged here.
TEST(Judge, I12_StampsOfOtherTimesAreNotJudged) {
    HandHistory hand = agreed();
    hand.user(desktop, "job", "1", "b").user(cloud, "job", "1", "c").sync(cloud, "job", "1", "b");
    hand.conflict(cloud, "job", "1", "b", "c", "desktop");
    EXPECT_BROKEN(hand, "I12 job 1");
    (*hand.history.conflicts[0].desktop)["at"] = "2020-01-01T00:00:00+00:00";
    EXPECT_LAWFUL(hand);
}

TEST(Judge, I12_AnImageThatNobodyWroteIsSeen) {
    HandHistory hand = settled_conflict();
    (*hand.history.conflicts[0].desktop)["vid"] = "invented";
    EXPECT_BROKEN(hand, "I12 job 1");
}

TEST(JudgeOfRepeatedRows, CopiesTravelAndAreTakenAway) {
    HandHistory hand;
    hand.add_copy(desktop, false, "7", "a")
        .add_copy(desktop, false, "7", "a")
        .add_copy(desktop, false, "7", "b");
    hand.add_copy(cloud, true, "7", "a").add_copy(cloud, true, "7", "b").add_copy(cloud, true, "7", "a");
    hand.take_copy(cloud, false, "7", "a").take_copy(desktop, true, "7", "a");
    hand.take_copy(desktop, false, "7", "b").add_copy(desktop, false, "7", "c");
    hand.take_copy(cloud, true, "7", "b").add_copy(cloud, true, "7", "c");
    EXPECT_LAWFUL(hand);
}

TEST(JudgeOfRepeatedRows, I1_ACopyThatNobodyTookAwayIsMissed) {
    HandHistory hand;
    hand.add_copy(desktop, false, "7", "a")
        .add_copy(cloud, true, "7", "a")
        .take_copy(desktop, true, "7", "a");
    EXPECT_BROKEN(hand, "I1 remark 7\nI2 remark 7\nI7 remark 7");
}

TEST(JudgeOfRepeatedRows, I2_OneCopyTooFewIsMissed) {
    HandHistory hand;
    hand.add_copy(desktop, false, "7", "a")
        .add_copy(desktop, false, "7", "a")
        .add_copy(cloud, true, "7", "a");
    EXPECT_BROKEN(hand, "I2 remark 7\nI7 remark 7");
}

TEST(JudgeOfRepeatedRows, ACopyThatAConflictKeepsIsNotMissed) {
    HandHistory hand;
    hand.add_copy(cloud, false, "7", "x").add_copy(cloud, false, "7", "x").add_copy(desktop, false, "7", "b");
    hand.together([&] { hand.take_copy(cloud, true, "7", "x").add_copy(cloud, true, "7", "b"); });
    hand.conflict(cloud, "remark", "7", "b", "x", "desktop").add_copy(desktop, true, "7", "x");
    EXPECT_LAWFUL(hand);
}

TEST(JudgeOfRepeatedRows, I3_OneCopyTooManyIsSeen) {
    HandHistory hand;
    hand.add_copy(desktop, false, "7", "a").add_copy(cloud, true, "7", "a").add_copy(cloud, true, "7", "a");
    EXPECT_BROKEN(hand, "I3 remark 7\nI7 remark 7");
}

TEST(JudgeOfRepeatedRows, I5_ADeletedCopyThatComesBackIsSeen) {
    HandHistory hand;
    hand.add_copy(desktop, false, "7", "a").add_copy(cloud, true, "7", "a");
    hand.take_copy(desktop, false, "7", "a").add_copy(desktop, true, "7", "a");
    EXPECT_BROKEN(hand, "I2 remark 7\nI5 remark 7");
}

TEST(Story, TellsWhoWroteWhatAndWhatWentOn) {
    HandHistory hand = settled_conflict();
    hand.history.notes = {{3'000'000, "run 2: killed"}, {900'000'000, "the end"}};
    const std::string text = story(hand.history, "job", {"1"});
    for (const char* part : {"user nothing -> a", "sync nothing -> a", "sync c", "-- run 2: killed",
                             "conflict at the cloud", "at the end the cloud has b"})
        EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
    EXPECT_EQ(text.find("the end\n"), std::string::npos) << text;
}

TEST(HistoryJson, AHistoryThatWasKeptIsJudgedAlike) {
    HandHistory hand = settled_conflict();
    hand.told(Outcome::unknown, cloud, {"c"}).waits("job", "1");
    hand.history.quiet_since[0] = 2;
    hand.history.notes = {{3, "run 2: killed"}};
    const std::string kept = to_json(hand.history);
    EXPECT_EQ(to_json(from_json(kept)), kept);
    EXPECT_EQ(broken(from_json(kept)), broken(hand.history));
}

}  // namespace
}  // namespace tideway::checker
