// SQL text for one table on one side: hashes, canonical digests, keys, conversions. Pure.
// Rows are always aliased `t`; key work tables carry the key as k1, k2, ... .
#pragma once
#include <string>
#include <vector>

#include "model/table.hpp"
#include "store/proof.hpp"

namespace tideway::pg {

class Expressions {
  public:
    struct Server {
        int version = 0;          // decides between record hashing (14+) and text hashing
        bool other_text = false;  // may hold texts that cannot be sent: not encoded in UTF8
    };
    // seeds: of the pair.
    Expressions(const LinkedTable& table, Side side, Hash seeds, const Server& server);

    std::string relation() const { return table_.on(side_).quoted(); }
    // The two halves of the row's hash (DESIGN.md 10.6).
    std::string hash_a() const { return hash(record(), seeds_.a); }
    std::string hash_b() const { return hash(record(), seeds_.b); }
    // What both are made of, where both are wanted of every row: making it costs more than hashing it. The subquery that
    // makes it must not be pulled up (OFFSET 0).
    std::string record() const;
    std::string hash_a(const std::string& record) const { return hash(record, seeds_.a); }
    std::string hash_b(const std::string& record) const { return hash(record, seeds_.b); }
    // Digest of the canonical values, equal on both sides for equal meanings (correctness.md 2.3).
    std::string canonical() const;
    // Key cells in canonical text, one expression per key cell: of the row `t`, or of k1, k2.. of a work
    // table with this prefix. Where rows repeat a key may be NULL: that is written \N.
    std::vector<std::string> key_cells() const;
    std::vector<std::string> key_cells_of(const std::string& alias) const;
    // The key of `t` as the changelog holds it: in forms that outlive a change of the column's type and do
    // not depend on the session that writes. And the key in a changelog `h` as work tables hold it.
    std::vector<std::string> keys_to_log() const;
    std::vector<std::string> logged_keys() const;
    // The key of `t` as work tables hold it, without length or precision: "t.a::numeric AS k1, ..."; as
    // canonical text where rows repeat.
    std::string keys_as_work() const;
    // "t.a = w.k1 AND t.b = w.k2" where w is a work table.
    std::string key_match(const std::string& alias) const;
    // "t.a IS NOT NULL AND ...": in an outer join, whether there is a row at all.
    std::string key_present() const;
    // What tells keys apart at both sides: the columns themselves where they are of one type.
    std::string distinct_keys() const;
    // Whether the other side's key types can hold the key of `t`.
    std::string key_fits() const;
    // The same for the key in a changelog `h`.
    std::string logged_key_fits() const;
    // Types that the key cells have in work tables.
    std::vector<std::string> work_key_types() const;
    std::string key_names() const;  // "a, b" quoted
    // Of the key of `t`, or of a work table's or the base's typed keys; the same on both sides.
    std::string bucket(const std::string& alias) const;
    // boolean: `t` counts: the filter lets it in, and it is not marked as deleted.
    std::string in_scope() const;
    // boolean: the filter lets `t` in. Bare names in it are linked columns, as the desktop calls them.
    std::string in_filter() const;
    bool filtered() const { return !table_.where.empty(); }
    // boolean: `t` bears the mark of deletes = "soft:...".
    std::string marked_deleted() const;
    bool marks_deletions() const { return table_.mark(side_).has_value(); }
    // "column = value", to set the mark.
    std::string deletion() const;
    std::string stamp() const;          // bigint, UTC microseconds, or NULL
    std::string marked_mobile() const;  // boolean
    // The whole row `t` as jsonb, for the journal and the conflict record. A json text that jsonb refuses
    // stands there as
    // {"json_text": "..."}.
    std::string image() const;
    // Merged tables: the columns of `t` that a merge decides on in canonical text, a json object by the desktop's
    // names; NULL for other tables.
    std::string values() const;
    std::string bytes() const;  // bigint, rough size of the row in text form
    // boolean: every text of `t` can be sent. Needs readable_function() in this transaction where texts may
    // not be.
    std::string readable() const;
    bool may_be_unreadable() const { return server_.other_text; }
    // Every linked column, in order, converted for the other side; texts that cannot be sent are NULL.
    std::vector<std::string> cells() const;
    // UPDATE SET list from a stage `s` with columns c1.. and kept: keeps the present image where the meaning is
    // equal or `kept` names the cell, and takes a mark of deletion away.
    std::string assignments() const;
    // The same for an undo: every value as the stage has it.
    std::string exact_assignments() const;
    // A FROM item `t`: the row whose image is this jsonb expression.
    std::string row_of(const std::string& image) const;
    // The key of the parent's row `alias` (of column.by_key) as it crosses, and that row's own number.
    std::string parent_key(const LinkedColumn& column, const std::string& alias) const;
    // Whether row t has another value in this column; `value` is one of the column's type.
    std::string differs(const LinkedColumn& column, const std::string& value) const;
    // To prove the sides equal (store/proof.hpp): the bucket of the key of `t`, what is hashed of `t`, and one half of
    // the hash of such an image.
    enum class Half { a, b };
    std::string proof_bucket(ProofForm form) const;
    std::string proof_image(ProofForm form) const;
    std::string proof_hash(ProofForm form, const std::string& image, Half half) const;
    const LinkedTable& table() const { return table_; }
    Side side() const { return side_; }

  private:
    std::string hash(const std::string& record, std::int64_t seed) const;
    std::string unless_kept(std::size_t cell, const std::string& name, const std::string& fresh) const;
    // From the stored values; empty: the key has to be made a text.
    std::string native_bucket(const std::string& alias) const;
    std::string text_bucket(const std::string& alias) const;
    // A value whose hash in the server tells all values apart that are not equal; empty: none.
    std::string natively_hashed(const LinkedColumn& column) const;
    std::string key_cell(const LinkedColumn& column, const std::string& value) const;
    std::string canon(const LinkedColumn& column, const std::string& value) const;
    std::string canon_in_row(const LinkedColumn& column) const;
    std::string date_of(const LinkedColumn& column) const;
    // What a column of `t` counts as on both sides: itself, or the key of the parent that it names.
    std::string value_of(const LinkedColumn& column) const;
    std::string crossing(const ParentByKey& parent, const std::string& number, int depth) const;
    std::string parent_key(const ParentByKey& parent, const std::string& alias, int depth) const;
    std::string work_type(const LinkedColumn& column) const;
    std::string instant(const ColumnSide& column, const std::string& value) const;
    std::string same_meaning(const LinkedColumn& column, const std::string& old,
                             const std::string& fresh) const;
    const LinkedTable& table_;
    Side side_;
    Hash seeds_;
    Server server_;
};

// Tells whether a text can be sent, in the temporary schema: it goes with the transaction if that is not
// committed.
extern const char* const readable_function;

// "k1, k2" or with a prefix "w.k1, w.k2".
std::string key_list(std::size_t count, const std::string& alias = {});
// "a.k1 = b.k1 AND ..."
std::string key_equal(std::size_t count, const std::string& left, const std::string& right);
// Aggregate of a bigint expression that does not depend on the order of rows (bit_xor exists from PostgreSQL
// 14 on only).
std::string checksum_sql(const std::string& value);
// Both sums of rows' hashes. A server's hash of a record is a polynomial of its columns' hashes, so plain sums stay the same
// where values change places between rows; the second half is hashed once more, which ends that.
std::string hash_sums_sql(const std::string& a, const std::string& b);
std::string join(const std::vector<std::string>& parts, const char* separator = ", ");

}  // namespace tideway::pg
