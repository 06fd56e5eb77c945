// What the desktop's PostgreSQL remembers of verifications.
#pragma once
#include "store/postgres/pg_store.hpp"
#include "store/proof.hpp"

namespace tideway::pg {

class PgProofRecords : public ProofRecords {
  public:
    explicit PgProofRecords(PgStore& store) : store_(store) {}
    ProofPass open(const std::string& id, const std::string& selection, int hours) override;
    void note(const std::string& pass, int table_id, const ProofProgress& progress) override;
    void close(const std::string& pass) override;
    std::map<int, std::string> proven() override;

  private:
    PgStore& store_;
};

}  // namespace tideway::pg
