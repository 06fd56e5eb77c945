// One table of a file, read to prove that it equals the other side's. Rows are hashed here, as a server
// would.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "sql/record_text.hpp"
#include "store/sqlite/sqlite_snapshot.hpp"

namespace tideway::sqlite {
namespace {

std::string hex(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text;
}

class SqliteProofReader : public ProofReader {
  public:
    SqliteProofReader(Connection& connection, const RowCodec& codec, std::function<RowFinder&()> finder,
                      Hash seeds, ProofForm form)
        : connection_(connection), codec_(codec), finder_(std::move(finder)), seeds_(seeds), form_(form) {}

    void read(const BucketRange& range, const std::function<bool()>& go_on) override {
        scan_rows([&](int bucket, Key&&, const Row& row) {
            if (bucket < range.first || bucket >= range.end) return;
            const Hash hash = hash_of(row);
            Sums& sums = sums_[bucket];
            ++sums.rows;
            sums.a += hash.a;
            sums.b += hash.b;
        });
        failpoint("verify.portion");
        go_on();
    }

    std::map<int, BucketSum> sums(int width, int wider_width, const std::vector<int>& wider) override {
        std::map<int, Sums> groups;
        for (const auto& [bucket, sums] : sums_) {
            if (std::find(wider.begin(), wider.end(), bucket / wider_width) == wider.end()) continue;
            Sums& group = groups[bucket / width];
            group.rows += sums.rows;
            group.a += sums.a;
            group.b += sums.b;
        }
        std::map<int, BucketSum> found;
        for (const auto& [group, sums] : groups) found[group] = {sums.rows, rest(sums.a), rest(sums.b)};
        return found;
    }

    void list(const std::vector<int>& buckets, const std::function<void(ProofRow&&)>& sink) override {
        const std::set<int> wanted(buckets.begin(), buckets.end());
        scan_rows([&](int bucket, Key&& key, const Row& row) {
            if (wanted.contains(bucket)) sink({std::move(key), hash_of(row)});
        });
    }

    std::vector<ProofRow> look(const std::vector<Key>& keys) override {
        std::vector<ProofRow> rows;
        for (const Key& key : keys)
            for (const Row& row : finder_().find(key))
                if (row.inside) rows.push_back({key, hash_of(row)});
        return rows;
    }

  private:
    struct Sums {
        std::int64_t rows = 0;
        WideSum a = 0, b = 0;
    };
    static std::int64_t rest(WideSum sum) {
        return static_cast<std::int64_t>(sum % std::numeric_limits<std::int64_t>::max());
    }

    void scan_rows(const std::function<void(int, Key&&, const Row&)>& use) {
        scan(connection_, codec_, [&](Row&& row) {
            auto key = row.inside ? codec_.key(row) : std::nullopt;
            if (!key) return;
            const int bucket = bucket_in(*key);
            use(bucket, std::move(*key), row);
        });
    }

    int bucket_in(const Key& key) const {
        if (form_ != ProofForm::bytes) return bucket_of(key);
        return static_cast<int>(sql::text_hash(hex(sql::record_text({key.begin(), key.end()})), 0) & 16383);
    }

    Hash hash_of(const Row& row) const {
        const std::string record = codec_.canonical_record(row);
        const std::string image = form_ == ProofForm::bytes ? hex(record) : record;
        return {sql::text_hash(image, seeds_.a), sql::text_hash(image, seeds_.b)};
    }

    Connection& connection_;
    const RowCodec& codec_;
    std::function<RowFinder&()> finder_;  // made when it is needed: it may have to read the whole table
    Hash seeds_;
    ProofForm form_;
    std::map<int, Sums> sums_;
};

}  // namespace

std::unique_ptr<ProofReader> SqliteSnapshot::proof(const LinkedTable& table, ProofForm form) {
    Reading& here = reading(table);
    const auto find = [this, &here]() -> RowFinder& { return finder(here); };
    return std::make_unique<SqliteProofReader>(connection_, here.codec, find, store_.seeds(), form);
}

}  // namespace tideway::sqlite
