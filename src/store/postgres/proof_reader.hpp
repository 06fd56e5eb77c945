// One table of one PostgreSQL side, read to prove that it equals the other side's.
#pragma once
#include <string>

#include "store/postgres/block_walk.hpp"
#include "store/postgres/pg_store.hpp"
#include "store/proof.hpp"

namespace tideway::pg {

class PgProofReader : public ProofReader {
  public:
    // The snapshot's transaction must be open on store.reader().
    PgProofReader(PgStore& store, const LinkedTable& table, ProofForm form);
    void read(const BucketRange& range, const std::function<bool()>& go_on) override;
    std::map<int, BucketSum> sums(int width, int wider_width, const std::vector<int>& wider) override;
    void list(const std::vector<int>& buckets, const std::function<void(ProofRow&&)>& sink) override;
    std::vector<ProofRow> look(const std::vector<Key>& keys) override;

  private:
    std::int64_t blocks();
    std::string named_keys() const;  // "... AS k1, ... AS k2"
    // "SELECT bucket, image, keys FROM t WHERE ..."; the image of a row is made once and hashed twice.
    std::string images(const std::string& condition, bool with_keys) const;
    std::string hashes(const std::string& columns, const std::string& images) const;
    // `statement` returns false when the rest is not wanted.
    void in_portions(const std::function<bool(const std::string& condition)>& statement);

    Expressions e_;
    ProofForm form_;
    Connection& connection_;
    std::string sums_;  // temporary table of bucket sums, one row a bucket and portion
};

}  // namespace tideway::pg
