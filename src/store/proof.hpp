// Proving that two sides are equal: what a store offers for it. Compared are the values that both sides agree to call
// equal (correctness.md 2.3), not the hashes of the base, so that a wrong base shows as well (DESIGN.md 10.5).
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/table.hpp"
#include "store/digest.hpp"
#include "store/reading.hpp"

namespace tideway {

// How both sides hash a row, so that equal rows have equal hashes. native: the server's own hash of those columns whose
// equality is equality of image on both sides, canonical text for the others (DESIGN.md 10.6). text: canonical text
// for all. bytes: the same in UTF-8 bytes, for databases in other encodings.
enum class ProofForm { native, text, bytes };

// Buckets of the key's hash: first to end - 1.
struct BucketRange {
    int first = 0, end = bucket_count;
};

// Keys are without an ordinal: where rows repeat, several have one.
struct ProofRow {
    Key key;
    Hash hash;
    auto operator<=>(const ProofRow&) const = default;
};

// One table in one snapshot; must not outlive it. Readers of two stores may work at the same time. Rows that the filter leaves out do not exist for it.
class ProofReader {
  public:
    virtual ~ProofReader() = default;
    // Adds up the rows of these buckets, in statements of a few seconds; after each `go_on` is asked, and false ends the
    // reading. Call once.
    virtual void read(const BucketRange& range, const std::function<bool()>& go_on) = 0;
    // Of what was read, by groups of `width` buckets: those groups that lie in one of the `wider` groups.
    virtual std::map<int, BucketSum> sums(int width, int wider_width, const std::vector<int>& wider) = 0;
    virtual void list(const std::vector<int>& buckets, const std::function<void(ProofRow&&)>& sink) = 0;
    // The rows of these keys that exist, in any order; needs no read().
    virtual std::vector<ProofRow> look(const std::vector<Key>& keys) = 0;
};

// Rows that were compared, and those of them that differ for a known reason.
struct ProofCounts {
    std::int64_t rows = 0;      // of the desktop; the cloud has as many but for what differs
    std::int64_t listed = 0;    // held, parked, in conflict
    std::int64_t changing = 0;  // changed by users since the last run
    std::int64_t ignored = 0;   // left different by the configuration (deletes = "ignore")
    std::int64_t in_flight() const { return listed + changing + ignored; }
};

// How far one table is: the buckets below `position` were found equal but for what is counted. began: when the first of
// them were read, by the desktop's clock.
struct ProofProgress {
    int position = 0;
    std::int64_t began = 0;
    ProofCounts counts;
};

// One verification of the chosen tables; one that was interrupted is taken up again.
struct ProofPass {
    std::string id;
    bool resumed = false;
    std::map<int, ProofProgress> tables;  // by table number
};

// What the desktop remembers of verifications.
class ProofRecords {
  public:
    virtual ~ProofRecords() = default;
    // Takes up the last pass if it was not closed, is of the same selection and younger than `hours`; else begins one
    // with this id.
    virtual ProofPass open(const std::string& id, const std::string& selection, int hours) = 0;
    // At position bucket_count the table counts as proven equal.
    virtual void note(const std::string& pass, int table_id, const ProofProgress& progress) = 0;
    virtual void close(const std::string& pass) = 0;
    // When each table was last proven equal: ISO, UTC.
    virtual std::map<int, std::string> proven() = 0;
};

}  // namespace tideway
