// Lists of both sides' states merged into one, part by part.
#include <gtest/gtest.h>

#include "engine/case_list.hpp"

namespace tideway {
namespace {

struct Stored {
    std::int64_t id = 0, at_micros = 0;
};

// As a store answers.
CasePage<Stored> answer(std::vector<Stored> all, const CaseQuery& asked, int cut = INT_MAX) {
    std::sort(all.begin(), all.end(), [](const Stored& a, const Stored& b) {
        return std::pair(a.at_micros, a.id) > std::pair(b.at_micros, b.id);
    });
    CasePage<Stored> page;
    for (const Stored& each : all) {
        if (asked.before &&
            std::pair(each.at_micros, each.id) >= std::pair(asked.before->at_micros, asked.before->id))
            continue;
        page.more = page.cases.size() == static_cast<std::size_t>(std::min(asked.most, cut));
        if (page.more) break;
        page.cases.push_back(each);
    }
    return page;
}

std::vector<std::int64_t> in_parts(const std::vector<Stored>& desktop, const std::vector<Stored>& cloud,
                                   std::size_t most, int cut = INT_MAX) {
    std::vector<std::int64_t> numbers;
    PageRequest asked{most};
    do {
        CaseList<std::int64_t> list(asked);
        for (const Side side : {Side::desktop, Side::cloud})
            list.add(answer(side == Side::desktop ? desktop : cloud, list.part_of({}, side),
                            side == Side::desktop ? cut : INT_MAX),
                     side, [&](const Stored& each) { return public_id(each.id, side); });
        asked.after = list.take(numbers);
    } while (!asked.after.empty());
    return numbers;
}

TEST(CaseList, gives_the_newest_of_both_sides_first) {
    EXPECT_EQ(in_parts({{1, 10}, {2, 30}}, {{1, 20}, {2, 40}}, 100), (std::vector<std::int64_t>{5, 4, 3, 2}));
}

TEST(CaseList, gives_each_case_once_however_the_parts_are_cut) {
    std::vector<Stored> desktop, cloud;
    for (int i = 1; i <= 40; ++i) {
        desktop.push_back({i, i / 7});  // many of one moment, on both sides
        cloud.push_back({i, i / 3});
    }
    const std::vector<std::int64_t> all = in_parts(desktop, cloud, 1000);
    EXPECT_EQ(all.size(), 80U);
    for (const std::size_t most : {1U, 2U, 3U, 10U, 79U})
        for (const int cut : {1, 2, 5, INT_MAX})
            EXPECT_EQ(in_parts(desktop, cloud, most, cut), all) << most << " " << cut;
}

TEST(CaseList, a_place_is_read_as_it_was_written_and_nothing_else_is_one) {
    EXPECT_EQ(place_in(text_of({1764190546123456, 42})), (ListPlace{1764190546123456, 42}));
    EXPECT_EQ(place_in(text_of({-5, 42})), (ListPlace{-5, 42}));
    for (const char* text : {"1", "-", "1-", "-1", "a-1", "1-a", "1-2 ", "1--2", "99999999999999999999-1"})
        EXPECT_THROW(place_in(text), Error) << text;
}

}  // namespace
}  // namespace tideway
