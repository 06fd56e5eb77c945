// Whatever a transaction of ours would do beside its plan is found in that transaction and undone with it
// (H70, H71): injected by triggers and cascades of the cloud's database. TIDEWAY_TEST_LONG makes 200 runs among twenty writers.
#include <cstdlib>

#include "scenario/live_pair.hpp"

namespace tideway::test {
namespace {

struct Injection {
    const char *name, *body;  // of a trigger on the row that is brought
    const char* when = "AFTER UPDATE ON note FOR EACH ROW WHEN (NEW.id = 1)";
};
void PrintTo(const Injection& injection, std::ostream* out) { *out << injection.name; }

const Injection injections[] = {
    {"wrong_delete", "DELETE FROM public.note WHERE id = 9"},
    {"wrong_delete_of_a_phones_row", "DELETE FROM public.note WHERE id = 100"},
    {"wrong_overwrite", "UPDATE public.note SET body = 'wrong' WHERE id = 9"},
    {"wrong_overwrite_of_a_phones_row", "UPDATE public.note SET body = 'wrong' WHERE id = 100"},
    {"delete_with_a_compensating_insert",
     "DELETE FROM public.note WHERE id = 9; INSERT INTO public.note VALUES (300, 'instead', 'D')"},
    {"delete_in_another_table", "DELETE FROM public.other WHERE id = 1"},
    {"overwrite_in_another_table", "UPDATE public.other SET body = 'wrong'"},
    {"overwrite_in_a_table_of_nobody", "UPDATE public.unknown SET body = 'wrong'"},
    {"truncate_of_a_table_of_nobody", "TRUNCATE public.unknown"},
    {"truncate_within_a_part_of_the_transaction",
     "BEGIN TRUNCATE public.unknown; EXCEPTION WHEN division_by_zero THEN NULL; END"},
    {"another_row_instead_of_the_planned_one",
     "UPDATE public.note SET body = 'wrong' WHERE id = 9; RETURN NULL",
     "BEFORE UPDATE ON note FOR EACH ROW WHEN (NEW.id = 1)"},
    {"another_key_for_the_planned_row", "NEW.id := 400; RETURN NEW",
     "BEFORE UPDATE ON note FOR EACH ROW WHEN (NEW.id = 1)"},
};

class Injected : public testing::TestWithParam<Injection> {
  protected:
    Injected() {
        pair.both(
            "create table note (id int primary key, body text, source char(1));"
            "create table other (id int primary key, body text)");
        pair.cloud.exec("create table unknown (id int, body text); insert into unknown values (1, 'theirs')");
        pair.desktop.exec(
            "insert into note select i, 'note ' || i, 'D' from generate_series(1, 20) i;"
            "insert into other select i, 'other' from generate_series(1, 5) i");
        pair.cloud.exec("insert into note values (100, 'from the phone', 'M')");
        pair.configure(
            "[[table]]\nname = 'note'\norigin = { column = 'source' }\n[[table]]\nname = 'other'\n");
        EXPECT_EXIT_CODE(0, pair.sync());
    }
    std::string cloud_rows() {
        return dump(pair.cloud, "select * from note order by id") +
               dump(pair.cloud, "select * from other order by id") +
               dump(pair.cloud, "select * from unknown");
    }
    LivePair pair{"blast"};
};
INSTANTIATE_TEST_SUITE_P(Injection, Injected, testing::ValuesIn(injections),
                         [](const auto& given) { return std::string(given.param.name); });

TEST_P(Injected, H70_H71_is_undone_in_the_transaction_that_does_it) {
    const bool after = std::string(GetParam().when).starts_with("AFTER");
    pair.cloud.exec(
        fmt::format("create function inject() returns trigger language plpgsql as $$ begin {};{} end $$;"
                    "create trigger inject {} execute function inject()",
                    GetParam().body, after ? " return null;" : "", GetParam().when));
    pair.desktop.exec("update note set body = 'edited' where id in (1, 2)");
    const std::string before = cloud_rows();
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(4, result);
    ASSERT_EQ(result.json["guard"].size(), 1U) << told(result);
    const std::string reason = result.json["guard"][0]["reason"];
    EXPECT_TRUE(reason == "side_effects" || reason == "protected_row") << told(result);
    EXPECT_ROWS(pair.cloud, "select body from note where id = 2", "edited");
    pair.cloud.exec("alter table note disable trigger inject; update note set body = 'note 2' where id = 2");
    EXPECT_EQ(cloud_rows(), before) << "nothing happened";
    EXPECT_ROWS(pair.desktop, "select key, kind from tideway.waiting where kind = 'parked'", "{1}|parked");
    // With the cause gone the row travels.
    EXPECT_TRUE(pair.sync().exit_code == 0);
    EXPECT_ROWS(pair.cloud, "select body from note where id = 1", "edited");
    EXPECT_ROWS(pair.cloud, "select body from note where id = 100", "from the phone");
}

// A cascade that empties references, or takes rows away, is a side effect like any other.
TEST(BlastRadius, H70_cascades_into_other_tables_are_undone_and_named_with_their_counts) {
    for (const char* action : {"cascade", "set null", "set default"}) {
        SCOPED_TRACE(action);
        LivePair pair("cascades");
        pair.both("create table note (id int primary key, body text)");
        pair.cloud.exec(fmt::format(
            "create table mine (id int primary key, note int default 5 references note on delete {})",
            action));
        pair.desktop.exec("insert into note select i, 'n' from generate_series(1, 20) i");
        pair.configure(note_config);
        EXPECT_EXIT_CODE(0, pair.sync());
        pair.cloud.exec("insert into mine select i, 1 from generate_series(1, 4) i");
        pair.desktop.exec("delete from note where id = 1");
        const TidewayResult result = pair.sync();
        EXPECT_EXIT_CODE(4, result);
        ASSERT_EQ(result.json["guard"].size(), 1U) << told(result);
        const std::string what = result.json["guard"][0]["what"];
        EXPECT_NE(what.find("4"), std::string::npos) << what;
        EXPECT_NE(what.find("mine"), std::string::npos) << what;
        EXPECT_ROWS(pair.cloud, "select count(*), min(note), max(note) from mine", "4|1|1");
        EXPECT_ROWS(pair.cloud, "select count(*) from note", "20");
    }
}

// A synchronised table cannot even be locked for that while the run reads it.
TEST(BlastRadius, H70_a_truncate_of_a_synchronised_table_never_gets_its_lock) {
    LivePair pair("truncate");
    pair.both("create table other (id int primary key, body text)");
    pair.desktop.exec("insert into other values (1, 'theirs')");
    twenty_notes(pair, "[[table]]\nname = 'other'\n");
    pair.cloud.exec(
        "create function wipe() returns trigger language plpgsql as $$ begin truncate public.other; return "
        "null; end "
        "$$; create trigger wipe after update on note for each row when (new.id = 1) execute function "
        "wipe()");
    pair.desktop.exec("update note set body = 'edited' where id in (1, 2)");
    const TidewayResult result = pair.sync();
    EXPECT_EXIT_CODE(3, result);
    EXPECT_EQ(reported(result, "pending"), 1) << told(result);
    EXPECT_ROWS(pair.cloud, "select body from note where id in (1, 2) order by id", "note 1\nedited");
    EXPECT_ROWS(pair.cloud, "select body from other", "theirs");
}

// Other sessions may empty and rewrite tables that are not in the batch while it is under way.
TEST(BlastRadius, H71_what_others_empty_meanwhile_is_no_alarm) {
    LivePair pair("meanwhile");
    twenty_notes(pair);
    pair.cloud.exec("create table theirs (id int); insert into theirs values (1)");
    pair.desktop.exec("update note set body = 'edited' where id = 1");
    const TidewayResult result = pair.sync_while("M5a.written", [&] {
        pair.cloud.exec("truncate theirs");
        pair.cloud.exec("vacuum full theirs");
    });
    EXPECT_EXIT_CODE(0, result);
    EXPECT_ROWS(pair.cloud, "select body from note where id = 1", "edited");
}

// Twenty phones write rows of their own while runs bring the office's: no run raises an alarm, and no row is
// lost.
TEST(BlastRadius, H71_twenty_writers_of_protected_rows_raise_no_alarm) {
    LivePair pair("writers");
    pair.both("create table job (id int primary key, body text, source char(1))");
    pair.desktop.exec("insert into job select i, 'office', 'D' from generate_series(1, 200) i");
    pair.configure(
        "[guard]\nmax_updates = '100%'\nmax_deletes = '100%'\n[[table]]\nname = 'job'\norigin = { column = "
        "'source' "
        "}\n");
    EXPECT_EXIT_CODE(0, pair.sync());
    std::atomic<bool> stop{false};
    std::vector<std::thread> phones;
    for (int phone = 1; phone <= 20; ++phone)
        phones.emplace_back([&, phone] {
            Db db(pair.cloud_database);
            for (int n = 0; !stop; ++n) {
                const int id = 10'000 * phone + n % 50;
                db.exec(fmt::format(
                    "insert into job values ({0}, 'phone {0} {1}', 'M') on conflict (id) do update "
                    "set body = excluded.body",
                    id, n));
                if (n % 5 == 4) db.exec(fmt::format("delete from job where id = {}", id));
                std::this_thread::sleep_for(Millis(50));
            }
        });
    const bool all = std::getenv("TIDEWAY_TEST_LONG") != nullptr;
    const int wanted = all ? 200 : 60;
    int runs = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(all ? 3'600 : 60);
    for (; runs < wanted && std::chrono::steady_clock::now() < end; ++runs) {
        pair.desktop.exec(
            fmt::format("update job set body = 'office {}' where id % 10 = {} and source = 'D'", runs, runs % 10));
        const TidewayResult result = pair.sync();
        EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << told(result);
        EXPECT_TRUE(result.json["guard"].empty()) << told(result);
    }
    stop = true;
    for (std::thread& phone : phones) phone.join();
    EXPECT_GE(runs, 3) << "too few runs to say anything";
    RecordProperty("runs", runs);
    EXPECT_EXIT_CODE(0, pair.sync());
    pair.expect_equal("select * from job order by id");
}

// H74: a batch whose old images cannot be kept is no batch.
TEST(BlastRadius, H74_without_journal_or_conflict_record_nothing_is_written) {
    struct Broken {
        const char *table, *how;
    };
    for (const Broken& broken :
         {Broken{"journal",
                 "alter table tideway.journal add constraint full_disk check (op <> 'U') not valid"},
          Broken{"conflict", "alter table tideway.conflict add constraint full_disk check (false) not valid"},
          Broken{"inbox", "alter table tideway.inbox add constraint full_disk check (false) not valid"}}) {
        SCOPED_TRACE(broken.table);
        LivePair pair("journal");
        twenty_notes(pair, "conflict = 'desktop'\n");
        pair.cloud.exec(broken.how);
        pair.desktop.exec("update note set body = 'office' where id = 3");
        pair.cloud.exec("update note set body = 'phone' where id = 3");
        const TidewayResult result = pair.sync();
        EXPECT_NE(result.exit_code, 0) << told(result);
        EXPECT_ROWS(pair.cloud, "select body from note where id = 3", "phone");
        pair.cloud.exec(fmt::format("alter table tideway.{} drop constraint full_disk", broken.table));
        EXPECT_EXIT_CODE(0, pair.sync());
        EXPECT_ROWS(pair.cloud, "select body from note where id = 3", "office");
        EXPECT_EQ(kept_in(pair.cloud, "phone") > 0, true);
    }
}

TEST(BlastRadius, H74_without_the_desktops_journal_nothing_is_written_there) {
    LivePair pair("journal");
    twenty_notes(pair);
    pair.desktop.exec("alter table tideway.journal add constraint full_disk check (op <> 'U') not valid");
    pair.cloud.exec("update note set body = 'phone' where id = 3");
    const TidewayResult result = pair.sync();
    EXPECT_NE(result.exit_code, 0) << told(result);
    EXPECT_ROWS(pair.desktop, "select body from note where id = 3", "note 3");
    pair.desktop.exec("alter table tideway.journal drop constraint full_disk");
    EXPECT_EXIT_CODE(0, pair.sync());
    EXPECT_ROWS(pair.desktop, "select body from note where id = 3", "phone");
}

}  // namespace
}  // namespace tideway::test
