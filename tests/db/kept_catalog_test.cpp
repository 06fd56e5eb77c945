// A catalogue that was kept from the run before is used while it holds, and no longer.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "connection_fixture.hpp"
#include "store/postgres/pg_store.hpp"

namespace tideway::pg {
namespace {

// All that a relation says, but for the estimate of its rows.
std::string told(const std::optional<Relation>& relation) {
    if (!relation) return "none";
    const Relation& r = *relation;
    std::string text = fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {}\n{}\n", r.name.display(), r.owner, r.kind, r.subscribed, r.inherits, r.rls,
                                   r.owned, r.may_use_schema, r.may_select, r.may_insert, r.may_update, r.may_delete, r.may_trigger, r.fingerprint,
                                   fmt::join(r.triggers, ","));
    for (const RelationColumn& c : r.columns)
        text += fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {}\n", c.name, c.type, c.base_type, c.length, c.native_hash, c.not_null, c.has_default,
                            c.generated, c.identity_always, c.equal_by_text, c.sequence, c.may_use_sequence, c.counter, c.may_move_counter);
    for (const UniqueKey& k : r.unique_keys) text += fmt::format("{} {} {} {}\n", k.name, fmt::join(k.columns, ","), k.primary, k.usable);
    for (const ForeignKey& f : r.foreign_keys)
        text += fmt::format("{} {} {} {} {} {} {} {}\n", f.name, fmt::join(f.columns, ","), fmt::join(f.parent_columns, ","), f.parent.display(), f.on_delete,
                            f.on_update, f.deferrable, f.may_look);
    for (const Cascade& c : r.cascades) text += fmt::format("{} {} {} {}\n", c.name, c.child.display(), c.on_delete, c.on_update);
    return text;
}

class KeptCatalogue : public ConnectionTest {
  protected:
    KeptCatalogue() {
        observer.exec("create table place (id int primary key);"
                      "create table note (id int primary key, body text, n serial, place int references place)");
    }

    const std::vector<sql::TableName> names{{"public", "note"}, {"public", "place"}, {"public", "missing"}};

    std::vector<std::string> read(KeptBetweenRuns* with) {
        ConnectOptions options;
        options.url = database.url(role);
        PgStore store(options, "main", nullptr, with);
        std::vector<std::string> all;
        for (const auto& relation : store.relations(names)) all.push_back(told(relation));
        return all;
    }

    // Whether what was kept is what a store that keeps nothing reads.
    void expect_noticed(const std::string& change) {
        SCOPED_TRACE(change);
        const auto before = read(&kept);
        observer.exec(change);
        const auto now = read(nullptr), noticed = read(&kept);
        EXPECT_EQ(noticed, now);
        EXPECT_NE(before, now) << "nothing to notice";
    }

    std::string role = "postgres";
    KeptBetweenRuns kept;
};

TEST_F(KeptCatalogue, NoticesWhatIsChangedInTheTables) {
    for (const char* change :
         {"alter table note add extra text", "alter table note alter extra type varchar(20)", "alter table note rename extra to more",
          "alter table note alter more set default 'x'", "alter table note alter more set not null", "alter table note drop more",
          "create unique index one_body on note (body)", "drop index one_body",
          "alter table note drop constraint note_place_fkey",
          "alter table note add constraint at_place foreign key (place) references place on delete cascade",
          "create function nothing() returns trigger language plpgsql as 'begin return new; end'; "
          "create trigger each before insert on note for each row execute function nothing()",
          "alter table note disable trigger each", "alter table note alter id add generated always as identity",
          "create table missing (id int primary key)", "drop table missing",
          "create table child (id int primary key) inherits (place)", "drop table child",
          "create table other (place int references place on delete cascade)"})
        expect_noticed(change);
}

// As a role that has only what it was granted.
TEST_F(KeptCatalogue, NoticesWhatIsGrantedAndRevoked) {
    role = database.name() + "_role";
    observer.exec(fmt::format("create role {0} login; grant select on note, place to {0}; create role {0}_all; grant all on note to {0}_all", role));
    for (const char* change : {"grant insert, update on note to {0}", "revoke update on note from {0}", "grant usage, select, update on note_n_seq to {0}",
                               "grant {0}_all to {0}", "revoke {0}_all from {0}", "alter table note enable row level security",
                               "revoke usage on schema public from public"})
        expect_noticed(fmt::format(fmt::runtime(change), role));
    observer.exec(fmt::format("drop owned by {0}; drop owned by {0}_all; drop role {0}; drop role {0}_all", role));
}

TEST_F(KeptCatalogue, IsNotReadAgainWhereNothingWasChanged) {
    read(&kept);
    const auto first = kept.catalog.of(names);
    observer.exec("insert into place values (1); insert into note (id, place) values (1, 1); update note set body = 'x'; analyze note");
    read(&kept);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(kept.catalog.of(names)->at, first->at);
    EXPECT_FALSE(kept.catalog.of({names.front()}).has_value()) << "of other tables nothing is known";
    kept.clear();
    EXPECT_FALSE(kept.catalog.of(names).has_value());
}

}  // namespace
}  // namespace tideway::pg
