// What a worklist hands out: keys that differ from the base, those that are gone, rows that share a key.
#include "conformance/pair.hpp"

namespace tideway::conformance {
namespace {

class Listing : public Pair {};
CONFORMANCE_SUITE(Listing, all_kinds);

constexpr const char* job = "(id integer primary key, title text)";

TEST_P(Listing, TheWorklistHasOnlyKeysThatDifferFromTheBase) {
    const LinkedTable& table = synced(job);
    db(Side::desktop).exec("insert into job values (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')");
    agree_on(table, {{"1"}, {"2"}, {"3"}, {"4"}});
    const std::string since = mark(Side::desktop, table);
    const std::string cloud_since = mark(Side::cloud, table);
    db(Side::desktop).exec("update job set title = title where id = 1");  // touched, not changed
    db(Side::desktop).exec("update job set title = 'B' where id = 2");
    db(Side::desktop).exec("delete from job where id = 3");
    db(Side::cloud).exec("delete from job where id = 4");
    db(Side::cloud).exec("update job set title = 'cloud' where id = 2");

    const auto snapshot = desktop().snapshot({&table});
    const auto worklist = archive().worklist(table, true);
    EXPECT_FALSE(worklist->add_desktop_hints(Capture::changelog, since).needs_digest);
    std::vector<CloudHint> hints;
    cloud().snapshot({&table})->hints(table, Capture::changelog, cloud_since,
                                      [&](CloudHint&& hint) { hints.push_back(std::move(hint)); });
    worklist->add_cloud_hints(hints);
    worklist->close_cloud_hints({});
    const Tally tally = worklist->tally();
    EXPECT_EQ(tally.keys, 3);
    EXPECT_EQ(tally.base_rows, 4);
    EXPECT_EQ(tally.desktop_deleted, 1);
    EXPECT_EQ(tally.desktop_updated, 1);
    EXPECT_EQ(tally.cloud_deleted, 1);
    EXPECT_EQ(tally.cloud_updated, 1);
    std::set<std::string> written_in_cloud;
    const auto keys_of = [&](Part part) {
        worklist->rewind();
        std::set<std::string> keys;
        for (;;) {
            const auto groups = worklist->next(part, 1, 1 << 20);
            if (groups.empty()) return fmt::format("{}", fmt::join(keys, " "));
            EXPECT_EQ(groups.size(), 1U);
            keys.insert(display(groups[0].key));
            if (groups[0].cloud_written) written_in_cloud.insert(display(groups[0].key));
        }
    };
    EXPECT_EQ(keys_of(Part::everything), "2 3 4");
    EXPECT_EQ(keys_of(Part::gone), "3 4");
    EXPECT_EQ(keys_of(Part::present), "2");
    EXPECT_EQ(fmt::format("{}", fmt::join(written_in_cloud, " ")), "2 4");
}

TEST_P(Listing, ACompleteListOfTheCloudShowsWhatIsGoneThere) {
    const LinkedTable& table = synced(job);
    db(Side::desktop).exec("insert into job values (1, 'a'), (2, 'b')");
    agree_on(table, {{"1"}, {"2"}});
    db(Side::cloud).exec("delete from job where id = 1");
    const auto snapshot = desktop().snapshot({&table});
    const auto cloud_snapshot = cloud().snapshot({&table});
    const auto worklist = archive().worklist(table, true);
    std::vector<int> all(16384);
    for (int i = 0; i < 16384; ++i) all[static_cast<std::size_t>(i)] = i;
    std::vector<CloudHint> hints;
    cloud_snapshot->list_buckets(table, all, [&](CloudHint&& hint) { hints.push_back(std::move(hint)); });
    EXPECT_EQ(hints.size(), 1U);
    worklist->add_cloud_hints(hints);
    worklist->close_cloud_hints(all);
    const auto groups = worklist->next(Part::gone, 10, 1000);
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(groups[0].key, Key{"1"});
    EXPECT_EQ(groups[0].desktop.size(), 1U);
}

TEST_P(Listing, BeforeTheFirstRunEveryRowIsNew) {
    both("create table job (id integer primary key, title text)");
    both("insert into job values (1, 'a'), (2, 'b')");
    const LinkedTable& table = linked("job");
    const auto snapshot = desktop().snapshot({&table});
    const auto worklist = archive().worklist(table, false);
    worklist->add_desktop_hints(Capture::digest, "");
    EXPECT_EQ(worklist->tally().keys, 2);
    worklist->add_keys({{.key = {"9"}, .captured_desktop = 70, .captured_cloud = 80}});
    EXPECT_EQ(worklist->tally().keys, 3);
    worklist->rewind();
    for (const CandidateGroup& group : worklist->next(Part::everything, 10, 1'000))
        EXPECT_EQ(group.cloud_captured, group.key == Key{"9"} ? std::optional<std::int64_t>(80) : std::nullopt);
    EXPECT_TRUE(desktop().own_objects().empty());
}

TEST_P(Listing, RowsThatShareAKeyAreHandedOutTogether) {
    TableSetting setting;
    setting.key = {"code"};
    setting.identity = Identity::business_key_ordinal;
    capture = Capture::changelog;
    const LinkedTable& table = synced("(code text, title text)", setting);
    both("insert into job values ('a', 'x'), ('a', 'x'), ('a', 'y'), ('b', 'z'), (null, 'n')");
    const auto groups = candidates(table);
    std::map<std::string, std::size_t> sizes;
    for (const CandidateGroup& group : groups) sizes[display(group.key)] = group.desktop.size();
    EXPECT_EQ(sizes, (std::map<std::string, std::size_t>{{"a", 3}, {"b", 1}, {"\\N", 1}}));
    EXPECT_EQ(rows(Side::cloud, table, {{"a"}}).size(), 3U);
    EXPECT_EQ(desktop().snapshot({&table})->digest(table, true),
              cloud().snapshot({&table})->digest(table, true));
}

TEST_P(Listing, AWholeRowCanBeTheKeyAndIsTheSameOneOnBothSides) {
    TableSetting setting;
    setting.identity = Identity::full_row;
    capture = Capture::digest;
    const LinkedTable& table = synced("(code text, amount numeric)", setting);
    both("insert into job values ('a', 1.50), ('a', 1.50), (null, 2)");
    const auto groups = candidates(table);
    ASSERT_EQ(groups.size(), 2U);
    for (const CandidateGroup& group : groups)
        EXPECT_EQ(rows(Side::cloud, table, {group.key}).size(), group.desktop.size()) << display(group.key);
}

}  // namespace
}  // namespace tideway::conformance
