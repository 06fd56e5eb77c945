// What the desktop's file remembers of verifications.
#pragma once
#include "store/proof.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace tideway::sqlite {

class SqliteProofRecords : public ProofRecords {
  public:
    explicit SqliteProofRecords(SqliteStore& store) : store_(store) {}
    ProofPass open(const std::string& id, const std::string& selection, int hours) override;
    void note(const std::string& pass, int table_id, const ProofProgress& progress) override;
    void close(const std::string& pass) override;
    std::map<int, std::string> proven() override;

  private:
    SqliteStore& store_;
};

}  // namespace tideway::sqlite
