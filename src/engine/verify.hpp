// verify: proves by digests that the two sides are equal, and finds what is not. Reads users' tables only.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engine/second_look.hpp"

namespace tideway {

// Servers that hash alike may hash natively.
ProofForm proof_form(const ServerFacts& desktop, const ServerFacts& cloud);

// Leaves one server to others for as long as the load that was asked for demands.
class Throttle {
  public:
    Throttle(Session& session, int load);
    void pause();

  private:
    Session& session_;
    int load_;  // percent
    std::int64_t worked_since_;
};

class Verification {
  public:
    Verification(Session& session, const VerifyOptions& options)
        : session_(session), options_(options), desktop_(session, options.load), cloud_(session, options.load) {}
    VerifyReport run();
    // The tables in which something differs, and what a run needs to decide it again.
    const std::vector<TableUnderSync*>& unequal_tables() const { return unequal_tables_; }
    Booking take_again() { return std::move(again_); }

    // The buckets in which the sides differ.
    struct Narrowed {
        std::vector<int> buckets;
        std::map<int, BucketSum> desktop, cloud;  // of those and their neighbours
        std::int64_t rows = 0;                    // of the desktop, in all buckets that were read
    };

  private:
    TableProof prove(TableUnderSync& table);
    void prove_slice(TableUnderSync& table, const BucketRange& slice, ProofProgress& progress, TableProof& proof);
    Narrowed read_slice(TableUnderSync& table, const BucketRange& slice, ProofProgress& progress);
    void read_both(ProofReader& desktop, ProofReader& cloud, const BucketRange& slice);
    std::map<Key, Unequal> list_unequal(TableUnderSync& table, const std::vector<int>& buckets);
    void take(TableProof& proof, ProofProgress& progress, SecondLook&& look);
    std::string selection() const;
    void remember(const TableUnderSync& table, const ProofProgress& progress);

    Session& session_;
    const VerifyOptions& options_;
    ProofForm form_ = ProofForm::text;
    ProofPass pass_;
    Throttle desktop_, cloud_;
    std::vector<TableUnderSync*> unequal_tables_;
    Booking again_;
};

}  // namespace tideway
