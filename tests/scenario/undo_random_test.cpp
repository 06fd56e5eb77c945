// Random edits and runs: undoing a run gives the tables that were there before it; undoing all of them, the
// last first, gives what the runs found at first, wherever nobody but the runs wrote.
#include <random>

#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

constexpr int runs = 4;
constexpr const char* jobs = "select id, owner, body, parent from job order by id";

class Office {
  public:
    Office(LivePair& pair, unsigned seed) : pair_(pair), dice_(seed) {}
    // Even rows belong to the office's people, odd ones to the phones'.
    void edit() {
        for (int n = 0; n < 12; ++n) edit_one(pick(0, 1) == 0 ? 0 : 1);
    }

  private:
    int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(dice_); }
    void edit_one(int owner) {
        Db& side = owner == 0 ? pair_.desktop : pair_.cloud;
        const int id = pick(1, 30) * 2 + owner;
        const std::string body = quote_literal(fmt::format("{} \\ \"{}\"", "écrit", pick(1, 1'000'000)));
        switch (pick(0, 3)) {
            case 0:
                side.exec(fmt::format("insert into job values ({}, {}, {}, null) on conflict do nothing", id,
                                      owner, body));
                break;
            case 1:
                side.exec(fmt::format("update job set body = {} where id = {}", body, id));
                break;
            case 2:
                side.exec(fmt::format(
                    "update job set parent = (select min(p.id) from job p where p.id < {0} and p.owner "
                    "= {1}) where id = {0}",
                    id, owner));
                break;
            default:
                side.exec(fmt::format(
                    "delete from job j where id = {} and not exists (select from job c where c.parent "
                    "= j.id)",
                    id));
        }
    }
    LivePair& pair_;
    std::mt19937 dice_;
};

class UndoRandom : public testing::TestWithParam<unsigned> {};

TEST_P(UndoRandom, undoing_every_run_in_reverse_restores_what_the_runs_found) {
    LivePair pair("undorandom");
    pair.both("create table job (id int primary key, owner int, body text, parent int references job)");
    pair.configure("[guard]\nmax_deletes = '100%'\nmax_updates = '100%'\n[[table]]\nname = 'job'\n");
    ASSERT_EXIT_CODE(0, pair.sync());
    Office office(pair, GetParam());
    office.edit();
    // What nobody but the runs will write: the phones' rows at the office, the office's rows in the cloud.
    const std::string of_phones = "select * from job where owner = 1",
                      of_office = "select * from job where owner = 0";
    std::vector<std::string> ids;
    for (int i = 0; i < runs; ++i) {
        const std::string desktop = dump(pair.desktop, jobs), cloud = dump(pair.cloud, jobs);
        const TidewayResult run = pair.sync();
        ASSERT_EXIT_CODE(0, run);
        ids.push_back(run.json["run"]);
        if (!run.json["idle"].get<bool>()) {
            const std::string after_desktop = dump(pair.desktop, jobs), after_cloud = dump(pair.cloud, jobs);
            const TidewayResult undone = pair.run({"undo", "--run", ids.back()});
            ASSERT_EXIT_CODE(0, undone);
            EXPECT_EQ(dump(pair.desktop, jobs), desktop);
            EXPECT_EQ(dump(pair.cloud, jobs), cloud);
            ASSERT_EXIT_CODE(0, pair.run({"undo", "--run", undone.json["run"].get<std::string>()}));
            EXPECT_EQ(dump(pair.desktop, jobs), after_desktop);
            EXPECT_EQ(dump(pair.cloud, jobs), after_cloud);
        }
        pair.expect_equal(jobs);
        if (i + 1 < runs) office.edit();
    }
    for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
        const TidewayResult undone = pair.run({"undo", "--run", *id});
        EXPECT_TRUE(undone.exit_code == 0 || undone.exit_code == 3 || error_code(undone) == "TW420")
            << told(undone);
    }
    EXPECT_EQ(dump(pair.desktop, of_phones), "");
    EXPECT_EQ(dump(pair.cloud, of_office), "");
}
INSTANTIATE_TEST_SUITE_P(Seeds, UndoRandom, testing::Range(1U, 5U));

}  // namespace
}  // namespace tideway::test
